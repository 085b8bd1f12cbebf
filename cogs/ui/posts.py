"""How posts look in an answer, and the buttons under them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import discord

from bot.impressions.metrics import CTR, MILLION, SPEND
from bot.inputs.money import Money
from bot.links.posts import Moved
from bot.texts import _, number
from cogs.ui import format as fmt
from cogs.ui import pages, people
from cogs.ui.answers import Pressed, actor, conclude, embed, read_id, require_asker, services
from cogs.ui.limits import Buttons
from storage.records import Edge, Figure, Link, Page, Post, State

PAGE = 10

NAMES = {
    "impressions": _("impressions"),
    "views": _("views"),
    "reach": _("reached"),
    "likes": _("likes"),
    "comments": _("comments"),
    "shares": _("shares"),
    "saves": _("saves"),
    "clicks": _("clicks by the platform's count"),
    "engagements": _("engagements"),
}
"""What platforms tell, behind its number."""

IN_BIO = _(
    "Links can't be pressed in {posts}: it has no clicks of its own and no CTR, and is ranked by its engagement rate. "
    "Put this address into your bio while it runs, and name it in the text; what it brings counts as clicks of the bio."
)
IN_POST = _("Use this address in that post and nowhere else: its clicks are counted there and in the link.")


def card(
    post: Post,
    link: Link | None,
    url: str,
    creator: str,
    *,
    others: Sequence[str] = (),
    figures: Sequence[Figure] = (),
    heading: str = "",
    hint: str = "",
) -> discord.Embed:
    """One post with its tracked address in a block of its own; `others` are earlier addresses that lead there too."""
    text = fmt.copyable(url) if url else _("It carries no tracked link; `/post move` gives it one.") + "\n"
    answer = embed(heading or fmt.post_name(post), text + hint)
    if heading and fmt.post_name(post) not in heading:
        answer.add_field(name=_("Post"), value=fmt.post_name(post), inline=False)
    if link is not None:
        answer.add_field(name=_("Link"), value=fmt.label(link))
    answer.add_field(name=_("Creator"), value=creator)
    answer.add_field(name=_("State"), value=_("archived") if post.state is State.ARCHIVED else _("active"))
    if post.published_at is not None:
        answer.add_field(name=_("Published"), value=fmt.moment(post.published_at))
    answer.add_field(name=_("Registered"), value=fmt.moment(post.created_at, "D"))
    if post.link_in_bio:
        answer.add_field(name=_("Clicks"), value=_("link in bio: no clicks of its own"))
    if post.permalink:
        answer.add_field(name=_("Permalink"), value=fmt.escape(post.permalink, 300), inline=False)
    if others:
        rows = [f"`{address}`" for address in others]
        answer.add_field(name=_("Earlier addresses that lead there too"), value=fmt.rows(rows), inline=False)
    if figures:
        answer.add_field(name=_("Told by the platform"), value=fmt.rows([told(one) for one in figures]), inline=False)
    return answer


def told(figure: Figure) -> str:
    """ "20,000 impressions, 11 Mar 2026"."""
    when = fmt.moment(figure.as_of, "D")
    if figure.metric == SPEND:
        return _("{money} spent, as of {when}").format(money=Money(figure.value, figure.currency), when=when)
    return _("{total}, as of {when}").format(total=total(figure.metric, figure.value), when=when)


def total(metric: str, value: int) -> str:
    """ "20,000 impressions"; the platform's own CTR as "CTR 6.1% by the platform's count"."""
    if metric == CTR:
        return _("CTR {rate} by the platform's count").format(rate=fmt.percent(value / MILLION))
    return f"{number(value)} {NAMES[metric]}"


async def listing(
    interaction: discord.Interaction, listed: Page[Post], *, creator_id: int, link_id: int, archived: bool
) -> dict[str, Any]:
    """The keywords of a message that lists a page of posts, with buttons where there is more than one page."""
    who, base_url, shown = actor(interaction), services(interaction).links.base_url, listed.items
    ids = {post.link_id for post in shown if post.link_id is not None}
    links = await services(interaction).links.some(who, ids)
    names = await people.names_of(interaction, (post.creator_id for post in shown)) if who.manager else {}
    rows = []
    for post in shown:
        notes = []
        if post.creator_id in names:
            notes.append(names[post.creator_id])
        notes.append(fmt.moment(post.published, "d"))
        if post.link_in_bio:
            notes.append(_("link in bio"))
        link = links.get(post.link_id or 0)
        place = _("no link") if link is None or post.code is None else f"`{base_url / link.slug / post.code}`"
        rows.append(f"**{fmt.post_name(post)}** · {' · '.join(notes)}\n{place}")
    title = _("Archived posts") if archived else _("Posts")
    answer = embed(f"{title} ({fmt.number(listed.count)})", fmt.rows(rows, 4096))
    view = Buttons()
    for edge, label, off in pages.turns(listed):
        answer.set_footer(text=_("Page {page} of {pages}").format(page=listed.number + 1, pages=listed.pages))
        view.add_item(PostPageButton(who.user_id, creator_id, link_id, archived, edge, label, off=off))
    return {"embed": answer, "view": view}


