"""The brand report: what a creator shows a sponsor, and the deals behind it."""
