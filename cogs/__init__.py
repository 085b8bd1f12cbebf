"""What people type: one file for each command group."""
