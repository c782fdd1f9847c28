from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.sandbox.__main__ import FIRST_PEOPLE
from db.models import CardToCardPayment, Media, Order, OutboxMessage, Staff, Transaction, User
from shop.actors import OWNING, StaffMember
from shop.bots.queries import get_bot_by_api_token, get_context
from shop.broadcasts.queries import list_broadcasts, list_missed
from shop.cards.queries import get_payment_cards
from shop.cards.rules import card_number
from shop.demo import script
from shop.demo.seed import PICTURES, seed_demo
from shop.media.shelf import Shelf
from shop.plans.queries import list_offers
from shop.provisioning.service import stock_levels
from shop.receipts.desk import load_desk
from shop.unit_of_work import UnitsOfWork
from tests.conftest import NOON
from tests.factories import MASTER

OWNER = StaffMember(1, script.OWNER, OWNING)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return Shelf(tmp_path_factory.mktemp("demo") / "media")


@pytest.fixture(scope="module")
async def demo(sessions, vault, pictures):
    """Made once for these tests, as in life: they only look at it."""
    return await seed_demo(UnitsOfWork(sessions, vault, "test", clock=lambda: NOON), pictures)


async def test_the_demo_is_made_once_and_its_owner_gets_in(units, pictures, demo):
    assert await seed_demo(units, pictures) is None

    async with units.platform(MASTER) as uow:
        shop = await get_bot_by_api_token(uow, demo.api_token)
    assert (shop.bot_id, shop.name, shop.username) == (demo.bot_id, "نسیم‌نت", "nasim_net_bot")
    assert demo.api_token not in repr(demo)


async def test_what_it_sells_is_on_the_shelf_and_both_cards_are_real_numbers(units, demo):
    async with units.begin(demo.bot_id, OWNER) as uow:
        offers = await list_offers(uow, "en")
        shelf = await stock_levels(uow)
        cards = await get_payment_cards(uow, active_only=True)
        context = await get_context(uow)

    assert [(offer.name, offer.price.amount) for offer in offers] == [
        ("1 month, 50 GB", 125_000),
        ("1 month, 100 GB", 190_000),
        ("3 months, 120 GB", 290_000),
    ]
    assert [(level.free, level.waiting) for level in shelf] == [(script.ON_THE_SHELF, 0)] * 3
    assert {card.bank_name for card in cards} == {"Saman", "Melli"}
    assert all(card_number(number) == number for number, _ in script.CARDS)
    assert context.support_username == script.SUPPORT


async def test_its_books_balance_and_its_history_reaches_back_a_month(units, demo):
    async with units.begin(demo.bot_id, OWNER) as uow:
        balances = await uow.session.scalar(select(func.sum(User.balance)))
        ledger = await uow.session.scalar(select(func.sum(Transaction.amount)))
        statuses = dict(
            (
                await uow.session.execute(
                    select(CardToCardPayment.status, func.count()).group_by(CardToCardPayment.status)
                )
            )
            .tuples()
            .all()
        )
        days = (await uow.session.scalars(select(Order.paid_at).where(Order.paid_at.is_not(None)))).all()

    assert balances == ledger == 0
    assert statuses["approved"] > 30
    assert statuses["rejected"] >= 3
    assert statuses["receipt_submitted"] == len(script.WAITING)
    assert NOON - timedelta(days=31) < min(days) < NOON - timedelta(days=25)
    assert NOON - timedelta(hours=3) < max(days) < NOON
    assert len({day.date() for day in days}) > 20


async def test_whoever_the_sandbox_opens_with_is_a_customer_on_whose_receipt_the_owner_may_decide(
    units, demo
):
    people = [person.id for person in FIRST_PEOPLE]

    async with units.begin(demo.bot_id, OWNER) as uow:
        team = (await uow.session.scalars(select(Staff.telegram_id))).all()

    assert people
    assert not set(people) & set(team)


