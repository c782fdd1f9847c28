from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.cards import banks
from shop.cards.rules import (
    CardLoad,
    Turn,
    card_number,
    choose,
    day_of,
    has_room,
    holder_name,
    is_in_hours,
    passes_luhn,
    round_robin,
    score,
    time_based,
    weighted,
)
from shop.errors import BadInput

GOOD = "6219861900004424"
NOON = time(12)


def turn(ring, *, last=None, now=datetime(2026, 11, 22, 8, 30, tzinfo=UTC), minutes=60, seed=1):
    chance = random.Random(seed)  # noqa: S311  (the same chance every time)
    return Turn(tuple(ring), last, now, minutes, chance)


def ring(number: int) -> list[CardLoad]:
    return [CardLoad(n, position=n) for n in range(1, number + 1)]


@pytest.mark.parametrize(
    "typed",
    [
        GOOD,
        "6219 8619 0000 4424",
        "6219-8619-0000-4424",
        " ۶۲۱۹۸۶۱۹۰۰۰۰۴۴۲۴ ",
        "٦٢١٩٨٦١٩٠٠٠٠٤٤٢٤",
        "\u200f6219\u200c8619\u200c0000\u200c4424\u200e",
    ],
)
def test_a_card_number_is_understood_in_any_script_and_grouping(typed):
    assert card_number(typed) == GOOD


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "not_sixteen_digits"),
        (GOOD[:-1], "not_sixteen_digits"),
        (GOOD + "0", "not_sixteen_digits"),
        ("6219x86190000442", "not_sixteen_digits"),
        ("６２１９８６１９００００４４２１", "not_sixteen_digits"),
        ("6219861900004422", "wrong_check_digit"),
    ],
)
def test_a_number_that_is_no_card_is_refused_with_its_reason(typed, problem):
    with pytest.raises(BadInput) as refusal:
        card_number(typed)

    assert (refusal.value.field, refusal.value.problem) == ("card_number", problem)


@given(place=st.integers(0, 15), step=st.integers(1, 9))
def test_one_mistyped_digit_never_passes(place, step):
    wrong = GOOD[:place] + str((int(GOOD[place]) + step) % 10) + GOOD[place + 1 :]

    assert not passes_luhn(wrong)


def test_a_holder_is_kept_in_persian_letters_on_one_line():
    assert holder_name("  علي\nكاظمي ") == "علی کاظمی"


@pytest.mark.parametrize(
    ("difference", "amount", "fits"),
    [
        ({}, 100, True),
        ({"daily_limit_count": 2, "reserved_count": 1}, 100, True),
        ({"daily_limit_count": 2, "reserved_count": 2}, 100, False),
        ({"daily_limit_amount": 300, "reserved_amount": 200}, 100, True),
        ({"daily_limit_amount": 300, "reserved_amount": 201}, 100, False),
        ({"min_amount": 100}, 100, True),
        ({"min_amount": 101}, 100, False),
        ({"max_amount": 100}, 100, True),
        ({"max_amount": 99}, 100, False),
        ({"active_from": time(9), "active_until": time(12)}, 100, False),
        ({"active_from": time(9), "active_until": time(12, 1)}, 100, True),
    ],
)
def test_a_card_has_room_up_to_its_bounds_and_no_further(difference, amount, fits):
    assert has_room(replace(CardLoad(1), **difference), amount, NOON) is fits


@pytest.mark.parametrize(
    ("at", "start", "end", "open_"),
    [
        (time(0), None, None, True),
        (time(8, 59), time(9), None, False),
        (time(23, 59), time(9), None, True),
        (time(8), None, time(9), True),
        (time(9), None, time(9), False),
        (time(23), time(22), time(6), True),
        (time(5, 59), time(22), time(6), True),
        (time(6), time(22), time(6), False),
        (time(12), time(22), time(6), False),
        (time(12), time(9), time(9), False),
        (time(23), time(9), time(0), True),
    ],
)
def test_hours_are_half_open_and_may_run_past_midnight(at, start, end, open_):
    assert is_in_hours(at, start, end) is open_


@pytest.mark.parametrize(
    ("last", "expected"), [(None, 1), ((1, 1), 2), ((2, 2), 3), ((3, 3), 1), ((9, 9), 1), ((0, 5), 1)]
)
def test_round_robin_shows_the_next_card_and_begins_again(last, expected):
    cards = ring(3)

    assert round_robin(cards, turn(cards, last=last)).card_id == expected


