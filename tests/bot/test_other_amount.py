"""Another amount, said in the shop's own chat: asked for, answered, held, and heard by the customer."""

from __future__ import annotations

from typing import Any

import asyncpg

from bot.app import BotProcess, Place
from shop.receipts import holding
from shop.receipts.rules import RejectReason
from shop.unit_of_work import UnitsOfWork
from tests.bot.conftest import MakePhone, running
from tests.bot.phone import Phone, Wire, buttons_of, words_of
from tests.bot.team import Team, card_that, offers, says
from tests.bot.test_buying import greeted
from tests.bot.test_team import answered, status, until
from tests.factories import Shops, photo

QUESTION = "Answer this message with the amount"
FIRST = "Another amount…"


async def arrived(bare: asyncpg.Connection, payment_id: int) -> tuple[Any, ...]:
    row = await bare.fetchrow(
        "select status, held_decision, amount, admin_notes from card_to_card_payments where id = $1",
        payment_id,
    )
    return tuple(row)


async def asked(phone: Phone) -> dict[str, Any]:
    await card_that(phone, offers(FIRST))
    return await phone.press_when(FIRST, QUESTION)


async def test_an_amount_in_any_digits_is_held_shown_and_told_to_the_customer(
    bots: BotProcess,
    shops: Shops,
    units: UnitsOfWork,
    wire: Wire,
    bare: asyncpg.Connection,
    make_phone: MakePhone,
) -> None:
    shop = await shops.open(hold_seconds=6)
    team = await Team.gather(shop, units, wire, bare)
    sara = await team.colleague("Sara")
    carol, person = await greeted(make_phone, shop, units)
    sent = await shops.receipt(shop, person)

    await sara.reply(await asked(sara), "۸۵٬۰۰۰ تومان کارمزد کم شده")
    held = await card_that(sara, says("Sara approves it"))

    assert "Arrived: 85,000 Toman" in words_of(held)
    assert await arrived(bare, sent.payment_id) == (
        "receipt_submitted",
        "approve",
        85_000,
        "کارمزد کم شده",
    )
    await bare.execute("update card_to_card_payments set commit_at = now() where commit_at is not null")
    await carol.expect("40,000 Toman is still missing")
    trail = await bare.fetchrow(
        "select actor_name, channel from audit_log where action = 'receipt.approved' and subject_id = $1",
        sent.payment_id,
    )
    assert tuple(trail) == ("Sara", "bot")


WRONG = (
    ("short", "Begin with the amount"),
    ("850000 Rial came", "In Toman, please"),
    ("0 nothing came", "more than nought"),
    ("1250000 came", "ten times"),
    ("85000", "in a few words why it differs"),
    ("85 000 the bank's fee", "Begin with the amount"),
)


async def test_what_is_no_amount_is_told_and_the_question_stays_open_over_a_restart(
    place: Place, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=30)
    team = await Team.gather(shop, units, wire, bare)
    alice = await team.owner()
    sent = await shops.receipt(shop)
    async with running(place):
        question = await asked(alice)
        for words, told in WRONG:
            await alice.reply(question, words)
            await until(lambda told=told: newest_says(alice, told), wanted=True)
        before = await arrived(bare, sent.payment_id)

    async with running(place):
        await alice.reply(question, "130,000: they rounded up")
        await card_that(alice, says("Arrived: 130,000 Toman"))

    assert before == ("receipt_submitted", None, None, None)
    assert (await arrived(bare, sent.payment_id))[2:] == (130_000, "they rounded up")


async def newest_says(phone: Phone, words: str) -> bool:
    return words in words_of((await phone.heard())[-1])


async def test_a_grave_warning_is_shown_before_the_amount_is_asked_for(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=0)
    team = await Team.gather(shop, units, wire, bare)
    alice = await team.owner()
    same = photo()
    first = await shops.receipt(shop, content=same)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await holding.hold_rejection(uow, first.payment_id, reason=RejectReason.NOT_ARRIVED)
    sent = await shops.receipt(shop, content=same)
    card = await card_that(alice, offers("Approve"))

    await alice.press(FIRST, message=card)
    await card_that(alice, offers("Another amount despite the warning"))
    assert not [one for one in await alice.heard() if QUESTION in words_of(one)]
    question = await alice.press_when("Another amount despite the warning", QUESTION)
    await alice.reply(question, "100000 that came")
    await card_that(alice, says("✅ Shop"))

    assert (await arrived(bare, sent.payment_id))[::2] == ("approved_other_amount", 100_000)
    overruled = (
        "select count(*) from audit_log where action = 'receipt.warnings_overruled' and subject_id = $1"
    )
    assert await bare.fetchval(overruled, sent.payment_id) == 1


async def test_a_warning_that_came_up_after_the_question_stops_the_answer(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=30)
    team = await Team.gather(shop, units, wire, bare)
    alice = await team.owner()
    same = photo()
    sent = await shops.receipt(shop, content=same)
    question = await asked(alice)
    await shops.receipt(shop, content=same)

    await alice.reply(question, "100000 that came")
    await alice.expect("A warning stands")

    assert await status(bare, sent.payment_id) == ("receipt_submitted", None)


async def test_only_who_was_asked_answers_and_only_within_his_limit(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=30)
    team = await Team.gather(shop, units, wire, bare)
    alice, sara = await team.owner(), await team.colleague("Sara", up_to=100_000)
    sent = await shops.receipt(shop)
    question = await asked(sara)

    await alice.reply(question, "90000 hers")
    await sara.reply(question, "100001 above")
    await sara.expect("You approve up to 100,000 Toman")
    assert await status(bare, sent.payment_id) == ("receipt_submitted", None)
    await sara.reply(question, "100000 that came")
    await card_that(sara, says("Sara approves it"))

    assert (await arrived(bare, sent.payment_id))[2] == 100_000


async def test_an_old_button_and_an_old_question_are_answered_with_what_is_true(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=0)
    team = await Team.gather(shop, units, wire, bare)
    alice, sara = await team.owner(), await team.colleague("Sara")
    sent = await shops.receipt(shop)
    card = await card_that(alice, offers(FIRST))
    button = next(b["callback_data"] for b in buttons_of(card) if FIRST in b["text"])
    question = await asked(alice)
    await sara.press("✅ Approve")
    await card_that(sara, says("✅ Sara"))

    await alice.forge(card, button)
    await answered(alice, "Too late: Sara has decided already")
    await alice.reply(question, "100000 that came")
    await alice.expect("Too late: Sara has decided already")

    assert await arrived(bare, sent.payment_id) == ("approved", None, 125_000, None)


async def test_a_question_about_an_older_receipt_is_not_answered_for_the_newer_one(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=30)
    team = await Team.gather(shop, units, wire, bare)
    alice = await team.owner()
    sent = await shops.receipt(shop)
    question = await asked(alice)
    await shops.another_receipt(shop, sent)

    await alice.reply(question, "100000 that came")
    await alice.expect("look at that one")

    assert await status(bare, sent.payment_id) == ("receipt_submitted", None)
