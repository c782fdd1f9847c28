"""Money moves once, in one transaction, and the books prove it."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from shop.actors import Customer, Master, StaffMember, System
from shop.errors import (
    BadInput,
    NotAllowed,
    NotFound,
    ReceiptAlreadyReviewed,
    ReceiptNotSubmitted,
    ShopError,
)
from shop.orders import service as orders
from shop.payments import service as payments
from shop.provisioning import service as provisioning
from shop.receipts import deciding, rules, service
from shop.receipts.rules import RejectReason
from shop.wallet import queries as wallet


async def approve(shops, shop, payment_id, *, actor=None):
    async with shops.units.begin(shop.bot_id, actor or shop.owner) as uow:
        return await service.approve(uow, payment_id)


async def reject(shops, shop, payment_id, *, reason=RejectReason.NOT_ARRIVED, text=""):
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        return await service.reject(uow, payment_id, reason=reason, text=text)


async def outcome(coroutine) -> str:
    """``done``, or the code of the refusal; anything else is a failure of the test."""
    try:
        await coroutine
    except ShopError as refusal:
        return refusal.code
    return "done"


async def count(everything, shop, table: str, where: str = "true") -> int:
    return await everything.fetchval(
        f"SELECT count(*) FROM {table} WHERE bot_id = $1 AND {where}",  # noqa: S608
        shop.bot_id,
    )


async def assert_books_balance(shops, shop) -> None:
    async with shops.units.begin(shop.bot_id, System("test")) as uow:
        assert await wallet.prove(uow) == []


async def test_approving_books_the_money_delivers_the_line_and_promises_one_message(
    shops, make_shop, everything
):
    shop = await make_shop(stock=2)
    sent = await shops.receipt(shop)

    reviewed = await approve(shops, shop, sent.payment_id)

    assert reviewed.status == "approved"
    ledger = await everything.fetch(
        "SELECT kind, amount, balance_before, balance_after, idempotency_key FROM transactions "
        "WHERE bot_id = $1 ORDER BY id",
        shop.bot_id,
    )
    assert [tuple(row) for row in ledger] == [
        ("deposit", 125_000, 0, 125_000, f"c2c:{sent.payment_id}"),
        ("purchase", -125_000, 125_000, 0, f"order:{sent.order_id}:debit"),
    ]
    assert await everything.fetchval("SELECT status FROM orders WHERE id = $1", sent.order_id) == "fulfilled"
    access = await everything.fetchval("SELECT access FROM subscriptions WHERE order_id = $1", sent.order_id)
    assert access == await everything.fetchval(
        "SELECT content FROM stock_items WHERE order_id = $1", sent.order_id
    )
    assert await count(everything, shop, "outbox", "kind = 'subscription_ready'") == 1
    assert await count(everything, shop, "audit_log", "action = 'receipt.approved'") == 1
    await assert_books_balance(shops, shop)


async def test_eight_reviewers_at_once_move_the_money_once(shops, make_shop, everything):
    shop = await make_shop(stock=9)
    sent = await shops.receipt(shop)

    outcomes = await asyncio.gather(*(outcome(approve(shops, shop, sent.payment_id)) for _ in range(8)))

    assert Counter(outcomes) == {"done": 1, "receipt_already_reviewed": 7}
    assert await count(everything, shop, "transactions", "kind = 'deposit'") == 1
    assert await count(everything, shop, "transactions", "kind = 'purchase'") == 1
    assert await count(everything, shop, "stock_items", "status = 'handed_out'") == 1
    assert await count(everything, shop, "subscriptions") == 1
    assert await count(everything, shop, "outbox") == 1
    await assert_books_balance(shops, shop)


async def test_approving_against_rejecting_ends_in_one_decision(shops, make_shop, everything):
    shop = await make_shop(stock=9)
    sent = await shops.receipt(shop)

    outcomes = await asyncio.gather(
        *(
            outcome(approve(shops, shop, sent.payment_id) if n % 2 else reject(shops, shop, sent.payment_id))
            for n in range(8)
        )
    )

    assert Counter(outcomes) == {"done": 1, "receipt_already_reviewed": 7}
    status = await everything.fetchval(
        "SELECT status FROM card_to_card_payments WHERE id = $1", sent.payment_id
    )
    booked = await count(everything, shop, "transactions", "kind = 'deposit'")
    assert booked == (1 if status == "approved" else 0)
    assert await count(everything, shop, "outbox") == 1, "the customer hears of one decision"
    await assert_books_balance(shops, shop)


async def test_without_the_guard_the_same_race_is_noticed(shops, make_shop, monkeypatch):
    """The control: it proves that the race above is real, and that the test would see it."""
    shop = await make_shop(stock=9)
    sent = await shops.receipt(shop)
    monkeypatch.setattr(rules, "DECIDABLE", ("receipt_submitted", "approved"))
    monkeypatch.setattr(deciding, "_AT_ONCE", deciding._at_once())

    outcomes = await asyncio.gather(
        *(outcome(approve(shops, shop, sent.payment_id)) for _ in range(8)), return_exceptions=True
    )

    polite = Counter(o for o in outcomes if isinstance(o, str))
    assert polite != {"done": 1, "receipt_already_reviewed": 7}


async def test_the_second_reviewer_is_told_who_was_first(shops, make_shop, clock):
    shop = await make_shop()
    sent = await shops.receipt(shop)
    await reject(shops, shop, sent.payment_id)
    bob = StaffMember(shop.owner.staff_id + 1, "Bob", shop.owner.permissions)

    with pytest.raises(ReceiptAlreadyReviewed) as refusal:
        await approve(shops, shop, sent.payment_id, actor=bob)

    assert (refusal.value.decided_by, refusal.value.status) == ("Alice", "rejected")
    assert refusal.value.decided_at == clock.now


async def test_a_crash_anywhere_before_the_commit_leaves_nothing(shops, make_shop, everything):
    shop = await make_shop()
    sent = await shops.receipt(shop)

    with pytest.raises(RuntimeError, match="power cut"):
        async with shops.units.begin(shop.bot_id, shop.owner) as uow:
            await service.approve(uow, sent.payment_id)
            raise RuntimeError("power cut")

    assert await count(everything, shop, "transactions") == 0
    assert await count(everything, shop, "outbox") == 0
    assert await count(everything, shop, "stock_items", "status <> 'free'") == 0
    assert (
        await everything.fetchval("SELECT status FROM card_to_card_payments WHERE id = $1", sent.payment_id)
        == "receipt_submitted"
    )


async def test_an_empty_shelf_keeps_the_order_paid_and_serves_it_when_stock_comes(
    shops, make_shop, everything
):
    shop = await make_shop(stock=0)
    first, second = await shops.receipt(shop), await shops.receipt(shop)
    await approve(shops, shop, first.payment_id)
    await approve(shops, shop, second.payment_id)
    assert await count(everything, shop, "orders", "status = 'paid'") == 2
    assert await count(everything, shop, "outbox", "kind = 'order_held'") == 2

    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        added = await provisioning.add_stock(uow, shop.plan_id, "vless://one\n\nvless://one\n")

    assert (added.added, added.duplicates) == (1, 1)
    served = await everything.fetch(
        "SELECT order_id FROM subscriptions WHERE bot_id = $1 AND access = 'vless://one'", shop.bot_id
    )
    assert [row["order_id"] for row in served] == [first.order_id], "who paid first is served first"
    assert await count(everything, shop, "orders", "status = 'paid'") == 1
    await assert_books_balance(shops, shop)


async def test_one_line_never_reaches_two_people(shops, make_shop, everything):
    shop = await make_shop(stock=3)
    sent = [await shops.receipt(shop) for _ in range(6)]

    await asyncio.gather(*(approve(shops, shop, one.payment_id) for one in sent))

    lines = await everything.fetch("SELECT access FROM subscriptions WHERE bot_id = $1", shop.bot_id)
    assert len(lines) == len({row["access"] for row in lines}) == 3
    assert await count(everything, shop, "orders", "status = 'paid'") == 3


async def test_a_line_the_shop_ever_had_is_not_put_on_the_shelf_again(shops, make_shop):
    shop = await make_shop(stock=0)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await provisioning.add_stock(uow, shop.plan_id, "vless://used")

    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        again = await provisioning.add_stock(uow, shop.plan_id, "vless://used\nvless://fresh")

    assert (again.added, again.duplicates) == (1, 1)


async def test_a_line_too_long_for_a_message_is_refused_by_its_number(shops, make_shop):
    shop = await make_shop(stock=0)

    with pytest.raises(BadInput) as refusal:
        async with shops.units.begin(shop.bot_id, shop.owner) as uow:
            await provisioning.add_stock(uow, shop.plan_id, "fine\n" + "x" * 4000)

    assert (refusal.value.problem, refusal.value.limit) == ("line_too_long", 2)


async def test_money_for_an_order_that_needs_none_stays_in_the_wallet(shops, make_shop, everything):
    shop = await make_shop()
    sent = await shops.receipt(shop)
    await everything.execute("UPDATE orders SET status = 'cancelled' WHERE id = $1", sent.order_id)

    await approve(shops, shop, sent.payment_id)

    balance = await everything.fetchval("SELECT balance FROM users WHERE id = $1", sent.person.user_id)
    assert balance == shop.price
    assert await count(everything, shop, "outbox", "kind = 'wallet_credited'") == 1
    assert await count(everything, shop, "subscriptions") == 0
    await assert_books_balance(shops, shop)


@pytest.mark.parametrize(
    "actor",
    [
        Customer(1, "Carol"),
        StaffMember(2, "Bob", frozenset({"receipts.see"})),
        Master(1, "Master", viewing=True),
    ],
    ids=lambda actor: actor.label,
)
async def test_only_who_may_approve_approves(shops, make_shop, everything, actor):
    shop = await make_shop()
    sent = await shops.receipt(shop)

    with pytest.raises(NotAllowed):
        await approve(shops, shop, sent.payment_id, actor=actor)

    assert await count(everything, shop, "transactions") == 0


async def test_mallory_cannot_decide_on_alices_receipt(shops, make_shop, everything):
    alice, mallory = await make_shop(), await make_shop()
    sent = await shops.receipt(alice)

    for decide in (approve, reject):
        with pytest.raises(NotFound):
            await decide(shops, mallory, sent.payment_id)

    assert (
        await everything.fetchval("SELECT status FROM card_to_card_payments WHERE id = $1", sent.payment_id)
        == "receipt_submitted"
    )


async def test_a_rejected_receipt_may_be_followed_by_a_better_one(shops, make_shop, everything, clock):
    shop = await make_shop()
    sent = await shops.receipt(shop)
    await reject(shops, shop, sent.payment_id)
    clock.forward(hours=3)

    async with shops.units.begin(shop.bot_id, sent.person.actor) as uow:
        again = await service.submit(
            uow,
            sent.person.user_id,
            payment_id=sent.payment_id,
            media_id=None,
            receipt_type="text",
            text="شمارهٔ پیگیری ۱۴۰۵۰۹۰۱۰۷۴۳",
        )
    await approve(shops, shop, sent.payment_id)

    assert again.late, "the order's own half hour is over"
    reference = await everything.fetchval(
        "SELECT payer_reference FROM card_to_card_payments WHERE id = $1", sent.payment_id
    )
    assert reference == "140509010743"
    assert await count(everything, shop, "outbox", "kind = 'receipt_rejected'") == 1
    assert await count(everything, shop, "outbox", "kind = 'subscription_ready'") == 1


async def test_an_unpaid_order_runs_out_once_and_a_late_receipt_still_counts(
    shops, make_shop, everything, clock
):
    shop = await make_shop()
    carol = await shops.person(shop)
    async with shops.units.begin(shop.bot_id, carol.actor) as uow:
        order = await orders.place(uow, carol.user_id, plan_id=shop.plan_id, shown_price=shop.price)
        invoice = await payments.start_card_payment(uow, carol.user_id, order.order_id)
    clock.forward(minutes=31)

    await payments.expire_due(shops.units)
    await payments.expire_due(shops.units)

    assert await count(everything, shop, "outbox", "kind = 'payment_expired'") == 1
    assert await everything.fetchval("SELECT status FROM orders WHERE id = $1", order.order_id) == "expired"
    async with shops.units.begin(shop.bot_id, carol.actor) as uow:
        late = await service.submit(
            uow,
            carol.user_id,
            payment_id=invoice.payment_id,
            media_id=None,
            receipt_type="text",
            text="123456789",
        )
    assert late.late
    await approve(shops, shop, invoice.payment_id)
    assert await everything.fetchval("SELECT status FROM orders WHERE id = $1", order.order_id) == "fulfilled"


async def test_a_receipt_that_waits_has_no_deadline(shops, make_shop, everything, clock):
    shop = await make_shop()
    sent = await shops.receipt(shop)
    clock.forward(hours=5)

    await payments.expire_due(shops.units)

    assert (
        await everything.fetchval("SELECT status FROM card_to_card_payments WHERE id = $1", sent.payment_id)
        == "receipt_submitted"
    )
    assert await everything.fetchval("SELECT status FROM orders WHERE id = $1", sent.order_id) != "expired"


async def test_a_payment_without_a_receipt_cannot_be_decided(shops, make_shop):
    shop = await make_shop()
    carol = await shops.person(shop)
    async with shops.units.begin(shop.bot_id, carol.actor) as uow:
        order = await orders.place(uow, carol.user_id, plan_id=shop.plan_id, shown_price=shop.price)
        invoice = await payments.start_card_payment(uow, carol.user_id, order.order_id)

    with pytest.raises(ReceiptNotSubmitted):
        await approve(shops, shop, invoice.payment_id)


async def test_rejecting_for_another_reason_needs_its_words(shops, make_shop, everything):
    shop = await make_shop()
    sent = await shops.receipt(shop)

    with pytest.raises(BadInput):
        await reject(shops, shop, sent.payment_id, reason=RejectReason.OTHER, text="  ")

    assert await count(everything, shop, "outbox") == 0


async def test_accepted_money_stays_accepted_whatever_a_statement_says(shops, make_shop, app_connection):
    shop = await make_shop()
    sent = await shops.receipt(shop)
    await approve(shops, shop, sent.payment_id)

    async with app_connection.transaction():
        await app_connection.execute(f"SET LOCAL app.bot_id = '{shop.bot_id}'")
        with pytest.raises(Exception, match="stays so"):
            await app_connection.execute(
                "UPDATE card_to_card_payments SET status = 'rejected' WHERE id = $1", sent.payment_id
            )


async def test_a_rejected_order_can_be_paid_for_a_day_longer(shops, make_shop, everything, clock):
    shop = await make_shop()
    sent = await shops.receipt(shop)
    clock.forward(minutes=29)
    await reject(shops, shop, sent.payment_id)

    clock.forward(hours=23, minutes=59)
    await payments.expire_due(shops.units)
    within = await everything.fetchval("SELECT status FROM orders WHERE id = $1", sent.order_id)
    clock.forward(minutes=1)
    await payments.expire_due(shops.units)
    after = await everything.fetchval("SELECT status FROM orders WHERE id = $1", sent.order_id)

    assert (within, after) == ("awaiting_payment", "expired")


async def test_a_receipt_handed_in_while_the_deadline_is_kept_is_not_lost(
    shops, make_shop, everything, clock
):
    """The sweep saw the payment unpaid and waits for its customer, who is just handing the receipt in."""
    shop = await make_shop()
    person = await shops.person(shop)
    async with shops.units.begin(shop.bot_id, person.actor) as uow:
        order = await orders.place(uow, person.user_id, plan_id=shop.plan_id, shown_price=shop.price)
        invoice = await payments.start_card_payment(uow, person.user_id, order.order_id)
    clock.forward(minutes=31)

    async with shops.units.begin(shop.bot_id, person.actor) as uow:
        await orders.lock_user(uow, person.user_id)
        sweep = asyncio.ensure_future(payments.expire_due(shops.units))
        while not await everything.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            assert not sweep.done()
            await asyncio.sleep(0.01)
        await service.submit(
            uow,
            person.user_id,
            payment_id=invoice.payment_id,
            media_id=None,
            receipt_type="text",
            text="123456789",
        )
    await sweep

    status = await everything.fetchval(
        "SELECT status FROM card_to_card_payments WHERE id = $1", invoice.payment_id
    )
    assert status == "receipt_submitted"


async def test_a_closed_order_is_given_no_card_any_more(shops, make_shop, everything):
    shop = await make_shop()
    paid, cancelled = await shops.receipt(shop), await shops.receipt(shop)
    await approve(shops, shop, paid.payment_id)
    await reject(shops, shop, cancelled.payment_id)
    async with shops.units.begin(shop.bot_id, cancelled.person.actor) as uow:
        await orders.cancel(uow, cancelled.person.user_id, cancelled.order_id)

    for sent in (paid, cancelled):
        async with shops.units.begin(shop.bot_id, sent.person.actor) as uow:
            again = payments.start_card_payment(uow, sent.person.user_id, sent.order_id)
            assert await outcome(again) == "order_closed"

    assert await count(everything, shop, "card_to_card_payments") == 2
