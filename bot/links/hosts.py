"""Hosts as browsers read them (WHATWG URL): whose a host is, and whether anybody on the Internet can reach it."""

from __future__ import annotations

import ipaddress

import ada_url

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_UNICAST = ipaddress.ip_network("2000::/3")
"""Where all public IPv6 addresses lie (IANA); those that hide an IPv4 address are outside, or in `_NOBODYS`."""
_NOBODYS = tuple(
    map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16"))
)
"""Not all versions of `ipaddress` know all of them."""
_HOME = (".localhost", ".local", ".internal", ".home.arpa", ".lan")
"""What names end in that mean another machine in every network."""


def host_of(address: str) -> str:
    """The host that a browser goes to: in ASCII and lower case, decoded, numbers as addresses, without a last dot.

    Raises ValueError for what is no address to a browser.
    """
    return ada_url.URL(address).hostname.rstrip(".")


def is_denied(host: str, denied_domains: tuple[str, ...]) -> bool:
    """Whether the host, as `host_of` gives it, is one of the denied domains or below one."""
    return any(host == domain or host.endswith("." + domain) for domain in denied_domains)


def leads_to_denied(address: str, denied_domains: tuple[str, ...]) -> bool:
    """Whether an address that was kept leads to a domain which is denied by now."""
    try:
        return bool(denied_domains) and is_denied(host_of(address), denied_domains)
    except ValueError:
        return True  # kept before addresses were read as browsers do, and nobody can go there


def is_public(address: Address) -> bool:
    """Whether anybody on the Internet means the same machine by this address."""
    if isinstance(address, ipaddress.IPv6Address) and (address.scope_id is not None or address not in _UNICAST):
        return False
    return address.is_global and not address.is_multicast and not any(address in network for network in _NOBODYS)


def is_private(host: str) -> bool:
    """Whether a host, as `host_of` gives it, is none that visitors can reach from everywhere."""
    try:
        return not is_public(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return "." not in host or host.endswith(_HOME)
