from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import time, timedelta

import pytest

from shop.actors import SEEING, StaffMember, System
from shop.cards import queries, service
from shop.cards.simulator import simulate
from shop.configurations import service as configurations
from shop.errors import AlreadyExists, BadInput, NoCardAvailable, NotAllowed, NotFound, StillInUse
from shop.formatting import digits
from shop.money import Currency, Money
from shop.orders import service as orders
from shop.payments import service as payments
from tests.factories import card_number

CALLERS = 64
SOMEBODY = System("test")


def toman(amount: int) -> Money:
    return Money(amount, Currency.IRT)


@pytest.fixture
async def shop(make_shop):
    return await make_shop(stock=0)


async def as_owner(units, shop, verb, *arguments, **named):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return await verb(uow, *arguments, **named)


async def add(units, shop, **difference):
    valid = {"card_number": card_number(), "holder_name": "مریم کاظمی"}
    return await as_owner(units, shop, service.create_payment_card, **(valid | difference))


async def next_card(units, shop, amount=100, **named):
    async with units.begin(shop.bot_id, SOMEBODY) as uow:
        return await service.get_next_card_for_rotation(uow, amount=toman(amount), **named)


async def use(units, shop, strategy):
    await as_owner(units, shop, configurations.set_configuration, "card_rotation_strategy", value=strategy)


async def outcome(units, shop, card_id, what, *, shown_at, amount=100):
    async with units.begin(shop.bot_id, SOMEBODY) as uow:
        await service.record_outcome(uow, card_id, amount=amount, shown_at=shown_at, outcome=what)


async def test_a_card_is_kept_sealed_and_shown_by_its_ends(units, shop, everything):
    number = card_number()

    card = await add(units, shop, card_number=f"  {number[:4]}-{number[4:]} ")

    assert (card.first_six, card.last_four, card.bank_name) == (number[:6], number[-4:], "Melli")
    stored = await everything.fetchval(
        "SELECT t::text FROM tenant_payment_cards t WHERE id = $1", card.card_id
    )
    audit = await everything.fetchval(
        "SELECT string_agg(data::text, ' ') FROM audit_log WHERE bot_id = $1", shop.bot_id
    )
    assert number not in stored
    assert number not in audit
    assert await as_owner(units, shop, service.reveal_number, card.card_id) == number


async def test_a_number_copied_into_another_shop_does_not_open_there(units, shop, make_shop, everything):
    mallorys = await make_shop(stock=0)
    sealed = await everything.fetchrow(
        "SELECT card_number, number_fingerprint FROM tenant_payment_cards WHERE id = $1", shop.card_id
    )

    await everything.execute(
        "UPDATE tenant_payment_cards SET card_number = $1, number_fingerprint = $2 WHERE id = $3",
        *sealed,
        mallorys.card_id,
    )

    with pytest.raises(Exception, match=r"tenant_payment_cards\.card_number"):
        await as_owner(units, mallorys, service.reveal_number, mallorys.card_id)


async def test_one_number_is_one_card_also_when_added_twice_at_once(units, shop):
    number = card_number()

    outcomes = await asyncio.gather(
        *(add(units, shop, card_number=number) for _ in range(5)), return_exceptions=True
    )

    assert sum(isinstance(one, AlreadyExists) for one in outcomes) == 4
    assert sum(isinstance(one, queries.CardRow) for one in outcomes) == 1


async def test_two_shops_may_use_the_same_card(units, shop, make_shop):
    other, number = await make_shop(stock=0), card_number()

    await add(units, shop, card_number=number)
    await add(units, other, card_number=number)


