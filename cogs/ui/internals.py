"""The one place where private parts of discord.py are touched; they are looked for at import."""

from __future__ import annotations

import discord

if "_roles" not in discord.Member.__slots__:
    raise ImportError("discord.py keeps a member's role ids elsewhere now; see cogs/ui/internals.py")


def role_ids(user: discord.Member | discord.User) -> frozenset[int]:
    """The ids of a member's roles as the interaction brought them, whether the server is in the cache or not."""
    return frozenset(user._roles) if isinstance(user, discord.Member) else frozenset()
