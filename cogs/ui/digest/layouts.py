"""The forms of a digest's message: the full layout, and what is left of it where a channel allows less."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import discord

from bot.charts import Bar, Chart, ChartRenderer, Top, alt_text
from bot.digests.content import Content
from bot.insights.periods import Dates
from bot.stats.question import Scope
from bot.texts import _, current_locale, use_locale
from cogs.delivery.channels import Form
from cogs.ui import audit
from cogs.ui import format as fmt
from cogs.ui.answers import embed
from cogs.ui.digest import blocks
from cogs.ui.digest.blocks import SMALL, Block, fit
from cogs.ui.digest.buttons import ExplainButton, FeatureButton, LinkSelect, MineButton
from cogs.ui.limits import Buttons, Layout, picture
from cogs.ui.stats import pictures
from storage.records import Link

CHART = "digest.png"
LAYOUT_LIMIT, EMBED_LIMIT, FIELD_LIMIT, CONTENT_LIMIT = 4000, 6000, 1024, 2000
BOLD = "**{}**"


def marker(content: Content) -> str:
    """What tells the message of this digest and period from every other one."""
    return f"digest:{content.digest.guild_id}:{content.digest.id}:{content.period.first:%Y%m%d}"


def creators_named(content: Content) -> set[int]:
    """The creators whom the digest calls by name."""
    return set() if content.post_of_period is None else {content.post_of_period[0].creator_id}


async def message(
    charts: ChartRenderer, content: Content, server_name: str, names: Mapping[int, str], form: Form
) -> dict[str, Any]:
    """The keywords with which the digest is sent in a form; its numbers are in the server's locale.

    `names` are those of `creators_named`, ready for a message.
    """
    use_locale(content.locale)
    parts: dict[str, Any] = {"allowed_mentions": discord.AllowedMentions.none()}
    file = None
    if form in (Form.LAYOUT, Form.EMBED) and (chart := _chart(content, server_name)) is not None:
        file = parts["file"] = picture(await charts.draw(chart), CHART, alt_text(chart))
    match form:
        case Form.LAYOUT | Form.TEXT_TABLE:
            return parts | {"view": _layout(content, server_name, names, file)}
        case Form.EMBED:
            return parts | {"embed": _embed(content, server_name, names, file), "view": _view(content)}
        case Form.PLAIN:
            return parts | {"content": _plain(content, server_name, names), "view": _view(content, picks=False)}
        case Form.BARE:
            return parts | {"content": _bare(content), "view": _view(content, names=False)}


def _chart(content: Content, server_name: str) -> Chart | None:
    """The days of the period; of a single day, its links; None where there is nothing to draw."""
    name = blocks.title(content, server_name)
    if content.is_quiet:
        return None
    if content.period.length > 1:
        scope = Scope.SERVER if content.digest.user_id is None else Scope.CREATOR
        return pictures.of_report(content.report, name, scope=scope)
    bars = tuple(Bar(fmt.plain(link.label), tally.clicks, fmt.number(tally.clicks)) for link, tally in content.top)
    if not bars:
        return None
    return Top(name, blocks.plain_head(content), _("clicks"), bars, rate=False, locale=current_locale())


def _blocks(content: Content, names: Mapping[int, str], intro: str) -> list[Block]:
    """Everything in the order in which it is read; `intro` is title and range."""
    if content.is_quiet:
        body, rest = [blocks.quiet(content)], [blocks.deals(content), blocks.missing(content)]
    else:
        body, rest = blocks.totals(content), blocks.named(content, names)
    return [Block("", (intro,), 0), Block("", tuple(body), 0), *_incomplete(content), *rest]


def _incomplete(content: Content) -> list[Block]:
    text = audit.incomplete(content.report)
    return [Block(_("Incomplete"), tuple(text.split("\n")), 1)] if text else []


def _small(content: Content) -> str:
    return "" if content.is_quiet else " · ".join(blocks.footer(content))


# ---------------------------------------------------------------------- forms


def _layout(
    content: Content, server_name: str, names: Mapping[int, str], file: discord.File | None
) -> discord.ui.LayoutView:
    """Components V2, with the chart, or a table in its place."""
    intro = f"## {fmt.escape(blocks.title(content, server_name), 120)}\n{blocks.head(content)}"
    small = _small(content)
    extra = "" if file is not None or content.is_quiet else blocks.table(content)
    top, numbers, *rest = fit(_blocks(content, names, intro), LAYOUT_LIMIT - len(SMALL + small) - len(extra))
    box = discord.ui.Container[Any](accent_colour=fmt.ACCENT)
    box.add_item(discord.ui.TextDisplay(top.text()))
    box.add_item(discord.ui.TextDisplay(numbers.text()))
    if file is not None:
        shown = discord.MediaGalleryItem(file, description=file.description)
        box.add_item(discord.ui.MediaGallery(shown))
    elif extra:
        box.add_item(discord.ui.TextDisplay(extra))
    if rest:
        box.add_item(discord.ui.Separator())
    for block in rest:
        if block.buttons:
            box.add_item(discord.ui.TextDisplay(f"### {block.heading}"))
            for line, button in zip(block.lines, block.buttons, strict=False):
                box.add_item(discord.ui.Section(line, accessory=button))
        else:
            box.add_item(discord.ui.TextDisplay(block.text()))
    if small:
        box.add_item(discord.ui.Separator())
        box.add_item(discord.ui.TextDisplay(SMALL + small))
    view = Layout().add_item(box)
    for row in _rows(content):
        view.add_item(discord.ui.ActionRow(*row))
    return view


def _embed(content: Content, server_name: str, names: Mapping[int, str], file: discord.File | None) -> discord.Embed:
    small = _small(content)
    said = embed(fmt.escape(blocks.title(content, server_name), 120))
    top, numbers, *rest = fit(_blocks(content, names, blocks.head(content)), EMBED_LIMIT - len(said) - len(small), "{}")
    said.description = f"{top.text()}\n{numbers.text()}".replace(SMALL, "")
    for block in rest:
        value = "\n".join(part.text() for part in fit([dataclasses.replace(block, heading="")], FIELD_LIMIT))
        said.add_field(name=block.heading, value=value, inline=False)
    if file is not None:
        said.set_image(url=f"attachment://{CHART}")
    said.set_footer(text=small or None)
    return said


def _plain(content: Content, server_name: str, names: Mapping[int, str]) -> str:
    small = _small(content)
    intro = f"**{fmt.escape(blocks.title(content, server_name), 120)}**\n{blocks.head(content)}"
    found = fit(_blocks(content, names, intro), CONTENT_LIMIT - len(SMALL + small) - 1, BOLD)
    return "\n\n".join([*(block.text(BOLD) for block in found), *([SMALL + small] if small else [])])


def _bare(content: Content) -> str:
    """Numbers alone: no word in it is a user's."""
    lines = [f"**{blocks.plain_head(content)}**"]
    lines += [blocks.quiet(content)] if content.is_quiet else blocks.totals(content)
    lines.append(_("Names are left out: this server's filter refused them."))
    small = _small(content)
    return "\n".join([*lines, *([SMALL + small] if small else [])])[:CONTENT_LIMIT]