@pytest.mark.parametrize(
    ("difference", "field"),
    [
        ({"card_number": "1234"}, "card_number"),
        ({"holder_name": " "}, "holder_name"),
        ({"weight": 0}, "weight"),
        ({"weight": 101}, "weight"),
        ({"position": -1}, "position"),
        ({"daily_limit_count": 0}, "daily_limit_count"),
        ({"daily_limit_amount": 0}, "daily_limit_amount"),
        ({"min_amount": 0}, "min_amount"),
        ({"max_amount": 10**16}, "max_amount"),
        ({"min_amount": 200, "max_amount": 100}, "max_amount"),
    ],
)
async def test_a_card_with_bad_particulars_is_refused(units, shop, difference, field):
    with pytest.raises(BadInput) as refusal:
        await add(units, shop, **difference)

    assert refusal.value.field == field


async def test_a_card_is_changed_switched_and_listed_in_the_owners_order(units, shop):
    second, third = await add(units, shop), await add(units, shop)

    changed = await as_owner(
        units, shop, service.update_payment_card, third.card_id, position=0, daily_limit_count=5
    )
    await as_owner(units, shop, service.update_payment_card, shop.card_id, position=1)
    await as_owner(units, shop, service.deactivate_card, second.card_id)

    assert (changed.daily_limit_count, changed.holder_name) == (5, "مریم کاظمی")
    listed = await as_owner(units, shop, queries.get_payment_cards)
    assert [card.card_id for card in listed] == [third.card_id, shop.card_id, second.card_id]
    active = await as_owner(units, shop, queries.get_payment_cards, active_only=True)
    assert [card.card_id for card in active] == [third.card_id, shop.card_id]
    assert (await as_owner(units, shop, service.activate_card, second.card_id)).is_active


async def test_a_card_never_paid_to_is_deleted_though_it_was_shown(units, shop):
    shown = await next_card(units, shop)

    await as_owner(units, shop, service.delete_payment_card, shown.card_id)

    with pytest.raises(NotFound):
        await as_owner(units, shop, queries.get_payment_card, shown.card_id)
    with pytest.raises(NoCardAvailable):
        await next_card(units, shop)


async def test_a_card_with_a_history_is_archived_and_comes_back_with_it(units, shop, shops):
    carol = await shops.person(shop)
    async with units.begin(shop.bot_id, carol.actor) as uow:
        order = await orders.place(uow, carol.user_id, plan_id=shop.plan_id, shown_price=shop.price)
        invoice = await payments.start_card_payment(uow, carol.user_id, order.order_id)

    with pytest.raises(StillInUse):
        await as_owner(units, shop, service.delete_payment_card, shop.card_id)
    await as_owner(units, shop, service.archive_card, shop.card_id)

    assert await as_owner(units, shop, queries.get_payment_cards) == []
    with pytest.raises(NoCardAvailable):
        await next_card(units, shop)
    with pytest.raises(NotFound):
        await as_owner(units, shop, service.activate_card, shop.card_id)
    again = await add(units, shop, card_number=invoice.card_number, holder_name="علی کاظمی")
    assert (again.card_id, again.current_usage_count, again.holder_name) == (shop.card_id, 1, "علی کاظمی")


async def test_round_robin_gives_every_card_its_turn(units, shop):
    ring = [shop.card_id, (await add(units, shop)).card_id, (await add(units, shop)).card_id]

    shown = [(await next_card(units, shop)).card_id for _ in range(7)]

    assert shown == [*ring, *ring, ring[0]]


