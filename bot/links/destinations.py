"""Destinations: which addresses a link may lead to, and what a visitor's query adds to one."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, unquote_plus

import ada_url
from yarl import URL

from bot.errors import InvalidError
from bot.inputs.text import shorten
from bot.links.hosts import host_of, is_denied, is_private
from bot.texts import _

MAX_LENGTH = 2048
MAX_LOCATION = 3000
"""Of a redirect with what is handed on: proxies take about 4 KB for all headers of an answer."""
MAX_PARAMETERS = 32
"""Of a query, that are looked at."""
_KEPT = "".join(map(chr, range(33, 127))).translate(str.maketrans("", "", '"<>'))
"""What of an address is not percent-encoded: all that is visible ASCII, but for what ends an attribute or a tag."""
_ENCODED = {code: chr(code) if chr(code) in _KEPT else f"%{code:02X}" for code in range(256)}


_PARTS = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#]+)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
"""The parts as browsers tell them apart, of an address without backslashes, spaces and line breaks."""


def parse_destination(
    text: str,
    *,
    field: str = "destination",
    own: URL | None = None,
    denied_domains: tuple[str, ...] = (),
    allow_private: bool = False,
) -> str:
    """The destination, ready for a Location header; raises InvalidError that names field, value and what would do.

    http and https only; no user info, control characters, backslashes, nor the `own` host; `MAX_LENGTH` at most. The
    host is checked and kept as browsers read it (WHATWG URL). Path, query and fragment stay as typed, since `%2C` and
    `,` may mean different things to a site (RFC 3986, 2.2); only what no header can hold is percent-encoded.
    """
    raw = text.strip()

    def refuse(reason: str) -> InvalidError:
        return InvalidError(_("{field}: “{value}” {reason}").format(field=field, value=shorten(raw), reason=reason))

    if len(raw) > MAX_LENGTH:
        raise refuse(_("is too long: {n:,} characters, and 2,048 is the limit.").format(n=len(raw)))
    if any(ord(char) < 33 or ord(char) == 127 for char in raw) or "\\" in raw:
        raise refuse(_("holds a space, a backslash or a control character; paste the plain address."))
    if "://" not in raw and "." in raw.split("/")[0] and ":" not in raw.split("/")[0]:
        raw = f"https://{raw}"
    parts = _PARTS.fullmatch(raw)
    if parts is None:
        raise refuse(_("must begin with https:// or http://, such as https://shop.example/summer."))
    if "%" in parts["authority"]:
        raise refuse(_("has a % in front of its path; write the host's name out, such as https://shop.example/summer."))
    try:
        url = ada_url.URL(raw)
        rest = _as_typed(parts["rest"])
        normal = f"{url.protocol}//{url.host}{rest if rest.startswith('/') else '/' + rest}"
        host = URL(normal).host and host_of(normal)  # both that read it later have to make something of it
        if not host:
            raise ValueError(normal)
    except ValueError:
        raise refuse(_("is not an address; give one such as https://shop.example/summer.")) from None
    if "@" in parts["authority"]:
        raise refuse(_("holds a user name or password; leave it out."))
    if own is not None and host == host_of(str(own)):
        raise refuse(_("leads back to this bot's own address; give the page people should end on."))
    if not allow_private and (is_private(host) or url.port == "0"):
        raise refuse(_("is a private or local address that visitors can't reach; give a public one."))
    if is_denied(host, denied_domains):
        raise refuse(_("is on this installation's deny-list of domains."))
    if len(normal) > MAX_LENGTH:
        raise refuse(_("is too long once it is encoded; 2,048 characters is the limit."))
    return normal


def with_query(destination: str, query: str, own: tuple[str, ...]) -> str:
    """The destination with the query that a visitor's address had, as it stands there: `utm_source=ig` and the like.

    Left out are the parameters `own`, which are ours, and those that the destination has itself: its value wins. A
    query that has more than `MAX_PARAMETERS`, or would make it longer than `MAX_LOCATION`, is left out whole.
    """
    query, _mark, _rest = query.partition("#")
    if len(query) > MAX_LOCATION or query.count("&") >= MAX_PARAMETERS:
        return destination
    before, mark, fragment = destination.partition("#")
    base, _question, own_query = before.partition("?")
    taken, longest = _taken(own_query, own)
    pairs = [
        pair
        for pair in query.split("&")
        if (name := pair.partition("=")[0]) and (len(name) > longest or unquote_plus(name) not in taken)
    ]
    raw = "&".join(pairs).encode("utf-8", "surrogateescape")  # bytes that are no UTF-8 come so
    strange = len(raw.translate(None, _KEPT.encode()))
    if not raw or len(destination) + len(raw) + 2 * strange >= MAX_LOCATION:
        return destination
    added = raw.decode("latin-1").translate(_ENCODED) if strange else raw.decode()
    return f"{base}?{own_query}{'&' if own_query else ''}{added}{mark}{fragment}"


@lru_cache(maxsize=512)
def _taken(own_query: str, own: tuple[str, ...]) -> tuple[frozenset[str], int]:
    """The names that no visitor's query can set, and how long one may be written: each byte with three letters."""
    names = {unquote_plus(pair.partition("=")[0]) for pair in own_query.split("&")}.union(own)
    return frozenset(names), max(3 * len(name.encode("utf-8", "replace")) for name in names)


def _as_typed(text: str) -> str:
    return quote(text, safe=_KEPT)
