"""Alerts: what happens between digests, told once, to a channel or to the creator alone."""
