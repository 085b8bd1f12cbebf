"""What posts to Discord by itself: digests, alerts and notices."""
