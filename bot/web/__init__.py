"""The public edge: redirects, pixels and profile pages over HTTP."""
