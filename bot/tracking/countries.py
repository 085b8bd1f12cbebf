"""The country of an address, from a database file on this machine; nobody is asked over the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.errors import OperatorError

CountryOf = Callable[[str], str]
"""From a visitor's address to a country, ISO 3166-1 alpha-2; "" where it is not known."""


def nowhere(client: str) -> str:
    return ""


@contextmanager
def open_countries(path: Path | None) -> Iterator[CountryOf]:
    """Countries by the MaxMind DB file at `path`; without one, all are unknown. Raises OperatorError.

    The makers of such files differ in one thing: `country.iso_code` (MaxMind, DB-IP) or `country_code` (IPinfo).
    """
    if path is None:
        yield nowhere
        return
    try:
        import maxminddb
    except ImportError:
        raise OperatorError(
            "tracking.country_database is set, but the package that reads it is missing. "
            "Install it with: make .venv/.country"
        ) from None
    try:
        reader = maxminddb.open_database(path)
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        raise OperatorError(
            f"tracking.country_database: {path} can't be read as a MaxMind DB file ({error}). "
            "Free ones are DB-IP's “IP to Country Lite” and MaxMind's GeoLite2 Country."
        ) from error

    def country_of(client: str) -> str:
        try:
            found: Any = reader.get(client)
        except (ValueError, maxminddb.InvalidDatabaseError):
            return ""
        if not isinstance(found, dict):
            return ""
        country = found.get("country")
        code = country.get("iso_code") if isinstance(country, dict) else found.get("country_code")
        return code if isinstance(code, str) and len(code) == 2 else ""

    with reader:
        yield country_of
