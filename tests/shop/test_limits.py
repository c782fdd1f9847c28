"""A colleague approves up to the amount his owner allows him, through every door, and nobody gives more."""

from __future__ import annotations

import pytest

from shop.actors import OWNING, RECEIPTS_APPROVE, StaffMember
from shop.errors import AboveYourLimit, BadInput, NotAllowed
from shop.receipts import holding, service
from shop.receipts.desk import load_desk
from shop.receipts.rules import RejectReason
from shop.staff import service as staff
from shop.staff import team
from tests.shop.test_money import count

HOLD = 6
REST = {"name": "Bob", "permissions": OWNING}


@pytest.fixture
async def shop(make_shop):
    return await make_shop(hold_seconds=HOLD)


async def colleague(shops, shop, limit) -> StaffMember:
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        key = await staff.create_staff(uow, name="Bob", role="staff", permissions=OWNING, approve_up_to=limit)
    return StaffMember(key, "Bob", OWNING)


async def approve(shops, shop, actor, sent, **how):
    async with shops.units.begin(shop.bot_id, actor) as uow:
        return await holding.hold_approval(uow, sent.payment_id, **how)


async def test_up_to_his_limit_a_colleague_approves_and_above_it_he_does_not(shops, shop, everything):
    sent = await shops.receipt(shop)
    enough = await colleague(shops, shop, shop.price)
    short = await colleague(shops, shop, shop.price - 1)

    with pytest.raises(AboveYourLimit) as refusal:
        await approve(shops, shop, short, sent)
    assert refusal.value.limit == shop.price - 1
    assert await count(everything, shop, "card_to_card_payments", "commit_at IS NOT NULL") == 0

    await approve(shops, shop, enough, sent)
    assert await count(everything, shop, "card_to_card_payments", "commit_at IS NOT NULL") == 1


async def test_what_counts_is_what_he_accepts_not_what_was_asked(shops, shop):
    sent = await shops.receipt(shop)
    bob = await colleague(shops, shop, shop.price)

    with pytest.raises(AboveYourLimit):
        await approve(shops, shop, bob, sent, amount=shop.price + 1, why="more came")
    await approve(shops, shop, bob, sent, amount=shop.price - 1, why="less came")


async def test_where_nothing_is_held_the_limit_is_the_same(shops, make_shop):
    shop = await make_shop()
    sent = await shops.receipt(shop)
    bob = await colleague(shops, shop, shop.price - 1)

    with pytest.raises(AboveYourLimit):
        await approve(shops, shop, bob, sent)
    async with shops.units.begin(shop.bot_id, bob) as uow:
        with pytest.raises(AboveYourLimit):
            await service.approve(uow, sent.payment_id)


async def test_rejecting_and_taking_back_have_no_limit(shops, shop):
    sent = await shops.receipt(shop)
    bob = await colleague(shops, shop, 1)
    async with shops.units.begin(shop.bot_id, bob) as uow:
        await holding.hold_rejection(uow, sent.payment_id, reason=RejectReason.NOT_ARRIVED)
        await holding.undo(uow, sent.payment_id)


async def test_what_he_was_allowed_when_he_decided_counts(shops, shop, everything, clock):
    sent = await shops.receipt(shop)
    bob = await colleague(shops, shop, None)
    await approve(shops, shop, bob, sent)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await team.change_colleague(uow, bob.staff_id, **REST, approve_up_to=1)
    clock.forward(seconds=HOLD)
    await holding.commit_due(shops.units)

    assert await count(everything, shop, "card_to_card_payments", "status = 'approved'") == 1


async def test_the_desk_knows_the_limit_of_who_looks(shops, shop):
    sent = await shops.receipt(shop)
    bob = await colleague(shops, shop, 5_000)

    for actor, limit in ((bob, 5_000), (shop.owner, None)):
        async with shops.units.begin(shop.bot_id, actor) as uow:
            desk = await load_desk(uow, payment_id=sent.payment_id)
        assert desk.item is not None
        assert desk.item.my_limit == limit


async def test_a_limit_is_kept_with_what_was_before_and_falls_with_the_right(shops, shop, everything):
    bob = await colleague(shops, shop, 5_000)
    limit = "SELECT approve_up_to FROM staff WHERE id = $1"
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await team.change_colleague(uow, bob.staff_id, **REST, approve_up_to=9_000)
    assert await everything.fetchval(limit, bob.staff_id) == 9_000
    told = await everything.fetchval(
        "SELECT data FROM audit_log WHERE bot_id = $1 AND action = 'staff.changed'", shop.bot_id
    )
    assert '"approve_up_to": 9000' in told
    assert '"approve_up_to_before": 5000' in told

    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        rights = OWNING - {RECEIPTS_APPROVE}
        await team.change_colleague(uow, bob.staff_id, name="Bob", permissions=rights, approve_up_to=9_000)
    assert await everything.fetchval(limit, bob.staff_id) is None


@pytest.mark.parametrize("limit", [0, -1, 10**12 + 1])
async def test_a_limit_that_is_none_is_refused(shops, shop, limit):
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        with pytest.raises(BadInput):
            await team.add_colleague(uow, **REST, approve_up_to=limit)


@pytest.mark.parametrize("given", [None, 5_001])
async def test_nobody_gives_a_colleague_more_than_he_has_himself(shops, shop, given):
    bob = await colleague(shops, shop, 5_000)
    carol = await colleague(shops, shop, 4_000)

    async with shops.units.begin(shop.bot_id, bob) as uow:
        with pytest.raises(NotAllowed):
            await team.add_colleague(uow, **REST, approve_up_to=given)
        with pytest.raises(NotAllowed):
            await team.change_colleague(uow, carol.staff_id, **REST, approve_up_to=given)
        await team.change_colleague(uow, carol.staff_id, **REST, approve_up_to=5_000)


async def test_what_a_colleague_has_beyond_ones_own_stays_his(shops, shop, everything):
    bob, carol = await colleague(shops, shop, 5_000), await colleague(shops, shop, None)

    async with shops.units.begin(shop.bot_id, bob) as uow:
        await team.change_colleague(uow, carol.staff_id, **REST, approve_up_to=1)

    assert await everything.fetchval("SELECT approve_up_to FROM staff WHERE id = $1", carol.staff_id) is None
