"""Whose request it is behind trusted proxies. Pure; the model is Home Assistant's http/forwarded.py."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST_PEERS = 64
MOST_HOPS = 16
"""Of forwarded headers, from the right: nobody stands behind more proxies."""

_Address = tuple[int, int, str]
"""IP version, value, and the text as the system writes it."""
_MAPPED = bytes(10) + b"\xff\xff"
"""How an IPv4 address within IPv6 begins."""


def network_of(address: str) -> str:
    """The network that limits go by: an IPv4 address itself, "2001:db8:1:2::/64" of an IPv6 one.

    Whoever has a /64 takes addresses within it at will. What is no address, such as a path, is its own network.
    """
    if ":" not in address:
        return address
    parsed = _parse(address)
    if parsed is None or parsed[0] == 4:
        return address if parsed is None else parsed[2]
    prefix = (parsed[1] >> 64 << 64).to_bytes(16)
    return f"{socket.inet_ntop(socket.AF_INET6, prefix)}/64"


def site_of(address: str) -> str | None:
    """The /48 of an IPv6 address, "2001:db8:1::/48": who rents one has 65,536 networks. None for any other."""
    parsed = _parse(address) if ":" in address else None
    if parsed is None or parsed[0] == 4:
        return None
    return f"{socket.inet_ntop(socket.AF_INET6, (parsed[1] >> 80 << 80).to_bytes(16))}/48"


class TrustedProxies:
    """The proxies whose `X-Forwarded-For` is believed."""

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self._peers: dict[str, tuple[str, bool]] = {}
        self._networks = [(net.version, int(net.network_address), int(net.netmask)) for net in networks]

    def client(self, peer: str, forwarded_for: Sequence[str]) -> tuple[str, bool]:
        """The client's address, and whether an untrusted peer sent a forwarded header (which is then not believed).

        `forwarded_for` are the values of `X-Forwarded-For` in the order received. The client is the peer, unless that
        is a trusted proxy: then the right-most hop that is none. A hop that can't be read ends the search.
        """
        client, is_trusted = self._peer(peer)
        if not (is_trusted and forwarded_for):
            return client, bool(forwarded_for) and not is_trusted
        for hop in reversed(",".join(forwarded_for).rsplit(",", MOST_HOPS)):
            parsed = _parse(hop)
            if parsed is None:
                return client, False
            client = parsed[2]
            if not self._has(parsed):
                return client, False
        return client, False

    def trusts(self, peer: str) -> bool:
        """Whether a connection from this address is a proxy's."""
        return self._peer(peer)[1]

    def _peer(self, peer: str) -> tuple[str, bool]:
        """The peer's address, and whether it is trusted; those that are, few and always the same, are remembered."""
        if known := self._peers.get(peer):
            return known
        parsed = _parse(peer)
        if parsed is None:
            return peer, False
        if not self._has(parsed):
            return parsed[2], False
        if len(self._peers) < MOST_PEERS:
            self._peers[peer] = (parsed[2], True)
        return parsed[2], True

    def _has(self, address: _Address) -> bool:
        version, value, _text = address
        return any(version == of and value & mask == network for of, network, mask in self._networks)


def _parse(text: str) -> _Address | None:
    """An address as proxies write it: bare, with a port, in brackets; IPv4 within IPv6 becomes IPv4.

    By the system's own functions: `ipaddress` would take twenty times as long, for each request.
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        if ":" not in text:
            return 4, int.from_bytes(socket.inet_pton(socket.AF_INET, text)), text  # there is one way to write each
        packed = socket.inet_pton(socket.AF_INET6, text.partition("%")[0])
        if packed.startswith(_MAPPED):
            packed = packed[len(_MAPPED) :]
    except (OSError, ValueError):  # a NUL or a surrogate within is a ValueError
        return None
    if len(packed) == 4:
        return 4, int.from_bytes(packed), socket.inet_ntop(socket.AF_INET, packed)
    return 6, int.from_bytes(packed), socket.inet_ntop(socket.AF_INET6, packed)
