"""Delivers through Discord: finds the place, the form that it allows, and what an error means."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import discord
import structlog

from bot.delivery.budget import Budget
from bot.delivery.direct import DirectChannels
from bot.delivery.failures import ALREADY_DELETED, Failure, failure_of, reason_of
from bot.delivery.port import Address, Refused, Unreadable
from bot.texts import _
from cogs.delivery.channels import Form, form_for, missing_permissions
from cogs.delivery.messages import Content, compose, stands_in
from cogs.ui import format as fmt

if TYPE_CHECKING:
    from bot.client import Client

HISTORY = 2000
"""The latest messages that are looked through."""
LADDER: tuple[Form, ...] = (Form.LAYOUT, Form.TEXT_TABLE, Form.PLAIN)
"""A message of which a piece can't be made, or is refused, goes out without it."""

log = structlog.get_logger(__name__)

Place = tuple[discord.abc.Messageable, Form]


class DiscordPort:
    """Posts few messages a second, and draws one chart at a time, so that commands never wait."""

    def __init__(self, client: Client, budget: Budget, direct: DirectChannels) -> None:
        self._client = client
        self._budget = budget
        self._direct = direct
        self._drawing = asyncio.Semaphore(1)

    @property
    def application_id(self) -> int:
        return self._client.application_id or 0

    def is_in(self, guild_id: int) -> bool:
        return self._client.get_guild(guild_id) is not None

    # ------------------------------------------------------------------ where

    async def _guild(self, address: Address) -> discord.Guild:
        guild = self._client.get_guild(address.guild_id)
        if guild is None:
            await self._budget.take()
            try:
                await self._client.fetch_guild(address.guild_id, with_counts=False)
            except (discord.NotFound, discord.Forbidden):
                raise _refused(Failure.LEFT, address) from None
            raise ConnectionError("the gateway has not told of the server yet")
        if guild.unavailable:
            raise ConnectionError("the server is unavailable: an outage at Discord")
        return guild

    async def _places(self, guild: discord.Guild, address: Address) -> AsyncIterator[Place]:
        """Where it may go, the best first. Raises Refused where it may not."""
        if address.channel_id is not None:
            yield _channel(guild, address)
        elif address.user_id is not None:
            yield await self._member(guild, address, address.user_id)
        else:
            if (managers := _managers(guild)) is not None:
                yield managers
            for user_id in dict.fromkeys((address.set_up_by, guild.owner_id)):
                if user_id:
                    try:
                        yield await self._member(guild, address, user_id)
                    except Refused:
                        continue

    async def _member(self, guild: discord.Guild, address: Address, user_id: int) -> Place:
        """The direct messages of a member: a server's numbers are its members'."""
        await self._budget.take()
        try:
            await guild.fetch_member(user_id)
        except discord.NotFound:
            raise _refused(Failure.MEMBER, address) from None
        known = await self._direct.get(guild.id, user_id)
        if known is not None:
            return self._client.get_partial_messageable(known), Form.LAYOUT
        await self._direct.turn()
        channel = await self._client.create_dm(discord.Object(user_id))
        await self._direct.put(guild.id, user_id, channel.id)
        return channel, Form.LAYOUT

    # ------------------------------------------------------------------ the protocol

    async def send(self, address: Address, content: Any, *, nonce: str) -> int:
        refused = Refused(Failure.PERMISSION, _("Nobody who runs the server could be written to."))
        try:
            guild = await self._guild(address)
            async for place, form in self._places(guild, address):
                try:
                    return await self._deliver(place, address, content, guild, form, nonce)
                except Refused as error:
                    refused = error
        except discord.HTTPException as error:
            raise self._meaning(error, address) from error
        raise refused

    async def _deliver(
        self,
        place: discord.abc.Messageable,
        address: Address,
        content: Content,
        guild: discord.Guild,
        form: Form,
        nonce: str,
    ) -> int:
        while True:
            try:
                return await self._post(place, content, guild, form, nonce)
            except discord.HTTPException as error:
                failure = failure_of(error.status, error.code)
                if failure is Failure.CHANNEL and address.channel_id is None:
                    await self._forget(place, address, guild)
                    raise ConnectionError("the direct channel is gone; another one is opened next time") from error
                less = None
                if failure is not None:
                    less = lesser(failure, form, direct=not isinstance(place, discord.TextChannel))
                if less is None:
                    raise self._meaning(error, address) from error
                log.error("form refused", guild_id=guild.id, form=str(form), code=error.code, text=error.text)
                form = less  # with the same nonce: a refused message takes none

    async def _forget(self, place: discord.abc.Messageable, address: Address, guild: discord.Guild) -> None:
        for user_id in (address.user_id, address.set_up_by, guild.owner_id):
            if user_id and await self._direct.get(guild.id, user_id) == getattr(place, "id", None):
                await self._direct.forget(guild.id, user_id)

    async def _post(
        self, place: discord.abc.Messageable, content: Content, guild: discord.Guild, form: Form, nonce: str
    ) -> int:
        parts = await self._parts(content, guild, form)
        await self._budget.take()
        try:
            return (await place.send(**parts, nonce=nonce)).id
        except discord.NotFound as gone:
            if gone.code == ALREADY_DELETED:
                return 0
            raise

    async def _parts(self, content: Content, guild: discord.Guild, form: Form) -> dict[str, Any]:
        """The message in that form, or in the next one in which it can be made."""
        broken: Exception | None = None
        forms = LADDER[LADDER.index(form) :] if form in LADDER else (form,)
        for lesser in forms:
            try:
                async with self._drawing:
                    parts = await compose(self._client.services, self._client.names, content, guild, lesser)
            except Exception as error:
                broken = broken or error
                continue
            if broken is not None:
                log.error("a piece is missing from a message", guild_id=guild.id, form=str(lesser), exc_info=broken)
            return parts
        assert broken is not None
        raise broken

    def _meaning(self, error: discord.HTTPException, address: Address) -> Exception:
        """What an error of Discord's means: Refused, or one that passes."""
        failure = failure_of(error.status, error.code)
        if failure is None:
            return ConnectionError(str(error))
        return _refused(failure, address, fmt.plain(error.text or str(error.status), 200))

    async def find(self, address: Address, content: Any, *, after: dt.datetime) -> int | None:
        try:
            guild = await self._guild(address)
            async for place, _form in self._places(guild, address):
                message_id = await self._find_in(place, content, after)
                if message_id is not None:
                    return message_id
        except discord.HTTPException as error:
            if failure_of(error.status, error.code) is None:
                raise ConnectionError(str(error)) from error
            raise Unreadable from error
        except Refused as error:
            raise Unreadable from error
        return None

    async def _find_in(self, place: discord.abc.Messageable, content: Content, after: dt.datetime) -> int | None:
        read = 0
        async for message in place.history(limit=HISTORY):  # the latest first
            if read % 100 == 0:
                await self._budget.take()  # one page
            read += 1
            if message.created_at < after:
                return None
            if message.author == self._client.user and stands_in(message, content):
                return message.id
        if read == HISTORY:
            raise Unreadable
        return None


