"""Where a request comes from: the peer, unless the peer is a proxy of ours that says for whom it asks.

Anybody can write ``X-Forwarded-For``. Every proxy adds the address it was asked from at the right end, so
the list is read from there, and only for as long as those who wrote it are trusted.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from db.settings import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MOST_HOPS = 20
"""Of a longer list only so much is read, from the right."""


def origin_of(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """The right-most address that is no trusted proxy. ``forwarded``: the headers' values, in their order.

    What cannot be read ends the list: the last address that could be read counts.
    """
    nearest = _parse(peer)
    if nearest is None or not _is_trusted(nearest, trusted):
        return peer
    for word in reversed(",".join(forwarded).split(",")[-MOST_HOPS:]):
        farther = _parse(_without_port(word.strip()))
        if farther is None:
            break
        nearest = farther
        if not _is_trusted(nearest, trusted):
            break
    return str(nearest)


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)


def _parse(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    # A socket for both families shows IPv4 peers as ::ffff:192.0.2.1.
    return getattr(address, "ipv4_mapped", None) or address


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
