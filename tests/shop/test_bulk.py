"""Shops in bulk keep the same books as shops that people filled."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from db.models import CardToCardPayment, Transaction, User
from shop.actors import OWNING, StaffMember
from shop.bots.queries import list_fleet
from shop.demo.bulk import Wanted, seed_bulk
from shop.overview.queries import load_overview
from shop.receipts.desk import load_desk
from shop.unit_of_work import UnitsOfWork
from shop.wallet.queries import prove
from tests.conftest import NOON
from tests.factories import MASTER

OWNER = StaffMember(1, "Owner", OWNING)
WANTED = Wanted(bots=3, users=100, payments=3_001)


@pytest.fixture(scope="module")
def steps():
    return []


@pytest.fixture(scope="module")
async def seeded(sessions, vault, steps):
    """Made once for these tests: they only look at it."""
    return await seed_bulk(UnitsOfWork(sessions, vault, "test", clock=lambda: NOON), WANTED, steps.append)


async def count(everything, shops, question):
    """How many rows of these shops ``question`` (the rest of a statement after its FROM) finds."""
    statement = f"SELECT count(*) FROM {question} AND p.bot_id = ANY($1)"  # noqa: S608
    return await everything.fetchval(statement, [shop.bot_id for shop in shops])


async def test_exactly_what_was_asked_for_is_made_and_told_step_by_step(seeded, steps, everything):
    assert len(seeded) == WANTED.bots
    assert sum(shop.users for shop in seeded) == WANTED.users
    assert sum(shop.payments for shop in seeded) == WANTED.payments
    assert await count(everything, seeded, "users p WHERE true") == WANTED.users
    assert await count(everything, seeded, "card_to_card_payments p WHERE true") == WANTED.payments
    assert sum(steps) == WANTED.bots + WANTED.users + WANTED.payments


async def test_no_bot_of_theirs_goes_on_duty(units, seeded):
    async with units.platform(MASTER) as uow:
        fleet = {bot.bot_id for bot in await list_fleet(uow)}

    assert not fleet & {shop.bot_id for shop in seeded}


async def test_every_wallet_is_the_sum_of_its_entries_and_some_are_not_empty(units, seeded):
    for shop in seeded:
        async with units.begin(shop.bot_id, OWNER) as uow:
            assert await prove(uow) == []
            assert await uow.session.scalar(select(func.sum(User.balance)))


async def test_every_entry_follows_the_one_before(units, seeded):
    async with units.begin(seeded[0].bot_id, OWNER) as uow:
        entries = (await uow.session.scalars(select(Transaction).order_by(Transaction.id))).all()
    balances = {}
    for entry in entries:
        assert entry.balance_before == balances.get(entry.user_id, 0)
        balances[entry.user_id] = entry.balance_after


async def test_every_accepted_payment_bought_one_delivered_subscription(seeded, everything):
    whole = await count(
        everything,
        seeded,
        """card_to_card_payments p
           JOIN orders o ON o.id = p.order_id AND o.status = 'fulfilled' AND o.amount = p.amount
           JOIN transactions d ON d.id = p.transaction_id AND d.kind = 'deposit' AND d.amount = p.amount
               AND d.idempotency_key = 'c2c:' || p.id
           JOIN transactions s ON s.order_id = o.id AND s.kind = 'purchase' AND s.amount = -p.amount
           JOIN provisioning_jobs j ON j.order_id = o.id AND j.status = 'done'
           JOIN stock_items i ON i.order_id = o.id AND i.status = 'handed_out'
           JOIN subscriptions b ON b.order_id = o.id AND b.access = i.content
           WHERE p.status = 'approved'""",
    )
    moved = await count(everything, seeded, "transactions p WHERE kind <> 'bonus'")

    assert whole == sum(shop.approved for shop in seeded)
    assert moved == 2 * whole


async def test_what_was_not_accepted_moved_nothing_and_is_left_to_no_sweep(seeded, everything):
    left = await everything.fetchval(
        """SELECT count(*) FROM orders p
           WHERE p.bot_id = ANY($1) AND p.status = 'awaiting_payment' AND p.expires_at <= $2 AND NOT EXISTS (
               SELECT FROM card_to_card_payments c
               WHERE c.order_id = p.id AND c.status = 'receipt_submitted')""",
        [shop.bot_id for shop in seeded],
        NOON,
    )

    assert left == 0
    assert (
        await count(
            everything,
            seeded,
            """card_to_card_payments p JOIN orders o ON o.id = p.order_id
               WHERE p.status <> 'approved' AND (p.transaction_id IS NOT NULL OR o.status = 'fulfilled')""",
        )
        == 0
    )


async def test_outcomes_are_mixed_as_in_life(seeded):
    for outcome, part in (("approved", 0.88), ("rejected", 0.06), ("waiting", 0.03), ("expired", 0.03)):
        made = sum(getattr(shop, outcome) for shop in seeded)
        assert made / WANTED.payments == pytest.approx(part, abs=0.015), outcome


async def test_payments_lie_in_the_last_ninety_days_and_nothing_lies_ahead(units, seeded):
    async with units.begin(seeded[0].bot_id, OWNER) as uow:
        first, last, decided, early = (
            await uow.session.execute(
                select(
                    func.min(CardToCardPayment.created_at),
                    func.max(CardToCardPayment.created_at),
                    func.max(CardToCardPayment.admin_reviewed_at),
                    func.count().filter(User.created_at > CardToCardPayment.created_at),
                ).join(User, User.id == CardToCardPayment.user_id)
            )
        ).one()

    assert NOON - timedelta(days=91) < first < NOON - timedelta(days=88)
    assert NOON - timedelta(days=1) < last < decided + timedelta(days=1)
    assert decided <= NOON
    assert early == 0


async def test_the_cards_counters_are_what_their_payments_say(seeded, everything):
    rows = await everything.fetch(
        """SELECT c.success_count, c.failure_count, c.current_usage_count,
               (SELECT ARRAY[sum(shown_count), sum(reserved_count), sum(reserved_amount),
                    sum(approved_count), sum(approved_amount), sum(rejected_count)]::bigint[]
                FROM card_days d WHERE d.card_id = c.id) AS days,
               (SELECT ARRAY[count(*),
                    count(*) FILTER (WHERE status IN ('approved', 'receipt_submitted')),
                    sum(expected_amount) FILTER (WHERE status IN ('approved', 'receipt_submitted')),
                    count(*) FILTER (WHERE status = 'approved'),
                    sum(amount) FILTER (WHERE status = 'approved'),
                    count(*) FILTER (WHERE status = 'rejected')]::bigint[]
                FROM card_to_card_payments p WHERE p.card_id = c.id) AS payments
           FROM tenant_payment_cards c WHERE c.bot_id = ANY($1)""",
        [shop.bot_id for shop in seeded],
    )

    assert len(rows) == 3 * WANTED.bots
    for row in rows:
        assert row["days"] == row["payments"]
        assert [row["current_usage_count"], row["success_count"], row["failure_count"]] == [
            row["payments"][place] for place in (0, 3, 5)
        ]


async def test_the_screens_open_on_it(units, seeded):
    async with units.begin(seeded[0].bot_id, OWNER) as uow:
        desk = await load_desk(uow, tab="waiting", chosen_filter="all", payment_id=None)
        overview = await load_overview(uow)

    assert desk.total == overview.waiting_count == seeded[0].waiting
    assert overview.active_subscriptions > 0
    assert {event.kind for event in overview.events} >= {"receipt_approved", "delivered"}