async def test_nobody_is_told_a_month_late_what_happened_but_the_owner_of_what_waits(units, demo):
    async with units.begin(demo.bot_id, OWNER) as uow:
        rows = await uow.session.execute(
            select(
                OutboxMessage.kind,
                OutboxMessage.chat_id,
                OutboxMessage.sent_at.is_(None) & OutboxMessage.failed_at.is_(None),
            )
        )
        told = rows.tuples().all()

    assert len(told) > 30
    unsent = [(kind, chat) for kind, chat, is_unsent in told if is_unsent]
    assert unsent == [("receipt_card", script.OWNER_TELEGRAM)] * len(script.WAITING)


async def test_every_waiting_picture_shows_the_card_its_payment_was_shown(units, demo):
    on_the_picture = {1: "4421", 2: "7730", 3: "4421", 5: "7730", 6: "7730", 7: "4421"}
    async with units.begin(demo.bot_id, OWNER) as uow:
        rows = await uow.session.execute(
            select(CardToCardPayment.card_snapshot["last_four"].astext, CardToCardPayment.expected_amount)
            .where(CardToCardPayment.status == "receipt_submitted")
            .order_by(CardToCardPayment.receipt_submitted_at)
        )

    assert rows.tuples().all() == [
        (on_the_picture[waiting.picture], waiting.goods.price) for waiting in script.WAITING
    ]
    assert all((PICTURES / f"receipt-{waiting.picture}.webp").exists() for waiting in script.WAITING)


async def test_the_desk_has_one_late_receipt_and_one_that_was_seen_before(units, demo):
    async with units.begin(demo.bot_id, OWNER) as uow:
        waiting = (
            await uow.session.scalars(
                select(CardToCardPayment)
                .where(CardToCardPayment.status == "receipt_submitted")
                .order_by(CardToCardPayment.receipt_submitted_at)
            )
        ).all()
        pictures = await uow.session.scalar(select(func.count()).select_from(Media))
        desk = await load_desk(uow, tab="waiting", chosen_filter="all", payment_id=waiting[1].id)

    assert [payment.late for payment in waiting] == [True] + [False] * 5
    assert [payment.duplicate_suspect for payment in waiting] == [False, True] + [False] * 4
    assert pictures == len(script.WAITING) + len(script.PAST_PICTURES)
    assert "same_image" in {warning.code for warning in desk.item.warnings}


async def test_a_demo_that_was_cut_short_is_filled_by_the_next_start(
    units, pictures, demo, everything, monkeypatch
):
    await everything.execute("UPDATE bots SET created_by = 'a demo before' WHERE created_by = 'demo'")
    short = script.past(NOON)[:2]
    monkeypatch.setattr(script, "past", lambda _now: short)
    with monkeypatch.context() as patched:
        patched.setattr(script, "CARDS", (("not a card", "nobody"),))
        with pytest.raises(Exception, match="card_number"):
            await seed_demo(units, pictures)

    again = await seed_demo(units, pictures)

    async with units.begin(again.bot_id, OWNER) as uow:
        assert len(await list_offers(uow, "fa")) == len(script.GOODS)
    made = await everything.fetchval("SELECT count(*) FROM bots WHERE created_by = 'demo'")
    assert made == 1


async def test_it_has_written_to_everybody_once_and_keeps_a_draft_for_those_whose_time_ends(units, demo):
    async with units.begin(demo.bot_id, OWNER) as uow:
        kept, sent = (await list_broadcasts(uow)).rows
        missed = (await list_missed(uow, sent.broadcast_id)).rows

    people = len(script.PEOPLE)
    assert (sent.status, sent.people, sent.sent, sent.blocked, sent.left) == (
        "completed",
        people,
        people - 1,
        1,
        0,
    )
    assert [row.telegram_id for row in missed] == [script.LEFT.telegram_id]
    assert (kept.status, kept.audience) == ("draft", "ending")
