"""Whose press counts in the shop's own chat, and what the copies of a card are promised."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
import pytest

from shop.actors import RECEIPTS_APPROVE, SEEING, StaffMember, System
from shop.bots import service as bots
from shop.errors import NotAllowed, NotFound, OwnReceipt, ReceiptReplaced
from shop.receipts import chat, copies, holding, notes
from shop.receipts import service as receipts
from shop.receipts.chat import Press
from shop.receipts.rules import RejectReason
from shop.staff import service as staff
from shop.unit_of_work import UnitOfWork, UnitsOfWork
from tests.factories import Sent, Shop, Shops

ALICE, BOB, STRANGER = 101, 102, 666
GROUP = -100_500


class Door:
    """One shop with its group, pressed through the use cases alone."""

    def __init__(self, shop: Shop, sent: Sent, units: UnitsOfWork) -> None:
        self.shop, self.sent, self.units = shop, sent, units

    def press(self, by: int = ALICE, *, chat_id: int = GROUP, **other: int) -> Press:
        known = {"payment_id": self.sent.payment_id, "turn": 1, "message_id": 7} | other
        return Press(telegram_id=by, chat_id=chat_id, topic_id=None, has_picture=True, **known)

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[UnitOfWork]:
        async with self.units.begin(self.shop.bot_id, System("owners-chat")) as uow:
            yield uow


@pytest.fixture
async def door(shops: Shops, units: UnitsOfWork, everything: asyncpg.Connection) -> Door:
    shop = await shops.open(hold_seconds=30)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await bots.update_bot(uow, shop.bot_id, notification_group_id=GROUP, admin_chat_id=ALICE)
        bob = await staff.create_staff(uow, name="Bob", role="staff", permissions=SEEING)
    await everything.execute("update staff set telegram_id = $1 where id = $2", ALICE, shop.owner.staff_id)
    await everything.execute("update staff set telegram_id = $1 where id = $2", BOB, bob)
    return Door(shop, await shops.receipt(shop), units)


async def promised(door: Door, everything: asyncpg.Connection, kind: str) -> list[asyncpg.Record]:
    return await everything.fetch(
        "select * from outbox where bot_id = $1 and kind = $2 order by id", door.shop.bot_id, kind
    )


@pytest.mark.parametrize(
    ("by", "chat_id"), [(ALICE, GROUP), (ALICE, ALICE)], ids=["in the group", "in her own chat"]
)
async def test_the_owners_press_counts_in_the_shops_own_chats(
    door: Door, everything: asyncpg.Connection, by: int, chat_id: int
) -> None:
    async with door.unit() as uow:
        await chat.approve(uow, door.press(by, chat_id=chat_id))

    row = await everything.fetchrow(
        "select held_by, held_decision from card_to_card_payments where id = $1", door.sent.payment_id
    )
    assert tuple(row) == (door.shop.owner.label, "approve")


@pytest.mark.parametrize(
    ("by", "chat_id"),
    [(STRANGER, GROUP), (BOB, GROUP), (ALICE, -100_501), (STRANGER, STRANGER), (STRANGER, ALICE)],
    ids=["a stranger", "without the right", "in another group", "in a chat of his own", "in her chat"],
)
async def test_every_other_press_is_refused_and_changes_nothing(
    door: Door, everything: asyncpg.Connection, by: int, chat_id: int
) -> None:
    for deed in (chat.approve, chat.undo):
        with pytest.raises(NotAllowed):
            async with door.unit() as uow:
                await deed(uow, door.press(by, chat_id=chat_id))
    with pytest.raises(NotAllowed):
        async with door.unit() as uow:
            await chat.reject(uow, door.press(by, chat_id=chat_id), code=RejectReason.UNREADABLE)

    assert await everything.fetchval(
        "select commit_at is null from card_to_card_payments where id = $1", door.sent.payment_id
    )
    assert await promised(door, everything, "receipt_card_changed") == []


async def test_a_payment_of_another_shop_is_not_found(door: Door, shops: Shops) -> None:
    foreign = await shops.receipt(await shops.open())

    for payment_id in (foreign.payment_id, 2**60):
        with pytest.raises(NotFound):
            async with door.unit() as uow:
                await chat.approve(uow, door.press(payment_id=payment_id))


async def test_a_message_speaks_for_the_receipt_it_shows_and_no_other(door: Door, shops: Shops) -> None:
    other = await shops.receipt(door.shop)
    async with door.unit() as uow:
        await chat.open_menu(uow, door.press(), None)

    with pytest.raises(NotFound):
        async with door.unit() as uow:
            await chat.approve(uow, door.press(payment_id=other.payment_id))


async def test_a_press_under_an_older_receipt_decides_nothing(door: Door, shops: Shops) -> None:
    await shops.another_receipt(door.shop, door.sent)

    with pytest.raises(ReceiptReplaced):
        async with door.unit() as uow:
            await chat.approve(uow, door.press(turn=1))


async def test_nobody_decides_on_his_own_payment_through_any_door(
    door: Door, units: UnitsOfWork, everything: asyncpg.Connection
) -> None:
    await everything.execute(
        "update users set telegram_id = $1 where id = $2", ALICE, door.sent.person.user_id
    )
    payment_id, reason = door.sent.payment_id, RejectReason.NOT_ARRIVED

    with pytest.raises(OwnReceipt):
        async with door.unit() as uow:
            await chat.approve(uow, door.press())
    for deed in (
        lambda uow: holding.hold_approval(uow, payment_id),
        lambda uow: holding.hold_rejection(uow, payment_id, reason=reason),
        lambda uow: receipts.approve(uow, payment_id),
        lambda uow: receipts.reject(uow, payment_id, reason=reason),
    ):
        with pytest.raises(OwnReceipt):
            async with units.begin(door.shop.bot_id, door.shop.owner) as uow:
                await deed(uow)
    colleague = StaffMember(door.shop.owner.staff_id + 10**6, "Sara", SEEING | {RECEIPTS_APPROVE})
    async with units.begin(door.shop.bot_id, colleague) as uow:
        await holding.hold_approval(uow, payment_id)


async def test_a_submitted_receipt_is_promised_once_and_only_to_a_shop_with_a_chat(
    door: Door, shops: Shops, everything: asyncpg.Connection
) -> None:
    alone = await shops.open()
    await shops.receipt(alone)

    cards = await promised(door, everything, "receipt_card")
    assert [(card["chat_id"], card["payload"]) for card in cards] == [
        (GROUP, f'{{"turn": 1, "payment_id": {door.sent.payment_id}}}')
    ]
    none = "select count(*) from outbox where bot_id = $1 and kind = 'receipt_card'"
    assert await everything.fetchval(none, alone.bot_id) == 0


async def test_every_change_promises_an_edit_of_each_open_copy_and_closes_its_menu(
    door: Door, units: UnitsOfWork, everything: asyncpg.Connection
) -> None:
    async with door.unit() as uow:
        await chat.open_menu(uow, door.press(message_id=7), "reasons")
        await chat.open_menu(uow, door.press(message_id=8), "sure")
    before = len(await promised(door, everything, "receipt_card_changed"))

    async with units.begin(door.shop.bot_id, door.shop.owner) as uow:
        await holding.hold_approval(uow, door.sent.payment_id)
    async with units.begin(door.shop.bot_id, door.shop.owner) as uow:
        await holding.undo(uow, door.sent.payment_id)

    assert len(await promised(door, everything, "receipt_card_changed")) - before == 4
    menus = "select menu from telegram_notes where payment_id = $1"
    assert {row["menu"] for row in await everything.fetch(menus, door.sent.payment_id)} == {None}


async def test_one_edit_stands_for_all_that_wait_and_shows_the_newest_truth(
    door: Door, units: UnitsOfWork, everything: asyncpg.Connection
) -> None:
    async with door.unit() as uow:
        await chat.open_menu(uow, door.press(), "reasons")
    async with units.begin(door.shop.bot_id, door.shop.owner) as uow:
        await holding.hold_approval(uow, door.sent.payment_id)
    first, second = await promised(door, everything, "receipt_card_changed")
    note_id = await everything.fetchval(
        "select id from telegram_notes where payment_id = $1", door.sent.payment_id
    )

    async with door.unit() as uow:
        copy = await copies.take_up(uow, note_id, promise_id=first["id"])
        shown = await copies.load(uow, door.sent.payment_id, "en")

    assert copy is not None
    assert copy.menu is None
    assert shown.detail.held is not None
    left = await promised(door, everything, "receipt_card_changed")
    assert [row["id"] for row in left if row["sent_at"] is None] == [first["id"]]
    assert second["id"] in [row["id"] for row in left if row["sent_at"] is not None]


async def test_a_closed_copy_is_never_edited_again(
    door: Door, units: UnitsOfWork, everything: asyncpg.Connection
) -> None:
    async with door.unit() as uow:
        await chat.open_menu(uow, door.press(), None)
    async with replace(units, channel="web").begin(door.shop.bot_id, door.shop.owner) as uow:
        await receipts.approve(uow, door.sent.payment_id)
    note_id = await everything.fetchval(
        "select id from telegram_notes where payment_id = $1", door.sent.payment_id
    )
    async with door.unit() as uow:
        copy = await copies.take_up(uow, note_id, promise_id=0)
        assert copy is not None
        await copies.edited(uow, copy, await copies.load(uow, door.sent.payment_id, "en"))
    before = len(await promised(door, everything, "receipt_card_changed"))

    async with door.unit() as uow:
        await notes.refresh(uow, door.sent.payment_id)
        assert await copies.take_up(uow, note_id, promise_id=0) is None

    assert len(await promised(door, everything, "receipt_card_changed")) == before
