"""Attacks that worked once, with the numbers that they had then."""
