from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shop.errors import NotFound
from shop.features.catalogue import EVERY_TIER, GROUPS
from shop.features.registry import BY_KEY, FEATURES, FeatureState, Flag

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(seconds=1), NOW - timedelta(seconds=1)


def why(flag: Flag | None, key: str = "zarinpal", **others: Flag):
    flags = dict(others)
    if flag is not None:
        flags[key] = flag
    return FeatureState(NOW, flags).why_off(key)


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        (None, "disabled"),
        (Flag(), "disabled"),
        (Flag(enabled=True), None),
        (Flag(enabled=False), "disabled"),
        (Flag(enabled=True, granted=False), "not_granted"),
        (Flag(enabled=True, granted_until=LATER), None),
        (Flag(enabled=True, granted_until=NOW), "grant_ended"),
        (Flag(enabled=True, granted_until=EARLIER), "grant_ended"),
        (Flag(enabled=True, killed=True), "killed"),
        (Flag(enabled=False, granted=False, killed=True), "not_granted"),
        (Flag(enabled=False, killed=True), "disabled"),
    ],
)
def test_a_switch_is_on_when_granted_and_enabled_and_not_killed(flag, expected):
    assert why(flag) == expected


@pytest.mark.parametrize(
    ("wallet", "expected"),
    [
        (None, None),
        (Flag(enabled=False), "needs"),
        (Flag(killed=True), "needs"),
        (Flag(granted=False), "needs"),
    ],
)
def test_a_switch_is_off_while_something_it_needs_is_off(wallet, expected):
    others = {} if wallet is None else {"wallet": wallet}

    assert why(Flag(enabled=True), "auto_renewal", **others) == expected


def test_card_to_card_is_on_in_a_new_shop():
    assert FeatureState(NOW).is_on("card_to_card")


def test_a_grant_ends_by_the_clock_it_is_asked_with():
    state = FeatureState(NOW, {"zarinpal": Flag(enabled=True, granted_until=LATER)})

    assert state.is_on("zarinpal")
    assert not state.is_on("zarinpal", LATER)


def test_an_unknown_switch_is_an_error_and_not_off():
    with pytest.raises(NotFound):
        FeatureState(NOW).is_on("no_such_thing")


def test_every_switch_is_declared_once_with_words_of_its_own():
    assert len(BY_KEY) == len(FEATURES)
    assert len({feature.label for feature in FEATURES}) == len(FEATURES)
    assert all(feature.label and feature.help for feature in FEATURES)
    assert {feature.group for feature in FEATURES} == set(GROUPS)
    assert all(feature.tiers <= EVERY_TIER for feature in FEATURES)


def test_what_a_switch_needs_exists_and_never_leads_back_to_it():
    def everything_under(key: str, seen: tuple[str, ...] = ()) -> set[str]:
        assert key not in seen, f"{key} needs itself"
        needs = BY_KEY[key].needs
        return set(needs).union(*(everything_under(need, (*seen, key)) for need in needs))

    for feature in FEATURES:
        assert everything_under(feature.key) <= BY_KEY.keys()
