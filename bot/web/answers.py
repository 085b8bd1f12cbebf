"""Answers that more than one part of the edge gives."""

from __future__ import annotations

import base64

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
"""A transparent GIF of 43 bytes."""
UNCACHED = {"Cache-Control": "private, no-store"}
EMBEDDED = {"Cross-Origin-Resource-Policy": "cross-origin"}
"""Of what is made to stand on other people's pages."""
PLAIN = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
        "magnetometer=(), microphone=(), midi=(), payment=(), usb=()"
    ),
    "Referrer-Policy": "strict-origin",
    "X-Content-Type-Options": "nosniff",
}
"""Of every answer that is no redirect, where it says nothing else. A redirect has none: with a policy for referrers it
would take from the destination what the browser would say."""
