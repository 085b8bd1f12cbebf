"""Notices to those who run a server, as Discord messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord

from bot.profiles.flags import REASONS
from bot.texts import _
from cogs.delivery.channels import Form
from cogs.ui import format as fmt
from cogs.ui.answers import embed
from storage.records import Notice, NoticeKind


def creators_named(notice: Notice) -> set[int]:
    """The creators whom the notice calls by name."""
    return {notice.facts["creator_id"]} if notice.kind is NoticeKind.FLAG else set()


def message(notice: Notice, base: str, server_name: str, names: Mapping[int, str], form: Form) -> dict[str, Any]:
    """The keywords with which a notice is sent.

    `base` is what public addresses begin with, `names` are those of `creators_named`, ready for a message.
    """
    if notice.kind is NoticeKind.TROUBLE:
        return {"content": _trouble(notice, server_name, form)}
    if form is Form.BARE:
        text = _("A public page of {server} was flagged. `/profile takedown` takes pages off the net.")
        return {"content": f"{text.format(server=fmt.escape(server_name))} {_at(notice)}"}
    flagged = _flagged(notice, base, server_name, names)
    if form is Form.PLAIN:
        return {"content": f"**{flagged.title}**\n{flagged.description}\n{_at(notice)}"}
    flagged.timestamp = notice.made_at
    return {"embed": flagged}


def stands_in(message: discord.Message, notice: Notice) -> bool:
    """Whether it is that notice: no other one is of the same moment."""
    return _at(notice) in message.content or any(one.timestamp == notice.made_at for one in message.embeds)


def _at(notice: Notice) -> str:
    return f"({fmt.moment(notice.made_at)})"


def _trouble(notice: Notice, server_name: str, form: Form) -> str:
    text, status = (
        (_("The digest of {server} could not be posted {at}: {reason}"), "/digest status")
        if notice.facts["what"] == "digest"
        else (_("The alerts of {server} could not be posted {at}: {reason}"), "/alerts status")
    )
    reason = "" if form is Form.BARE else fmt.escape(notice.facts["reason"], 400)
    text = text.format(server=fmt.escape(server_name), at=_at(notice), reason=reason).rstrip(": ")
    return text + "\n" + _("{command} says more.").format(command=status)


def _flagged(notice: Notice, base: str, server_name: str, names: Mapping[int, str]) -> discord.Embed:
    """What is flagged, why, how often, and what can be done about it."""
    address, reasons = notice.facts["address"], notice.facts["reasons"]
    page = address.startswith("@")
    act = (
        _("`/profile takedown handle:{handle}` in your server takes the page off the net at once.").format(
            handle=address[1:]
        )
        if page
        else _("`/link delete` in your server stops the link for good.")
    )
    lines = [
        f"`{base}/{address}`",
        _("of {creator}, in {server}").format(
            creator=names[notice.facts["creator_id"]], server=fmt.escape(server_name)
        ),
        "",
        *(f"{REASONS[reason]}: **{fmt.number(count)}**" for reason, count in sorted(reasons.items())),
        "",
        _("Look at it and judge for yourself: anybody may flag, and nothing is kept about who did.") + " " + act,
    ]
    return embed(_("A page was flagged") if page else _("A link was flagged"), "\n".join(lines))