async def test_round_robin_stays_exact_under_many_callers_at_once(units, make_shop, everything):
    shop = await make_shop(stock=0, cards_count=4)

    shown = await asyncio.gather(*(next_card(units, shop, 1_000) for _ in range(CALLERS)))

    counts = Counter(card.card_id for card in shown)
    assert sorted(counts.values()) == [CALLERS // 4] * 4
    rows = await everything.fetch(
        "SELECT card_id, shown_count, reserved_count, reserved_amount FROM card_days WHERE bot_id = $1",
        shop.bot_id,
    )
    assert {tuple(row)[1:] for row in rows} == {(CALLERS // 4, CALLERS // 4, 1_000 * CALLERS // 4)}
    turns = await everything.fetchval("SELECT turns FROM card_rotation_state WHERE bot_id = $1", shop.bot_id)
    assert turns == CALLERS


@pytest.mark.parametrize("strategy", ["round_robin", "random", "time_based", "weighted"])
async def test_no_cap_is_ever_passed_by_many_callers_at_once(units, make_shop, everything, strategy):
    shop = await make_shop(stock=0, cards_count=3)
    cards = await as_owner(units, shop, queries.get_payment_cards)
    limits = [{"daily_limit_count": 3}, {"daily_limit_amount": 550}, {"daily_limit_count": 4}]
    for card, limit in zip(cards, limits, strict=True):
        await as_owner(units, shop, service.update_payment_card, card.card_id, **limit)
    await use(units, shop, strategy)

    outcomes = await asyncio.gather(
        *(next_card(units, shop, 100) for _ in range(CALLERS)), return_exceptions=True
    )

    shown = Counter(card.card_id for card in outcomes if isinstance(card, service.ChosenCard))
    refused = [one for one in outcomes if isinstance(one, NoCardAvailable)]
    assert [shown[card.card_id] for card in cards] == [3, 5, 4]
    assert len(refused) == CALLERS - 12


async def test_the_first_callers_of_a_shop_without_its_row_make_it_once(units, make_shop, everything):
    shop = await make_shop(stock=0, cards_count=2)
    await everything.execute("DELETE FROM card_rotation_state WHERE bot_id = $1", shop.bot_id)

    shown = await asyncio.gather(*(next_card(units, shop) for _ in range(8)))

    assert sorted(Counter(card.card_id for card in shown).values()) == [4, 4]


async def test_by_the_clock_the_card_changes_when_its_minutes_are_over(units, make_shop, clock):
    shop = await make_shop(stock=0, cards_count=3)
    await use(units, shop, "time_based")
    await as_owner(units, shop, configurations.set_configuration, "card_rotation_minutes", value=10)
    clock.now = clock.now.replace(minute=0, second=0)

    shown = []
    for _ in range(6):
        shown.append((await next_card(units, shop)).card_id)
        clock.forward(minutes=5)

    assert shown[0::2] == shown[1::2]
    assert len(set(shown)) == 3


async def test_weighted_prefers_the_card_that_works(units, make_shop, clock):
    shop = await make_shop(stock=0, cards_count=2)
    good, bad = (card.card_id for card in await as_owner(units, shop, queries.get_payment_cards))
    await use(units, shop, "weighted")
    for _ in range(20):
        await outcome(units, shop, good, "approved", shown_at=clock.now)
        await outcome(units, shop, bad, "rejected", shown_at=clock.now)

    chance = random.Random(7)  # noqa: S311  (the same chance every time)
    shown = Counter([(await next_card(units, shop, chance=chance)).card_id for _ in range(40)])

    assert shown[good] > 30


async def test_a_card_out_of_its_hours_or_bounds_is_passed_over(units, make_shop, clock):
    shop = await make_shop(stock=0, cards_count=3)
    first, second, third = (card.card_id for card in await as_owner(units, shop, queries.get_payment_cards))
    # The tests' clock stands at noon in Tehran.
    await as_owner(
        units, shop, service.update_payment_card, first, active_from=time(13), active_until=time(22)
    )
    await as_owner(units, shop, service.update_payment_card, second, min_amount=500)

    assert {(await next_card(units, shop, 100)).card_id for _ in range(3)} == {third}
    assert {(await next_card(units, shop, 500)).card_id for _ in range(3)} == {second, third}
    clock.forward(hours=1)
    assert {(await next_card(units, shop, 100)).card_id for _ in range(3)} == {first, third}


async def test_a_cap_begins_anew_on_the_shops_own_midnight(units, shop, clock):
    await as_owner(units, shop, service.update_payment_card, shop.card_id, daily_limit_count=1)
    # 23:59 in Tehran is 20:29 in UTC: the day there ends before ours.
    clock.now = clock.now.replace(hour=20, minute=29)
    await next_card(units, shop)
    with pytest.raises(NoCardAvailable):
        await next_card(units, shop)

    clock.forward(minutes=1)

    assert (await next_card(units, shop)).card_id == shop.card_id


async def test_what_was_given_back_makes_room_on_its_own_day(units, shop, clock):
    await as_owner(units, shop, service.update_payment_card, shop.card_id, daily_limit_amount=100)
    shown_at = clock.now
    await next_card(units, shop)
    clock.forward(minutes=30)

    await outcome(units, shop, shop.card_id, "released", shown_at=shown_at)
    assert (await next_card(units, shop)).card_id == shop.card_id
    await outcome(units, shop, shop.card_id, "approved", shown_at=clock.now)
    with pytest.raises(NoCardAvailable):
        await next_card(units, shop)


async def test_the_outcomes_of_a_day_are_counted(units, shop, clock):
    for _ in range(4):
        await next_card(units, shop)
    for what in ("approved", "rejected", "released"):
        await outcome(units, shop, shop.card_id, what, shown_at=clock.now)

    statistics = await as_owner(units, shop, queries.get_card_statistics, shop.card_id)

    assert (statistics.usage_count, statistics.success_count, statistics.failure_count) == (4, 1, 1)
    assert statistics.success_rate == 0.5
    assert statistics.last_used_at == clock.now
    assert statistics.today == queries.DayCount(
        shown=4, reserved=2, reserved_amount=200, approved=1, approved_amount=100, rejected=1
    )


async def test_statistics_reach_back_thirty_days_and_no_further(units, shop, clock):
    start = clock.now
    for days in (0, 5, 34):
        clock.now = start + timedelta(days=days)
        await next_card(units, shop)

    statistics = await as_owner(units, shop, queries.get_card_statistics, shop.card_id)

    assert (statistics.today.shown, statistics.last_thirty_days.shown) == (1, 2)
    assert statistics.success_rate is None


async def test_a_payment_rejected_again_and_again_takes_no_room_from_others(units, shop, clock):
    for _ in range(2):
        await next_card(units, shop)
    await outcome(units, shop, shop.card_id, "rejected", shown_at=clock.now)
    await outcome(units, shop, shop.card_id, "reopened", shown_at=clock.now)
    await outcome(units, shop, shop.card_id, "rejected", shown_at=clock.now)

    statistics = await as_owner(units, shop, queries.get_card_statistics, shop.card_id)

    assert (statistics.today.reserved, statistics.today.reserved_amount) == (1, 100)


async def test_room_given_back_twice_does_not_go_below_nought(units, shop, clock):
    await next_card(units, shop)

    for _ in range(3):
        await outcome(units, shop, shop.card_id, "released", shown_at=clock.now)

    statistics = await as_owner(units, shop, queries.get_card_statistics, shop.card_id)
    assert (statistics.today.reserved, statistics.today.reserved_amount) == (0, 0)


async def test_the_usage_counter_is_set_back_and_the_statistics_stay(units, shop, clock):
    await next_card(units, shop)
    await as_owner(units, shop, service.update_card_usage, shop.card_id, success=True)

    reset = await as_owner(units, shop, service.reset_card_usage_count, shop.card_id)

    assert (reset.current_usage_count, reset.success_count) == (0, 1)


async def test_mallory_reaches_none_of_alices_cards(units, shop, make_shop, clock):
    mallorys = await make_shop(stock=0)

    async with units.begin(mallorys.bot_id, mallorys.owner) as uow:
        for refused in (
            queries.get_payment_card(uow, shop.card_id),
            queries.get_card_statistics(uow, shop.card_id),
            service.update_payment_card(uow, shop.card_id, weight=2),
            service.deactivate_card(uow, shop.card_id),
            service.archive_card(uow, shop.card_id),
            service.delete_payment_card(uow, shop.card_id),
            service.reset_card_usage_count(uow, shop.card_id),
            service.update_card_usage(uow, shop.card_id, success=True),
            service.reveal_number(uow, shop.card_id),
        ):
            with pytest.raises(NotFound):
                await refused
        chosen = await service.get_next_card_for_rotation(uow, amount=toman(100))
    assert chosen.card_id == mallorys.card_id


async def test_staff_without_the_right_touch_no_card(units, shop):
    async with units.begin(shop.bot_id, StaffMember(99, "Bob", SEEING)) as uow:
        for refused in (
            service.create_payment_card(uow, card_number=card_number(), holder_name="Bob"),
            service.update_payment_card(uow, shop.card_id, weight=2),
            service.activate_card(uow, shop.card_id),
            service.delete_payment_card(uow, shop.card_id),
            service.reset_card_usage_count(uow, shop.card_id),
        ):
            with pytest.raises(NotAllowed):
                await refused


# Many at once -----------------------------------------------------------------------------------------------


async def test_many_cards_are_added_in_their_order_or_not_at_all(units, shop):
    numbers = [card_number() for _ in range(3)]
    text = (
        f"number,name,cap\n{numbers[0]},مریم کاظمی,20000000\n\n"
        f"{numbers[1]};علی;;5\n{digits(numbers[2], 'fa')} حسین موسوی"
    )
    known = await as_owner(units, shop, service.reveal_number, shop.card_id)
    wrong = f"{text}\n{known},مریم\n{numbers[0]},مریم\n1234,مریم\n{card_number()},مریم,many"

    preview = await as_owner(units, shop, service.preview_cards, wrong)
    with pytest.raises(BadInput):
        await as_owner(units, shop, service.import_cards, wrong)
    problems = [getattr(line.problem, "problem", line.problem and line.problem.code) for line in preview]
    assert problems == [None] * 3 + [
        "already_exists",
        "already_exists",
        "not_sixteen_digits",
        "not_a_number",
    ]
    assert [line.line for line in preview] == [2, 4, 5, 6, 7, 8, 9]
    assert len(await as_owner(units, shop, queries.get_payment_cards)) == 1

    assert await as_owner(units, shop, service.import_cards, text) == 3

    cards = (await as_owner(units, shop, queries.get_payment_cards))[1:]
    assert [card.last_four for card in cards] == [number[-4:] for number in numbers]
    assert [card.holder_name for card in cards] == ["مریم کاظمی", "علی", "حسین موسوی"]
    assert [(card.daily_limit_amount, card.daily_limit_count) for card in cards] == [
        (20_000_000, None),
        (None, 5),
        (None, None),
    ]


# What the next buyers would see -----------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["round_robin", "random", "time_based", "weighted"])
async def test_the_simulator_says_what_then_happens(units, make_shop, everything, strategy):
    shop = await make_shop(stock=0, cards_count=3)
    cards = await as_owner(units, shop, queries.get_payment_cards)
    limits = [{"daily_limit_count": 3}, {"max_amount": 50}, {"daily_limit_amount": 450}]
    for card, limit in zip(cards, limits, strict=True):
        await as_owner(units, shop, service.update_payment_card, card.card_id, **limit)
    await use(units, shop, strategy)
    alike, chance = (random.Random(7) for _ in range(2))  # noqa: S311  (the same chance twice)

    said = await as_owner(units, shop, simulate, amount=100, buyers=9, chance=alike)
    turns = await everything.fetchval("SELECT turns FROM card_rotation_state WHERE bot_id = $1", shop.bot_id)
    then = [(await next_card(units, shop, chance=chance)).card_id for _ in range(7)]

    assert [one.card_id for one in said.buyers] == [*then, None, None]
    assert said.stops[cards[1].card_id] == (1, "too_large")
    assert said.stops[cards[0].card_id][1] == "daily_count"
    assert not turns
