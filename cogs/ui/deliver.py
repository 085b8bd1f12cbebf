"""Posts digests through Discord, in the form that a channel's permissions allow, and finds those it has posted."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import discord
import structlog

from bot.budget import Budget
from bot.digests.content import Content
from bot.digests.deliver import Failure, Refused, Unreadable
from bot.errors import InvalidError
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui.digest import Form, marker, message
from storage.records import Digest

if TYPE_CHECKING:
    from bot.client import Client

HISTORY = 2000
"""The latest messages that are looked through for a digest."""
BY_CONTENT = (200000, 240000)
"""AutoMod's and the harmful link filter's refusals."""
MALFORMED = 50035
DELETED = 10008
PASSING = (401, 408, 429)
"""Of the answers that blame the request, those that blame only its moment."""

log = structlog.get_logger(__name__)


def missing_permissions(channel: discord.abc.GuildChannel, me: discord.Member | None = None) -> list[str]:
    """What the bot lacks to post the whole digest there, in Discord's own words."""
    has = channel.permissions_for(me or channel.guild.me)
    needed = {
        _("View Channel"): has.view_channel,
        _("Send Messages"): has.send_messages,
        _("Embed Links"): has.embed_links,
        _("Attach Files"): has.attach_files,
        _("Read Message History"): has.read_message_history,
    }
    return [name for name, there in needed.items() if not there]


def require_permissions(channel: discord.TextChannel) -> None:
    """Raises InvalidError that names what the bot lacks there."""
    missing = missing_permissions(channel)
    if missing:
        raise InvalidError(
            _("channel: Eyeballs can't post in {channel}; it lacks {list}. Grant that there, then try again.").format(
                channel=f"**#{fmt.escape(channel.name)}**", list=", ".join(missing)
            )
        )


def form_for(has: discord.Permissions) -> Form:
    """The best form that the permissions allow."""
    if not has.embed_links:
        return Form.PLAIN
    return Form.LAYOUT if has.attach_files else Form.TEXT_TABLE


def custom_ids(components: Iterable[Any]) -> Iterator[str]:
    """The ids of all buttons and selects of a message, however deep they lie."""
    for component in components:
        if isinstance(found := getattr(component, "custom_id", None), str):
            yield found
        yield from custom_ids(getattr(component, "children", ()))
        if (accessory := getattr(component, "accessory", None)) is not None:
            yield from custom_ids([accessory])


