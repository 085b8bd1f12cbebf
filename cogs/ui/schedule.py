"""How digests are named, and how their schedules, states and latest periods are said."""

from __future__ import annotations

from collections.abc import Callable

import discord

from bot.digests.service import Status
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui import people
from storage.records import Cadence, Digest, DigestState, Quiet, RunState

CADENCES = {Cadence.DAILY: _("Daily"), Cadence.WEEKLY: _("Weekly"), Cadence.MONTHLY: _("Monthly")}
QUIETS = {
    Quiet.LINE: _("One line says that it was quiet"),
    Quiet.SKIP: _("Nothing is posted"),
}
RUNS = {
    RunState.PENDING: _("waiting"),
    RunState.SENDING: _("being posted"),
    RunState.SENT: _("posted"),
    RunState.SKIPPED: _("skipped"),
    RunState.FAILED: _("failed"),
    RunState.UNKNOWN: _("unknown"),
}


def plain_name(digest: Digest, guild: discord.Guild | None) -> str:
    """ "Weekly in #general, tag launch", for choices and titles."""
    name = CADENCES[digest.cadence]
    if digest.user_id is not None:
        return name + " " + _("by direct message to you")
    channel = None if guild is None else guild.get_channel(digest.channel_id or 0)
    name += " " + _("in {channel}").format(channel=f"#{channel.name}" if channel else _("a channel that is gone"))
    if digest.tag:
        name += ", " + _("tag {tag}").format(tag=digest.tag)
    if digest.role_id is not None:
        role = None if guild is None else guild.get_role(digest.role_id)
        name += ", " + _("role {role}").format(role=role.name if role else _("a role that is gone"))
    return fmt.plain(name)


def schedule(status: Status, guild: discord.Guild | None) -> str:
    """When and where it comes, of what, and what is next."""
    digest = status.digest
    when = {
        Cadence.DAILY: _("Every day at {time}"),
        Cadence.WEEKLY: _("{weekday}s at {time}"),
        Cadence.MONTHLY: _("On the first of every month at {time}"),
    }[digest.cadence].format(weekday=fmt.WEEKDAYS[digest.weekday], time=fmt.time_of_day(digest.minute))
    where = _("by direct message to you")
    if digest.user_id is None:
        where = _("in {channel}").format(channel=people.channel_name(guild, digest.channel_id or 0))
    lines = [f"{when} ({status.zone}) {where}, " + _("within ten minutes.")]
    if digest.tag:
        lines.append(_("Only links tagged {tag}.").format(tag=f"**{fmt.escape(digest.tag)}**"))
    if digest.role_id is not None:
        lines.append(_("Only links of {role}.").format(role=people.role_name(guild, digest.role_id)))
    if digest.quiet is Quiet.SKIP:
        lines.append(_("Quiet periods are skipped."))
    return "\n".join([*lines, _state(digest)])


def _state(digest: Digest) -> str:
    when = {"at": fmt.moment(digest.next_run_at), "relative": fmt.moment(digest.next_run_at, "R")}
    match digest.state:
        case DigestState.ACTIVE:
            return _("Next: {at} ({relative}).").format(**when)
        case DigestState.OFF:
            again = "/digest setup" if digest.user_id is None else "/digest me"
            return _("It is off. {command} starts it again.").format(command=again)
        case DigestState.PAUSED:
            text = _("⚠️ It is paused: {reason}\nThe next attempt: {at} ({relative}).")
            return text.format(reason=fmt.escape(digest.reason, 300), **when)
        case DigestState.LEFT:
            return _("⚠️ Eyeballs was not in the server; it goes on within a minute.")


def runs(status: Status) -> list[str]:
    """A line for each of the latest periods: what became of it, when, and why."""
    naming: dict[Cadence, Callable[..., str]] = {
        Cadence.DAILY: lambda day: fmt.date(day),
        Cadence.WEEKLY: lambda day: _("Week of {date}").format(date=fmt.date(day)),
        Cadence.MONTHLY: lambda day: f"{day:%B %Y}",
    }
    rows = []
    for run in status.runs:
        row = f"{naming[status.digest.cadence](run.period_start)}: {RUNS[run.state]}"
        if run.finished_at is not None:
            row += f" {fmt.moment(run.finished_at)}"
        if run.reason:
            row += f" – {fmt.escape(run.reason, 200)}"
        rows.append(row)
    return rows
