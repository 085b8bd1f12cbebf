"""Digests: when one is due, what it says, and that it goes out once."""
