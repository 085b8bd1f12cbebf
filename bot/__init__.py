"""What Eyeballs knows and does."""
