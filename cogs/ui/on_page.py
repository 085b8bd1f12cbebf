"""Whether links stand on their creator's page, and the button that puts them there or takes them off."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import discord

from bot.profiles.pages import host_of
from bot.profiles.service import Board, Chosen
from bot.stats.question import pack
from bot.texts import _, ngettext
from cogs.ui import format as fmt
from cogs.ui import links as ui
from cogs.ui import people
from cogs.ui.answers import Pressed, actor, conclude, read_packed_id, require_asker, services
from cogs.ui.limits import Buttons
from storage.records import Link, State


async def card(interaction: discord.Interaction, link: Link, *, heading: str = "", hint: str = "") -> dict[str, Any]:
    """The keywords of a message with everything about a link; its creator finds their page's button below it."""
    asked, who = services(interaction), actor(interaction)
    posts = [(post, asked.links.url(link, post)) for post in await asked.posts.of_link(link)]
    creator = fmt.escape(await people.name_of(interaction, link.creator_id))
    ended = await asked.links.has_ended(link)
    answer = ui.card(link, asked.links.url(link), creator, posts, heading=heading, hint=hint, ended=ended)
    found = await asked.profiles.board_of(link.guild_id, link.creator_id)
    if found is not None:
        name = _("On your page") if link.creator_id == who.user_id else _("On their page")
        answer.add_field(name=name, value=_state(link, found))
    test = await asked.links.test_url(link)
    answer.add_field(name=_("To try it out without being counted"), value=f"`{test}`", inline=False)
    return {"embed": answer, "view": view_of(show_button([link], who.user_id, found, is_card=True))}


def _state(link: Link, found: Board) -> str:
    """Whether a link stands on the page, and why not."""
    if link.private:
        return _("no, it is private")
    if found.entry(link).hidden:
        return _("no")
    if link.state is State.ARCHIVED:
        return _("not while it is archived")
    if link.id in found.ended:
        return _("no longer, it has ended")
    if found.profile.taken_down:
        return _("chosen, but the page was taken down")
    if link.id not in {one.id for one in found.shown}:  # the link may have been edited since
        return _("chosen, but not shown now; /profile links says why")
    return _("yes") if found.profile.published else _("yes, once you use /profile publish")


def show_button(
    links: Sequence[Link], asker_id: int, found: Board | None, *, is_card: bool = False
) -> ShowButton | None:
    """The button for links of the asker, made at once or all that there are; None where they can't stand on a page."""
    if found is None:
        return None
    able = [one for one in links if one.creator_id == asker_id and not one.private and one.state is State.ACTIVE]
    if not able:
        return None
    hidden = any(found.entry(link).hidden for link in able)
    ids = [link.id for link in able]
    return ShowButton(hidden, min(ids), max(ids), asker_id, len(ids), card=is_card)


def view_of(*buttons: discord.ui.Item[Any] | None) -> discord.ui.View:
    view = Buttons()
    for button in buttons:
        if button is not None:
            view.add_item(button)
    return view


class ShowButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"(?P<where>card|page):(?P<to>on|off):(?P<first>[\w-]{1,11}):(?P<last>[\w-]{1,11}):(?P<asker>[\w-]{1,11})",
):
    """Puts the asker's links of a range of ids on their page, or takes them off it.

    Links that are made at once have ids in a row. Under a link's `card` that is drawn anew; elsewhere the answer has
    the opposite button.
    """

    def __init__(
        self, shown: bool, first_id: int, last_id: int, asker_id: int, n: int = 1, *, card: bool = False
    ) -> None:
        if shown:
            label = ngettext("Show on my page", "Show all {n} on my page", n).format(n=n)
        else:
            label = ngettext("Hide from my page", "Hide all {n} from my page", n).format(n=n)
        ids = ":".join(map(pack, (first_id, last_id, asker_id)))
        super().__init__(
            discord.ui.Button(label=label, custom_id=f"{'card' if card else 'page'}:{'on' if shown else 'off'}:{ids}")
        )
        self._shown = shown
        self._is_card = card
        self._ids = first_id, last_id
        self._asker_id = asker_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> ShowButton:
        first, last, asker = (read_packed_id(match[name]) for name in ("first", "last", "asker"))
        return cls(match["to"] == "on", first, last, asker, card=match["where"] == "card")

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        await interaction.response.defer()
        pages = services(interaction).profiles
        chosen = await pages.show(actor(interaction), *self._ids, shown=self._shown)
        first, last = self._ids
        if self._is_card:
            await conclude(interaction, **await card(interaction, chosen.links[0]))
        back = ShowButton(not self._shown, first, last, self._asker_id, len(chosen.links))
        text = placed(chosen, pages.url(chosen.profile), shown=self._shown)
        await interaction.followup.send(text, view=view_of(None if self._is_card else back), ephemeral=True)


def placed(chosen: Chosen, url: str, *, shown: bool) -> str:
    """What was put on a page, or taken off it."""
    n = len(chosen.links)
    names = fmt.label(chosen.links[0]) if n == 1 else f"**{fmt.count_of(n, _('link'), _('links'))}**"
    if not shown:
        return _("Off your page: {links}. The tracked address works on.").format(links=names)
    lines = [_("On your page `{url}`: {links}.").format(links=names, url=url)]
    if not chosen.profile.published:
        lines.append(_("Nobody else sees it before you use /profile publish."))
    untitled = next((link for link in chosen.links if not link.title), None)
    if untitled is not None:
        lines.append(
            _("It has no title, so the page says where it leads: {host}. /link edit gives it one.").format(
                host=fmt.escape(host_of(untitled))
            )
        )
    return "\n".join(lines)