class Deliverer:
    """Posts digests through Discord: few requests a second, and one chart at a time, so that commands never wait."""

    def __init__(self, client: Client, budget: Budget) -> None:
        self._client = client
        self._budget = budget
        self._drawing = asyncio.Semaphore(1)

    @property
    def application_id(self) -> int:
        return self._client.application_id or 0

    def is_in(self, guild_id: int) -> bool:
        return self._client.get_guild(guild_id) is not None

    # ------------------------------------------------------------------ where

    async def _guild(self, digest: Digest) -> discord.Guild:
        guild = self._client.get_guild(digest.guild_id)
        if guild is None:
            await self._budget.take()
            try:
                await self._client.fetch_guild(digest.guild_id, with_counts=False)
            except (discord.NotFound, discord.Forbidden):
                raise Refused(Failure.LEFT, _("Eyeballs is no longer in the server.")) from None
            raise ConnectionError("the gateway has not told of the server yet")
        if guild.unavailable:
            raise ConnectionError("the server is unavailable: an outage at Discord")
        return guild

    def _channel(self, guild: discord.Guild, digest: Digest) -> discord.TextChannel:
        channel = guild.get_channel(digest.channel_id or 0)
        if not isinstance(channel, discord.TextChannel):
            raise Refused(Failure.CHANNEL, _("The channel is gone. Choose another one with /digest setup."))
        return channel

    async def _where(self, guild: discord.Guild, digest: Digest) -> discord.TextChannel | discord.DMChannel:
        if digest.user_id is None:
            return self._channel(guild, digest)
        await self._budget.take()
        return await self._client.create_dm(discord.Object(digest.user_id))

    async def _place(self, digest: Digest) -> tuple[discord.Guild, discord.TextChannel | discord.DMChannel, Form]:
        """Where it goes, and in what form. Raises Refused where it may not."""
        guild = await self._guild(digest)
        if digest.user_id is not None:
            await self._budget.take()
            try:
                await guild.fetch_member(digest.user_id)  # a server's numbers are its members'
            except discord.NotFound:
                raise Refused(Failure.MEMBER, _("They are no longer in the server.")) from None
            return guild, await self._where(guild, digest), Form.LAYOUT
        channel = self._channel(guild, digest)
        has = channel.permissions_for(guild.me)
        if not (has.view_channel and has.send_messages):
            raise Refused(
                Failure.PERMISSION,
                _("Eyeballs lacks permissions in #{channel}: {list}. Grant them; it tries again every day.").format(
                    channel=fmt.plain(channel.name), list=", ".join(missing_permissions(channel))
                ),
            )
        return guild, channel, form_for(has)

    # ------------------------------------------------------------------ the protocol

    async def send(self, digest: Digest, content: Content, *, nonce: str) -> int:
        guild, channel, form = await self._place(digest)
        try:
            return await self._post(channel, content, guild.name, form, nonce)
        except discord.HTTPException as refused:
            if refused.code not in (*BY_CONTENT, MALFORMED):
                raise self._meaning(refused) from refused
            log.error("digest's form refused", guild_id=guild.id, code=refused.code, text=refused.text)
            form = Form.PLAIN if refused.code == MALFORMED else Form.BARE
        try:  # refused messages take no nonce
            return await self._post(channel, content, guild.name, form, nonce)
        except discord.HTTPException as refused:
            raise self._meaning(refused) from refused

    async def _post(self, channel: discord.abc.Messageable, content: Content, name: str, form: Form, nonce: str) -> int:
        async with self._drawing:
            parts = await message(self._client.services.charts, content, name, form)
        await self._budget.take()
        try:
            return (await channel.send(**parts, nonce=nonce)).id
        except discord.NotFound as gone:
            if gone.code == DELETED:  # the nonce's message was sent and has been deleted since
                return 0
            raise

    def _meaning(self, error: discord.HTTPException) -> Exception:
        """What an error of Discord's means for the digest: Refused, or the error itself when it may pass."""
        said = _("Discord refused the message: {text}").format(text=fmt.plain(error.text or str(error.status), 200))
        match error.code:
            case 10003:
                return Refused(Failure.CHANNEL, _("The channel is gone. Choose another one with /digest setup."))
            case 10004:
                return Refused(Failure.LEFT, _("Eyeballs is no longer in the server."))
            case 50001 | 50013:
                return Refused(Failure.PERMISSION, said)
            case 50007 | 50278:
                return Refused(Failure.CLOSED, _("You take no direct messages from Eyeballs or from this server."))
            case 200000 | 240000:
                text = _("AutoMod or Discord's link filter refused the digest, even without links: {text}")
                return Refused(Failure.AUTOMOD, text.format(text=fmt.plain(error.text, 200)))
            case 50035:
                return Refused(Failure.PAYLOAD, said)
        if error.status == 403:
            return Refused(Failure.PERMISSION, said)
        if 400 <= error.status < 500 and error.status not in PASSING:
            return Refused(Failure.OTHER, said)
        return error

    async def find(self, digest: Digest, content: Content, *, after: dt.datetime) -> int | None:
        wanted = marker(content)
        read = 0
        try:
            channel = await self._where(await self._guild(digest), digest)
            async for found in channel.history(limit=HISTORY):  # the latest first
                if read % 100 == 0:
                    await self._budget.take()  # one page
                read += 1
                if found.created_at < after:
                    return None
                if found.author == self._client.user and wanted in custom_ids(found.components):
                    return found.id
        except (discord.HTTPException, Refused) as error:
            if isinstance(error, discord.HTTPException) and error.status >= 500:
                raise
            raise Unreadable from error
        if read == HISTORY:
            raise Unreadable
        return None

    async def tell(self, digest: Digest, reason: str) -> None:
        guild = self._client.get_guild(digest.guild_id)
        if guild is None or digest.user_id is not None:  # they are told when they ask
            return
        text = _("The digest of {server} could not be posted: {reason}\n/digest status says more.").format(
            server=fmt.escape(guild.name), reason=fmt.escape(reason, 400)
        )
        channel = guild.system_channel
        try:
            if channel is not None and channel.permissions_for(guild.me).send_messages:
                await self._budget.take()
                await channel.send(text)
            elif guild.owner_id is not None:
                await self._budget.take()
                owner = await self._client.create_dm(discord.Object(guild.owner_id))
                await self._budget.take()
                await owner.send(text)
        except (discord.HTTPException, OSError) as error:
            log.warning("nobody could be told of a digest", guild_id=guild.id, error=str(error))
