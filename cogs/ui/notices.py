"""Notices to those who run a server, and to members, as Discord messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord

from bot.profiles.flags import REASONS
from bot.texts import _
from cogs.delivery.channels import Form
from cogs.ui import format as fmt
from cogs.ui.answers import embed
from storage.records import Notice, NoticeKind

LISTED = 10
"""Flagged addresses that one message lists at most."""
_PARTIES = ("manager", "before", "after")
"""The facts of a link's handover that are members."""


def creators_named(notice: Notice) -> set[int]:
    """The members whom the notice calls by name."""
    match notice.kind:
        case NoticeKind.FLAG:
            return {flag.creator_id for flag in _shown(notice)}
        case NoticeKind.HANDOVER:
            return {notice.facts[name] for name in _PARTIES}
    return set()


def message(notice: Notice, base: str, server_name: str, names: Mapping[int, str], form: Form) -> dict[str, Any]:
    """The keywords with which a notice is sent.

    `base` is what public addresses begin with, `names` are those of `creators_named`, ready for a message.
    """
    server = fmt.escape(server_name)
    match notice.kind:
        case NoticeKind.TROUBLE:
            return {"content": _trouble(notice, server_name, form)}
        case NoticeKind.FLAG:
            answer = _flagged(notice, base, server_name, names)
            bare = _("A public page of {server} was flagged. `/profile takedown` takes pages off the net.")
        case NoticeKind.HANDOVER:
            answer = _handover(notice, server, names)
            bare = _("A link of {server} changed hands; it was yours, or is by now. `/link list` there says more.")
        case NoticeKind.PAGE:
            answer = _page(notice, server)
            bare = _("A manager of {server} changed whether your page may be public. `/profile show` there says more.")
    if form is Form.BARE:
        return {"content": f"{bare.format(server=server)} {_at(notice)}"}
    if form is Form.PLAIN:
        return {"content": f"**{answer.title}**\n{answer.description}\n{_at(notice)}"}
    answer.timestamp = notice.made_at
    return {"embed": answer}


def _handover(notice: Notice, server: str, names: Mapping[int, str]) -> discord.Embed:
    facts = notice.facts
    text = _("In {server}, {manager} gave {link} with its posts and numbers from {before} to {after}.").format(
        server=server,
        link=f"**{fmt.escape(facts['link'], 60)}** (`{facts['url']}`)",
        **{name: names[facts[name]] for name in _PARTIES},
    )
    return embed(_("A link changed hands"), text)


def _page(notice: Notice, server: str) -> discord.Embed:
    title = _("Your page may be public again")
    text = _("A manager of {server} lifted the takedown of `{url}`.")
    if notice.facts["taken_down"]:
        title = _("Your page was taken down")
        text = _("`{url}` answers “not found” from now on. A manager of {server} decided that; ask them about it.")
    elif not notice.facts["published"]:
        text += " " + _("/profile publish makes it public.")
    return embed(title, text.format(url=notice.facts["url"], server=server))


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


@dataclass(frozen=True, slots=True)
class _Flagged:
    """What is flagged, whose it is, and how often for which reason."""

    address: str
    creator_id: int
    reasons: Mapping[str, int]


def _shown(notice: Notice) -> list[_Flagged]:
    """What a notice of flags lists: the most flagged of all."""
    flagged = [_Flagged(*page) for page in notice.facts["pages"]]
    return sorted(flagged, key=lambda one: (-sum(one.reasons.values()), one.address))[:LISTED]


def _flagged(notice: Notice, base: str, server_name: str, names: Mapping[int, str]) -> discord.Embed:
    """What is flagged, why, how often, and what can be done about it."""
    shown, more = _shown(notice), len(notice.facts["pages"]) - LISTED
    lines = [_("In {server}:").format(server=fmt.escape(server_name)), ""]
    for one in shown:
        lines.append(
            _("`{address}` of {creator}").format(address=f"{base}/{one.address}", creator=names[one.creator_id])
        )
        lines += [f"{REASONS[reason]}: **{fmt.number(count)}**" for reason, count in sorted(one.reasons.items())]
        lines.append("")
    if more > 0:
        lines += [_("and {n} more").format(n=fmt.number(more)), ""]
    acts = [_("Look at it and judge for yourself: anybody may flag, and nothing is kept about who did.")]
    pages = [one for one in shown if one.address.startswith("@")]
    if pages:
        acts.append(
            _("`/profile takedown handle:{handle}` in your server takes the page off the net at once.").format(
                handle=pages[0].address[1:]
            )
        )
    if len(pages) < len(shown):
        acts.append(_("`/link delete` in your server stops the link for good."))
    lines.append(" ".join(acts))
    if len(notice.facts["pages"]) > 1:
        title = _("{n} addresses were flagged").format(n=fmt.number(len(notice.facts["pages"])))
    else:
        title = _("A page was flagged") if pages else _("A link was flagged")
    return embed(title, "\n".join(lines))
