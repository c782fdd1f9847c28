"""Within one shop, too, a person reaches what is his own and nothing of a neighbour's."""

from __future__ import annotations

import pytest

from shop.errors import NotFound
from shop.receipts import service as receipts
from shop.subscriptions import queries as subscriptions


async def test_nobody_hands_a_receipt_in_for_a_neighbours_payment(shops, make_shop, units, everything):
    shop = await make_shop()
    sent, neighbour = await shops.receipt(shop), await shops.person(shop, name="Mallory")

    async with units.begin(shop.bot_id, neighbour.actor) as uow:
        with pytest.raises(NotFound):
            await receipts.submit(
                uow,
                neighbour.user_id,
                payment_id=sent.payment_id,
                media_id=None,
                receipt_type="text",
                text="123456789012",
            )

    count = "SELECT receipt_count FROM card_to_card_payments WHERE id = $1"
    assert await everything.fetchval(count, sent.payment_id) == 1


async def test_nobody_reads_a_neighbours_subscription(shops, make_shop, units, everything):
    shop = await make_shop()
    sent, neighbour = await shops.receipt(shop), await shops.person(shop, name="Mallory")
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, sent.payment_id)
    bought = await everything.fetchval("SELECT id FROM subscriptions WHERE order_id = $1", sent.order_id)

    async with units.begin(shop.bot_id, neighbour.actor) as uow:
        with pytest.raises(NotFound):
            await subscriptions.get_for_user(uow, neighbour.user_id, bought, "en")
        assert await subscriptions.list_for_user(uow, neighbour.user_id, "en") == []
    async with units.begin(shop.bot_id, sent.person.actor) as uow:
        own = await subscriptions.get_for_user(uow, sent.person.user_id, bought, "en")
    assert own.subscription_id == bought
