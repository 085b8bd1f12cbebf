"""How an import of links reads: what would be made, what it did, and the buttons to confirm and to take it back."""

from __future__ import annotations

import io
import re
from typing import Any

import discord

from bot.imports.histories import LinkPreview, LinksUndone
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui import on_page
from cogs.ui.answers import Pressed, actor, conclude, embed, fit, read_id, require_asker, services
from cogs.ui.imports import ImportProgress
from cogs.ui.limits import Buttons
from cogs.ui.stats.report import SERVICES
from cogs.ui.turns import long_work
from storage.records import History

ROWS = 10
"""Links of each sort that a preview names; a file beside it names all."""


def preview(found: LinkPreview, asker_id: int) -> dict[str, Any]:
    """The keywords of a message that says what an import would do, with the buttons to do it or not."""
    plan = found.plan
    lines = []
    if not plan.new:
        lines.append(_("**Nothing would change**: it holds no link that can be made here."))
    if found.clicks:
        lines.append(
            _("It tells {clicks} of all time, but not of which days: they stay behind.").format(
                clicks=fmt.count_of(found.clicks, _("click"), _("clicks"))
            )
        )
    title = _("Links of {service}: {n} to make").format(service=SERVICES[found.service], n=fmt.number(len(plan.new)))
    answer = embed(title, "\n".join(lines))
    instead = _("(instead of {code})")
    renamed = {one.slug: " " + instead.format(code=fmt.escape(one.found.code, 40)) for one in plan.renamed}
    parts = [
        (
            _("To be made"),
            [f"`/{one.slug}`{renamed.get(one.slug, '')} → {fmt.escape(one.destination, 60)}" for one in plan.new],
        ),
        (_("Left out: taken or reserved"), [f"{fmt.escape(one.code, 60)}: {why}" for one, why in plan.skipped]),
        (
            _("Lines that can't be read, and would be left out"),
            [f"{one.line}: {fmt.escape(one.why, 200)}" for one in plan.troubles],
        ),
    ]
    told = ""
    for name, rows in parts:
        if rows:
            more = len(rows) - ROWS
            shown = rows[:ROWS] + ([_("and {n} more").format(n=fmt.number(more))] if more > 0 else [])
            answer.add_field(name=f"{name} ({fmt.number(len(rows))})", value=fmt.rows(shown), inline=False)
            told += f"{name} ({len(rows)})\n" + "\n".join(rows) + "\n\n" if more > 0 else ""
    message: dict[str, Any] = {"embed": fit(answer)}
    if told:
        message["file"] = discord.File(io.BytesIO(told.encode()), "preview.txt")
    if found.item is not None:
        message["view"] = _buttons(found.item.id, asker_id, "confirm", "cancel")
    return message


def applied(item: History, asker_id: int, show: discord.ui.Item[Any] | None = None) -> dict[str, Any]:
    """The keywords of a message that says what was made, with the button to take it back, and `show` behind it."""
    lines = [
        fmt.count_of(item.links, _("link redirects and counts from now on"), _("links redirect and count from now on"))
        + ".",
        _("/link list shows them."),
    ]
    view = _buttons(item.id, asker_id, "undo")
    if show is not None:
        view.add_item(show)
    return {
        "embed": embed(_("Links imported from {service}").format(service=SERVICES[item.service]), "\n".join(lines)),
        "view": view,
        "attachments": [],
    }


def undone(found: LinksUndone) -> dict[str, Any]:
    lines = [_("These links are gone, and their names are free again.")]
    if found.kept:
        lines.append(
            fmt.count_of(found.kept, _("link stays"), _("links stay")) + _(": clicked since, or shared in posts.")
        )
    return {"embed": embed(_("Links taken back"), "\n".join(lines)), "view": None}


def cancelled() -> dict[str, Any]:
    return {"embed": embed(_("Cancelled"), _("Nothing was imported.")), "view": None, "attachments": []}


def _buttons(history_id: int, asker_id: int, *actions: str) -> discord.ui.View:
    view = Buttons()
    for action in actions:
        view.add_item(LinkImportButton(action, history_id, asker_id))
    return view


_LABELS = {
    "confirm": (_("Import"), discord.ButtonStyle.primary),
    "cancel": (_("Cancel"), discord.ButtonStyle.secondary),
    "undo": (_("Undo"), discord.ButtonStyle.secondary),
}


class LinkImportButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"links:(?P<action>confirm|cancel|undo):(?P<item>\d{1,20}):(?P<asker>\d{1,20})",
):
    """Makes the links that were previewed, forgets them, or takes them back, in place."""

    def __init__(self, action: str, history_id: int, asker_id: int) -> None:
        label, style = _LABELS[action]
        custom_id = f"links:{action}:{history_id}:{asker_id}"
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=custom_id))
        self._action = action
        self._history_id = history_id
        self._asker_id = asker_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> LinkImportButton:
        return cls(match["action"], read_id(match["item"]), read_id(match["asker"]))

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        await interaction.response.defer()
        histories, who = services(interaction).histories, actor(interaction)
        if self._action == "cancel":
            await histories.cancel(who, self._history_id)
            answer = cancelled()
        elif self._action == "undo":
            answer = undone(await histories.undo(who, self._history_id))
        else:
            async with long_work(interaction):
                item = await histories.apply(who, self._history_id, ImportProgress(interaction))
            page = await services(interaction).profiles.board_of(who.guild_id, who.user_id)
            made = [] if page is None else [link for link in page.off if item.id < link.id <= item.last_id]
            answer = applied(item, who.user_id, on_page.show_button(made, who.user_id, page))
        await conclude(interaction, **answer)
