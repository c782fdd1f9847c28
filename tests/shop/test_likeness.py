"""The same screenshot sent again, saved anew: told to who decides, and never decided by."""

from __future__ import annotations

import asyncio

import pytest
from PIL import Image

from shop.configurations import service as configurations
from shop.media import picture
from shop.media import service as media
from shop.orders import service as orders
from shop.payments import service as payments
from shop.receipts import desk, likeness, service
from shop.receipts.rules import RejectReason
from tests.bench import slips

LIGHT = slips.draw(slips.write(1, "light"))
OTHER = slips.jpeg(slips.draw(slips.write(2, "light")))
COPIED_WELL, COPIED, COPIED_BADLY = slips.jpeg(LIGHT, 95), slips.jpeg(LIGHT), slips.jpeg(LIGHT, 30)
ORIGINAL = slips.png(LIGHT)
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture
async def shop(make_shop):
    return await make_shop()


async def shown(shops, shop, payment_id=None, **choice):
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        return await desk.load_desk(uow, payment_id=payment_id, language="en", **choice)


async def hint(shops, shop, sent):
    warnings = (await shown(shops, shop, sent.payment_id)).item.warnings
    return next((warning for warning in warnings if warning.code == "alike_image"), None)


@pytest.mark.parametrize("way", [way for way in slips.SENT_AGAIN if "cut" not in way])
async def test_the_same_screenshot_in_another_file_is_told_amber_with_the_other_receipt(shops, shop, way):
    first = await shops.receipt(shop, content=ORIGINAL)
    again = await shops.receipt(shop, content=slips.SENT_AGAIN[way](LIGHT))

    told = await hint(shops, shop, again)

    assert told is not None
    assert (told.tone, told.other_payment_id) == ("warn", first.payment_id)
    assert told.other_status == "receipt_submitted"
    assert await hint(shops, shop, first) is None


async def test_another_receipt_of_the_same_bank_card_day_and_amount_is_another_picture(shops, shop):
    common = {"amount": 4_200_000, "day": 7, "payer": "Sara Rezaei", "card": 4417}
    for seed in range(4):
        slip = slips.write(seed, "light", **common)
        sent = await shops.receipt(shop, content=slips.jpeg(slips.draw(slip)))

        assert await hint(shops, shop, sent) is None


async def test_of_several_that_look_the_same_the_most_alike_is_named(shops, shop):
    nearest = await shops.receipt(shop, content=ORIGINAL)
    await shops.receipt(shop, content=slips.SENT_AGAIN["15 % brighter"](LIGHT))
    again = await shops.receipt(shop, content=COPIED_WELL)

    assert (await hint(shops, shop, again)).other_payment_id == nearest.payment_id


async def test_the_very_same_file_is_told_by_its_hash_alone(shops, shop):
    first = await shops.receipt(shop, content=ORIGINAL)
    again = await shops.receipt(shop, content=ORIGINAL)

    warnings = (await shown(shops, shop, again.payment_id)).item.warnings

    assert [(one.code, one.other_payment_id) for one in warnings if "image" in one.code] == [
        ("same_image", first.payment_id)
    ]


async def test_sent_again_for_the_same_payment_it_is_like_nothing(shops, shop):
    sent = await shops.receipt(shop, content=ORIGINAL)
    await shops.another_receipt(shop, sent, content=COPIED)

    assert await hint(shops, shop, sent) is None


async def test_the_hint_goes_with_the_picture_that_a_newer_one_replaced(shops, shop):
    first = await shops.receipt(shop, content=ORIGINAL)
    again = await shops.receipt(shop, content=COPIED_WELL)
    assert await hint(shops, shop, again) is not None

    await shops.another_receipt(shop, again, content=OTHER)

    assert await hint(shops, shop, again) is None
    third = await shops.receipt(shop, content=COPIED_BADLY)
    assert (await hint(shops, shop, third)).other_payment_id == first.payment_id


async def test_a_replacement_that_looks_like_anothers_is_told(shops, shop):
    first = await shops.receipt(shop, content=ORIGINAL)
    again = await shops.receipt(shop, content=OTHER)

    await shops.another_receipt(shop, again, content=COPIED)

    assert (await hint(shops, shop, again)).other_payment_id == first.payment_id


