"""Deciding in the shop's own chat: the desk's verbs under a card, and every copy shows what became of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from bot.app import BotProcess
from shop.actors import System
from shop.bots import service as bot_service
from shop.errors import ReceiptAlreadyReviewed
from shop.receipts import copies, holding
from shop.receipts.rules import RejectReason
from shop.unit_of_work import UnitsOfWork
from tests.bot.conftest import MakePhone
from tests.bot.phone import PATIENCE, Phone, Wire, buttons_of, words_of
from tests.bot.team import Team, card_that, labels, offers, says
from tests.factories import Shops, photo


async def test_a_receipt_comes_with_its_picture_and_is_approved_and_taken_back(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=30)
    team = await Team.gather(shop, units, wire, bare)
    alice = await team.owner()
    sent = await shops.receipt(shop)

    card = await alice.expect("125,000 Toman (1,250,000 Rial), 1 month, 50 GB")
    assert card["photo"]
    assert "Customer: Carol\n0 purchases, 0 rejected" in words_of(card)
    assert labels(card) == ["✅ Approve", "❌ Reject", "⚖️ Another amount…"]
    await alice.press("Approve")
    held = await card_that(alice, offers("Take back"))
    assert "Shop approves it" in words_of(held)
    await alice.press("Take back")
    again = await card_that(alice, offers("Approve"))

    assert held["message_id"] == again["message_id"] == card["message_id"]
    assert await alice.answers() == ["✅ Approved", "↩️ Taken back"]
    row = await bare.fetchrow("select * from card_to_card_payments where id = $1", sent.payment_id)
    assert (row["status"], row["commit_at"]) == ("receipt_submitted", None)


async def test_what_is_decided_at_the_desk_is_shown_on_every_copy_and_leaves_no_buttons(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=0)
    team = await Team.gather(shop, units, wire, bare)
    alice = await team.owner()
    sent = await shops.receipt(shop)
    await card_that(alice, offers("Approve"))
    await until(lambda: noted(bare, shop.bot_id), wanted=True)
    # A second copy, as after a crash between Telegram's answer and our note of it.
    await bare.execute("update outbox set sent_at = null, due_at = now() where kind = 'receipt_card'")
    await alice.expect_count("125,000 Toman", 2)

    async with replace(units, channel="web").begin(shop.bot_id, shop.owner) as uow:
        await holding.hold_approval(uow, sent.payment_id)

    await alice.expect_count("✅ Alice, ", 2)
    shown = [card for card in await alice.heard() if "Alice" in words_of(card)]
    assert all("in the dashboard" in words_of(card) for card in shown)
    assert [labels(card) for card in shown] == [[], []]
    await until(lambda: closed(bare, sent.payment_id), [True, True])


async def test_a_hold_that_ends_by_itself_is_shown_as_decided_in_the_chat(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=6)
    team = await Team.gather(shop, units, wire, bare)
    sara = await team.colleague("Sara")
    sent = await shops.receipt(shop)
    await card_that(sara, offers("Approve"))

    await sara.press("Approve")
    held = await card_that(sara, offers("Take back"))
    await bare.execute("update card_to_card_payments set commit_at = now() where commit_at is not null")
    decided = await card_that(sara, says("✅ Sara, "))

    assert "in the chat" in words_of(decided)
    assert decided["message_id"] == held["message_id"]
    assert labels(decided) == []
    trail = await bare.fetchrow(
        "select actor_name, channel from audit_log where action = 'receipt.approved' and subject_id = $1",
        sent.payment_id,
    )
    assert tuple(trail) == ("Sara", "bot")


async def test_a_rejection_asks_for_its_reason_in_place_and_there_is_a_way_back(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=30)
    team = await Team.gather(shop, units, wire, bare)
    alice = await team.owner()
    sent = await shops.receipt(shop)
    await card_that(alice, offers("Reject"))

    await alice.press("Reject")
    await card_that(alice, offers("The money has not arrived"))
    await alice.press("Back")
    await card_that(alice, offers("Approve"))
    await alice.press("Reject")
    await card_that(alice, offers("The money has not arrived"))
    await alice.press("The money has not arrived")
    held = await card_that(alice, says("rejects it"))

    assert "Reason: The money has not arrived" in words_of(held)
    assert labels(held) == ["↩️ Take back"]
    row = await bare.fetchrow("select * from card_to_card_payments where id = $1", sent.payment_id)
    assert (row["held_decision"], row["reject_reason"]) == ("reject", "not_arrived")


async def test_a_reviewer_may_say_the_reason_in_his_own_words(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=30)
    team = await Team.gather(shop, units, wire, bare)
    alice, mallory = await team.owner(), await team.stranger()
    sent = await shops.receipt(shop)
    await card_that(alice, offers("Reject"))
    await alice.press("Reject")
    await card_that(alice, offers("In my own words"))
    await alice.press("In my own words")
    question = await alice.expect("Answer this message with the reason")

    await mallory.reply(question, "because")
    await alice.reply(question, "The <b>name</b> is another")
    held = await card_that(alice, says("rejects it"))

    assert "To the customer: The <b>name</b> is another" in words_of(held)
    row = await bare.fetchrow("select * from card_to_card_payments where id = $1", sent.payment_id)
    assert (row["reject_reason"], row["admin_notes"]) == ("other", "The <b>name</b> is another")


async def test_a_grave_warning_wants_a_second_press(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=30)
    team = await Team.gather(shop, units, wire, bare)
    alice = await team.owner()
    same = photo()
    first = await shops.receipt(shop, content=same)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await holding.hold_rejection(uow, first.payment_id, reason=RejectReason.NOT_ARRIVED)
    await card_that(alice, offers("Take back"))
    sent = await shops.receipt(shop, content=same)
    card = await card_that(alice, offers("Approve"))

    await alice.press("Approve", message=card)
    await card_that(alice, offers("Approve despite the warning"))
    before = await status(bare, sent.payment_id)
    await alice.press("Approve despite the warning")
    await card_that(alice, says("approves it"))

    assert "⚠️ This same picture was sent before." in words_of(card)
    assert before == ("receipt_submitted", None)
    assert await status(bare, sent.payment_id) == ("receipt_submitted", "approve")


async def test_a_newer_receipt_makes_the_card_of_the_older_one_old(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=30)
    team = await Team.gather(shop, units, wire, bare)
    alice = await team.owner()
    sent = await shops.receipt(shop)
    old = await card_that(alice, offers("Approve"))
    approve_old = next(b["callback_data"] for b in buttons_of(old) if "Approve" in b["text"])

    await shops.another_receipt(shop, sent)
    await card_that(alice, says("a newer receipt in its place"))
    new = await card_that(alice, offers("Approve"))
    await alice.forge(old, approve_old)
    await answered(alice, "newer receipt")

    assert new["message_id"] != old["message_id"]
    assert await status(bare, sent.payment_id) == ("receipt_submitted", None)


async def test_whoever_comes_second_is_told_who_was_first_and_nothing_changes(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=30)
    team = await Team.gather(shop, units, wire, bare)
    alice, sara = await team.owner(), await team.colleague("Sara")
    sent = await shops.receipt(shop)
    card = await card_that(alice, offers("Approve"))
    approve = next(b["callback_data"] for b in buttons_of(card) if "Approve" in b["text"])
    await sara.press("Approve")
    await card_that(alice, says("Sara approves it"))

    await alice.forge(card, approve)
    await answered(alice, "Sara decided this a moment ago")
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await holding.undo(uow, sent.payment_id)
    await card_that(alice, offers("Approve"))

    assert await status(bare, sent.payment_id) == ("receipt_submitted", None)


@pytest.mark.parametrize(
    "who", ["stranger", "colleague without the right", "left", "customer", "neighbour", "payer"]
)
async def test_a_press_counts_only_of_a_reviewer_in_the_shops_own_chat(
    who: str, bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop, other = await shops.open(hold_seconds=30), await shops.open(hold_seconds=30)
    team = await Team.gather(shop, units, wire, bare)
    neighbours = await Team.gather(other, units, wire, bare)
    await team.owner()
    sent = await shops.receipt(shop)
    watcher = await team.stranger("Watcher")
    card = await card_that(watcher, offers("Approve"))
    approve = next(b["callback_data"] for b in buttons_of(card) if "Approve" in b["text"])
    theirs = await neighbours.owner()
    await shops.receipt(other)
    their_card = await card_that(theirs, offers("Approve"))

    match who:
        case "stranger":
            person, at = watcher, card
        case "colleague without the right":
            person, at = await team.colleague("Bob", may_approve=False), card
        case "left":
            person, at = await team.colleague("Bob"), card
            await bare.execute("update staff set is_active = false where telegram_id = $1", person.user_id)
        case "customer":
            # In his private chat with the bot, under whatever was said there.
            person = replace(watcher, chat_id=None)
            await person.text("/start")
            at = await person.expect("Hi Watcher")
        case "neighbour":
            # His own chat, his own card, our payment's number.
            person, at = replace(theirs, token=other.telegram_token), their_card
        case _:
            person, at = await team.colleague("Bob"), card
            await bare.execute(
                "update users set telegram_id = $1 where id = $2", person.user_id, sent.person.user_id
            )
    # Of this shop: what an earlier test left held counts by itself meanwhile.
    entries = "select count(*) from audit_log where bot_id = $1"
    before = await bare.fetchval(entries, shop.bot_id)
    await person.forge(at, approve)

    refused = {
        "neighbour": "There is no such receipt",
        "payer": "You paid this yourself",
    }.get(who, "for the shop's reviewers")
    await answered(person, refused)
    assert await status(bare, sent.payment_id) == ("receipt_submitted", None)
    assert await bare.fetchval(entries, shop.bot_id) == before


async def test_the_owners_private_chat_is_a_chat_of_the_shop(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=30)
    alice = await make_phone(shop, name="Alice")
    await alice.text("/start")
    await alice.expect("Hi Alice")
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await bot_service.update_bot(uow, shop.bot_id, admin_chat_id=alice.user_id, default_language="en")

    sent = await shops.receipt(shop)
    await card_that(alice, offers("Approve"))
    await alice.press("Approve")
    await card_that(alice, offers("Take back"))

    held = await bare.fetchval("select held_by from card_to_card_payments where id = $1", sent.payment_id)
    assert held == shop.owner.label


async def test_receipts_have_a_topic_of_their_own(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    team = await Team.gather(shop, units, wire, bare)
    alice = await team.owner()
    general, receipts = await team.topic("General things"), await team.topic("Receipts")
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await bot_service.update_bot(uow, shop.bot_id, notification_topic_id=general)
    await shops.receipt(shop)
    first = await card_that(alice, offers("Approve"))
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await bot_service.update_bot(uow, shop.bot_id, card_receipt_topic_id=receipts)
    await shops.receipt(shop)
    await alice.expect_count("125,000 Toman", 2)
    second = await card_that(alice, offers("Approve"))

    assert (first["message_thread_id"], second["message_thread_id"]) == (general, receipts)


async def test_a_picture_that_telegram_refuses_leaves_the_words_and_the_buttons(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=30)
    team = await Team.gather(shop, units, wire, bare)
    alice = await team.owner()
    await wire.act(
        "fault",
        token=shop.telegram_token,
        method="sendPhoto",
        code=400,
        description="Bad Request: PHOTO_INVALID_DIMENSIONS",
    )

    await shops.receipt(shop)
    card = await card_that(alice, offers("Approve"))
    await alice.press("Approve")
    held = await card_that(alice, offers("Take back"))

    assert "photo" not in card
    assert "The picture is in the dashboard" in words_of(card)
    assert "The picture is in the dashboard" in words_of(held)


async def test_a_card_decided_while_it_was_on_its_way_loses_its_buttons(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=0)
    team = await Team.gather(shop, units, wire, bare)
    alice = await team.owner()
    sent = await shops.receipt(shop)
    await card_that(alice, offers("Approve"))
    await bare.execute("delete from telegram_notes where payment_id = $1", sent.payment_id)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        shown = await copies.load(uow, sent.payment_id, "en")
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await holding.hold_approval(uow, sent.payment_id)
    card = await card_that(alice, offers("Approve"))

    async with units.begin(shop.bot_id, System("test")) as uow:
        await copies.posted(
            uow,
            shown,
            turn=1,
            chat_id=team.chat_id,
            topic_id=None,
            message_id=card["message_id"],
            has_picture=True,
        )

    assert labels(await card_that(alice, says("✅ Alice, "))) == []


async def test_a_deleted_card_is_no_error_and_is_not_tried_again(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=30)
    team = await Team.gather(shop, units, wire, bare)
    alice = await team.owner()
    sent = await shops.receipt(shop)
    card = await card_that(alice, offers("Approve"))
    await wire.http.post(
        f"{wire.url}/bot{shop.telegram_token}/deleteMessage",
        json={"chat_id": team.chat_id, "message_id": card["message_id"]},
    )

    async with units.begin(shop.bot_id, shop.owner) as uow:
        await holding.hold_approval(uow, sent.payment_id)
    await until(lambda: closed(bare, sent.payment_id), [True])

    failed = "select count(*) from outbox where bot_id = $1 and failed_at is not null"
    assert await bare.fetchval(failed, shop.bot_id) == 0


async def test_the_chat_and_the_desk_at_once_decide_once_and_the_card_says_who(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=0)
    team = await Team.gather(shop, units, wire, bare)
    sara = await team.colleague("Sara")
    desk = replace(units, channel="web")

    async def click(payment_id: int) -> None:
        with suppress(ReceiptAlreadyReviewed):
            async with desk.begin(shop.bot_id, shop.owner) as uow:
                await holding.hold_rejection(uow, payment_id, reason=RejectReason.NOT_ARRIVED)

    for _ in range(2):
        sent = await shops.receipt(shop)
        card = await card_that(sara, offers("Approve"))
        await asyncio.gather(sara.press("Approve", message=card), click(sent.payment_id))
        decided = await card_with(sara, card["message_id"], lambda m: labels(m) == [])

        entries = "select count(*) from transactions where idempotency_key = $1"
        row = await bare.fetchrow("select * from card_to_card_payments where id = $1", sent.payment_id)
        by_chat = row["status"] == "approved"
        who = "✅ Sara, " if by_chat else "❌ Alice, "
        assert who in words_of(decided)
        assert ("in the chat" if by_chat else "in the dashboard") in words_of(decided)
        assert await bare.fetchval(entries, f"c2c:{sent.payment_id}") == int(by_chat)
        told = "select count(*) from audit_log where subject_id = $1 and action = any($2)"
        assert await bare.fetchval(told, sent.payment_id, ["receipt.approved", "receipt.rejected"]) == 1


async def card_with(phone: Phone, message_id: int, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    return await card_that(phone, lambda message: message["message_id"] == message_id and fits(message))


async def status(bare: asyncpg.Connection, payment_id: int) -> tuple[str, str | None]:
    row = await bare.fetchrow("select * from card_to_card_payments where id = $1", payment_id)
    return row["status"], row["held_decision"]


async def noted(bare: asyncpg.Connection, bot_id: int) -> bool:
    """Whether the process has written down that the shop's cards were sent; Telegram shows them before."""
    sent: bool = await bare.fetchval(
        "select bool_and(sent_at is not null) from outbox where kind = 'receipt_card' and bot_id = $1", bot_id
    )
    return sent


