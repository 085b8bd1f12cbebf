"""The form for a post's figures, what was kept of them, and the button that takes it back."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import discord
from cachetools import TTLCache

from bot.errors import NotFoundError, UserError
from bot.impressions.metrics import parse_rest
from bot.impressions.service import ImplausibleError, Logged, Step
from bot.inputs.money import Money
from bot.inputs.numbers import parse_count
from bot.links.access import Actor
from bot.links.platforms import describe_many
from bot.links.posts import Draft
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui import ways
from cogs.ui.answers import (
    UNREADABLE,
    Pressed,
    actor,
    begin,
    conclude,
    embed,
    presser,
    read_id,
    require_asker,
    require_member,
    say_error,
    say_error_with,
    services,
)
from cogs.ui.limits import FORM_SECONDS, Buttons, Form
from cogs.ui.money import assumed
from cogs.ui.posts import IN_BIO, NAMES
from cogs.ui.wishes import Wish, pack_wish, unpack_wish
from storage.records import IMPRESSIONS, VIEWS, Link, Post

MAIN = (IMPRESSIONS, VIEWS)
LISTED = 25
"""Posts to choose from: Discord takes no more."""
Then = Callable[[discord.Interaction, Mapping[str, int]], Awaitable[None]]


class FiguresForm(Form):
    """Asks for a post's totals: `word` (impressions or views), reach, likes, comments, and the rest in one line.

    `typed` are texts that stand there from the start, by field.
    """

    def __init__(self, title: str, word: str, then: Then, typed: Mapping[str, str] | None = None) -> None:
        super().__init__(fmt.plain(title, 45))
        self._then = then
        self._word = word
        self._typed = typed or {}
        self._fields: dict[str, discord.ui.TextInput[Any]] = {}
        for metric in (word, "reach", "likes", "comments"):
            placeholder = _("The total so far, such as 20000, 20,000 or 20k")
            self._add(metric, metric.capitalize(), placeholder)
        self._add("rest", _("The rest"), "shares 12, saves 3, clicks 40", most=200)

    def _add(self, name: str, label: str, placeholder: str, most: int = 30) -> None:
        self._fields[name] = discord.ui.TextInput(
            custom_id=name,
            placeholder=placeholder,
            required=False,
            max_length=most,
            default=self._typed.get(name),
        )
        self.add_item(discord.ui.Label(text=label, component=self._fields[name]))

    def totals(self) -> dict[str, int]:
        """What was typed, by metric. Raises InvalidError that names the field and the part."""
        typed = {name: item.value.strip() for name, item in self._fields.items() if item.value.strip()}
        rest = typed.pop("rest", "")
        found = {name: parse_count(text, name) for name, text in typed.items()}
        return found | parse_rest(rest, _("the rest"), found)

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        await begin(interaction)
        await self._then(interaction, self.totals())

    async def on_error(self, interaction: discord.Interaction, error: Exception, /) -> None:
        if not isinstance(error, UserError):
            await say_error(interaction, error)
            return
        _refused[interaction.id] = self
        view = Buttons()
        view.add_item(AgainButton(interaction.id, interaction.user.id))
        await say_error_with(view, interaction, error)

    def again(self) -> FiguresForm:
        """The form with what was typed into this one."""
        typed = {name: item.value for name, item in self._fields.items()}
        return FiguresForm(self.title, self._word, self._then, typed)


_refused: TTLCache[int, FiguresForm] = TTLCache(1_000, ttl=FORM_SECONDS)
"""Forms that something was wrong in, by the interaction that sent them: nobody has to type the rest again."""


class AgainButton(
    Pressed, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"again:(?P<form>\d{1,20}):(?P<asker>\d{1,20})"
):
    """Opens a form that was refused with what was typed into it."""

    def __init__(self, form_id: int, asker_id: int) -> None:
        super().__init__(discord.ui.Button(label=_("Correct it"), custom_id=f"again:{form_id}:{asker_id}"))
        self._form_id = form_id
        self._asker_id = asker_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> AgainButton:
        return cls(read_id(match["form"]), read_id(match["asker"]))

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        form = _refused.get(self._form_id)
        if form is None:
            raise NotFoundError(_("What you typed is no longer kept. Type the command again to begin anew."))
        await interaction.response.send_modal(form.again())


def keeper(
    who: Actor,
    target: Post | Draft,
    at: dt.datetime | None = None,
    money: Money | None = None,
) -> Then:
    """What keeps a post's totals, and answers with what was kept."""

    async def keep(submitted: discord.Interaction, totals: Mapping[str, int]) -> None:
        answer = await log(submitted, who, Wish(target, totals, at, money))
        await submitted.followup.send(**answer, ephemeral=True)

    return keep


