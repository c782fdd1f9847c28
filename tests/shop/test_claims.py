"""Whose a waiting receipt is: one reviewer's at a time, put off, handed on, taken over."""

from __future__ import annotations

import asyncio
import time

import pytest

from shop.actors import OWNING, SEEING, StaffMember
from shop.errors import BadInput, ClaimedByColleague, NotAllowed, NotFound, ReceiptAlreadyReviewed
from shop.receipts import claims, holding, presence
from shop.receipts.desk import PAGE, load_desk
from shop.staff import service as staff
from tests.shop.test_money import count
from tests.web.test_meanwhile import waits

PATIENCE = 20.0
"""Seconds before a test that waits for another's lock is over."""


@pytest.fixture
async def shop(shops):
    return await shops.open(stock=9, hold_seconds=30)


async def hire(units, shop, name, *, permissions=OWNING) -> StaffMember:
    async with units.begin(shop.bot_id, shop.owner) as uow:
        person = await staff.create_staff(uow, name=name, role="staff", permissions=permissions)
    return StaffMember(person, name, permissions)


@pytest.fixture
async def sara(units, shop) -> StaffMember:
    return await hire(units, shop, "Sara")


async def given(units, shop, actor, *, after=None) -> int | None:
    async with units.begin(shop.bot_id, actor) as uow:
        return await claims.take_next(uow, after=after)


async def receipts(shops, shop, clock, number):
    sent = []
    for _ in range(number):
        clock.forward(seconds=1)
        sent.append((await shops.receipt(shop)).payment_id)
    return sent


async def test_two_reviewers_are_never_given_the_same_receipt(units, shop, shops, sara, clock):
    first, second, third = await receipts(shops, shop, clock, 3)

    assert await given(units, shop, shop.owner) == first
    assert await given(units, shop, sara) == second
    assert await given(units, shop, sara, after=second) == third
    assert await given(units, shop, await hire(units, shop, "Bob")) is None


async def test_eight_who_ask_at_once_are_given_eight_receipts(units, shop, shops, clock):
    waiting = await receipts(shops, shop, clock, 8)
    people = [await hire(units, shop, f"P{number}") for number in range(8)]

    got = await asyncio.gather(*(given(units, shop, person) for person in people))

    assert sorted(one for one in got if one) == sorted({one for one in got if one})
    assert set(got) <= {*waiting, None}
    # Who found all of them just being given asks once more.
    got = [one or await given(units, shop, person) for one, person in zip(got, people, strict=True)]
    assert sorted(got) == waiting


async def test_nobody_waits_for_a_colleague_who_is_just_being_given_one(units, shop, shops, sara, clock):
    first, second = await receipts(shops, shop, clock, 2)

    async with asyncio.timeout(PATIENCE), units.begin(shop.bot_id, shop.owner) as uow:
        assert await claims.take_next(uow) == first
        assert await given(units, shop, sara) == second


async def test_who_opens_what_a_colleague_is_just_being_given_leaves_it_with_him(
    units, shop, shops, sara, clock, everything
):
    (only,) = await receipts(shops, shop, clock, 1)

    async def opened() -> None:
        async with units.begin(shop.bot_id, sara) as uow:
            await presence.look(uow, only)

    deadline = time.monotonic() + PATIENCE
    async with units.begin(shop.bot_id, shop.owner) as uow:
        assert await claims.take_next(uow) == only
        look = asyncio.create_task(opened())
        while not look.done() and not await waits(everything):
            assert time.monotonic() < deadline
    await look

    claimed = "SELECT claimed_by FROM card_to_card_payments WHERE id = $1"
    assert await everything.fetchval(claimed, only) == shop.owner.staff_id


async def test_the_queue_goes_on_after_the_one_it_was_left_at_and_begins_again(units, shop, shops, clock):
    first, second, third = await receipts(shops, shop, clock, 3)

    assert await given(units, shop, shop.owner, after=second) == third
    assert await given(units, shop, shop.owner, after=third) == first


