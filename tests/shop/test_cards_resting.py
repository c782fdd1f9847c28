"""A card that rests, by its owner's wish or by itself; and the same card for the same person."""

from __future__ import annotations

import pytest

from shop.cards import queries, service
from shop.configurations import service as configurations
from shop.receipts import service as receipts
from tests.shop.test_cards import as_owner, next_card, outcome, shop

__all__ = ("shop",)


async def test_a_card_that_rests_takes_no_turn_until_its_hours_are_over(units, make_shop, clock):
    shop = await make_shop(stock=0, cards_count=2)
    first, second = (card.card_id for card in await as_owner(units, shop, queries.get_payment_cards))

    await as_owner(units, shop, service.quarantine_card, first, hours=2, note="bank is slow")
    assert {(await next_card(units, shop)).card_id for _ in range(3)} == {second}
    clock.forward(hours=2)
    assert {(await next_card(units, shop)).card_id for _ in range(2)} == {first, second}

    await as_owner(units, shop, service.quarantine_card, second, hours=2)
    await as_owner(units, shop, service.end_quarantine, second)
    assert {(await next_card(units, shop)).card_id for _ in range(2)} == {first, second}


async def test_a_card_rejected_far_more_than_the_others_rests_by_itself(units, make_shop, clock):
    shop = await make_shop(stock=0, cards_count=2)
    good, bad = (card.card_id for card in await as_owner(units, shop, queries.get_payment_cards))
    for _ in range(10):
        await outcome(units, shop, good, "approved", shown_at=clock.now)
    for _ in range(9):
        await outcome(units, shop, bad, "rejected", shown_at=clock.now)
    assert {(await next_card(units, shop)).card_id for _ in range(2)} == {good, bad}

    await outcome(units, shop, bad, "rejected", shown_at=clock.now)

    assert {(await next_card(units, shop)).card_id for _ in range(3)} == {good}
    clock.forward(hours=24)
    assert {(await next_card(units, shop)).card_id for _ in range(2)} == {good, bad}


@pytest.mark.parametrize("why", ["it is the only one", "the owner wants none to"])
async def test_no_card_rests_by_itself_when(units, make_shop, clock, why):
    shop = await make_shop(stock=0, cards_count=2 if why == "the owner wants none to" else 1)
    if why == "the owner wants none to":
        await as_owner(units, shop, configurations.set_configuration, "card_rest_hours", value=0)

    for _ in range(12):
        await outcome(units, shop, shop.card_id, "rejected", shown_at=clock.now)

    assert shop.card_id in {(await next_card(units, shop)).card_id for _ in range(2)}


# The same card for the same person --------------------------------------------------------------------------


async def test_whoever_paid_to_a_card_sees_it_again_while_it_has_room_and_turns_go_on(units, shops, clock):
    shop = await shops.open(stock=0, cards_count=3)
    cards = [card.card_id for card in await as_owner(units, shop, queries.get_payment_cards)]
    await as_owner(units, shop, configurations.set_configuration, "card_sticky_days", value=7)
    carol = await shops.person(shop)
    sent = await shops.receipt(shop, carol)
    assert (await next_card(units, shop, user_id=carol.user_id)).card_id == cards[1], "not approved yet"
    await as_owner(units, shop, receipts.approve, sent.payment_id)

    mine = [(await next_card(units, shop, user_id=carol.user_id)).card_id for _ in range(2)]
    others = [(await next_card(units, shop)).card_id for _ in range(3)]

    assert mine == [cards[0]] * 2
    assert others == [cards[2], cards[0], cards[1]]
    await as_owner(units, shop, service.update_payment_card, cards[0], daily_limit_count=1)
    assert (await next_card(units, shop, user_id=carol.user_id)).card_id == cards[2]
    await as_owner(units, shop, service.update_payment_card, cards[0], daily_limit_count=None)
    clock.forward(days=8)
    assert (await next_card(units, shop, user_id=carol.user_id)).card_id == cards[0], "its turn, by now"
    assert (await next_card(units, shop, user_id=carol.user_id)).card_id == cards[1]
