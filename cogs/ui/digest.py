"""The digest as a Discord message, and its button."""

from __future__ import annotations

import io
import re
from enum import StrEnum
from typing import Any

import discord

from bot.charts import ChartRenderer, alt_text
from bot.digests.content import Content
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui.answers import Pressed, embed
from cogs.ui.stats import pictures
from cogs.ui.stats import report as stats

CHART = "week.png"


class Form(StrEnum):
    """How much of Discord the message uses, by what it may and what was refused."""

    LAYOUT = "layout"
    EMBED = "embed"
    TEXT_TABLE = "text_table"
    """Without Attach Files."""
    PLAIN = "plain"
    """Without Embed Links."""
    BARE = "bare"
    """Without any link: those were refused."""


async def message(
    charts: ChartRenderer, content: Content, server_name: str, form: Form = Form.LAYOUT
) -> dict[str, Any]:
    """The keywords of the digest's message: embed, chart, and a button that carries the period as its marker."""
    if form not in (Form.LAYOUT, Form.EMBED):
        bare = discord.ui.View(timeout=None)
        bare.add_item(ExplainButton(marker(content)))
        shown = _embed(content, server_name)
        if form is Form.TEXT_TABLE:
            return {"embed": shown.set_image(url=None), "view": bare}
        return {"content": f"**{shown.title}**\n{shown.description}", "view": bare}
    chart = pictures.of_report(content.report, server_name)
    picture = discord.File(io.BytesIO(await charts.draw(chart)), CHART, description=alt_text(chart))
    view = discord.ui.View(timeout=None)
    view.add_item(ExplainButton(marker(content)))
    return {"embed": _embed(content, server_name), "file": picture, "view": view}


def marker(content: Content) -> str:
    """What tells this server's and week's digest from every other message."""
    return f"digest:{content.digest.guild_id}:{content.digest.id}:{content.period.first:%Y%m%d}"


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
    Pressed, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"(?P<marker>digest:\d{1,20}(?::\d{1,20})?:\d{8})"
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
