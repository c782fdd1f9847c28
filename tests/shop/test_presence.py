"""Who looks at a receipt: a warning for colleagues, never a lock."""

from __future__ import annotations

import pytest

from shop.actors import OWNING, SEEING, StaffMember
from shop.errors import NotAllowed, NotFound
from shop.receipts import presence, service
from shop.receipts.desk import load_desk
from shop.staff import service as staff

MISSING_ID = 2**62


@pytest.fixture
async def shop(shops):
    return await shops.open()


@pytest.fixture
async def sara(units, shop) -> StaffMember:
    async with units.begin(shop.bot_id, shop.owner) as uow:
        staff_id = await staff.create_staff(uow, name="Sara", role="staff")
    return StaffMember(staff_id, "Sara", OWNING)


@pytest.fixture
async def sent(shop, shops):
    return await shops.receipt(shop)


async def look(units, shop, actor, payment_id) -> None:
    async with units.begin(shop.bot_id, actor) as uow:
        await presence.look(uow, payment_id)


async def seen_by(units, shop, actor, payment_id) -> tuple[str | None, str | None]:
    """Who else looks at it, in the queue and on the receipt itself."""
    async with units.begin(shop.bot_id, actor) as uow:
        desk = await load_desk(uow, payment_id=payment_id)
    row = next(entry for entry in desk.queue if entry.payment_id == payment_id)
    return (row.reviewer and row.reviewer.name, desk.item.reviewer and desk.item.reviewer.name)


async def test_a_colleague_is_told_and_the_one_who_looks_is_not(units, shop, sara, sent):
    await look(units, shop, sara, sent.payment_id)

    assert await seen_by(units, shop, shop.owner, sent.payment_id) == ("Sara", "Sara")
    assert await seen_by(units, shop, sara, sent.payment_id) == (None, None)


async def test_a_look_is_believed_for_a_minute(units, shop, sara, sent, clock):
    await look(units, shop, sara, sent.payment_id)

    clock.forward(seconds=59)
    assert await seen_by(units, shop, shop.owner, sent.payment_id) == ("Sara", "Sara")
    clock.forward(seconds=1)
    assert await seen_by(units, shop, shop.owner, sent.payment_id) == (None, None)


async def test_who_looked_first_stays_until_the_look_is_over(units, shop, sara, sent, clock):
    await look(units, shop, sara, sent.payment_id)
    await look(units, shop, shop.owner, sent.payment_id)
    assert await seen_by(units, shop, shop.owner, sent.payment_id) == ("Sara", "Sara")

    clock.forward(seconds=61)
    await look(units, shop, shop.owner, sent.payment_id)

    assert await seen_by(units, shop, shop.owner, sent.payment_id) == (None, None)
    assert (await seen_by(units, shop, sara, sent.payment_id))[0] is not None


async def test_one_person_looks_at_one_receipt(units, shop, shops, sara, sent):
    other = await shops.receipt(shop)
    await look(units, shop, sara, sent.payment_id)

    await look(units, shop, sara, other.payment_id)

    assert await seen_by(units, shop, shop.owner, sent.payment_id) == (None, None)
    assert await seen_by(units, shop, shop.owner, other.payment_id) == ("Sara", "Sara")


async def test_leaving_ends_the_own_look_and_nobody_elses(units, shop, sara, sent):
    await look(units, shop, sara, sent.payment_id)

    async with units.begin(shop.bot_id, shop.owner) as uow:
        await presence.leave(uow, sent.payment_id)
    assert await seen_by(units, shop, shop.owner, sent.payment_id) == ("Sara", "Sara")
    async with units.begin(shop.bot_id, sara) as uow:
        await presence.leave(uow, sent.payment_id)
    assert await seen_by(units, shop, shop.owner, sent.payment_id) == (None, None)


async def test_a_look_keeps_nobody_from_deciding(units, shop, sara, sent):
    await look(units, shop, sara, sent.payment_id)

    async with units.begin(shop.bot_id, shop.owner) as uow:
        reviewed = await service.approve(uow, sent.payment_id)

    assert reviewed.status == "approved"


async def test_a_decided_receipt_is_nobodys(units, shop, sara, sent, everything):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await service.approve(uow, sent.payment_id)

    await look(units, shop, sara, sent.payment_id)

    claimed = "SELECT claimed_by FROM card_to_card_payments WHERE id = $1"
    assert await everything.fetchval(claimed, sent.payment_id) is None


async def test_who_may_only_see_is_in_nobodys_way(units, shop, sent):
    visitor = StaffMember(shop.owner.staff_id, "Visitor", SEEING)

    for verb in (presence.look, presence.leave):
        async with units.begin(shop.bot_id, visitor) as uow:
            with pytest.raises(NotAllowed):
                await verb(uow, sent.payment_id)


async def test_mallory_finds_nothing_to_look_at(units, shops, sent):
    mallorys = await shops.open(name="Mallory's shop")

    for verb in (presence.look, presence.leave):
        for payment_id in (sent.payment_id, MISSING_ID):
            async with units.begin(mallorys.bot_id, mallorys.owner) as uow:
                with pytest.raises(NotFound):
                    await verb(uow, payment_id)