async def closed(bare: asyncpg.Connection, payment_id: int) -> list[bool]:
    rows = await bare.fetch("select * from telegram_notes where payment_id = $1 order by id", payment_id)
    return [row["closed_at"] is not None for row in rows]


async def until(look: Callable[[], Awaitable[Any]], wanted: Any) -> None:
    end = time.monotonic() + PATIENCE
    while (found := await look()) != wanted:
        assert time.monotonic() < end, found
        await asyncio.sleep(0.03)


async def answered(phone: Phone, words: str) -> None:
    """An answer over the chat says ``words``, soon."""

    async def said() -> bool:
        return any(words in answer for answer in await phone.answers())

    await until(said, wanted=True)


async def test_above_his_limit_a_colleague_is_told_so_in_the_chat_and_nothing_is_held(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=30)
    team = await Team.gather(shop, units, wire, bare)
    sara = await team.colleague(up_to=100_000)
    sent = await shops.receipt(shop)
    await card_that(sara, offers("Approve"))

    await sara.press("Approve")

    await answered(sara, "You approve up to 100,000 Toman; a colleague with a higher limit has to decide.")
    assert await bare.fetchval(
        "select commit_at is null from card_to_card_payments where id = $1", sent.payment_id
    )


async def test_another_amount_is_shown_on_the_card(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=0)
    team = await Team.gather(shop, units, wire, bare)
    alice = await team.owner()
    sent = await shops.receipt(shop)
    await card_that(alice, offers("Approve"))

    async with replace(units, channel="web").begin(shop.bot_id, shop.owner) as uow:
        await holding.hold_approval(uow, sent.payment_id, amount=100_000, why="that came")

    assert "Arrived: 100,000 Toman" in words_of(await card_that(alice, says("✅ Alice")))
