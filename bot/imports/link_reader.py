"""What the process of its own is handed that reads a file of links: it imports no more than that takes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.imports.values import RefusedFileError

if TYPE_CHECKING:
    from bot.imports.link_files import LinkFile


def read_file(data: bytes, now: dt.datetime, zone: str) -> LinkFile | str:
    """The links of a file, or a sentence on why it can't be read."""
    from bot.imports.link_files import read_links  # Here, so that only the process that reads pays for it.

    try:
        return read_links(data, now, ZoneInfo(zone))
    except RefusedFileError as error:
        return str(error)
