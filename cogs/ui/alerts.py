"""Alerts as Discord messages, their buttons, and the deliverer that posts them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any

import discord

from bot.alerts import rules
from bot.alerts.content import Content, Trend
from bot.charts import ChartRenderer, Counts, Series, alt_text
from bot.texts import _, current_locale, number, percent
from cogs.delivery.channels import Form
from cogs.ui import format as fmt
from cogs.ui.answers import Pressed, embed, presser, read_id, services
from cogs.ui.limits import Buttons, picture
from storage.records import SERVER_TARGET, Alert, AlertKind, AlertTarget, Link

CHART = "trend.png"
CONTENT_LIMIT = 2000
MUTES = 4
"""Buttons beside the one that explains."""

KINDS = {
    AlertKind.MILESTONE: _("milestones"),
    AlertKind.SPIKE: _("spikes"),
    AlertKind.DROP: _("drops"),
    AlertKind.DEAD: _("dead links"),
}
_TITLES = {
    AlertKind.MILESTONE: _("Milestone"),
    AlertKind.SPIKE: _("Spike"),
    AlertKind.DROP: _("Drop"),
    AlertKind.DEAD: _("Destination gone"),
}


def creators_named(alerts: Iterable[Alert], target: AlertTarget) -> set[int]:
    """The creators whom the alerts call by name."""
    return {alert.creator_id for alert in alerts if alert.link_id is None and target.user_id == SERVER_TARGET}


def sentence(alert: Alert, links: Mapping[int, Link], target: AlertTarget, names: Mapping[int, str]) -> str:
    """What happened, in one sentence with its numbers; `names` are creators', ready for a message."""
    facts, link = alert.facts, links.get(alert.link_id or 0)
    name = _("A link that is gone") if link is None else fmt.label(link)
    match alert.kind:
        case AlertKind.MILESTONE:
            words = {"clicks": _("clicks"), "impressions": _("displays")}
            if alert.link_id is None:
                if target.user_id == SERVER_TARGET:
                    name = _("All links of {creator} together").format(creator=names[alert.creator_id])
                else:
                    name = _("All your links together")
            return _("{name} passed **{step} {metric}**: {total} by now.").format(
                name=name, step=number(facts["step"]), metric=words[facts["metric"]], total=number(facts["total"])
            )
        case AlertKind.SPIKE | AlertKind.DROP:
            return _change(alert, name)
        case AlertKind.DEAD:
            if facts.get("back"):
                return _("The destination of {name} is back: {answer}.").format(
                    name=name, answer=fmt.escape(facts["answer"])
                )
            return _("The destination of {name} is gone: {answer} on {n} checks in a row.").format(
                name=name, answer=fmt.escape(facts["answer"]), n=number(facts["checks"])
            )


def _change(alert: Alert, name: str) -> str:
    facts, day = alert.facts, dt.date.fromisoformat(alert.facts["day"])
    weekday = fmt.WEEKDAYS[day.weekday()]
    when = f"{weekday}, {fmt.date(day)}"
    if facts["running"]:
        when = _("{day}, so far").format(day=when)
    clicks, typical = fmt.count_of(facts["clicks"], _("click"), _("clicks")), facts["usual"]
    usual = _("a usual {weekday} has {n}, the median of {weeks}").format(
        weekday=weekday, n=number(round(typical, 1)), weeks=number(facts["weeks"])
    )
    text = _("{name} had **{clicks}** on {when}; {usual}.")
    ratio = ""
    if typical and alert.kind is AlertKind.SPIKE:
        ratio, text = (
            f"{number(round(facts['clicks'] / typical, 1))}×",
            _("{name} had **{clicks}** on {when}: {ratio} the usual ({usual})."),
        )
    elif typical:
        ratio, text = (
            percent(facts["clicks"] / typical, 0),
            _("{name} had **{clicks}** on {when}: {ratio} of the usual ({usual})."),
        )
    text = text.format(name=name, clicks=clicks, when=when, ratio=ratio, usual=usual)
    return text + (" " + _("Its destination is gone: that is why, most likely.") if facts.get("dead") else "")


async def message(
    charts: ChartRenderer,
    content: Content,
    base: str,
    server_name: str,
    names: Mapping[int, str],
    form: Form = Form.LAYOUT,
) -> dict[str, Any]:
    """The keywords of the message: an embed, a chart where one alert has one, and buttons; the first is its marker.

    `base` is what tracked addresses begin with, `names` are those of `creators_named`, ready for a message. A lesser
    form has no chart, or is text; a bare one names no link.
    """
    if form is Form.BARE:
        return {"content": _bare(content), "view": _buttons(content, names=False)}
    lines = [sentence(alert, content.links, content.target, names) for alert in content.alerts]
    first = content.alerts[0]
    if len(lines) == 1:
        title = _("Destination back") if first.facts.get("back") else _TITLES[first.kind]
        link = None if first.link_id is None else content.links.get(first.link_id)
        where = _("See /stats creator") if link is None else f"{base}/{link.slug} · " + _("see /stats link")
        answer = embed(title, f"{lines[0]}\n{where}")
    else:
        answer = embed(_("{n} alerts").format(n=number(len(lines))), fmt.rows([f"- {line}" for line in lines], 4000))
        answer.description = (answer.description or "") + "\n" + _("See /stats link")
    small = "" if content.target.user_id == SERVER_TARGET else _("From {server}").format(server=fmt.plain(server_name))
    parts: dict[str, Any] = {"view": _buttons(content)}
    if form is Form.PLAIN:
        text = f"**{answer.title}**\n{answer.description}" + (f"\n-# {fmt.escape(small)}" if small else "")
        return parts | {"content": fmt.rows(text.split("\n"), CONTENT_LIMIT)}
    if small:
        answer.set_footer(text=small)
    wants_chart = form in (Form.LAYOUT, Form.EMBED)
    if wants_chart and content.trend is not None and (link := content.links.get(first.link_id or 0)) is not None:
        chart = _chart(content.trend, link)
        parts["file"] = picture(await charts.draw(chart), CHART, alt_text(chart))
        answer.set_image(url=f"attachment://{CHART}")
    return parts | {"embed": answer}


