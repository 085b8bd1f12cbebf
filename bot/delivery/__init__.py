"""The outbox: how digests, alerts and notices leave the house, once, and what happens where they can't."""
