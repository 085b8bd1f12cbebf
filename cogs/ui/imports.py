"""How an import reads: what a file would change, what it did, and the buttons to confirm and to take it back."""

from __future__ import annotations

import io
import re
import time
from typing import Any

import discord
import structlog

from bot.imports.match import By, Sample, Tally
from bot.imports.service import Applied, Preview, Undone
from bot.imports.values import Daily, Parsed
from bot.impressions.metrics import CTR, MILLION
from bot.links.platforms import PLATFORMS, describe
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui.answers import Pressed, actor, conclude, embed, fit, read_id, require_asker, services
from cogs.ui.limits import Buttons
from cogs.ui.posts import total
from cogs.ui.turns import long_work
from storage.records import Import

TROUBLES = 10
"""Lines that can't be read which a preview names; a file beside it names more."""
COLUMNS = 12
"""Columns that were not read which a preview names."""
EVERY_SECONDS = 2.0
"""How often progress is told."""

log = structlog.get_logger(__name__)
_BY = {By.PERMALINK: _("permalink"), By.ID: _("id"), By.TITLE: _("title and day")}


def daily(found: Daily) -> discord.Embed:
    """That an export has no numbers of posts, what it has, and where to find the other."""
    lines = []
    if found.first is not None and found.last is not None:
        days = (found.last - found.first).days + 1
        lines.append(
            _("It holds whole-account numbers from {first} to {last} ({days}), and none of single posts.").format(
                first=fmt.date(found.first, year=True),
                last=fmt.date(found.last, year=True),
                days=fmt.count_of(days, _("day"), _("days")),
            )
        )
    sums = [f"{fmt.escape(name, 40)} {fmt.number(value)}" for name, value in list(found.sums.items())[:6]]
    if sums:
        lines.append(_("In all: {sums}.").format(sums=", ".join(sums)))
    lines.append(_("Nothing was imported: displays are kept by post here."))
    lines.append(_("The numbers of posts: {advice}.").format(advice=found.advice))
    return embed(_("Recognised: {name}").format(name=found.name), "\n".join(lines))


def preview(found: Preview, asker_id: int) -> dict[str, Any]:
    """The keywords of a message that says what an import would do, with the buttons to do it or not."""
    parsed, tally = found.parsed, found.tally
    lines = _understood(parsed)
    if found.posts > tally.daily or not tally.daily:
        lines.append(_("Lifetime totals as of {at}.").format(at=fmt.moment(found.as_of)))
    if tally.daily:
        by_day = _(
            "{posts} by day: what a post grew by on a day is kept as that day's, as the platform's own time zone has "
            "it. Reach is left out, since people of several days can't be added up."
        )
        lines.append(by_day.format(posts=fmt.count_of(tally.daily, _("post"), _("posts"))))
    lines += _lifetime(parsed, tally) if found.item is not None else []
    if not found.posts:
        lines.append(_("It holds no post that can be read, so there is nothing to import."))
    elif found.item is None:
        lines.append(_("**Nothing would change**: all its posts are known with these totals. It is imported already."))
    if any(
        "views" in sample.report.figures or "views" in sample.changes
        for sample in (*tally.new_samples, *tally.known_samples)
    ):
        lines.append(_("Views count repeats: a post counts by views or by impressions, never by their sum."))
    answer = embed(f"{parsed.name}: {fmt.count_of(found.posts, _('post'), _('posts'))}", "\n".join(lines))
    if found.item is not None:
        answer.add_field(name=_("What would happen"), value="\n".join(_plan(tally)), inline=False)
    far = _("⚠ 100 times more, or less, than the last total ({n})").format(n=fmt.number(tally.implausible))
    for name, samples, count in (
        (far, tally.implausible_samples, tally.implausible),
        (_("Known posts"), tally.known_samples, tally.matched.total() - tally.unchanged),
        (_("New posts"), tally.new_samples, tally.new),
    ):
        if samples:
            rows = [_sample(parsed.platform, sample) for sample in samples]
            if samples is tally.implausible_samples:
                rows = [f"{sample.report.line}: {row}" for sample, row in zip(samples, rows, strict=True)]
            more = count - len(samples)
            rows += [_("and {n} more").format(n=fmt.number(more))] if more > 0 else []
            answer.add_field(name=name, value=fmt.rows(rows), inline=False)
    if found.unreadable:
        rows = [f"{trouble.line}: {fmt.escape(trouble.why, 200)}" for trouble in parsed.troubles[:TROUBLES]]
        more = found.unreadable - len(rows)
        rows += [_("and {n} more").format(n=fmt.number(more))] if more else []
        left_out = _("Lines that can't be read, and would be left out ({n})")
        name = (left_out if found.item is not None else _("Lines that can't be read ({n})")).format(
            n=fmt.number(found.unreadable)
        )
        answer.add_field(name=name, value=fmt.rows(rows), inline=False)
    aside = []
    if parsed.totals:
        aside.append(fmt.count_of(parsed.totals, _("line of sums"), _("lines of sums")))
    if parsed.repeated:
        aside.append(
            fmt.count_of(parsed.repeated, _("line on a post that stands above"), _("lines on posts that stand above"))
        )
    if aside:
        answer.set_footer(text=_("Set aside: {list}").format(list=", ".join(aside)))
    message: dict[str, Any] = {"embed": fit(answer)}
    if found.unreadable > TROUBLES:
        told = "".join(f"{trouble.line}: {trouble.why}\n" for trouble in parsed.troubles)
        message["file"] = discord.File(io.BytesIO(told.encode()), "unreadable-lines.txt")
    if found.item is not None:
        message["view"] = _buttons(found.item.id, asker_id, "confirm", "cancel")
    return message


