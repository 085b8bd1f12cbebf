"""Signed tokens that tie a page view, its impressions and the click that follows together. Pure."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hmac
import struct
from dataclasses import dataclass

LIFETIME = dt.timedelta(hours=12)
"""How long after a page was sent its links may still be seen and clicked."""
PREVIEW_LIFETIME = dt.timedelta(hours=1)

MAC_BYTES = 12
MOST_BYTES = 1024

_VIEW, _CLICK, _PREVIEW = b"view", b"click", b"preview"
_HEAD = struct.Struct(">QQQQ")
_ID = struct.Struct(">Q")
_CLICKED = struct.Struct(">QQB")
_SEEN_BY = struct.Struct(">QQQ")


@dataclass(frozen=True, slots=True)
class PageView:
    """One page as it was sent: its profile, its links in order of their positions, and when."""

    id: int
    at: dt.datetime
    guild_id: int
    profile_id: int
    link_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A click that came from a page view."""

    view_id: int
    position: int
    """From 1 on."""
    after: dt.timedelta
    """Since the page was sent."""


def sign_view(key: bytes, view: PageView) -> str:
    head = _HEAD.pack(view.id, _ms(view.at), view.guild_id, view.profile_id)
    return _sign(key, _VIEW, head + b"".join(map(_ID.pack, view.link_ids)))


def read_view(key: bytes, text: str, now: dt.datetime) -> PageView | None:
    """None for what this installation did not sign, or what has expired."""
    body = _read(key, _VIEW, text)
    if body is None or len(body) < _HEAD.size or (len(body) - _HEAD.size) % _ID.size:
        return None
    view_id, ms, guild_id, profile_id = _HEAD.unpack_from(body)
    at = _instant(ms)
    link_ids = tuple(id_ for (id_,) in _ID.iter_unpack(body[_HEAD.size :]))
    return PageView(view_id, at, guild_id, profile_id, link_ids) if at <= now < at + LIFETIME else None


def sign_click(key: bytes, view: PageView, position: int) -> str:
    """Of the link at that position, from 1 on; it holds for that link alone."""
    body = _CLICKED.pack(view.id, _ms(view.at), position)
    return _sign(key, _CLICK, body, _of(view.guild_id, view.link_ids[position - 1]))


def read_click(key: bytes, text: str, guild_id: int, link_id: int, now: dt.datetime) -> Arrival | None:
    """None for what was not signed for this link, or what has expired."""
    body = _read(key, _CLICK, text, _of(guild_id, link_id))
    if body is None or len(body) != _CLICKED.size:
        return None
    view_id, ms, position = _CLICKED.unpack(body)
    at = _instant(ms)
    return Arrival(view_id, position, now - at) if at <= now < at + LIFETIME else None


def sign_preview(key: bytes, guild_id: int, creator_id: int, now: dt.datetime) -> str:
    return _sign(key, _PREVIEW, _SEEN_BY.pack(guild_id, creator_id, _ms(now + PREVIEW_LIFETIME)))


def read_preview(key: bytes, text: str, now: dt.datetime) -> tuple[int, int] | None:
    """The guild and the creator whose page may be looked at before it is public."""
    body = _read(key, _PREVIEW, text)
    if body is None or len(body) != _SEEN_BY.size:
        return None
    guild_id, creator_id, until = _SEEN_BY.unpack(body)
    return (guild_id, creator_id) if now < _instant(until) else None


def _of(guild_id: int, link_id: int) -> bytes:
    return _ID.pack(guild_id) + _ID.pack(link_id)


def _mac(key: bytes, purpose: bytes, body: bytes, beside: bytes) -> bytes:
    return hmac.digest(key, b"\0".join((purpose, beside, body)), "sha256")[:MAC_BYTES]


def _sign(key: bytes, purpose: bytes, body: bytes, beside: bytes = b"") -> str:
    return base64.urlsafe_b64encode(_mac(key, purpose, body, beside) + body).decode().rstrip("=")


def _read(key: bytes, purpose: bytes, text: str, beside: bytes = b"") -> bytes | None:
    if not text.isascii() or len(text) > MOST_BYTES:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    mac, body = raw[:MAC_BYTES], raw[MAC_BYTES:]
    return body if hmac.compare_digest(mac, _mac(key, purpose, body, beside)) else None


def _ms(at: dt.datetime) -> int:
    return round(at.timestamp() * 1000)


def _instant(ms: int) -> dt.datetime:
    # A signed value is one of ours; what nobody signed never gets here.
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC)