def lesser(failure: Failure, form: Form, *, direct: bool) -> Form | None:
    """The form that is tried at once where one was refused; None where that would be refused too.

    What a channel allows is known before; of direct messages the refusal alone tells it.
    """
    if failure is Failure.AUTOMOD:
        return None if form is Form.BARE else Form.BARE
    by_pieces = failure is Failure.PAYLOAD or (direct and failure is Failure.PERMISSION)
    return dict(pairwise(LADDER)).get(form) if by_pieces else None


def _refused(failure: Failure, address: Address, text: str = "") -> Refused:
    return Refused(failure, reason_of(failure, address.kind, text))


def _channel(guild: discord.Guild, address: Address) -> Place:
    channel = guild.get_channel(address.channel_id or 0)
    if not isinstance(channel, discord.TextChannel):
        raise _refused(Failure.CHANNEL, address)
    has = channel.permissions_for(guild.me)
    if not (has.view_channel and has.send_messages):
        raise Refused(
            Failure.PERMISSION,
            _("Eyeballs lacks permissions in #{channel}: {list}. Grant them; it tries again every day.").format(
                channel=fmt.plain(channel.name), list=", ".join(missing_permissions(channel))
            ),
        )
    return channel, form_for(has)


def _managers(guild: discord.Guild) -> Place | None:
    """The channel in which Discord itself tells a server's managers what concerns them, where the bot may write."""
    channel = guild.public_updates_channel
    if channel is None:
        return None
    has = channel.permissions_for(guild.me)
    return (channel, form_for(has)) if has.view_channel and has.send_messages else None
