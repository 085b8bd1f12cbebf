"""What it means when a message can't be delivered: Discord's error codes, and what follows. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import aiohttp

from bot.texts import _

TRY_AGAIN = dt.timedelta(days=1, seconds=1)
"""After a refusal that lasts until somebody mends it: never twice within a day."""
ALREADY_DELETED = 10008
"""Of a new message: its nonce's message was sent, and has been deleted since."""
PASSING_ERRORS = (OSError, TimeoutError, aiohttp.ClientError)
"""The network's or Discord's, and gone by themselves; every other exception is a fault of our own."""


class Kind(StrEnum):
    """What is delivered."""

    DIGEST = "digest"
    ALERT = "alert"
    NOTICE = "notice"


class Failure(StrEnum):
    """Why a message can't be delivered, as monitoring counts it."""

    LEFT = "left"
    """The bot is not in the server."""
    CHANNEL = "channel"
    """The channel is gone."""
    MEMBER = "member"
    """Who wants it by direct message is not in the server."""
    PERMISSION = "permission"
    CLOSED = "closed"
    """Who wants it by direct message takes none from the bot."""
    AUTOMOD = "automod"
    """AutoMod or the harmful link filter, even without names and links."""
    PAYLOAD = "payload"
    """Discord finds the message malformed, even as plain text."""
    OTHER = "other"
    EXPIRED = "expired"
    """Not delivered in time, whatever was tried."""
    OWN = "own"
    """A fault of our own, until it was too late."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows a failure."""

    pauses: bool = True
    """Nothing more is sent there before another attempt, at most daily, succeeds."""
    keeps: bool = False
    """People can mend it within hours: the same message is tried again after a day, else only the next one."""
    told: bool = True
    """Those who run the server are told, once, if it was to go to a channel."""


RULES: Mapping[Failure, Rule] = {
    Failure.LEFT: Rule(told=False),
    Failure.CHANNEL: Rule(),
    Failure.MEMBER: Rule(told=False),
    Failure.PERMISSION: Rule(keeps=True),
    Failure.CLOSED: Rule(keeps=True, told=False),
    Failure.AUTOMOD: Rule(),
    # The next message has other words: one that is malformed costs itself alone.
    Failure.PAYLOAD: Rule(pauses=False),
    Failure.OTHER: Rule(),
    Failure.EXPIRED: Rule(pauses=False, told=False),
    Failure.OWN: Rule(pauses=False, told=False),
}

CODES: Mapping[int, Failure | None] = {
    10003: Failure.CHANNEL,
    10004: Failure.LEFT,
    10013: Failure.MEMBER,
    20009: Failure.AUTOMOD,  # a picture, by the recipient's own filter
    20016: None,  # slow mode
    20028: None,  # the channel's write limit
    40003: None,  # opening direct messages too fast
    40005: Failure.PAYLOAD,  # too large
    50001: Failure.PERMISSION,
    50006: Failure.PAYLOAD,  # empty
    50007: Failure.CLOSED,
    50013: Failure.PERMISSION,
    50035: Failure.PAYLOAD,
    50045: Failure.PAYLOAD,  # too large
    50278: Failure.CLOSED,  # no server in common, or it closed direct messages
    130000: None,  # overloaded
    200000: Failure.AUTOMOD,
    240000: Failure.AUTOMOD,
}
"""Discord's JSON error codes; None for what passes by itself."""
_PASSING_STATUSES = (401, 408, 425, 429)
"""Of the answers that blame the request, those that blame only its moment."""


def failure_of(status: int, code: int) -> Failure | None:
    """What Discord's answer to a new message means; None when the same request may succeed in some minutes."""
    if status >= 500 or status in _PASSING_STATUSES:
        return None
    if code in CODES:
        return CODES[code]
    return {403: Failure.PERMISSION, 404: Failure.CHANNEL, 413: Failure.PAYLOAD}.get(status, Failure.OTHER)


_AGAIN = {Kind.DIGEST: "/digest setup", Kind.ALERT: "/alerts setup", Kind.NOTICE: "/setup"}
_OWN = {Kind.DIGEST: "/digest me", Kind.ALERT: "/alerts me", Kind.NOTICE: "/setup"}


def reason_of(failure: Failure, kind: Kind, text: str) -> str:
    """The true reason, for people; `text` is what Discord said."""
    again = {"setup": _AGAIN[kind], "me": _OWN[kind]}
    match failure:
        case Failure.LEFT:
            return _("Eyeballs is no longer in the server.")
        case Failure.CHANNEL:
            return _("The channel is gone. Choose another one with {setup}.").format(**again)
        case Failure.MEMBER:
            return _("They are no longer in the server.")
        case Failure.CLOSED:
            return _(
                "You take no direct messages from Eyeballs or from this server: your privacy settings refuse them. "
                "Allow them; it is tried again every day, and at once after {me}."
            ).format(**again)
        case Failure.AUTOMOD:
            what = {
                Kind.DIGEST: _("AutoMod or Discord's link filter refused the digest, even without links: {text}"),
                Kind.ALERT: _("AutoMod or Discord's link filter refused the alert, even without links: {text}"),
                Kind.NOTICE: _("AutoMod or Discord's link filter refused the notice: {text}"),
            }
            return what[kind].format(text=text)
        case Failure.PAYLOAD:
            return _("Discord could not read our message, even as plain text. That is our fault: {text}").format(
                text=text
            )
    return _("Discord refused the message: {text}").format(text=text)


def own_fault(error_id: str) -> str:
    """The reason where no one else is to blame; the operator's log has the traceback under the id."""
    return _("Something went wrong on our side; the operator's log names it: {id}").format(id=error_id)
