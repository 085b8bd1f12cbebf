"""The whole application on one machine: a local Discord in the browser, sample data, no token."""
