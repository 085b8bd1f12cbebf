"""Answers that more than one part of the edge gives."""

from __future__ import annotations

import base64

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
"""A transparent GIF of 43 bytes."""
UNCACHED = {"Cache-Control": "private, no-store"}
