"""From a request to a counted hit: what counts, who it was (without knowing who), and how it gets on disk."""
