"""Everything that is kept, and every SQL statement that keeps it."""
