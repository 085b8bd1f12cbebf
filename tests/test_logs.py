"""What is logged: a complaint that comes again and again is written once a minute, with how often it came."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bot import logs
from bot.logs import Seldom


class Written(io.StringIO):
    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def seconds() -> list[float]:
    return [0.0]


@pytest.fixture
def written(seconds: list[float]) -> Iterator[Written]:
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    logs.configure("info", "json")
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    assert any(isinstance(each, Seldom) for each in handler.filters)
    handler.filters[:] = [Seldom(handler.emit, lambda: seconds[0])]
    handler.setStream(stream := Written())
    yield stream
    root.handlers[:], root.level = handlers, level
    structlog.configure(**before)


def fail(path: str, guild_id: int = 1) -> None:
    try:
        int("x")
    except ValueError:
        structlog.get_logger("edge").exception("A request failed", path=path, guild_id=guild_id)


def test_a_repeated_complaint_is_written_once_a_minute_with_its_count(written: Written, seconds: list[float]) -> None:
    for n in range(100):
        fail(f"/{n}")
        logging.getLogger("asyncio").error("socket %s is gone", n)
    assert [line["event"] for line in written.lines] == ["A request failed", "socket 0 is gone"]
    assert "Traceback" in written.lines[0]["exception"]
    seconds[0] = 61.0
    structlog.get_logger("other").info("all is well")
    first, second, last = written.lines[2:]
    assert (first["event"], first["again"], first["path"]) == ("A request failed", 99, "/99")
    assert "exception" not in first
    assert second["event"] == "socket 99 is gone (again=99)"
    assert last["event"] == "all is well"
    fail("/x")
    assert written.lines[-1]["path"] == "/x"


def test_other_servers_other_errors_and_what_is_no_complaint_are_written(written: Written) -> None:
    log = structlog.get_logger("jobs")
    for guild_id in (1, 2):
        fail("/", guild_id)
        fail("/", guild_id)
    for _n in range(3):
        log.info("a digest went out")
    assert len(written.lines) == 5


def test_the_complaints_that_are_remembered_are_bounded(
    written: Written, seconds: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MOST_COMPLAINTS", 10)
    log = logging.getLogger("library")
    for n in range(30):
        log.warning(f"no two are alike: {n}")
        log.warning(f"no two are alike: {n}")
    assert len(written.lines) == 30 + 20