def test_round_robin_goes_on_after_a_card_that_was_taken_out():
    cards = [card for card in ring(3) if card.card_id != 2]

    assert round_robin(cards, turn(cards, last=(2, 2))).card_id == 3


def test_cards_at_one_place_take_turns_in_the_order_of_their_making():
    cards = [CardLoad(7), CardLoad(8)]

    assert round_robin(cards, turn(cards, last=(0, 7))).card_id == 8
    assert round_robin(cards, turn(cards, last=(0, 8))).card_id == 7


def test_by_the_clock_a_card_stays_for_its_minutes_and_every_card_gets_its_time():
    cards = ring(3)

    shown = [
        time_based(cards, turn(cards, now=datetime(2026, 11, 22, hour, minute, tzinfo=UTC))).card_id
        for hour in range(3)
        for minute in (0, 30, 59)
    ]

    assert shown[0:3] == [shown[0]] * 3
    assert shown[3:6] == [shown[3]] * 3
    assert sorted({shown[0], shown[3], shown[6]}) == [1, 2, 3]


def test_by_the_clock_a_full_card_hands_over_to_the_one_after_it():
    cards = ring(3)
    now = datetime(2026, 11, 22, 8, tzinfo=UTC)
    whose_turn = time_based(cards, turn(cards, now=now))

    others = [card for card in cards if card != whose_turn]

    following = whose_turn.card_id % 3 + 1
    assert time_based(others, turn(cards, now=now)).card_id == following


@pytest.mark.parametrize(
    ("success", "failure", "weight", "expected"),
    [(0, 0, 1, 0.5), (2, 0, 1, 4 / 6), (0, 4, 1, 0.25), (98, 0, 1, 100 / 102), (0, 0, 3, 1.5)],
)
def test_a_score_is_smoothed_success_times_weight(success, failure, weight, expected):
    card = CardLoad(1, success_count=success, failure_count=failure, weight=weight)

    assert score(card) == pytest.approx(expected)


def test_weighted_shows_a_card_as_often_as_its_score_says():
    good, bad = CardLoad(1, success_count=96), CardLoad(2, failure_count=96)
    asked = turn([good, bad])

    shown = Counter(weighted([good, bad], asked).card_id for _ in range(5_000))

    assert shown[2] / 5_000 == pytest.approx(score(bad) / (score(good) + score(bad)), abs=0.01)
    assert shown[2] > 0


def test_random_reaches_every_card_about_as_often():
    cards = ring(4)
    asked = turn(cards)

    shown = Counter(choose("random", asked, amount=1, at=NOON).card_id for _ in range(4_000))

    assert all(900 < shown[card.card_id] < 1_100 for card in cards)


@pytest.mark.parametrize("strategy", ["round_robin", "random", "time_based", "weighted"])
def test_no_strategy_shows_a_card_without_room(strategy):
    full, free = CardLoad(1, daily_limit_count=1, reserved_count=1), CardLoad(2)

    chosen = {choose(strategy, turn([full, free], seed=s), amount=1, at=NOON) for s in range(20)}

    assert chosen == {free}
    assert choose(strategy, turn([full]), amount=1, at=NOON) is None
    assert choose(strategy, turn([]), amount=1, at=NOON) is None


def test_a_day_is_the_shops_own_day():
    evening_in_greenwich = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)

    assert day_of(evening_in_greenwich, "Asia/Tehran") == date(2026, 11, 23)
    assert day_of(evening_in_greenwich, "Europe/London") == date(2026, 11, 22)


def test_no_prefix_belongs_to_two_banks():
    prefixes = [prefix for bank in banks.BANKS for prefix in bank.prefixes]

    assert len(prefixes) == len(set(prefixes))
    assert all(len(prefix) == 6 for prefix in prefixes)


def test_an_unknown_issuer_is_no_reason_to_refuse():
    assert banks.bank_of("000000") == ""
    assert banks.localised("", "fa") == ""
    assert banks.localised(banks.bank_of("621986"), "fa") == "سامان"
    assert banks.localised(banks.bank_of("603799"), "en") == "Melli"
