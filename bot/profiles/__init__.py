"""The smart profile: which creators have a public page, and under which handle."""