async def which_post(interaction: discord.Interaction, word: str) -> dict[str, Any]:
    """The keywords of a message that asks which of the asker's posts the numbers are of."""
    who = actor(interaction)
    found = await services(interaction).impressions.to_log(who, LISTED)
    if not found:
        return {"content": await ways.no_posts(interaction)}
    text = _("Of which post? Choose one, and a form asks for its totals. Those without numbers stand first.")
    view = Buttons()
    view.add_item(PostSelect(word, who.user_id, found))
    return {"embed": embed(_("Type in {word}").format(word=NAMES[word]), text), "view": view}


class PostSelect(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Select[Any]],
    template=r"log:(?P<word>impressions|views):(?P<asker>\d{1,20})",
):
    """Opens the form for the chosen post's totals."""

    def __init__(self, word: str, asker_id: int, found: Sequence[tuple[Post, bool]] = ()) -> None:
        options = [
            discord.SelectOption(
                label=fmt.plain(fmt.post_title(post)),
                value=str(post.id),
                description=_("{day}, numbers known") if told else _("{day}, no numbers yet"),
            )
            for post, told in found
        ] or [discord.SelectOption(label="–", value="0")]
        for option, (post, _told) in zip(options, found, strict=False):
            day = fmt.date((post.published_at or post.created_at).date(), year=True)
            option.description = (option.description or "").format(day=day)
        custom_id, placeholder = f"log:{word}:{asker_id}", _("Choose a post")
        super().__init__(discord.ui.Select(custom_id=custom_id, options=options, placeholder=placeholder))
        self._word = word
        self._asker_id = asker_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> PostSelect:
        return cls(match["word"], read_id(match["asker"]))

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        asked, who = services(interaction), actor(interaction)
        post = await asked.posts.get(who, int(self.item.values[0]))
        form = FiguresForm(fmt.post_title(post), self._word, keeper(who, post))
        await interaction.response.send_modal(form)


async def log(interaction: discord.Interaction, who: Actor, wish: Wish, *, confirmed: bool = False) -> dict[str, Any]:
    """Keep it; the keywords of a message that says so, or that asks once more about a figure that may be a slip."""
    await require_member(interaction, who.guild_id)
    known = services(interaction)
    try:
        logged = await known.impressions.log(who, wish.target, wish.totals, wish.at, wish.spend, confirmed=confirmed)
    except ImplausibleError as doubt:
        return _asked_back(doubt, wish)
    post = logged.post
    carried = None if post.link_id is None else await known.links.get(who, post.link_id)
    answer = said(logged, carried, "" if carried is None else known.links.url(carried, post), who.user_id)
    if interaction.guild_id is None:  # the button undoes in the server that it stands in
        del answer["view"]
    return answer


def _asked_back(doubt: ImplausibleError, wish: Wish) -> dict[str, Any]:
    steps = [
        _("{metric}: **{value}**, where the last reading was **{before}**").format(
            metric=NAMES[step.metric].capitalize(), value=fmt.number(step.value), before=fmt.number(step.before or 0)
        )
        for step in doubt.steps
    ]
    text = _(
        "{post}: that is far from what was kept before. Nothing is kept yet; type it again if it is a slip."
    ).format(post=fmt.post_name(doubt.post))
    view = Buttons().add_item(KeepButton(pack_wish(doubt.post, wish)))
    return {"embed": embed(_("Is that right?"), "\n".join([text, *steps])), "view": view}


class KeepButton(Pressed, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"sure:(?P<wish>[\w-]{92})"):
    """Keeps figures that were asked back, in place. Who asked is the only one who sees it."""

    def __init__(self, wish: str) -> None:
        super().__init__(
            discord.ui.Button(label=_("Yes, keep it"), style=discord.ButtonStyle.primary, custom_id=f"sure:{wish}")
        )
        self._wish = wish

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> KeepButton:
        return cls(match["wish"])

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        try:
            guild_id, post_id, told = unpack_wish(self._wish)
        except (ValueError, OverflowError):
            raise NotFoundError(UNREADABLE) from None
        who = presser(interaction, guild_id)
        post = await services(interaction).posts.get(who, post_id)
        answer = await log(interaction, who, Wish(post, *told), confirmed=True)
        await conclude(interaction, embed=answer["embed"], view=answer.get("view"))


