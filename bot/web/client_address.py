"""Whose request it is behind trusted proxies. Pure; the model is Home Assistant's http/forwarded.py."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address(peer: str, forwarded_for: Sequence[str], trusted: tuple[Network, ...]) -> tuple[str, bool]:
    """The client's address, and whether an untrusted peer sent a forwarded header (which is then not believed).

    `forwarded_for` are the values of `X-Forwarded-For` in the order received. The client is the peer, unless that is
    a trusted proxy: then the right-most hop that is none. A hop that can't be read ends the search.
    """
    client, is_trusted = _peer(peer, trusted)
    if not (is_trusted and forwarded_for):
        return client, bool(forwarded_for) and not is_trusted
    for value in reversed(forwarded_for):
        for hop in reversed(value.split(",")):
            parsed = _parse(hop)
            if parsed is None:
                return client, False
            client = str(parsed)
            if not _is_trusted(parsed, trusted):
                return client, False
    return client, False


@lru_cache(maxsize=64)  # behind a proxy there are few peers
def _peer(peer: str, trusted: tuple[Network, ...]) -> tuple[str, bool]:
    client = _parse(peer)
    return (peer, False) if client is None else (str(client), _is_trusted(client, trusted))


def _is_trusted(address: _Address, trusted: tuple[Network, ...]) -> bool:
    return any(address in network for network in trusted)


def _parse(text: str) -> _Address | None:
    """An address as proxies write it: bare, with a port, in brackets; IPv4 within IPv6 becomes IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