def _understood(parsed: Parsed) -> list[str]:
    """What was read of the file's columns and what was not, and what was taken for granted."""
    lines = []
    if parsed.inside:
        lines.append(_("Read from {name}.").format(name=f"“{fmt.escape(parsed.inside)}”"))
    if parsed.read:
        kept = [
            _quoted(name)
            if name.casefold() == metric
            else _("{name} as {metric}").format(name=_quoted(name), metric=_("CTR") if metric == CTR else metric)
            for name, metric in parsed.read
        ]
        lines.append(_("Read: {columns}.").format(columns=", ".join(kept)))
    if parsed.unread:
        names = [_quoted(name) for name in parsed.unread[:COLUMNS]]
        more = len(parsed.unread) - len(names)
        names += [_("{n} more").format(n=fmt.number(more))] if more else []
        lines.append(_("Not read: {columns}.").format(columns=", ".join(names)))
    if parsed.twice:
        names = ", ".join(_quoted(name) for name in parsed.twice)
        lines.append(_("Twice there with the same numbers, and read once: {columns}.").format(columns=names))
    if parsed.remarks:
        said = ", ".join(_quoted(remark) for remark in parsed.remarks)
        lines.append(_("The file ends with a remark: {remarks}.").format(remarks=said))
    if parsed.platform == "youtube" and parsed.remarks:
        lines.append(_("YouTube Studio exports 500 videos at most: others are not in it."))
    if parsed.guessed_month_first:
        lines.append(_("Nothing in it tells day from month: 07/04/2026 would be read as 4 July."))
    return lines


def _lifetime(parsed: Parsed, tally: Tally) -> list[str]:
    """That YouTube's tables are of some days alone unless one chooses otherwise, the louder the surer it is."""
    if parsed.platform != "youtube":
        return []
    if parsed.days is not None and parsed.older:
        first, last = parsed.days
        return [
            _(
                "⚠ Its chart speaks of {first} to {last}, and {older} before that: these are no lifetime totals. "
                "Cancel, choose **Lifetime** in Studio and export again."
            ).format(
                first=fmt.date(first, year=True),
                last=fmt.date(last, year=True),
                older=fmt.count_of(parsed.older, _("video was published"), _("videos were published")),
            )
        ]
    if tally.lower:
        return [
            _(
                "⚠ Totals fall, which lifetime totals do not: it looks like a table of some days, such as the last 28 "
                "that Studio shows by itself. Cancel, choose **Lifetime** in Studio and export again."
            )
        ]
    return [_("Studio shows the last 28 days by itself: if you did not choose **Lifetime** there, cancel.")]


def _quoted(text: str) -> str:
    return f"“{fmt.escape(text, 60)}”"


def _plan(tally: Tally) -> list[str]:
    lines = []
    if known := tally.matched.total():
        by = ", ".join(f"{fmt.number(n)} {_('by')} {_BY[how]}" for how, n in tally.matched.most_common())
        lines.append(f"{fmt.count_of(known, _('post is known'), _('posts are known'))}: {by}")
    if tally.unchanged:
        lines.append(fmt.count_of(tally.unchanged, _("of them keeps its totals"), _("of them keep their totals")))
    if tally.new:
        lines.append(
            fmt.count_of(tally.new, _("post is new"), _("posts are new")) + _(": kept, without a tracked link")
        )
    if tally.replaced:
        lines.append(
            fmt.count_of(tally.replaced, _("total is replaced by a later one"), _("totals are replaced by later ones"))
        )
    if tally.lower:
        lines.append(
            "⚠ "
            + fmt.count_of(tally.lower, _("of them becomes lower"), _("of them become lower"))
            + _(". Is this an older export? Cancel, and say with as-of when it was made.")
        )
    if fresh := tally.figures - tally.replaced:
        lines.append(
            fmt.count_of(fresh, _("total is told for the first time"), _("totals are told for the first time"))
        )
    return lines