def said(logged: Logged, link: Link | None, url: str, asker_id: int) -> dict[str, Any]:
    """The keywords of a message: what was kept, what it means beside the totals before it, and a button to undo it."""
    post = logged.post
    name = fmt.post_name(post)
    if link is not None:
        name += " " + _("of {link}").format(link=f"{fmt.escape(link.label)} (`/{link.slug}/{post.code}`)")
    lines: list[str] = []
    main = [step for step in logged.steps if step.metric in MAIN]
    if main:
        steps = "; ".join(_step(step) for step in main)
        lines.append(_("{steps} for {post}, as of {at}.").format(steps=steps, post=name, at=fmt.moment(logged.as_of)))
    others = [_short(step) for step in logged.steps if step.metric not in MAIN]
    if logged.spend is not None:
        others.append(_("{money} spent").format(money=logged.spend))
    if others:
        kept = _("Kept with them: {list}.") if main else _("Kept for {post}, as of {at}: {list}.")
        lines.append(kept.format(list=", ".join(others), post=name, at=fmt.moment(logged.as_of)))
    if taken := assumed(logged.spend):
        lines.append(taken)
    for step in main:
        if step.later is not None:
            later = _("A later total of {later} {metric} is kept already and stands; this one tells how it grew.")
            lines.append(later.format(later=fmt.number(step.later), metric=NAMES[step.metric]))
    if {step.metric for step in main} == {VIEWS}:
        lines.append(_("Views are kept as views: a post counts by views or by impressions, never by their sum."))
    if logged.is_new and post.published_at is None:
        lines.append(
            _(
                "When it was published isn't known, so its growth counts from its registration on: `/post edit` with "
                "its permalink or with published says when."
            )
        )
    if link is None:
        lines.append(_("It carries no tracked link, so it has no CTR; `/post move` gives it one."))
    elif logged.is_new:
        lines.append(_("Its own tracked address from now on:"))
        lines.append(fmt.copyable(url).strip())
    if post.link_in_bio and link is not None and logged.is_new:
        lines.append(IN_BIO.format(posts=describe_many(post.platform, post.kind)))
    elif link is not None and not logged.is_new:
        lines.append(_("/stats post shows them beside its clicks."))
    view = Buttons()
    view.add_item(UndoLogButton(post.id, logged.first_id, logged.last_id, logged.is_new, asker_id))
    return {"embed": embed(_("Logged"), "\n".join(lines)), "view": view}


def _step(step: Step) -> str:
    """ "**25,000** reported impressions: +5,000 on the 20,000 before"."""
    text = _("{n} reported {metric}")
    if step.before is not None:
        text = _("{n} reported {metric}: +{growth} on the {before} before")
        if step.growth < 0:
            text = _("{n} reported {metric}: corrected, {growth} fewer than the {before} before")
    return text.format(
        n=f"**{fmt.number(step.value)}**",
        metric=NAMES[step.metric],
        growth=fmt.number(abs(step.growth)),
        before=fmt.number(step.before or 0),
    )


def _short(step: Step) -> str:
    """ "300 likes (+20)"."""
    text = f"{fmt.number(step.value)} {NAMES[step.metric]}"
    if step.before is None:
        return text
    if step.growth < 0:
        return text + " " + _("(corrected, {n} fewer)").format(n=fmt.number(-step.growth))
    return text + f" (+{fmt.number(step.growth)})"


class UndoLogButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=(r"unlog:(?P<post>\d{1,20}):(?P<first>\d{1,20}):(?P<last>\d{1,20}):(?P<new>[01]):(?P<asker>\d{1,20})"),
):
    """Takes back what one log kept, in place."""

    def __init__(self, post_id: int, first_id: int, last_id: int, is_new: bool, asker_id: int) -> None:
        custom_id = f"unlog:{post_id}:{first_id}:{last_id}:{is_new:d}:{asker_id}"
        super().__init__(discord.ui.Button(label=_("Undo"), custom_id=custom_id))
        self._post_id = post_id
        self._ids = first_id, last_id
        self._is_new = is_new
        self._asker_id = asker_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> UndoLogButton:
        post, first, last = (read_id(match[name]) for name in ("post", "first", "last"))
        return cls(post, first, last, match["new"] == "1", read_id(match["asker"]))

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        await interaction.response.defer()
        back = await services(interaction).impressions.undo(
            actor(interaction), self._post_id, *self._ids, is_new=self._is_new
        )
        count = fmt.count_of(back.snapshots, _("number"), _("numbers"))
        text = _("{count} of {post}, as they were logged; what was told before stands again.")
        if back.post_too:
            text = _("{count} and the registration of {post}, whose address leads nowhere from now on.")
        elif self._is_new:
            text = _("{count} of {post}. The post stays: its address was used since, or other numbers were told of it.")
        answer = embed(_("Taken back"), text.format(count=count, post=fmt.post_name(back.post)))
        await conclude(interaction, embed=answer, view=None)
