"""How brand reports and deals look in an answer, with buttons that take a step back or on."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import discord

from bot.charts import Comparison, Line, Theme, alt_text
from bot.errors import InvalidError, NotFoundError
from bot.inputs.numbers import parse_id
from bot.insights import phrases
from bot.profiles import avatars
from bot.reports import frozen
from bot.reports.deals import PROMISED, Standing
from bot.reports.metrics import METRICS
from bot.reports.pace import line, words
from bot.reports.paper import paper_of
from bot.reports.service import ACCENT, DAYS, Made, Wish
from bot.reports.sheet import sheet
from bot.reports.table import table
from bot.texts import _, current_locale, days, money, ngettext
from cogs.ui import format as fmt
from cogs.ui import limits, people
from cogs.ui.answers import Pressed, actor, conclude, embed, read_id, require_asker, services
from cogs.ui.limits import Buttons
from cogs.ui.links import KeepButton
from cogs.ui.turns import long_work
from storage.records import BrandReport, Deal, State

PICTURE = "brand-report.png"
CHART = "deal.png"
MOST_LISTED = 15


def id_of(text: str, error: str) -> int:
    """The id that was chosen from a list. Raises NotFoundError with the sentence given."""
    if (number := parse_id(text)) is None:
        raise NotFoundError(error.format(value=fmt.plain(text, 60)))
    return number


def report_id(text: str) -> int:
    return id_of(text, _("report: “{value}” is none of your reports. Choose one from the list."))


def deal_id(text: str) -> int:
    return id_of(text, _("deal: “{value}” is none of your deals. Choose one from the list."))


async def wish(interaction: discord.Interaction, creator: discord.User | discord.Member, **said: Any) -> Wish:
    """Who is on a report: the name and picture here, the colour of the account or of the highest role, the locale."""
    return Wish(
        creator_id=creator.id,
        creator=creator.display_name,
        accent=await _accent(interaction, creator),
        avatar=await _avatar(creator),
        locale=current_locale(),
        **said,
    )


async def _accent(interaction: discord.Interaction, creator: discord.User | discord.Member) -> str:
    try:
        colour = (await interaction.client.fetch_user(creator.id)).accent_colour
    except discord.HTTPException:
        colour = None
    if colour is None and isinstance(creator, discord.Member) and creator.colour.value:
        colour = creator.colour
    return ACCENT if colour is None else f"#{colour.value:06x}"


async def _avatar(creator: discord.User | discord.Member) -> bytes:
    """The picture they chose, made anew; empty where they have none, or Discord does not hand it out."""
    if creator.display_avatar == creator.default_avatar:
        return b""
    try:
        raw = await people.picture_of(creator)
        return (await asyncio.to_thread(avatars.made, raw))[0]
    except (discord.HTTPException, InvalidError):
        return b""


# ------------------------------------------------------------------ reports


async def made(interaction: discord.Interaction, found: Made) -> dict[str, Any]:
    """The keywords of a message with a report in all its forms."""
    content, hash_ = found.frozen, frozen.fingerprint(found.report.content)
    picture, page = sheet(content, hash_), sheet(content, hash_, paper_of(content.locale))
    charts = services(interaction).charts
    name = f"brand-report-{content.first}-{content.last}"
    files = [
        limits.picture(await charts.draw(picture, Theme.DARK), PICTURE, alt_text(picture)),
        discord.File(io.BytesIO(await charts.draw(page, Theme.LIGHT)), f"{name}.pdf"),
        discord.File(io.BytesIO(table(content, hash_).encode("utf-8-sig")), f"{name}.csv"),
    ]
    said = embed(
        fmt.escape(picture.subtitle),
        fmt.copyable(found.url)
        + _(
            "Frozen: its figures stay as they are now. Who has this address sees the page until {until}, nobody else "
            "does. It is yours to hand on; /brand list shows how often it was opened."
        ).format(until=fmt.moment(found.report.expires_at, "D")),
    )
    if content.is_empty:
        said.description = (said.description or "") + "\n" + _("Nothing was counted in these days.")
    for tile in picture.tiles:
        said.add_field(name=tile.label, value=f"**{tile.value}**\n" + "\n".join(tile.lines))
    said.set_image(url=f"attachment://{PICTURE}")
    view = Buttons()
    view.add_item(discord.ui.Button(label=_("Open the page"), url=found.url))
    view.add_item(ReportButton("revoke", found.report.id, interaction.user.id))
    return {"embed": said, "files": files, "view": view}


def revoke_question(report: BrandReport, asker_id: int) -> dict[str, Any]:
    """The keywords of a message that asks before an address is taken back."""
    text = _("Its address answers as one that never was, to the sponsor too, and never leads to it again.")
    said = embed(_("Take the report's address back?"), text)
    if report.creator_id == asker_id:  # what a report says is its creator's alone
        content = frozen.parse(report.content)
        name = fmt.escape(content.brand) if content.brand else _("No brand")
        said.add_field(name=name, value=days(content.first, content.last))
    view = Buttons().add_item(ReportButton("sure", report.id, asker_id)).add_item(KeepButton(asker_id))
    return {"embed": said, "view": view}


def revoked(report: BrandReport, asker_id: int) -> dict[str, Any]:
    text = _(
        "Its address no longer leads anywhere, and answers as one that never was. PDFs and pictures that were "
        "handed on stay where they are."
    )
    if report.creator_id != asker_id:
        return {"embed": embed(_("Report revoked"), text), "view": None}
    text += "\n" + _("The figures are kept: a new address can show them again.")
    return _message(_("Report revoked"), text, ReportButton("renew", report.id, asker_id))


def renewed(found: Made, asker_id: int) -> dict[str, Any]:
    until = fmt.moment(found.report.expires_at, "D")
    text = _("This address shows the report until {until}, with the figures of {made}.").format(
        until=until, made=fmt.moment(found.report.made_at, "D")
    )
    button = ReportButton("revoke", found.report.id, asker_id)
    return _message(_("Report renewed"), fmt.copyable(found.url) + text, button)


async def listing(
    interaction: discord.Interaction, own: Sequence[Made], others: Sequence[BrandReport]
) -> discord.Embed:
    now = services(interaction).clock.now()
    rows = [_report_line(len(own) - n, found, found.state(now)) for n, found in enumerate(own)]
    text = fmt.rows(rows, 4000) if rows else _("None yet. /brand report makes one: a page, a PDF and a picture.")
    said = embed(f"{_('Brand reports')} ({fmt.number(len(own))})" if own else _("Brand reports"), text)
    if others:
        names = await people.names_of(interaction, {report.creator_id for report in others[:MOST_LISTED]})
        lines = [
            _("{id} {creator}, made {when}, {state}").format(
                id=f"`{report.id}`",
                creator=names[report.creator_id],
                when=fmt.moment(report.made_at, "D"),
                state=STATES["revoked" if report.state is not State.ACTIVE else _since(report, now)],
            )
            for report in others[:MOST_LISTED]
        ]
        said.add_field(name=_("Of others (theirs to show)"), value=fmt.rows(lines), inline=False)
    return said


def _since(report: BrandReport, now: Any) -> str:
    return "active" if report.expires_at > now else "expired"


STATES = {"active": _("open"), "expired": _("expired"), "revoked": _("revoked")}


def _report_line(n: int, found: Made, state: str) -> str:
    content, views = found.frozen, found.views
    name = fmt.escape(content.brand) if content.brand else _("No brand")
    if state == "active":
        where = f"<{found.url}> " + _("until {date}").format(date=fmt.moment(found.report.expires_at, "D"))
    else:
        where = STATES[state]
    opened = _("opened {n}").format(n=fmt.count_of(views.people, _("time"), _("times")))
    if views.aside:
        aside = ngettext("({n} preview or crawler apart)", "({n} previews and crawlers apart)", views.aside)
        opened += " " + aside.format(n=fmt.number(views.aside))
    return f"{n}. **{name}** {days(content.first, content.last)} · {opened}\n{where}"


class ReportButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"brand:(?P<action>revoke|sure|renew):(?P<report>\d{1,20}):(?P<asker>\d{1,20})",
):
    """Asks whether to revoke a report; revokes it, or gives it a new address, in place."""

    def __init__(self, action: str, report_id: int, asker_id: int) -> None:
        label = {"revoke": _("Revoke it"), "sure": _("Revoke it for good"), "renew": _("Give it a new address")}[action]
        style = discord.ButtonStyle.danger if action == "sure" else discord.ButtonStyle.secondary
        custom_id = f"brand:{action}:{report_id}:{asker_id}"
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=custom_id))
        self._action = action
        self._report_id = report_id
        self._asker_id = asker_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> ReportButton:
        return cls(match["action"], read_id(match["report"]), read_id(match["asker"]))

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        await interaction.response.defer()
        reports, who = services(interaction).reports, actor(interaction)
        if self._action == "revoke":
            question = revoke_question(await reports.revocable(who, self._report_id), who.user_id)
            await interaction.followup.send(**question, ephemeral=True)
            return
        if self._action == "sure":
            answer = revoked(await reports.revoke(who, self._report_id), who.user_id)
        else:
            answer = renewed(await reports.renew(who, self._report_id, DAYS), who.user_id)
        await conclude(interaction, attachments=[], **answer)


# ------------------------------------------------------------------ deals


def _metric(deal: Deal) -> str:
    """What it promises, in the middle of a sentence."""
    return METRICS[PROMISED[deal.metric]].name.lower()


def deal_line(deal: Deal) -> str:
    """ "**Acme** 100,000 displays, 1 – 30 Nov 2026"."""
    promise = _("{n} {metric}").format(n=fmt.number(deal.promised), metric=_metric(deal))
    return f"**{fmt.escape(deal.brand)}** {promise}, {days(deal.first, deal.until)}"


def standing_line(found: Standing) -> str:
    """ "**Acme** about 41,200 of 100,000 displays: behind by 8%, 3,100 a day needed"."""
    deal, pace = found.deal, found.pace
    return _("**{brand}** {reached} of {promised} {metric}: {said}").format(
        brand=fmt.escape(deal.brand),
        reached=phrases.about(fmt.number(pace.reached), is_estimate=found.is_estimate),
        promised=fmt.number(pace.promised),
        metric=_metric(deal),
        said=words(pace),
    )


async def shown(interaction: discord.Interaction, found: Standing) -> dict[str, Any]:
    """The keywords of a message about one deal: how it stands, and its curve beside the expected one."""
    deal, pace = found.deal, found.pace
    said = embed(fmt.escape(deal.brand), standing_line(found))
    said.add_field(name=_("Days"), value=days(deal.first, deal.until))
    said.add_field(
        name=_("Expected by now"),
        value=_("{n}, along a straight line").format(n=fmt.number(round(pace.expected))),
    )
    if deal.fee:
        said.add_field(name=_("Fee"), value=money(Decimal(deal.fee), deal.currency))
    files = []
    if found.curve:
        chart = _curve(found)
        png = await services(interaction).charts.draw(chart)
        files.append(limits.picture(png, CHART, alt_text(chart)))
        said.set_image(url=f"attachment://{CHART}")
    if PROMISED[deal.metric] == "displays":
        text = _(
            "What platforms told is shared out over the days between two readings; the latest days wait for the next."
        )
        said.set_footer(text=text)
    view = Buttons()
    if pace.starts is None:
        view.add_item(DealButton("report", deal.id, interaction.user.id))
    if deal.ended is None and pace.days_left:
        view.add_item(DealButton("end", deal.id, interaction.user.id))
    return {"embed": said, "files": files, "view": view}


def _curve(found: Standing) -> Comparison:
    deal = found.deal
    expected = line(found.period, found.pace, len(found.curve))
    return Comparison(
        title=_("Deal with {brand}").format(brand=fmt.plain(deal.brand)),
        subtitle=f"{days(deal.first, deal.until)}, {found.period.zone}",
        noun=_metric(deal),
        days=found.period.days[: len(found.curve)],
        lines=(Line(_("Reached"), found.curve, found.curve[-1]), Line(_("Expected"), expected, expected[-1])),
        unfinished=found.pace.days_left > 0,
        locale=current_locale(),
        running=True,
    )


async def deal_listing(
    interaction: discord.Interaction, own: Sequence[Standing], others: Sequence[Deal]
) -> discord.Embed:
    text = fmt.rows([f"{standing_line(found)}\n{days(found.deal.first, found.deal.until)}" for found in own], 4000)
    said = embed(_("Deals"), text or _("None yet. /deal add keeps what you promised a brand, and how it stands."))
    if others:
        names = await people.names_of(interaction, {deal.creator_id for deal in others[:MOST_LISTED]})
        lines = [
            f"{names[deal.creator_id]}: {fmt.escape(deal.brand)}, {days(deal.first, deal.until)}"
            for deal in others[:MOST_LISTED]
        ]
        said.add_field(name=_("Of others (theirs to show)"), value=fmt.rows(lines), inline=False)
    return said


def changed(deal: Deal, title: str, action: str, asker_id: int, text: str = "") -> dict[str, Any]:
    """The keywords of a message that says what became of a deal, with the way back."""
    return _message(title, deal_line(deal) + (f"\n{text}" if text else ""), DealButton(action, deal.id, asker_id))


LABELS = {
    "report": _("Brand report"),
    "end": _("End it today"),
    "reopen": _("Open it again"),
    "delete": _("Delete it"),
    "restore": _("Bring it back"),
}


class DealButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"deal:(?P<action>report|end|reopen|delete|restore):(?P<deal>\d{1,20}):(?P<asker>\d{1,20})",
):
    """Ends or deletes a deal, takes that back, in place; or makes its brand report."""

    def __init__(self, action: str, deal_id: int, asker_id: int) -> None:
        button = discord.ui.Button[Any](label=LABELS[action], custom_id=f"deal:{action}:{deal_id}:{asker_id}")
        super().__init__(button)
        self._action = action
        self._deal_id = deal_id
        self._asker_id = asker_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> DealButton:
        return cls(match["action"], read_id(match["deal"]), read_id(match["asker"]))

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        if self._action == "report":
            await interaction.response.defer(ephemeral=True, thinking=True)
            deal = await services(interaction).deals.get(actor(interaction), self._deal_id)
            async with long_work(interaction):
                answer = await report_of(interaction, deal)
            await interaction.followup.send(**answer, ephemeral=True)
            return
        await interaction.response.defer()
        answer = await step(interaction, self._action, self._deal_id)
        await conclude(interaction, attachments=[], **answer)


async def step(interaction: discord.Interaction, action: str, deal_id: int) -> dict[str, Any]:
    """End, reopen, delete or restore a deal, and say so with the way back. Raises UserError."""
    deals, who = services(interaction).deals, actor(interaction)
    match action:
        case "end":
            deal = await deals.end(who, deal_id)
            text = _("Today is the last day that counts. /brand report with deal makes its final report.")
            return changed(deal, _("Deal ended"), "reopen", who.user_id, text)
        case "reopen":
            return changed(await deals.reopen(who, deal_id), _("Deal open again"), "end", who.user_id)
        case "delete":
            return changed(await deals.delete(who, deal_id), _("Deal deleted"), "restore", who.user_id)
        case _:
            return changed(await deals.restore(who, deal_id), _("Deal brought back"), "delete", who.user_id)


async def report_of(interaction: discord.Interaction, deal: Deal, **said: Any) -> dict[str, Any]:
    """The keywords of a message with the brand report over a deal's days. Raises UserError."""
    if deal.fee:
        said = {"fee": Decimal(deal.fee), "currency": deal.currency} | said
    asked = await wish(interaction, interaction.user, **{"brand": deal.brand} | said)
    return await made(interaction, await services(interaction).deals.report(actor(interaction), deal, asked))


def _message(title: str, text: str, button: ReportButton | DealButton) -> dict[str, Any]:
    return {"embed": embed(title, text), "view": Buttons().add_item(button)}
