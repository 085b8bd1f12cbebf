"""The digest as a Discord message, and the deliverer that posts it."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import TYPE_CHECKING, Any

import discord

from bot.charts import ChartRenderer, alt_text
from bot.digests.content import Content
from bot.digests.deliver import Gone, Unreadable
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui.answers import Pressed, embed
from cogs.ui.stats import pictures
from cogs.ui.stats import report as stats
from storage.records import Digest

if TYPE_CHECKING:
    from bot.client import Client

CHART = "week.png"
HISTORY = 1000
"""Messages since the first attempt that are looked through for the digest."""


async def message(charts: ChartRenderer, content: Content, server_name: str) -> dict[str, Any]:
    """The keywords of the digest's message: embed, chart, and a button that carries the period as its marker."""
    chart = pictures.of_report(content.report, server_name)
    picture = discord.File(io.BytesIO(await charts.draw(chart)), CHART, description=alt_text(chart))
    view = discord.ui.View(timeout=None)
    view.add_item(ExplainButton(marker(content)))
    return {"embed": _embed(content, server_name), "file": picture, "view": view}


def marker(content: Content) -> str:
    """What tells this server's and week's digest from every other message."""
    return f"digest:{content.guild_id}:{content.report.period.first:%Y%m%d}"


def _embed(content: Content, server_name: str) -> discord.Embed:
    report = content.report
    answer = embed(
        _("The week of {server}").format(server=fmt.escape(server_name)),
        f"{fmt.dates(report.period)} · {report.period.zone}",
    )
    if content.late:
        answer.description = (answer.description or "") + "\n" + _("Late: Eyeballs was not running when it was due.")
    stats.add_totals(answer, report)
    stats.add_findings(answer, report)
    if content.top:
        rows = [stats.ranked_line(n, link, tally) for n, (link, tally) in enumerate(content.top, start=1)]
        answer.add_field(name=_("Top links"), value=fmt.rows(rows), inline=False)
        answer.add_field(
            name=_("Resonated most"),
            value=stats.resonant_line(*content.resonant) if content.resonant else stats.too_early(),
            inline=False,
        )
    else:
        quiet = _("A quiet week: nothing was counted. /link add makes a tracked link, /post add tells places apart.")
        answer.add_field(name=_("Top links"), value=quiet, inline=False)
    answer.set_image(url=f"attachment://{CHART}")
    answer.set_footer(text=stats.footer(report))
    return answer


class ExplainButton(
    Pressed, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"(?P<marker>digest:\d{1,20}:\d{8})"
):
    """Says what the digest's words mean; its id is also the mark by which the digest is found again."""

    def __init__(self, marker: str) -> None:
        super().__init__(discord.ui.Button(label=_("What do these numbers mean?"), custom_id=marker))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> ExplainButton:
        return cls(match["marker"])

    async def press(self, interaction: discord.Interaction) -> None:
        text = _(
            "**Clicks** are people who followed a tracked link; crawlers and link previews are set aside.\n"
            "**Unique clicks** count each visitor once a day for each link.\n"
            "**Impressions** are displays: measured by our own pages, or reported by the platform and typed in.\n"
            "**CTR** is clicks by impressions, over those posts and places alone where both are known: "
            "clicks elsewhere, or impressions of a post without clicks of its own, would say nothing there.\n"
            "A **change** is named only when chance does not explain it; otherwise it is “about the same”.\n"
            "/explain shows each with your own numbers."
        )
        await interaction.response.send_message(text, ephemeral=True)


def missing_permissions(channel: discord.abc.GuildChannel, me: discord.Member | None = None) -> list[str]:
    """What the bot lacks to post the digest there, in Discord's own words."""
    has = channel.permissions_for(me or channel.guild.me)
    needed = {
        _("View Channel"): has.view_channel,
        _("Send Messages"): has.send_messages,
        _("Embed Links"): has.embed_links,
        _("Attach Files"): has.attach_files,
        _("Read Message History"): has.read_message_history,
    }
    return [name for name, there in needed.items() if not there]


class Deliverer:
    """Posts digests through Discord."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def application_id(self) -> int:
        return self._client.application_id or 0

    def _channel(self, digest: Digest) -> discord.TextChannel:
        guild = self._client.get_guild(digest.guild_id)
        if guild is None:
            raise Gone(_("Eyeballs is no longer in the server."))
        if guild.unavailable:
            raise ConnectionError("the server is unavailable: an outage at Discord")
        channel = guild.get_channel(digest.channel_id)
        if not isinstance(channel, discord.TextChannel):
            raise Gone(_("The channel is gone. Choose another one with /digest setup."))
        missing = missing_permissions(channel)
        if missing:
            raise Gone(
                _("Eyeballs lacks permissions in #{channel}: {list}. Grant them, then use /digest setup again.").format(
                    channel=channel.name, list=", ".join(missing)
                )
            )
        return channel

    async def send(self, digest: Digest, content: Content, *, nonce: str) -> int:
        channel = self._channel(digest)
        parts = await message(self._client.services.charts, content, channel.guild.name)
        try:
            sent = await channel.send(**parts, nonce=nonce)
        except discord.Forbidden as refused:
            raise Gone(_("Discord refused the message: {text}").format(text=refused.text)) from refused
        except discord.NotFound as gone:
            if gone.code == 10008:  # the nonce's message was sent and has been deleted since
                return 0
            raise Gone(_("The channel is gone. Choose another one with /digest setup.")) from gone
        return sent.id

    async def find(self, digest: Digest, content: Content, *, after: dt.datetime) -> int | None:
        channel = self._channel(digest)
        wanted = marker(content)
        try:
            read = 0
            async for found in channel.history(limit=HISTORY, after=after, oldest_first=True):
                read += 1
                if found.author == channel.guild.me and any(
                    getattr(child, "custom_id", None) == wanted
                    for row in found.components
                    if isinstance(row, discord.ActionRow)
                    for child in row.children
                ):
                    return found.id
        except discord.HTTPException as error:
            raise Unreadable from error
        if read == HISTORY:
            raise Unreadable
        return None
