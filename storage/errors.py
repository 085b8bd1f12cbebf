"""What storage refuses, as sentences."""

from __future__ import annotations


class StorageError(Exception):
    """Storage can't do what was asked; the text says why and what to do."""


class NameTaken(StorageError):
    """The address was given out before, perhaps long ago."""
