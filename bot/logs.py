"""Logging: structlog for ours, the standard library's for everybody else's, one format, secrets taken out."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Literal

import structlog

# Bot tokens, webhook addresses, and the tokens of interactions in paths.
_SECRETS = re.compile(
    r"(?P<keep>/(?:webhooks|interactions)/\d+/)[\w.\-]+"
    r"|[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}"
)


def redact(text: str) -> str:
    """The text without tokens."""
    return _SECRETS.sub(lambda match: f"{match['keep'] or ''}[redacted]", text)


def _redact_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items()}


class Unalarmed(logging.Filter):
    """Tells in a line of what passes by itself.

    A lost connection to Discord, a job that was cut off at the end, somebody whom the answer reached too late.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        late = getattr(getattr(error, "original", error), "code", None) == EXPIRED
        if error is not None and (record.name == SHARDS or late or isinstance(error, asyncio.CancelledError)):
            record.msg, record.args = f"{record.getMessage()} ({type(error).__name__}: {error})", ()
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


class Seldom(logging.Filter):
    """Lets a complaint through once a minute: a warning or an error that says the same, of the same server.

    How often it came again is told with the first record after that minute, whatever that is.
    """

    def __init__(
        self, emit: Callable[[logging.LogRecord], None], seconds: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._emit = emit
        self._seconds = seconds
        self._told: OrderedDict[tuple[object, ...], _Told] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        now = self._seconds()
        while self._told and (first := next(iter(self._told.values()))).until <= now:
            self._told.popitem(last=False)
            self._tell(first)
        if record.levelno < logging.WARNING:
            return True
        event = record.msg if isinstance(record.msg, dict) else {"event": record.msg}
        error = record.exc_info[0] if record.exc_info else None
        key = (record.name, record.levelno, str(event.get("event"))[:200], error, event.get("guild_id"))
        if told := self._told.get(key):
            told.again, told.last = told.again + 1, record
            return False
        self._told[key] = _Told(now + SELDOM_SECONDS)
        if len(self._told) > MOST_COMPLAINTS:
            self._tell(self._told.popitem(last=False)[1])
        return True

    def _tell(self, told: _Told) -> None:
        record = told.last
        if record is None:
            return
        if isinstance(record.msg, dict):
            record.msg = {key: value for key, value in record.msg.items() if key != "exception"} | {"again": told.again}
        else:
            record.msg, record.args = f"{record.getMessage()} (again={told.again})", ()
        record.exc_info = record.exc_text = None
        self._emit(record)


@dataclass(slots=True)
class _Told:
    """A complaint that was written, and what came of it since."""

    until: float
    again: int = 0
    last: logging.LogRecord | None = None


SELDOM_SECONDS = 60.0
MOST_COMPLAINTS = 1_000
"""Different ones that are held at once."""
SHARDS = "discord.shard"
"""Logs nothing but connections that were lost."""
EXPIRED = 10062
"""Discord's code of an interaction that was not answered within three seconds."""


def configure(level: str, style: Literal["console", "json"]) -> None:
    """Send every log record to standard error; discord.http stays at INFO, since DEBUG prints interaction tokens."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    renderer = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.addFilter(Unalarmed())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _redact_event, renderer],
        )
    )
    handler.addFilter(Seldom(handler.emit))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("discord", "apscheduler", "alembic", "aiosqlite", "matplotlib", "asyncio", "aiohttp"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    logging.getLogger("discord.http").setLevel(max(logging.INFO, root.level))