# ---------------------------------------------------------------------- buttons


def _rows(content: Content, *, picks: bool = True) -> list[list[discord.ui.Item[Any]]]:
    digest, choice = content.digest, Dates(content.period.first, content.period.last)
    row: list[discord.ui.Item[Any]] = [
        MineButton(digest.guild_id, choice, digest.cadence),
        ExplainButton(marker(content)),
    ]
    if digest.user_id is not None:
        row.append(FeatureButton(digest.guild_id, allow=not content.featured))
    linked = _links(content) if picks else ()
    return [row, [LinkSelect(digest.guild_id, choice, linked)]] if linked else [row]


def _links(content: Content) -> Sequence[Link]:
    """The links that a digest names, each once."""
    found = [link for link, _tally in content.top]
    found += [] if content.resonant is None else [content.resonant[0]]
    found += [mover.link for mover in content.movers]
    return list({link.id: link for link in found}.values())


def _view(content: Content, *, names: bool = True, picks: bool = True) -> discord.ui.View:
    """The buttons of the forms without a layout; where one was refused, without the select that may have been why."""
    view = Buttons()
    rows = _rows(content, picks=names and picks)
    if names and content.missing:
        rows.append(list(blocks.missing(content, apart=True).buttons))
    for n, row in enumerate(rows):
        for item in row:
            item.row = n
            view.add_item(item)
    return view