def _bare(content: Content) -> str:
    """What happened, without a word of a user's."""
    titles = [_("Destination back") if alert.facts.get("back") else _TITLES[alert.kind] for alert in content.alerts]
    return "\n".join(
        [
            *(f"- {title}" for title in dict.fromkeys(titles)),
            _("Names are left out: this server's filter refused them. /alerts status has them."),
        ]
    )


def _chart(trend: Trend, link: Link) -> Series:
    return Series(
        title=fmt.plain(link.label),
        subtitle=_("the last {n} days, {zone}").format(n=len(trend.days), zone=trend.zone),
        days=trend.days,
        panels=(Counts(name=_("clicks"), values=trend.clicks),),
        unfinished=trend.unfinished,
        locale=current_locale(),
    )


def marker(content: Content) -> str:
    """What tells this message from every other one."""
    return f"alert:why:{content.target.guild_id}:{content.message_id}"


def _buttons(content: Content, *, names: bool = True) -> discord.ui.View:
    view = Buttons().add_item(WhyButton(marker(content)))
    if not names:
        return view
    found = dict.fromkeys(alert.link_id for alert in content.alerts if alert.link_id in content.links)
    for link_id in list(found)[:MUTES]:
        assert link_id is not None
        alone = len(content.alerts) == 1
        label = _("Mute this link for a week")
        if not alone:
            label = _("Mute {name} for a week").format(name=fmt.plain(content.links[link_id].label, 40))
        view.add_item(MuteButton(content.target.guild_id, content.target.user_id, link_id, label))
    return view


class WhyButton(
    Pressed, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"(?P<marker>alert:why:\d{1,20}:\d{1,20})"
):
    """Says when alerts come; its id is also the mark by which the message is found again."""

    def __init__(self, marker: str) -> None:
        super().__init__(discord.ui.Button(label=_("Why this?"), custom_id=marker))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> WhyButton:
        return cls(match["marker"])

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(explanation(), ephemeral=True)


def explanation() -> str:
    """When which alert comes."""
    return _(
        "**Milestones** are 100, 250, 500, 1,000, 2,500 … of a link, and from 1,000 on of all links of a creator; "
        "clicks or displays, each told once for ever. What was imported passes none.\n"
        "**Spikes**: a day so far has {floor} clicks at least and more than {factor}× what the whole weekday usually "
        "has. **Drops**: a day that is over has less than a third of it, where {floor} clicks are usual. Both compare "
        "with {least} to {most} of the same weekdays before, only where chance and the link's own ups and downs do not "
        "explain it, and come once in {days} days for a link.\n"
        "**Dead links**: the destination answered 404 or 410, or its name does not exist, {checks} times in a row.\n"
        "More than {alone} at once come in one message, and no more than {a_day} messages a day. /alerts status shows "
        "what is on."
    ).format(
        floor=rules.FLOOR,
        factor=number(rules.FACTOR),
        least=rules.MIN_WEEKS,
        most=rules.WEEKS,
        days=rules.COOL_DOWN.days,
        checks=rules.DEAD_CHECKS,
        alone=rules.ALONE,
        a_day=rules.MOST_A_DAY,
    )


class MuteButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"alert:mute:(?P<guild>\d{1,20}):(?P<user>\d{1,20}):(?P<link>\d{1,20})",
):
    """Keeps a link's alerts away for a week: pressed by who gets them, in a channel by its creator or a manager."""

    def __init__(self, guild_id: int, user_id: int, link_id: int, label: str = "") -> None:
        label = label or _("Mute this link for a week")
        super().__init__(discord.ui.Button(label=label, custom_id=f"alert:mute:{guild_id}:{user_id}:{link_id}"))
        self._guild_id = guild_id
        self._user_id = user_id
        self._link_id = link_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> MuteButton:
        return cls(read_id(match["guild"]), read_id(match["user"]), read_id(match["link"]))

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        who = presser(interaction, self._guild_id)
        link, until = await services(interaction).alerts.mute(who, self._user_id, self._link_id)
        text = _("No alerts of {name} until {at}.").format(name=fmt.label(link), at=fmt.moment(until))
        await interaction.followup.send(text, ephemeral=True)