def _sample(platform: str, sample: Sample) -> str:
    """ "Instagram reel “Teaser” · 1,200 → 1,900 views · 12 likes"."""
    report = sample.report
    name = describe(platform, report.kind)
    if title := (sample.match.post.title if sample.match else "") or report.title:
        name += f" “{fmt.escape(title, 40)}”"
    if report.published_at is not None and sample.match is None:
        name += f", {fmt.moment(report.published_at, 'd')}"
    totals = [_change(metric, old, new) for metric, (old, new) in sample.changes.items()]
    return " · ".join([name, *totals[:4]])


def _change(metric: str, old: int | None, new: int) -> str:
    if old is None:
        return total(metric, new)
    before = fmt.percent(old / MILLION) if metric == CTR else fmt.number(old)
    return _("{old} → {new}").format(old=before, new=total(metric, new))


def applied(found: Applied, asker_id: int) -> dict[str, Any]:
    """The keywords of a message that says what was imported, with the button to take it back."""
    tally = found.tally
    lines = [*_brought(found.item), _("They show as reported in /stats post, and benchmarks know them.")]
    if tally.matched.total():
        lines.insert(1, fmt.count_of(tally.matched.total(), _("post was known"), _("posts were known")))
    return {
        "embed": embed(_("Imported: {name}").format(name=found.item.name), "\n".join(lines)),
        "view": _buttons(found.item.id, asker_id, "undo"),
        "attachments": [],
    }


def last(item: Import, creator: str, asker_id: int) -> dict[str, Any]:
    """The keywords of a message about the import that can be taken back; `creator` is a name, ready for a message."""
    lines = [
        *_brought(item),
        _("Imported {at}, of posts of {who}.").format(at=fmt.moment(item.created_at, "R"), who=creator),
    ]
    answer = embed(_("Last import: {name}").format(name=item.name), "\n".join(lines))
    return {"embed": answer, "view": _buttons(item.id, asker_id, "undo")}


def _brought(item: Import) -> list[str]:
    return [
        _("{posts} and {totals} as of {at}.").format(
            posts=fmt.count_of(item.new_posts, _("new post"), _("new posts")),
            totals=fmt.count_of(item.figures, _("total"), _("totals")),
            at=fmt.moment(item.as_of),
        )
    ]


def undone(found: Undone) -> dict[str, Any]:
    lines = [_("{platform} has the posts and totals it had before.").format(platform=PLATFORMS[found.item.platform][0])]
    if found.kept_posts:
        lines.append(
            fmt.count_of(found.kept_posts, _("post stays"), _("posts stay"))
            + _(": used since by a link, or with numbers from elsewhere.")
        )
    return {"embed": embed(_("Taken back: {name}").format(name=found.item.name), "\n".join(lines)), "view": None}


def cancelled(item: Import) -> dict[str, Any]:
    text = _("Nothing was imported.")
    return {"embed": embed(_("Cancelled: {name}").format(name=item.name), text), "view": None, "attachments": []}


def _buttons(import_id: int, asker_id: int, *actions: str) -> discord.ui.View:
    view = Buttons()
    for action in actions:
        view.add_item(ImportButton(action, import_id, asker_id))
    return view


_LABELS = {
    "confirm": (_("Import"), discord.ButtonStyle.primary),
    "cancel": (_("Cancel"), discord.ButtonStyle.secondary),
    "undo": (_("Undo"), discord.ButtonStyle.secondary),
}


class ImportButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"import:(?P<action>confirm|cancel|undo):(?P<item>\d{1,20}):(?P<asker>\d{1,20})",
):
    """Imports what was previewed, forgets it, or takes it back, in place."""

    def __init__(self, action: str, import_id: int, asker_id: int) -> None:
        label, style = _LABELS[action]
        custom_id = f"import:{action}:{import_id}:{asker_id}"
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=custom_id))
        self._action = action
        self._import_id = import_id
        self._asker_id = asker_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> ImportButton:
        return cls(match["action"], read_id(match["item"]), read_id(match["asker"]))

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        await interaction.response.defer()
        imports, who = services(interaction).imports, actor(interaction)
        if self._action == "cancel":
            answer = cancelled(await imports.cancel(who, self._import_id))
        elif self._action == "undo":
            answer = undone(await imports.undo(who, self._import_id))
        else:
            async with long_work(interaction):
                done = await imports.apply(who, self._import_id, ImportProgress(interaction))
            answer = applied(done, who.user_id)
        await conclude(interaction, **answer)


class ImportProgress:
    """Tells in the answer how far a long import is; a short one says nothing before it is done."""

    def __init__(self, interaction: discord.Interaction) -> None:
        self._interaction = interaction
        self._told = time.monotonic()

    async def __call__(self, done: float) -> None:
        if time.monotonic() - self._told < EVERY_SECONDS:
            return
        self._told = time.monotonic()
        text = _("{done} written. Nobody sees any of it before all of it is there.").format(done=fmt.share(done))
        try:
            await self._interaction.edit_original_response(embed=embed(_("Importing …"), text), view=None)
        except Exception as error:  # to be read or not is no matter of the import: its answer may be dismissed
            log.info("progress could not be shown", error=repr(error))