async def test_deciding_and_being_given_the_next_is_one_step_for_two_people(units, shop, shops, sara, clock):
    first, second, *rest = await receipts(shops, shop, clock, 6)
    for actor, mine in ((shop.owner, first), (sara, second)):
        async with units.begin(shop.bot_id, actor) as uow:
            await claims.take_over(uow, mine)

    async def decide(actor, mine):
        async with units.begin(shop.bot_id, actor) as uow:
            await holding.hold_approval(uow, mine, despite_warnings=True)
            return await claims.take_next(uow, after=mine)

    one, two = await asyncio.gather(decide(shop.owner, first), decide(sara, second))

    assert {one, two} == set(rest[:2])


async def test_a_claim_nobody_renews_is_over_after_a_minute(units, shop, shops, sara, clock):
    (first,) = await receipts(shops, shop, clock, 1)
    await given(units, shop, shop.owner)
    assert await given(units, shop, sara) is None

    clock.forward(seconds=61)

    assert await given(units, shop, sara) == first


async def test_a_claim_that_is_over_is_in_nobodys_way(units, shop, shops, sara, clock):
    (only,) = await receipts(shops, shop, clock, 1)
    await given(units, shop, sara)

    clock.forward(seconds=61)

    async with units.begin(shop.bot_id, shop.owner) as uow:
        await claims.require_free(uow, only)


async def test_what_a_colleague_reviews_is_decided_after_it_was_taken_over(units, shop, shops, sara, clock):
    (first,) = await receipts(shops, shop, clock, 1)
    await given(units, shop, sara)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        with pytest.raises(ClaimedByColleague) as refusal:
            await claims.require_free(uow, first)
        await claims.take_over(uow, first)
        await claims.require_free(uow, first)

    assert refusal.value.by == "Sara"
    async with units.begin(shop.bot_id, sara) as uow:
        await presence.look(uow, first)
        with pytest.raises(ClaimedByColleague):
            await claims.require_free(uow, first)


async def test_the_history_says_who_took_a_receipt_over_from_whom(
    units, shop, shops, sara, clock, everything
):
    (first,) = await receipts(shops, shop, clock, 1)
    for actor in (shop.owner, sara, sara):
        async with units.begin(shop.bot_id, actor) as uow:
            await claims.take_over(uow, first)

    entries = await everything.fetch(
        "SELECT actor_name, data->>'by' FROM audit_log "
        "WHERE action = 'receipt.taken_over' AND subject_id = $1",
        first,
    )
    assert [tuple(entry) for entry in entries] == [("Sara", "Shop")]


async def test_what_is_put_off_comes_again_at_the_end_and_for_colleagues_in_its_place(
    units, shop, shops, sara, clock
):
    first, second, third = await receipts(shops, shop, clock, 3)
    assert await given(units, shop, shop.owner) == first
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await claims.put_off(uow, first)
        assert await claims.take_next(uow, after=first) == second

    assert await given(units, shop, sara) == first
    clock.forward(seconds=61)
    assert await given(units, shop, shop.owner, after=second) == third
    assert await given(units, shop, shop.owner, after=third) == second
    async with units.begin(shop.bot_id, shop.owner) as uow:
        for one in (second, third):
            await holding.hold_approval(uow, one, despite_warnings=True)
    assert await given(units, shop, shop.owner) == first


async def test_the_only_one_is_not_given_again_to_who_has_just_put_it_off(units, shop, shops, clock):
    (only,) = await receipts(shops, shop, clock, 1)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await claims.put_off(uow, only)

    assert await given(units, shop, shop.owner, after=only) is None


async def test_putting_off_what_a_colleague_reviews_leaves_it_with_him(units, shop, shops, sara, clock):
    (only,) = await receipts(shops, shop, clock, 1)
    await given(units, shop, sara)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await claims.put_off(uow, only)
        with pytest.raises(ClaimedByColleague):
            await claims.require_free(uow, only)


async def test_after_a_quarter_of_an_hour_it_stands_where_it_came(units, shop, shops, clock):
    first, _ = await receipts(shops, shop, clock, 2)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await claims.put_off(uow, first)

    clock.forward(minutes=16)

    assert await given(units, shop, shop.owner) == first


