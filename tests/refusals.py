"""Lets Discord refuse new messages, with a status and a code of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import discord
from discord.http import Route
from simcord.http.client import FakeHTTPClient

_ERRORS = {403: discord.Forbidden, 404: discord.NotFound, 503: discord.DiscordServerError}


def is_trouble(text: str) -> bool:
    """Whether a message is a notice of trouble."""
    return "could not be posted" in text


def no_trouble(body: Any) -> bool:
    return not is_trouble(str(body))


@contextmanager
def refused(
    status: int, code: int, *, times: int = 1000, of: Callable[[Any], bool] = no_trouble
) -> Iterator[list[Any]]:
    """Discord refuses the first so many new messages that `of` says of their bodies; yields the bodies of all those."""
    real: Any = FakeHTTPClient.request
    seen: list[Any] = []

    async def request(self: Any, route: Route, **body: Any) -> Any:
        if route.method == "POST" and route.url.endswith("/messages") and of(body):
            seen.append(body)
            if len(seen) <= times:
                response: Any = mock.Mock(status=status, reason="refused")
                error = _ERRORS.get(status, discord.HTTPException)
                raise error(response, {"code": code, "message": "as it is"})
        return await real(self, route, **body)

    with mock.patch.object(FakeHTTPClient, "request", request):
        yield seen
