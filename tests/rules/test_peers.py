"""Whose address counts: the peer's, unless a proxy of ours says for whom it asks."""

from __future__ import annotations

import ipaddress

import pytest

from web.peers import MOST_HOPS, origin_of

PROXIES = tuple(map(ipaddress.ip_network, ("127.0.0.1", "10.0.0.0/8", "fd00::/8")))


@pytest.mark.parametrize(
    ("peer", "forwarded", "origin"),
    [
        # Nobody of ours: whatever it claims, it is itself.
        ("198.51.100.7", ["203.0.113.1"], "198.51.100.7"),
        ("198.51.100.7", [], "198.51.100.7"),
        ("2001:db8::7", ["203.0.113.1"], "2001:db8::7"),
        ("", ["203.0.113.1"], ""),
        # One proxy: it adds the address it was asked from at the right; what stands before is a claim.
        ("127.0.0.1", ["203.0.113.1"], "203.0.113.1"),
        ("127.0.0.1", ["1.1.1.1, 203.0.113.1"], "203.0.113.1"),
        ("127.0.0.1", ["127.0.0.1, 203.0.113.1"], "203.0.113.1"),
        ("127.0.0.1", ["1.1.1.1", "203.0.113.1"], "203.0.113.1"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        # A chain of ours: the right-most stranger.
        ("127.0.0.1", ["1.1.1.1, 203.0.113.1, 10.1.2.3"], "203.0.113.1"),
        ("127.0.0.1", ["10.9.9.9, 10.1.2.3"], "10.9.9.9"),
        # What cannot be read ends the list.
        ("127.0.0.1", ["203.0.113.1, unknown"], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.1, _hidden, 10.1.2.3"], "10.1.2.3"),
        ("127.0.0.1", ["' OR 1=1--"], "127.0.0.1"),
        # The spellings of addresses.
        ("::ffff:127.0.0.1", ["203.0.113.1"], "203.0.113.1"),
        ("fd00::5", ["2001:db8::9"], "2001:db8::9"),
        ("fd00::5", ["[2001:db8::9]:443"], "2001:db8::9"),
        ("127.0.0.1", ["203.0.113.1:51000"], "203.0.113.1"),
        ("127.0.0.1", ["::ffff:203.0.113.1"], "203.0.113.1"),
        ("127.0.0.1", ["fe80::1%eth0"], "fe80::1"),
    ],
)
def test_the_right_most_address_that_is_no_proxy_of_ours_counts(peer, forwarded, origin):
    assert origin_of(peer, forwarded, PROXIES) == origin


def test_where_no_proxy_is_named_nobody_is_believed():
    assert origin_of("127.0.0.1", ["203.0.113.1"], ()) == "127.0.0.1"


def test_an_endless_list_is_read_no_further_than_a_chain_can_be_long():
    endless = ["1.1.1.1", *["10.0.0.1"] * 100_000]

    assert origin_of("127.0.0.1", [",".join(endless)], PROXIES) == "10.0.0.1"
    assert origin_of("127.0.0.1", ["1.1.1.1", *["10.0.0.1"] * (MOST_HOPS - 1)], PROXIES) == "1.1.1.1"
