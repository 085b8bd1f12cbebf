"""Who may have how many connections: one guard before the parser, by network, below what the system lets us open."""

from __future__ import annotations

from typing import Protocol

from bot.web.client_address import TrustedProxies, network_of, site_of

MOST = 5_000
"""Connections at once, where the system has as many descriptors."""
MOST_OF_NETWORK = 256
"""Of them, from one network: a crowd behind one address has as many, since those that wait make way."""
OF_SITE = 4
"""The part of all connections that one IPv6 /48 may have, as a divisor."""
KEPT_FREE = 256
"""Descriptors for everything else: the database, workers, Discord."""


class Guarded(Protocol):
    """What the guard has to know of a connection."""

    @property
    def waits_until(self) -> float | None:
        """Until when it may wait for its client, in a clock's seconds; None while it is being answered."""
        ...

    def drop(self) -> None:
        """Close it at once."""
        ...


class Guard:
    """Lets connections in. Where a network or a /48 has its share, the one of its own that ends first makes way.

    A trusted proxy brings everybody's visitors: for it there is the bound of all connections alone.
    """

    def __init__(self, proxies: TrustedProxies, descriptors: int) -> None:
        self._proxies = proxies
        self.most = max(8, min(MOST, descriptors - KEPT_FREE))
        self.most_of_network = max(2, min(MOST_OF_NETWORK, self.most // 8))
        self.most_of_site = max(2, self.most // OF_SITE)
        self._all = 0
        self._by_network: dict[str, set[Guarded]] = {}
        """Those of sites among them."""

    def admit(self, connection: Guarded, peer: str) -> bool:
        """Whether the connection may stay; whoever was let in `leave`s."""
        if self._all >= self.most:
            return False
        if not self._proxies.trusts(peer):
            shares = self._shares(peer)
            for network, most in shares:
                others = self._by_network.get(network, set())
                if len(others) >= most:
                    if not _make_way(others):
                        return False
                    break  # one makes way, in the /48 too
            for network, _most in shares:
                self._by_network.setdefault(network, set()).add(connection)
        self._all += 1
        return True

    def _shares(self, peer: str) -> list[tuple[str, int]]:
        site = site_of(peer)
        shares = [(network_of(peer), self.most_of_network)]
        return shares if site is None else [*shares, (site, self.most_of_site)]

    def leave(self, connection: Guarded, peer: str) -> None:
        """The connection is gone."""
        self._all -= 1
        for network, _most in self._shares(peer):
            others = self._by_network.get(network)
            if others is not None:
                others.discard(connection)
                if not others:
                    del self._by_network[network]


def _make_way(connections: set[Guarded]) -> bool:
    """Drop the connection whose time is over first; False where all are being answered."""
    waiting = [(until, id(each), each) for each in connections if (until := each.waits_until) is not None]
    if not waiting:
        return False
    first = min(waiting)[2]
    connections.discard(first)
    first.drop()
    return True


def descriptors(wanted: int) -> int:
    """How many the system lets this process open, raised to `wanted` where it may be."""
    try:
        import resource
    except ImportError:  # Windows knows no such limit
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    except (ValueError, OSError):
        return soft
    return most