async def test_what_is_handed_on_comes_first_for_him_and_last_for_everybody_else(
    units, shop, shops, sara, clock
):
    first, second, third = await receipts(shops, shop, clock, 3)
    bob = await hire(units, shop, "Bob")
    async with units.begin(shop.bot_id, shop.owner) as uow:
        assert await claims.hand_on(uow, second, to=sara.staff_id, note="is it his?") == "Sara"

    assert await given(units, shop, sara) == second
    assert await given(units, shop, bob) == first
    assert await given(units, shop, shop.owner) == third
    async with units.begin(shop.bot_id, sara) as uow:
        handed = (await load_desk(uow, payment_id=second)).item.handed
    assert (handed.by, handed.note, handed.is_to_me) == ("Alice", "is it his?", True)


async def test_what_was_handed_to_a_colleague_is_passed_over_while_there_is_another(
    units, shop, shops, sara, clock
):
    first, second = await receipts(shops, shop, clock, 2)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await claims.hand_on(uow, first, to=sara.staff_id)

    assert await given(units, shop, await hire(units, shop, "Bob")) == second


async def test_what_is_handed_on_while_it_is_open_is_his_at_once(units, shop, shops, sara, clock):
    first, _ = await receipts(shops, shop, clock, 2)
    await given(units, shop, shop.owner)

    async with units.begin(shop.bot_id, shop.owner) as uow:
        await claims.hand_on(uow, first, to=sara.staff_id)

    assert await given(units, shop, sara) == first


async def test_what_was_handed_on_and_put_off_comes_first_no_more(units, shop, shops, sara, clock):
    first, second = await receipts(shops, shop, clock, 2)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await claims.hand_on(uow, second, to=sara.staff_id)
    async with units.begin(shop.bot_id, sara) as uow:
        await claims.put_off(uow, second)

    assert await given(units, shop, sara) == first


async def test_handed_on_twice_it_comes_first_for_the_last_one_alone(units, shop, shops, sara, clock):
    first, second = await receipts(shops, shop, clock, 2)
    bob = await hire(units, shop, "Bob")
    for whom in (sara, bob):
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await claims.hand_on(uow, second, to=whom.staff_id)
        clock.forward(seconds=1)

    assert await given(units, shop, sara) == first
    assert await given(units, shop, bob) == second


async def test_after_a_day_what_was_handed_on_stands_where_it_came(units, shop, shops, sara, clock):
    first, second = await receipts(shops, shop, clock, 2)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await claims.hand_on(uow, second, to=sara.staff_id)

    clock.forward(hours=24)

    assert await given(units, shop, sara) == first


async def test_what_was_handed_to_somebody_who_does_not_come_is_not_lost(units, shop, shops, sara, clock):
    (only,) = await receipts(shops, shop, clock, 1)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await claims.hand_on(uow, only, to=sara.staff_id)

    assert await given(units, shop, await hire(units, shop, "Bob")) == only


async def seen(units, shop, actor, **asked):
    """The queue as somebody sees it, and what of it is marked as his."""
    async with units.begin(shop.bot_id, actor) as uow:
        desk = await load_desk(uow, **asked)
    return [one.payment_id for one in desk.queue], [one.payment_id for one in desk.queue if one.is_for_me]


async def test_what_was_handed_to_somebody_is_first_in_his_list_and_in_nobody_elses(
    units, shop, shops, sara, clock
):
    first, second, third = await receipts(shops, shop, clock, 3)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await claims.hand_on(uow, third, to=sara.staff_id)

    assert await seen(units, shop, sara) == ([third, first, second], [third])
    assert await seen(units, shop, shop.owner) == ([first, second, third], [])
    async with units.begin(shop.bot_id, sara) as uow:
        desk = await load_desk(uow, payment_id=third)
    assert (desk.position, desk.total, desk.next_id) == (1, 3, first)
    clock.forward(hours=24)
    assert await seen(units, shop, sara) == ([first, second, third], [])


