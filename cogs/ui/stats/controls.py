"""The buttons and the select under an answer to `/stats`: all state is in their ids, so they outlive a restart."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import discord

from bot.errors import NotFoundError
from bot.insights.periods import Choice, Named
from bot.stats.question import Metric, Question, Ranks, View, pack
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui.answers import UNREADABLE, Pressed, actor, conclude, read_packed_id, require_asker
from cogs.ui.limits import Buttons
from cogs.ui.stats import replies

PERIODS = (Named.DAYS_7, Named.DAYS_28, Named.DAYS_90, Named.ALL)
"""Those with a button of their own."""
_BY_DAY = (Metric.CLICKS, Metric.UNIQUES, Metric.DISPLAYS, Metric.CTR)
METRICS = {
    View.REPORT: _BY_DAY,
    View.COMPARE: _BY_DAY,
    View.TOP: tuple(Metric),
    View.HEATMAP: (Metric.CLICKS, Metric.DISPLAYS),
    View.SOURCES: (Metric.CLICKS, Metric.DISPLAYS),
    View.PROFILE: (Metric.CLICKS, Metric.DISPLAYS, Metric.CTR),
}
RANKS = {
    Ranks.LINKS: _("Show links"),
    Ranks.POSTS: _("Show posts"),
    Ranks.PLATFORMS: _("Show platforms"),
    Ranks.KINDS: _("Show kinds"),
}
GO, BACK, NEXT, EXPLAIN, EXPORT, PICTURE = "gbnxep"
"""What a button does; the first three show the question in its id."""


def controls(question: Question, asker_id: int, pages: int = 1) -> discord.ui.View:
    """Periods, metrics, and what can be had of the answer."""
    view = Buttons()
    if len(question.choices) == 1:
        for choice in _periods(question.choice):
            chosen = dataclasses.replace(question, choices=(choice,), page=0)
            view.add_item(StatsButton(GO, asker_id, chosen, fmt.choice(choice), current=choice == question.choice))
    view.add_item(MetricSelect(asker_id, question))
    if question.view is View.TOP:
        for action, step, label in ((BACK, -1, _("Previous")), (NEXT, 1, _("Next"))) if pages > 1 else ():
            page = question.page + step
            turned = dataclasses.replace(question, page=max(page, 0))
            view.add_item(StatsButton(action, asker_id, turned, label, off=not 0 <= page < pages, row=2))
        for ranks, label in RANKS.items():
            if ranks is not question.ranks:
                other = dataclasses.replace(question, ranks=ranks, page=0)
                view.add_item(StatsButton(GO, asker_id, other, label, row=2))
    view.add_item(StatsButton(EXPLAIN, asker_id, question, _("Explain"), row=3))
    view.add_item(StatsButton(EXPORT, asker_id, question, _("CSV"), row=3))
    view.add_item(StatsButton(PICTURE, asker_id, question, _("Picture"), row=3))
    return view


def _periods(current: Choice) -> tuple[Choice, ...]:
    return PERIODS if current in PERIODS else (current, *PERIODS)


class StatsButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"q:(?P<action>[gbnxep]):(?P<asker>[\w-]{1,11}):(?P<question>[^:]{1,80})",
):
    """Shows another question in place, or explains or hands out the one that is shown."""

    def __init__(
        self,
        action: str,
        asker_id: int,
        question: Question | str,
        label: str = "",
        *,
        current: bool = False,
        off: bool = False,
        row: int | None = None,
    ) -> None:
        text = question if isinstance(question, str) else question.encode()
        super().__init__(
            discord.ui.Button(
                label=label,
                style=discord.ButtonStyle.primary if current else discord.ButtonStyle.secondary,
                custom_id=f"q:{action}:{pack(asker_id)}:{text}",
                disabled=off,
                row=row,
            )
        )
        self._action = action
        self._asker_id = asker_id
        self._text = text

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> StatsButton:
        return cls(match["action"], read_packed_id(match["asker"]), match["question"])

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        question = _decode(self._text)
        match self._action:
            case "x":
                await interaction.response.defer(ephemeral=True, thinking=True)
                await interaction.followup.send(**await replies.explained(interaction, question), ephemeral=True)
            case "e":
                await interaction.response.defer(ephemeral=True, thinking=True)
                await interaction.followup.send(**await replies.exported(interaction, question), ephemeral=True)
            case "p":
                await interaction.response.defer(ephemeral=True, thinking=True)
                await interaction.followup.send(**await replies.pictured(interaction, question), ephemeral=True)
            case _:
                await _show(interaction, question)


class MetricSelect(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Select[Any]],
    template=r"qm:(?P<asker>[\w-]{1,11}):(?P<question>[^:]{1,80})",
):
    """Shows the same question by another metric, in place."""

    def __init__(self, asker_id: int, question: Question | str) -> None:
        shown = question if isinstance(question, Question) else None
        options = (
            [
                discord.SelectOption(label=fmt.METRICS[metric], value=metric.value, default=metric is shown.metric)
                for metric in METRICS[shown.view]
            ]
            if shown
            else [discord.SelectOption(label="–", value="-")]
        )
        text = question if isinstance(question, str) else question.encode()
        super().__init__(discord.ui.Select(custom_id=f"qm:{pack(asker_id)}:{text}", options=options, row=1))
        self._asker_id = asker_id
        self._text = text

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> MetricSelect:
        return cls(read_packed_id(match["asker"]), match["question"])

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        question = _decode(self._text)
        chosen = Metric(self.item.values[0])
        await _show(interaction, dataclasses.replace(question, metric=chosen, page=0))


class RetiredButton(Pressed, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"stats:.+"):
    """A button under an answer of an earlier version."""

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> RetiredButton:
        assert isinstance(item, discord.ui.Button)
        return cls(item)

    async def press(self, interaction: discord.Interaction) -> None:
        raise NotFoundError(_("This answer is from before an update; type the command again for new buttons."))


def _decode(text: str) -> Question:
    try:
        return Question.decode(text)
    except ValueError:
        raise NotFoundError(UNREADABLE) from None


async def _show(interaction: discord.Interaction, question: Question) -> None:
    await interaction.response.defer()
    private = interaction.message is not None and interaction.message.flags.ephemeral
    found = await replies.message(interaction, question, private=private)
    view = controls(found.question, actor(interaction).user_id, found.pages)
    await conclude(interaction, embed=found.embed, attachments=[found.file], view=view)
