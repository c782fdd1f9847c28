"""Pictures are kept as long as the shop wishes, and never taken from somebody who has yet to decide."""

from __future__ import annotations

import pytest

from shop.configurations import service as configurations
from shop.errors import NotFound
from shop.media.service import open_picture, remove_old
from shop.receipts import service as receipts
from shop.receipts.desk import load_desk
from shop.tickets import service as tickets
from tests.factories import photo


@pytest.fixture
async def shop(shops):
    return await shops.open(name="Nasim")


async def decided(units, shops, shop, content=None):
    sent = await shops.receipt(shop, content=content)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, sent.payment_id)
    return sent


async def keep_for(units, shop, days):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await configurations.set_configuration(uow, "receipt_image_days", value=days)


async def is_there(units, shelf, shop, sent) -> bool:
    async with units.begin(shop.bot_id, shop.owner) as uow:
        try:
            return bool((await open_picture(uow, shelf, sent.payment_id)).content)
        except NotFound:
            return False


async def test_the_picture_goes_after_its_time_and_the_desk_says_why(units, shops, shop, shelf, clock):
    sent = await decided(units, shops, shop)
    await keep_for(units, shop, 30)

    clock.forward(days=29)
    await remove_old(units, shelf)
    assert await is_there(units, shelf, shop, sent)
    clock.forward(days=2)
    assert await remove_old(units, shelf) == 1

    assert not await is_there(units, shelf, shop, sent)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        item = (await load_desk(uow, payment_id=sent.payment_id)).item
    assert item is not None
    assert (item.has_image, item.was_removed) == (False, True)
    assert await remove_old(units, shelf) == 0, "once"


async def test_the_same_picture_is_noticed_when_the_first_is_gone(units, shops, shop, shelf, clock):
    content = photo()
    await decided(units, shops, shop, content)
    await keep_for(units, shop, 30)
    clock.forward(days=31)
    await remove_old(units, shelf)

    again = await shops.receipt(shop, content=content)

    async with units.begin(shop.bot_id, shop.owner) as uow:
        item = (await load_desk(uow, payment_id=again.payment_id)).item
    assert item is not None
    assert "same_image" in {warning.code for warning in item.warnings}


async def test_a_receipt_that_waits_keeps_its_picture_however_old(units, shops, shop, shelf, clock):
    sent = await shops.receipt(shop)
    await keep_for(units, shop, 30)
    clock.forward(days=400)

    await remove_old(units, shelf)

    assert await is_there(units, shelf, shop, sent)


async def test_a_shop_that_wished_nothing_keeps_everything(units, shops, shop, shelf, clock):
    other = await shops.open(name="Other")
    sent = await decided(units, shops, other)
    await keep_for(units, shop, 30)
    clock.forward(days=4000)

    await remove_old(units, shelf)

    assert await is_there(units, shelf, other, sent)


async def test_an_open_ticket_keeps_its_pictures_and_a_closed_one_as_long_as_the_shop_wishes(
    units, shops, shop, shelf, clock
):
    asked = await shops.ticket(shop)
    await keep_for(units, shop, 30)
    clock.forward(days=400)

    assert await remove_old(units, shelf) == 0
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await tickets.close(uow, asked.ticket_id)

    assert await remove_old(units, shelf) == 1