def archived(post: Post, asker_id: int, *, restored: bool = False) -> dict[str, Any]:
    """The keywords of a message that says where the post is now, with a button to undo it."""
    name = fmt.post_name(post)
    if restored:
        return _message(_("Post restored"), _("{post} is back in the lists.").format(post=name), post, asker_id)
    text = _("{post} is archived: it left the lists, and its address redirects and counts on.").format(post=name)
    return _message(_("Post archived"), text, post, asker_id)


def _message(title: str, text: str, post: Post, asker_id: int) -> dict[str, Any]:
    action = "restore" if post.state is State.ARCHIVED else "archive"
    view = Buttons().add_item(PostStateButton(action, post.id, asker_id))
    return {"embed": embed(title, text), "view": view}


def moved(found: Moved, url: str, base_url: str, asker_id: int) -> dict[str, Any]:
    """The keywords of a message that says what a move did to addresses and counts, with a button to undo it."""
    lines = [_("Its address for {link}:").format(link=fmt.label(found.link)), fmt.copyable(url).strip()]
    old = [address for address in found.old_addresses if address != f"{found.link.slug}/{found.post.code}"]
    if old:
        lines.append(
            _("{addresses} goes on working: it leads to where {link} leads now, and counts for this post.").format(
                addresses=", ".join(f"`{base_url}/{address}`" for address in old), link=fmt.label(found.link)
            )
        )
    if found.clicks_before:
        lines.append(
            _(
                "{clicks} counted before stay with the link that they led to. /stats post shows all of the post's "
                "clicks; the CTR of {link} leaves the post out where its figures reach back before the move."
            ).format(
                clicks=fmt.count_of(found.clicks_before, _("click"), _("clicks")),
                link=fmt.label(found.link),
            )
        )
    answer = embed(_("{post} moved").format(post=fmt.post_name(found.post)), "\n".join(lines))
    view = Buttons()
    if found.before.link_id is not None:
        view.add_item(MoveBackButton(found.post.id, found.before.link_id, asker_id))
    return {"embed": answer, "view": view}


class PostPageButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"posts:(?P<asker>\d{1,20}):(?P<creator>\d{1,20}):(?P<link>\d{1,20}):(?P<archived>[01]):" + pages.EDGE,
):
    """Turns the page of a list of posts in place."""

    def __init__(
        self,
        asker_id: int,
        creator_id: int,
        link_id: int,
        archived: bool,
        edge: Edge,
        label: str = "",
        *,
        off: bool = False,
    ) -> None:
        custom_id = f"posts:{asker_id}:{creator_id}:{link_id}:{archived:d}:{pages.spelled(edge)}"
        super().__init__(discord.ui.Button(label=label or "…", custom_id=custom_id, disabled=off))
        self._asker_id = asker_id
        self._creator_id = creator_id
        self._link_id = link_id
        self._archived = archived
        self._edge = edge

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> PostPageButton:
        asker, creator, link = (read_id(match[name]) for name in ("asker", "creator", "link"))
        return cls(asker, creator, link, match["archived"] == "1", pages.edge_of(match))

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        await interaction.response.defer()
        creator_id, link_id, archived = self._creator_id, self._link_id, self._archived
        listed = await services(interaction).posts.page(
            actor(interaction), self._edge, PAGE, creator_id=creator_id, link_id=link_id, archived=archived
        )
        which = {"creator_id": creator_id, "link_id": link_id, "archived": archived}
        await conclude(interaction, **await listing(interaction, listed, **which))


class PostStateButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"post:(?P<action>archive|restore):(?P<post>\d{1,20}):(?P<asker>\d{1,20})",
):
    """Takes a post out of the lists or brings it back, in place."""

    def __init__(self, action: str, post_id: int, asker_id: int) -> None:
        label = _("Archive it") if action == "archive" else _("Bring it back")
        super().__init__(discord.ui.Button(label=label, custom_id=f"post:{action}:{post_id}:{asker_id}"))
        self._archive = action == "archive"
        self._post_id = post_id
        self._asker_id = asker_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> PostStateButton:
        return cls(match["action"], read_id(match["post"]), read_id(match["asker"]))

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        await interaction.response.defer()
        post = await services(interaction).posts.archive(actor(interaction), self._post_id, archived=self._archive)
        await conclude(interaction, **archived(post, self._asker_id, restored=not self._archive))


class MoveBackButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"moveback:(?P<post>\d{1,20}):(?P<link>\d{1,20}):(?P<asker>\d{1,20})",
):
    """Gives a post back to the link that it was moved away from, in place."""

    def __init__(self, post_id: int, link_id: int, asker_id: int) -> None:
        super().__init__(
            discord.ui.Button(label=_("Move it back"), custom_id=f"moveback:{post_id}:{link_id}:{asker_id}")
        )
        self._post_id = post_id
        self._link_id = link_id
        self._asker_id = asker_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> MoveBackButton:
        return cls(read_id(match["post"]), read_id(match["link"]), read_id(match["asker"]))

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        await interaction.response.defer()
        who, found = actor(interaction), services(interaction)
        back = await found.posts.move(who, self._post_id, await found.links.get(who, self._link_id))
        answer = moved(back, found.links.url(back.link, back.post), str(found.links.base_url), self._asker_id)
        await conclude(interaction, **answer)