async def test_the_owner_reads_who_sent_the_other_and_what_became_of_it(shops, shop):
    carol = await shops.person(shop)
    first = await shops.receipt(shop, carol, content=ORIGINAL)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await service.reject(uow, first.payment_id, reason=RejectReason.UNREADABLE)

    again = await shops.receipt(shop, carol, content=COPIED)

    told = await hint(shops, shop, again)
    assert (told.other_customer, told.other_status) == ("Carol", "rejected")


async def test_it_marks_the_queue_amber_and_neither_decides_nor_asks_twice(shops, shop):
    await shops.receipt(shop, content=ORIGINAL)
    again = await shops.receipt(shop, content=COPIED)

    flagged = (await shown(shops, shop, chosen_filter="flagged")).queue

    assert [(one.payment_id, one.flag) for one in flagged] == [(again.payment_id, "warn")]
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        assert (await service.approve(uow, again.payment_id)).status == "approved"


async def test_the_same_screenshot_in_another_shop_is_nobodys_business(shops, make_shop):
    alice, mallory = await make_shop(), await make_shop()
    await shops.receipt(alice, content=ORIGINAL)
    sent = await shops.receipt(mallory, content=COPIED)

    assert await hint(shops, mallory, sent) is None


async def test_a_picture_that_shows_nothing_is_like_no_other(shops, shop):
    white, larger = (slips.png(Image.new("RGB", (side, side), "white")) for side in (300, 400))
    await shops.receipt(shop, content=white)
    sent = await shops.receipt(shop, content=larger)

    assert await hint(shops, shop, sent) is None


async def test_only_the_newest_pictures_are_looked_at(shops, shop, monkeypatch):
    monkeypatch.setattr(likeness, "LOOKED_AT", 1)
    await shops.receipt(shop, content=ORIGINAL)
    await shops.receipt(shop, content=OTHER)
    again = await shops.receipt(shop, content=COPIED)
    last = await shops.receipt(shop, content=COPIED_WELL)

    assert await hint(shops, shop, again) is None
    assert (await hint(shops, shop, last)).other_payment_id == again.payment_id


async def test_the_draft_goes_with_the_picture_and_what_it_showed_stays(
    shops, shop, shelf, clock, everything
):
    first = await shops.receipt(shop, content=ORIGINAL)
    again = await shops.receipt(shop, content=COPIED)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await service.approve(uow, first.payment_id)
        await configurations.set_configuration(uow, "receipt_image_days", value=30)
    clock.forward(days=31)

    await media.remove_old(shops.units, shelf)

    drafts = await everything.fetch("SELECT payment_id FROM picture_sketches WHERE bot_id = $1", shop.bot_id)
    assert [row["payment_id"] for row in drafts] == [again.payment_id]
    assert (await hint(shops, shop, again)).other_payment_id == first.payment_id


async def test_of_two_copies_at_the_same_moment_the_later_one_finds_the_earlier(shops, shop, everything):
    (one, first), (two, second) = [await ordered(shops, shop) for _ in range(2)]

    async with shops.units.begin(shop.bot_id, one.actor) as uow:
        await submit(shops, uow, one, first, ORIGINAL)
        later = asyncio.create_task(submit_alone(shops, shop, two, second, COPIED))
        async with asyncio.timeout(10):
            while not later.done() and not await everything.fetchval(WAITING):
                pass
    await later

    item = (await shown(shops, shop, second)).item
    assert ("alike_image", first) in {(told.code, told.other_payment_id) for told in item.warnings}


async def ordered(shops, shop):
    person = await shops.person(shop)
    async with shops.units.begin(shop.bot_id, person.actor) as uow:
        order = await orders.place(uow, person.user_id, plan_id=shop.plan_id, shown_price=shop.price)
        invoice = await payments.start_card_payment(uow, person.user_id, order.order_id)
    return person, invoice.payment_id


async def submit_alone(shops, shop, person, payment_id, content):
    async with shops.units.begin(shop.bot_id, person.actor) as uow:
        await submit(shops, uow, person, payment_id, content)


async def submit(shops, uow, person, payment_id, content):
    prepared = await picture.prepare(content)
    await service.submit(
        uow,
        person.user_id,
        payment_id=payment_id,
        media_id=await media.store(uow, shops.shelf, prepared),
        receipt_type="photo",
        text=None,
        sketch=prepared.sketch,
    )
