"""How links look in an answer, and the buttons under them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import discord
from yarl import URL

from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui import pages, people
from cogs.ui.answers import Pressed, actor, conclude, embed, read_id, require_asker, services
from cogs.ui.limits import Buttons
from storage.records import Edge, Link, Page, Post, State

PAGE = 10
TAGS = 3


def card(
    link: Link,
    url: str,
    creator: str,
    posts: Sequence[tuple[Post, str]] = (),
    *,
    heading: str = "",
    hint: str = "",
    ended: bool = False,
) -> discord.Embed:
    """One link with its tracked address in a block of its own; `creator` is its creator's name."""
    answer = embed(heading or fmt.escape(link.label), fmt.copyable(url) + hint)
    answer.add_field(name=_("Leads to"), value=fmt.escape(link.destination, 300), inline=False)
    answer.add_field(name=_("Creator"), value=creator)
    answer.add_field(name=_("Named in digests"), value=_("no, private") if link.private else _("yes"))
    state = _("archived") if link.state is State.ARCHIVED else _("active")
    if ended:
        state += ", " + _("but ended: its addresses answer “not found”")
    answer.add_field(name=_("State"), value=state)
    if ends := _ends(link):
        answer.add_field(name=_("Ends"), value=ends)
    if link.title and heading:
        answer.add_field(name=_("Title"), value=fmt.escape(link.title))
    if link.tags:
        answer.add_field(name=_("Tags"), value=", ".join(fmt.escape(tag) for tag in link.tags))
    answer.add_field(name=_("Added"), value=fmt.moment(link.created_at, "D"))
    if posts:
        rows = [f"{fmt.post_name(post)}\n`{address}`" for post, address in posts]
        answer.add_field(name=_("Posts"), value=fmt.rows(rows), inline=False)
    return answer


def _ends(link: Link) -> str:
    """When a link ends, "" for one that doesn't."""
    parts = []
    if link.expires_at is not None:
        parts.append(fmt.moment(link.expires_at))
    if link.max_clicks is not None:
        parts.append(_("after {clicks}").format(clicks=fmt.count_of(link.max_clicks, _("click"), _("clicks"))))
    return ", ".join(parts)


async def listing(
    interaction: discord.Interaction, listed: Page[Link], *, creator_id: int, archived: bool
) -> dict[str, Any]:
    """The keywords of a message that lists a page of links, with buttons where there is more than one page."""
    who, base_url, shown = actor(interaction), services(interaction).links.base_url, listed.items
    names = await people.names_of(interaction, (link.creator_id for link in shown)) if who.manager else {}
    rows = []
    for link in shown:
        notes = [f"→ {fmt.escape(URL(link.destination).host or '', 60)}"]
        if link.creator_id in names:
            notes.append(names[link.creator_id])
        if link.private:
            notes.append(_("private"))
        if ends := _ends(link):
            notes.append(_("ends {when}").format(when=ends))
        if link.tags:
            tags = [f"\\#{fmt.escape(tag, 30)}" for tag in link.tags[:TAGS]]
            if len(link.tags) > TAGS:
                tags.append(f"+{len(link.tags) - TAGS}")
            notes.append(" ".join(tags))
        rows.append(f"**{fmt.escape(link.label, 60)}** {' · '.join(notes)}\n`{base_url / link.slug}`")
    title = _("Archived links") if archived else _("Links")
    answer = embed(f"{title} ({fmt.number(listed.count)})", fmt.rows(rows, 4096))
    view = Buttons()
    for edge, label, off in pages.turns(listed):
        answer.set_footer(text=_("Page {page} of {pages}").format(page=listed.number + 1, pages=listed.pages))
        view.add_item(PageButton(who.user_id, creator_id, archived, edge, label, off=off))
    return {"embed": answer, "view": view}


def delete_question(link: Link, url: str, asker_id: int) -> dict[str, Any]:
    """The keywords of a message that asks before a link is deleted for good."""
    answer = embed(
        _("Delete {name}?").format(name=fmt.escape(link.label)),
        _(
            "`{address}` and the addresses of its posts will answer “not found”, wherever they were shared. "
            "This can't be undone, and the name is never given out again, unless nobody ever clicked or saw it.\n"
            "To take it out of the lists only, use /link archive."
        ).format(address=url),
    )
    answer.colour = discord.Colour.red()
    view = Buttons()
    view.add_item(DeleteButton(link.id, asker_id)).add_item(KeepButton(asker_id))
    return {"embed": answer, "view": view}


class PageButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"links:(?P<asker>\d{1,20}):(?P<creator>\d{1,20}):(?P<archived>[01]):" + pages.EDGE,
):
    """Turns the page of a list of links in place."""

    def __init__(
        self, asker_id: int, creator_id: int, archived: bool, edge: Edge, label: str = "", *, off: bool = False
    ) -> None:
        custom_id = f"links:{asker_id}:{creator_id}:{archived:d}:{pages.spelled(edge)}"
        super().__init__(discord.ui.Button(label=label or "…", custom_id=custom_id, disabled=off))
        self._asker_id = asker_id
        self._creator_id = creator_id
        self._archived = archived
        self._edge = edge

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> PageButton:
        return cls(read_id(match["asker"]), read_id(match["creator"]), match["archived"] == "1", pages.edge_of(match))

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        await interaction.response.defer()
        creator_id, archived, links = self._creator_id, self._archived, services(interaction).links
        listed = await links.page(actor(interaction), self._edge, PAGE, creator_id=creator_id, archived=archived)
        await conclude(interaction, **await listing(interaction, listed, creator_id=creator_id, archived=archived))


class DeleteButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"delete:(?P<link>\d{1,20}):(?P<asker>\d{1,20})",
):
    """Deletes a link for good, after it was asked about."""

    def __init__(self, link_id: int, asker_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                label=_("Delete for good"),
                style=discord.ButtonStyle.danger,
                custom_id=f"delete:{link_id}:{asker_id}",
            )
        )
        self._link_id = link_id
        self._asker_id = asker_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> DeleteButton:
        return cls(read_id(match["link"]), read_id(match["asker"]))

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        await interaction.response.defer()
        link, is_free = await services(interaction).links.delete(actor(interaction), self._link_id)
        text = _("Deleted. {address} answers “not found” from now on, and the name is never given out again.")
        if is_free:
            text = _("Deleted. Nobody ever clicked or saw {address}, so the name is free again.")
        text = text.format(address=f"`{services(interaction).links.url(link)}`")
        await conclude(interaction, content=text, embed=None, view=None)


class KeepButton(Pressed, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"keep:(?P<asker>\d{1,20})"):
    """Leaves everything as it is."""

    def __init__(self, asker_id: int) -> None:
        super().__init__(discord.ui.Button(label=_("Keep it"), custom_id=f"keep:{asker_id}"))
        self._asker_id = asker_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> KeepButton:
        return cls(read_id(match["asker"]))

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        await interaction.response.edit_message(content=_("Everything stays as it is."), embed=None, view=None)
