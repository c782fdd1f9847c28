"""A late receipt in the shop's own chat: how late, what it would cost now, and its money into the wallet."""

from __future__ import annotations

import asyncpg

from bot.app import BotProcess
from shop.plans import service as plans
from shop.unit_of_work import UnitsOfWork
from tests.bot.conftest import MakePhone
from tests.bot.phone import Wire, buttons_of, words_of
from tests.bot.team import Team, card_that, offers, says
from tests.bot.test_buying import greeted
from tests.bot.test_team import answered
from tests.factories import Shops, photo

WALLET = "Into the wallet"


async def test_the_chat_puts_a_late_receipts_money_into_the_wallet_and_the_customer_hears_of_it(
    bots: BotProcess,
    shops: Shops,
    units: UnitsOfWork,
    wire: Wire,
    bare: asyncpg.Connection,
    make_phone: MakePhone,
) -> None:
    shop = await shops.open(stock=1, hold_seconds=6)
    team = await Team.gather(shop, units, wire, bare)
    sara = await team.colleague("Sara")
    carol, person = await greeted(make_phone, shop, units)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await plans.update_plan(uow, shop.plan_id, price=shop.price)
    sent = await shops.late_receipt(shop, person, minutes=190)

    card = await card_that(sara, offers("Approve, old price"))
    said = words_of(card)
    assert "It came 3 h after the deadline." in said
    assert "Today it costs the same." in said
    assert "It came after the deadline." not in said

    await sara.press(WALLET, message=card)
    held = await card_that(sara, says("Sara puts it into the wallet"))
    await sara.press("Take back", message=held)
    card = await card_that(sara, offers("Approve, old price"))
    await sara.press(WALLET, message=card)
    await card_that(sara, says("Sara puts it into the wallet"))
    await bare.execute("update card_to_card_payments set commit_at = now() where commit_at is not null")

    told = words_of(await carol.expect("was not ordered and the money is kept for you"))
    assert "125,000 Toman is in your wallet." in told
    assert "Write to the shop what you would like for it." in told
    await card_that(sara, says("Into the wallet: Sara"))
    row = await bare.fetchrow(
        "select p.status, p.to_wallet, o.status from card_to_card_payments p "
        "join orders o on o.id = p.order_id where p.id = $1",
        sent.payment_id,
    )
    assert tuple(row) == ("approved", True, "expired")


async def test_a_grave_warning_is_shown_before_the_money_goes_to_the_wallet(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=0)
    team = await Team.gather(shop, units, wire, bare)
    alice = await team.owner()
    same = photo()
    await shops.receipt(shop, content=same)
    sent = await shops.late_receipt(shop, content=same)
    card = await card_that(alice, offers(WALLET))

    await alice.press(WALLET, message=card)
    await card_that(alice, says("Into the wallet all the same?"))
    status = "select status from card_to_card_payments where id = $1"
    assert await bare.fetchval(status, sent.payment_id) == "receipt_submitted"
    await alice.press_when("To the wallet despite the warning", "Into the wallet: Shop")

    assert await bare.fetchval(status, sent.payment_id) == "approved"


async def test_a_receipt_that_came_in_time_offers_no_wallet_in_the_chat(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=0)
    team = await Team.gather(shop, units, wire, bare)
    alice = await team.owner()
    await shops.receipt(shop)

    assert not offers(WALLET)(await card_that(alice, offers("Approve")))


async def test_who_comes_second_in_the_chat_is_told_that_it_went_to_the_wallet(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=6)
    team = await Team.gather(shop, units, wire, bare)
    alice, sara = await team.owner(), await team.colleague("Sara")
    await shops.late_receipt(shop)
    card = await card_that(alice, offers(WALLET))
    button = next(b["callback_data"] for b in buttons_of(card) if "Approve" in b["text"])
    await sara.press(WALLET, message=await card_that(sara, offers(WALLET)))
    await card_that(sara, says("Sara puts it into the wallet"))

    await alice.forge(card, button)
    await answered(alice, "Sara put it into the wallet a moment ago; it can still be taken back.")
    await bare.execute("update card_to_card_payments set commit_at = now() where commit_at is not null")
    await card_that(sara, says("Into the wallet: Sara"))
    await alice.forge(card, button)
    await answered(alice, "Too late: Sara has put it into the wallet already.")