async def test_what_he_puts_off_goes_back_to_its_place_in_the_list(units, shop, shops, sara, clock):
    first, second = await receipts(shops, shop, clock, 2)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await claims.hand_on(uow, second, to=sara.staff_id)
    async with units.begin(shop.bot_id, sara) as uow:
        await claims.put_off(uow, second)

    assert await seen(units, shop, sara) == ([first, second], [])
    clock.forward(minutes=15)
    assert await seen(units, shop, sara) == ([second, first], [second])


async def test_what_came_last_of_a_long_queue_is_still_first_where_it_was_handed(
    units, shop, shops, sara, clock, everything
):
    """More wait than are listed: the page is full, holds each once, and begins with what is his."""
    ids = await receipts(shops, shop, clock, PAGE + 2)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        for one in (ids[-1], ids[3]):
            await claims.hand_on(uow, one, to=sara.staff_id)
        await claims.hand_on(uow, ids[0], to=(await hire(units, shop, "Bob")).staff_id)

    listed, mine = await seen(units, shop, sara)

    assert mine == [ids[3], ids[-1]]
    assert listed == [*mine, *(one for one in ids if one not in mine)][:PAGE]


async def test_part_of_the_queue_is_counted_whole_with_what_was_handed_on(units, shop, shops, sara, clock):
    first, second, third = await receipts(shops, shop, clock, 3)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await claims.hand_on(uow, third, to=sara.staff_id)

    async with units.begin(shop.bot_id, sara) as uow:
        everybody_new = await load_desk(uow, chosen_filter="new")
        flagged = await load_desk(uow, chosen_filter="flagged")

    assert [one.payment_id for one in everybody_new.queue] == [third, first, second]
    assert everybody_new.total == 3
    assert (flagged.queue, flagged.total) == ([], 0)


async def test_the_colleagues_chat_is_told_once_for_each_time(units, shop, shops, sara, clock, everything):
    (only,) = await receipts(shops, shop, clock, 1)
    await everything.execute("UPDATE staff SET telegram_id = 4242 WHERE id = $1", sara.staff_id)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await claims.hand_on(uow, only, to=sara.staff_id, note="look twice")

    rows = "SELECT chat_id, payload FROM outbox WHERE bot_id = $1 AND kind = 'receipt_handed'"
    (row,) = await everything.fetch(rows, shop.bot_id)
    assert row["chat_id"] == 4242
    assert "look twice" in row["payload"]
    clock.forward(minutes=5)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await claims.hand_on(uow, only, to=sara.staff_id)
    assert len(await everything.fetch(rows, shop.bot_id)) == 2


@pytest.mark.parametrize("whom", ["himself", "who only sees", "who left", "another shop's", "nobody"])
async def test_a_receipt_is_handed_only_to_who_may_decide_here(units, shop, shops, clock, everything, whom):
    (only,) = await receipts(shops, shop, clock, 1)
    other = await shops.open()
    bob = await hire(units, shop, "Bob", permissions=SEEING if whom == "who only sees" else OWNING)
    if whom == "who left":
        await everything.execute("UPDATE staff SET is_active = false WHERE id = $1", bob.staff_id)
    to = {
        "himself": shop.owner.staff_id,
        "another shop's": other.owner.staff_id,
        "nobody": 2**62,
    }.get(whom, bob.staff_id)

    async with units.begin(shop.bot_id, shop.owner) as uow:
        with pytest.raises(BadInput):
            await claims.hand_on(uow, only, to=to)
    assert await count(everything, shop, "desk_marks") == 0


@pytest.mark.parametrize("verb", [claims.take_over, claims.put_off])
async def test_who_may_only_see_and_who_comes_too_late_change_nothing(units, shop, shops, clock, verb):
    (only,) = await receipts(shops, shop, clock, 1)
    watcher = await hire(units, shop, "Watcher", permissions=SEEING)
    async with units.begin(shop.bot_id, watcher) as uow:
        with pytest.raises(NotAllowed):
            await verb(uow, only)
    other = await shops.open()
    async with units.begin(other.bot_id, other.owner) as uow:
        with pytest.raises(NotFound):
            await verb(uow, only)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await holding.hold_approval(uow, only)
    clock.forward(seconds=31)
    await holding.commit_due(units)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        with pytest.raises(ReceiptAlreadyReviewed):
            await verb(uow, only)
