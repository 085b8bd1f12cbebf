"""The one place where private parts of discord.py are touched; they are looked for at import."""

from __future__ import annotations

from typing import Any

import discord
from discord.http import HTTPClient

if "_roles" not in discord.Member.__slots__:
    raise ImportError("discord.py keeps a member's role ids elsewhere now; see cogs/ui/internals.py")
if "_HTTPClient__session" not in HTTPClient.static_login.__code__.co_names:
    raise ImportError("discord.py keeps its HTTP session elsewhere now; see cogs/ui/internals.py")


def limit_calls(client: discord.Client, timeout: Any) -> None:
    """Give each call of a client that is logged in a deadline, an `aiohttp.ClientTimeout`; aiohttp's own is 300 s."""
    session: Any = client.http._HTTPClient__session  # type: ignore[attr-defined]
    if session:  # there is none before a simulated Discord
        session._timeout = timeout


def role_ids(user: discord.Member | discord.User) -> frozenset[int]:
    """The ids of a member's roles as the interaction brought them, whether the server is in the cache or not."""
    return frozenset(user._roles) if isinstance(user, discord.Member) else frozenset()
