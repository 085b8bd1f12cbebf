"""The buttons under a digest: all state is in their ids, so they outlive a restart, also in direct messages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import discord

from bot.errors import NotFoundError, RefusedError
from bot.insights.periods import Choice, decode, encode
from bot.links.access import Actor
from bot.stats.question import Question, Scope, Subject, View, pack, unpack
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui.answers import UNREADABLE, Pressed, presser, read_id, require_member, services
from cogs.ui.impressions import FiguresForm, keeper
from cogs.ui.limits import Buttons
from cogs.ui.stats import replies
from cogs.ui.stats.controls import controls
from storage.records import Cadence, Link

MINE = {Cadence.DAILY: _("My day"), Cadence.WEEKLY: _("My week"), Cadence.MONTHLY: _("My month")}
MOST_OPTIONS = 25


def _spelled(choice: Choice | str) -> str:
    return choice if isinstance(choice, str) else encode(choice)


def _period(text: str) -> Choice:
    """The period in an id: read when the button is pressed, so that who pressed is told what can't be read."""
    try:
        return decode(text)
    except ValueError:
        raise NotFoundError(UNREADABLE) from None


async def _show(interaction: discord.Interaction, who: Actor, subject: Subject, choice: Choice) -> None:
    """Answer with a subject's numbers, seen by who pressed alone."""
    question = Question(View.REPORT, (subject,), (choice,))
    found = await replies.message(interaction, question, private=True, who=who)
    parts: dict[str, Any] = {"embed": found.embed, "file": found.file}
    if interaction.guild_id is not None:  # the controls ask again in the server that they stand in
        parts["view"] = controls(found.question, who.user_id, found.pages)
    await interaction.followup.send(**parts, ephemeral=True)


class ExplainButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"(?P<marker>digest:\d{1,20}(:\d{1,20})?:\d{8})",
):
    """Says what the digest's words mean; its id is also the mark by which the digest is found again."""

    def __init__(self, marker: str) -> None:
        super().__init__(discord.ui.Button(label=_("Explain"), custom_id=marker))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> ExplainButton:
        return cls(match["marker"])

    async def press(self, interaction: discord.Interaction) -> None:
        text = _(
            "**Clicks** are people who followed a tracked link; crawlers and link previews are set aside.\n"
            "**Unique clicks** count each visitor once a day for each link.\n"
            "**Displays** are measured by our own pages, or reported by the platform: views on Instagram, Facebook, "
            "Threads, TikTok, YouTube and Twitch, impressions elsewhere. What a platform told between two readings is "
            "shared out over the time in between, and reads “about”.\n"
            "**CTR** is clicks by displays, over those posts and places alone where both are known, each up to its "
            "last reading: other clicks, or displays of a post without clicks of its own, would say nothing there.\n"
            "**Resonated most** is the CTR whose 95% interval has the highest lower end, from 100 displays on.\n"
            "A **change** is named only when chance does not explain it; otherwise it reads “a normal swing”. "
            "**Moved** lists links with such a change.\n"
            "**Private links** count in every total, and no digest but their creator's own names them.\n"
            "/explain shows each with your own numbers."
        )
        await interaction.response.send_message(text, ephemeral=True)


class MineButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"digest-mine:(?P<guild>\d{1,20}):(?P<choice>[0-9a-z.]{1,13})",
):
    """Shows whoever presses their own numbers of the digest's period."""

    def __init__(self, guild_id: int, choice: Choice | str, cadence: Cadence = Cadence.WEEKLY) -> None:
        self._period = _spelled(choice)
        custom_id = f"digest-mine:{guild_id}:{self._period}"
        super().__init__(discord.ui.Button(label=MINE[cadence], style=discord.ButtonStyle.primary, custom_id=custom_id))
        self._guild_id = guild_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> MineButton:
        return cls(read_id(match["guild"]), match["choice"])

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        who = presser(interaction, self._guild_id)
        await _show(interaction, who, Subject(Scope.CREATOR, who.user_id), _period(self._period))


class LinkSelect(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Select[Any]],
    template=r"digest-link:(?P<guild>\d{1,20}):(?P<choice>[0-9a-z.]{1,13})",
):
    """Shows one of the digest's links to its creator or a manager."""

    def __init__(self, guild_id: int, choice: Choice | str, links: Sequence[Link] = ()) -> None:
        self._period = _spelled(choice)
        options = [
            discord.SelectOption(label=fmt.plain(link.label), value=pack(link.id), description=link.slug[:100])
            for link in links[:MOST_OPTIONS]
        ]
        super().__init__(
            discord.ui.Select(
                custom_id=f"digest-link:{guild_id}:{self._period}",
                placeholder=_("This link: look closer"),
                options=options or [discord.SelectOption(label="–", value="-")],
            )
        )
        self._guild_id = guild_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> LinkSelect:
        return cls(read_id(match["guild"]), match["choice"])

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        who = presser(interaction, self._guild_id)
        choice = _period(self._period)
        try:
            await _show(interaction, who, Subject(Scope.LINK, unpack(self.item.values[0])), choice)
        except (NotFoundError, ValueError):
            raise RefusedError(
                _("Only that link's creator and managers see its numbers, as long as the link is there.")
            ) from None


class LogButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"digest-log:(?P<guild>\d{1,20}):(?P<post>\d{1,20})",
):
    """Asks for what a post's platform tells."""

    def __init__(self, guild_id: int, post_id: int, label: str = "") -> None:
        custom_id = f"digest-log:{guild_id}:{post_id}"
        super().__init__(discord.ui.Button(label=label or _("Log"), custom_id=custom_id))
        self._guild_id = guild_id
        self._post_id = post_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> LogButton:
        return cls(read_id(match["guild"]), read_id(match["post"]))

    async def press(self, interaction: discord.Interaction) -> None:
        who = presser(interaction, self._guild_id)
        await require_member(interaction, self._guild_id)
        post = await services(interaction).posts.get(who, self._post_id)
        title = _("Numbers of {post}").format(post=fmt.post_title(post))
        await interaction.response.send_modal(FiguresForm(title, post.display_metric, keeper(who, post)))


class FeatureButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"digest-feature:(?P<guild>\d{1,20}):(?P<allow>[01])",
):
    """Lets the server's digest show a post of the presser's as the post of the week, or takes that back."""

    def __init__(self, guild_id: int, *, allow: bool) -> None:
        label = _("Allow “post of the week”") if allow else _("No “post of the week” for me")
        super().__init__(discord.ui.Button(label=label, custom_id=f"digest-feature:{guild_id}:{int(allow)}"))
        self._guild_id = guild_id
        self._allow = allow

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> FeatureButton:
        return cls(read_id(match["guild"]), allow=match["allow"] == "1")

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        who = presser(interaction, self._guild_id)
        await services(interaction).contents.feature(who.guild_id, who.user_id, allowed=self._allow)
        if self._allow:
            text = _(
                "From now on the server's digest may show a post of yours as the post of the week, with your name."
            )
        else:
            text = _("From now on no post of yours is shown as the post of the week.")
        view = Buttons().add_item(FeatureButton(self._guild_id, allow=not self._allow))
        await interaction.followup.send(text, view=view, ephemeral=True)


BUTTONS = (ExplainButton, MineButton, LinkSelect, LogButton, FeatureButton)
