"""From counts to meaning: periods, rates and summaries. Pure functions."""
