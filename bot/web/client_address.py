"""Whose request it is behind trusted proxies. Pure; the model is Home Assistant's http/forwarded.py."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address(peer: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> tuple[str, bool]:
    """The client's address, and whether an untrusted peer sent a forwarded header (which is then not believed).

    `forwarded_for` are the values of `X-Forwarded-For` in the order received. The client is the peer, unless that is
    a trusted proxy: then the right-most hop that is none. A hop that can't be read ends the search.
    """
    client = _parse(peer)
    if client is None:
        return peer, bool(forwarded_for)
    hops = [hop for value in forwarded_for for hop in value.split(",")]
    if not _is_trusted(client, trusted):
        return str(client), bool(hops)
    for hop in reversed(hops):
        parsed = _parse(hop)
        if parsed is None:
            break
        client = parsed
        if not _is_trusted(client, trusted):
            break
    return str(client), False


def _is_trusted(address: _Address, trusted: Sequence[Network]) -> bool:
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
