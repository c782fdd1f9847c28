"""How PostgreSQL answers the statements that run all day: by an index that begins with the shop.

The shape of the plan is asserted, never a time. Small tables are always read whole, so reading them whole is
made unattractive: what remains are the statements that no index can serve.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.actors import System
from shop.audit.queries import Wanted as History
from shop.audit.queries import load_history, who_acted
from shop.books.queries import load_proof
from shop.bots.queries import get_context
from shop.broadcasts import sending
from shop.broadcasts.audience import count as count_audience
from shop.broadcasts.narrowing import Narrowing
from shop.broadcasts.queries import list_broadcasts, list_missed, load_broadcast
from shop.cards.board import load_board
from shop.cards.service import get_next_card_for_rotation
from shop.cards.simulator import simulate
from shop.configurations.service import set_configuration
from shop.customers.profile import load_profile
from shop.customers.search import Sought, count_customers, list_customers
from shop.features import service as features
from shop.money import Currency, Money
from shop.onboarding.queries import load_checklist
from shop.orders.queries import count_sold
from shop.overview.queries import load_overview
from shop.paging import Place
from shop.plans.groups import list_groups
from shop.plans.queries import list_all, list_offers
from shop.provisioning.service import stock_levels
from shop.provisioning.undelivered import count_undelivered, list_undelivered
from shop.receipts import service as receipts
from shop.receipts.browsing import STATES, list_receipts, list_reviewers
from shop.receipts.browsing import Wanted as Receipts
from shop.receipts.browsing import add_up as add_up_receipts
from shop.receipts.browsing import list_cards as list_paid_cards
from shop.receipts.desk import count_waiting, load_desk
from shop.receipts.narrowing import Narrowed
from shop.receipts.queries import list_awaiting
from shop.receipts.rules import RejectReason
from shop.staff import sessions as browsers
from shop.staff.queries import list_api_tokens
from shop.staff.service import find_api_token
from shop.staff.views import list_views
from shop.subscriptions.queries import list_for_user
from shop.subscriptions.search import Sought as Held
from shop.subscriptions.search import count_subscriptions, list_subscriptions
from shop.tickets import drafts
from shop.tickets import service as tickets
from shop.tickets.answering import load_answering
from shop.tickets.following import find_next
from shop.tickets.queries import (
    ALL,
    count_tickets,
    find_open,
    list_own_orders,
    list_tickets,
    load_ticket,
)
from shop.tickets.queries import Sought as Asked
from shop.tickets.queries import count_waiting as count_unanswered
from shop.tickets.reminding import remind_due, remind_in
from shop.tickets.replies import list_replies
from shop.unit_of_work import UnitOfWork
from shop.wallet.ledger import Wanted, add_up, list_movements
from tests.house.test_walls import SHOP_TABLES

FOUND_BY_WHAT_IS_UNIQUE = {"id", "id_hash", "key_id", "public_id"}
"""One row, whosesoever it is; the wall then says whether it is seen."""
FEW_OF_ALL_SHOPS = {"ix_card_to_card_payments_held", "ix_tickets_to_remind"}
"""What is decided and may still be taken back, and who waits and was not told of yet, of every shop: partial
indexes of few rows, so that reading them whole may be the shorter way."""
SETTING = "current_setting("
Run = Callable[[UnitOfWork], Awaitable[object]]


@contextmanager
def listening(engine: AsyncEngine) -> Iterator[list[tuple[str, Any]]]:
    said: list[tuple[str, Any]] = []

    def note(_connection, _cursor, statement, parameters, *_rest) -> None:
        said.append((statement, parameters))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)


def steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for step in plan.get("Plans", ()):
        yield from steps(step)


def faults(plan: dict[str, Any]) -> list[str]:
    found = []
    for step in steps(plan):
        table, condition = step.get("Relation Name"), step.get("Index Cond", step.get("Recheck Cond", ""))
        if SETTING in step.get("Filter", "") + condition:
            found.append(f"{table}: the shop is asked for at every row: {step}")
        if table not in SHOP_TABLES or "Scan" not in step["Node Type"]:
            continue
        if step.get("Index Name") in FEW_OF_ALL_SHOPS:
            continue
        key = "id" if table == "bots" else "bot_id"
        keys = {key, *FOUND_BY_WHAT_IS_UNIQUE}
        if not any(f"{column} = " in condition for column in keys):
            found.append(f"{table}: {step['Node Type']}: {condition or step.get('Filter')}")
    return found


async def plans_of(
    engine: AsyncEngine, uow: UnitOfWork, run: Run, *, without: Sequence[str] = ("seqscan",)
) -> list[tuple[str, dict[str, Any]]]:
    """What ``run`` says to the database, with the plan of each statement; nothing of it stays.

    ``without``: the ways of PostgreSQL that are made unattractive.
    """
    with listening(engine) as said:
        await run(uow)
        await uow.last.write(uow.session)
    for way in without:
        await uow.session.execute(text(f"SET LOCAL enable_{way} = off"))
    connection = await uow.session.connection()
    explained = []
    for statement, parameters in said:
        if statement.split()[0] in {"SELECT", "UPDATE", "WITH", "DELETE"}:
            rows = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
            answer = rows.scalar_one()
            plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
            explained.append((statement, plan))
    return explained


@pytest.fixture
async def verbs(shops, make_shop, units) -> tuple[Any, dict[str, Run]]:
    shop = await make_shop()
    person = await shops.person(shop)
    written = await shops.broadcast(shop, person)
    first, second = await shops.receipt(shop, person), await shops.receipt(shop)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await set_configuration(uow, "card_sticky_days", value=30)
        await features.enable_feature(uow, "ticket_sla")
    asked = await shops.ticket(shop, person)
    return shop, {
        "the desk": lambda uow: load_desk(uow, payment_id=first.payment_id, language="fa"),
        "part of the queue, and the next of it": lambda uow: load_desk(
            uow, chosen_filter="flagged", after=first.payment_id, narrowed=Narrowed(1, 1, 9, 1)
        ),
        "the queue's count": count_waiting,
        "every receipt": lambda uow: list_receipts(uow, Receipts(), language="fa"),
        "every receipt, further on": lambda uow: list_receipts(
            uow, Receipts(), language="fa", after=Place(uow.now, 2**40), newest_first=False
        ),
        **{
            f"{state} receipts": lambda uow, state=state: list_receipts(
                uow, Receipts(state=state), language="fa"
            )
            for state in STATES
        },
        "a reviewer's receipts": lambda uow: list_receipts(uow, Receipts(reviewer="Alice"), language="fa"),
        "a customer's receipts": lambda uow: list_receipts(
            uow, Receipts(user_id=person.user_id, least=1, most=9), language="fa"
        ),
        "a card's receipts": lambda uow: list_receipts(
            uow, Receipts(card_id=shop.card_id, since=uow.now, until=uow.now), language="fa"
        ),
        "receipts added up": lambda uow: add_up_receipts(uow, Receipts()),
        "who decided on receipts": list_reviewers,
        "which cards were paid to": lambda uow: list_paid_cards(uow, "fa"),
        "what is missing": load_checklist,
        "the overview": lambda uow: load_overview(uow, language="fa"),
        "broadcasts": list_broadcasts,
        "a broadcast": lambda uow: load_broadcast(uow, written.broadcast_id),
        "an audience counted": lambda uow: count_audience(uow, "expired"),
        "an audience narrowed": lambda uow: count_audience(
            uow,
            "ending",
            Narrowing(days=7, plan_id=shop.plan_id, language="fa", spent_from=5),
        ),
        "an audience by name": lambda uow: count_audience(uow, "named", Narrowing(named=("99", "carol_1"))),
        "whom a broadcast missed": lambda uow: list_missed(uow, written.broadcast_id),
        "a broadcast, counted": sending.settle,
        "a broadcast, promised": lambda uow: sending.feed(uow, 5),
        "customers": lambda uow: list_customers(uow, Sought()),
        "customers sought": lambda uow: list_customers(uow, Sought("Carol", "active")),
        "customers counted": lambda uow: count_customers(uow, Sought("@carol", "never")),
        "subscriptions": lambda uow: list_subscriptions(uow, Held(), "fa"),
        "subscriptions sought": lambda uow: list_subscriptions(uow, Held("Carol", "ends_in_3"), "fa"),
        "paid orders not delivered": lambda uow: list_undelivered(uow, "fa", words="Carol", user_id=7),
        "paid orders not delivered, counted": lambda uow: count_undelivered(uow, words="Carol"),
        "subscriptions counted": lambda uow: count_subscriptions(uow, Held(state="expired")),
        "a customer": lambda uow: load_profile(uow, person.user_id, "fa"),
        "the price list": list_all,
        "its groups": list_groups,
        "what was sold of it": lambda uow: count_sold(uow, since=uow.now - timedelta(days=30)),
        "what is on the shelves": lambda uow: stock_levels(uow, "fa"),
        "the cards": lambda uow: load_board(uow, range_days=90),
        "the next card, and the one paid to": lambda uow: get_next_card_for_rotation(
            uow, amount=Money(1_000, Currency.IRT), user_id=person.user_id
        ),
        "the next hundred buyers": lambda uow: simulate(uow, amount=1_000),
        "the tokens": list_api_tokens,
        "the devices": lambda uow: browsers.list_sessions(
            uow, shop.owner.staff_id, role="owner", current=bytes(32)
        ),
        "the newest proof": load_proof,
        "the history": lambda uow: load_history(uow, History(kind="plans", since="week", before=2**40)),
        "who stands in the history": who_acted,
        "the ledger": lambda uow: list_movements(uow, Wanted()),
        "the ledger, further on": lambda uow: list_movements(uow, Wanted(), after=Place(uow.now, 2**40)),
        "the ledger's sums": lambda uow: add_up(uow, Wanted(kind="deposit")),
        "tickets": lambda uow: list_tickets(uow, Asked()),
        "tickets, further on": lambda uow: list_tickets(uow, Asked(state=ALL), after=Place(uow.now, 2**40)),
        "tickets sought": lambda uow: list_tickets(uow, Asked("Carol", "closed")),
        "tickets of a customer": lambda uow: list_tickets(uow, Asked(state=ALL, user_id=person.user_id)),
        "tickets in somebody's hands": lambda uow: list_tickets(uow, Asked(state=ALL, assigned_to=7)),
        "tickets about an order": lambda uow: list_tickets(uow, Asked(state=ALL, order_id=7)),
        "how soon is answered": load_answering,
        "the customer's orders": lambda uow: list_own_orders(uow, person.user_id, "fa"),
        "tickets counted": lambda uow: count_tickets(uow, Asked()),
        "tickets that wait": count_unanswered,
        "a ticket": lambda uow: load_ticket(uow, asked.ticket_id, "fa"),
        "the customer's open ticket": lambda uow: find_open(uow, person.user_id),
        "a draft": lambda uow: drafts.keep(uow, asked.ticket_id, "He", form="a-form-of-the-plans"),
        "the next ticket": lambda uow: find_next(
            uow, Asked(), besides=asked.ticket_id, after=Place(uow.now, 2**40)
        ),
        "who waits too long": remind_in,
        "an answer": lambda uow: tickets.answer(uow, asked.ticket_id, "Here.", cause="form:plans"),
        "a question": lambda uow: tickets.ask(uow, person.user_id, text="Hello", cause="chat:1:1"),
        "the ready answers": list_replies,
        "the saved views": lambda uow: list_views(uow, "customers"),
        "approving": lambda uow: receipts.approve(uow, first.payment_id),
        "rejecting": lambda uow: receipts.reject(uow, second.payment_id, reason=RejectReason.NOT_ARRIVED),
        "the bot's shop": get_context,
        "the plans in the bot": lambda uow: list_offers(uow, "fa"),
        "what the customer waits for": lambda uow: list_awaiting(uow, person.user_id, late_hours=24),
        "the customer's subscriptions": lambda uow: list_for_user(uow, person.user_id, "fa"),
    }


async def test_every_statement_of_a_shop_that_runs_all_day_is_served_by_an_index_of_the_shop(
    engine, units, verbs
):
    shop, all_of_them = verbs
    asked, wrong = 0, []
    for name, run in all_of_them.items():
        async with units.begin(shop.bot_id, shop.owner) as uow, uow.session.begin_nested() as savepoint:
            for statement, plan in await plans_of(engine, uow, run):
                asked += 1
                wrong += [f"{name}: {fault}\n  {statement}" for fault in faults(plan)]
            await savepoint.rollback()

    assert wrong == []
    assert asked > len(all_of_them), "statements were seen"


LISTS = {
    "customers": lambda uow, after: list_customers(uow, Sought(), after=after),
    "subscriptions": lambda uow, after: list_subscriptions(uow, Held(), "fa", after=after),
    "receipts": lambda uow, after: list_receipts(uow, Receipts(), language="fa", after=after),
    "paid orders not delivered": lambda uow, after: list_undelivered(uow, "fa", after=after),
    "the ledger": lambda uow, after: list_movements(uow, Wanted(), after=after),
    "tickets": lambda uow, after: list_tickets(uow, Asked(), after=after),
    "all tickets": lambda uow, after: list_tickets(uow, Asked(state=ALL), after=after),
    "the history": lambda uow, after: load_history(uow, History(before=after and after.id)),
    "somebody's": lambda uow, after: load_history(uow, History(actor="staff:1", before=after and after.id)),
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_finds_its_page_in_an_index_before_it_reads_a_row(engine, units, make_shop, name: str):
    """Behind the wall PostgreSQL expects hardly any row: a list that joins at once reads the whole shop."""
    shop = await make_shop()
    for after in (None, Place(datetime(2026, 1, 1, tzinfo=UTC), 2**40)):
        async with units.begin(shop.bot_id, shop.owner) as uow:
            plans = await plans_of(
                engine,
                uow,
                lambda uow, after=after: LISTS[name](uow, after),
                without=("seqscan", "bitmapscan", "sort"),
            )
        below = [
            [part["Node Type"] for part in step["Plans"] if part["Parent Relationship"] == "Outer"]
            for _, plan in plans
            for step in steps(plan)
            if step["Node Type"] == "Limit" and step is not plan
        ]
        assert below in ([["Index Only Scan"]], [["Index Scan"]]), plans


async def test_finding_who_knocks_is_served_by_what_is_unique(engine, units, make_shop):
    shop = await make_shop()
    async with units.platform(System("web")) as uow:
        whose_cookie = await inside(uow, "who_asks")
        for run in (
            lambda uow: browsers.find(uow, "Z" * 43),
            lambda uow: uow.session.execute(text(whose_cookie)),
            lambda uow: find_api_token(uow, shop.api_token),
        ):
            for statement, plan in await plans_of(engine, uow, run):
                # Of shops there are few, and reading them all may be the shorter way.
                assert [fault for fault in faults(plan) if not fault.startswith("bots:")] == [], statement
    assert "FROM sessions" in whose_cookie


async def inside(uow: UnitOfWork, function: str) -> str:
    """The question that a function of ours asks, of which a plan would show the call alone."""
    source = await uow.session.scalar(
        text("SELECT prosrc FROM pg_proc WHERE proname = :name"), {"name": function}
    )
    question = re.search(r"RETURN QUERY\s+(.*?);", source or "", re.DOTALL)
    assert question is not None
    given = {"cookie_hash": "'z'::bytea", "at": "now()", "open_shops": "'{active}'", "speechless": "'{}'"}
    return re.sub(rf"\b({'|'.join(given)})\b", lambda name: given[name[1]], question[1])


async def test_looking_for_those_who_wait_too_long_reads_an_index_of_those_who_wait(engine, units, shops):
    """Of all shops at once: which of its two indexes is the shorter way depends on how many were told of."""
    await shops.ticket(await shops.open())
    with listening(engine) as said:
        await remind_due(units)
    statement, parameters = next(one for one in said if "min(tickets.waiting_since)" in one[0])
    async with units.platform(System("test")) as uow:
        await uow.session.execute(text("SET LOCAL enable_seqscan = off"))
        connection = await uow.session.connection()
        rows = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        answer = rows.scalar_one()

    found = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
    used = {step.get("Index Name") for step in steps(found) if step.get("Relation Name") == "tickets"}
    assert used <= {"ix_tickets_to_remind", "ix_tickets_since"}, found
    assert used


async def test_the_wall_asks_for_the_shop_once_a_statement_and_not_once_a_row(units, make_shop):
    """Raw SQL that names no shop. Two policies are joined by OR, so no index serves them: every statement of
    ours names its shop besides (``db.tenancy`` adds it), and the wall is what remains to be filtered."""
    shop = await make_shop()
    async with units.begin(shop.bot_id, shop.owner) as uow:
        rows = await uow.session.execute(text("EXPLAIN (FORMAT JSON) SELECT * FROM card_to_card_payments"))
        plan = rows.scalar_one()[0]["Plan"]

    parts = [step.get("Subplan Name", "") for step in steps(plan)]
    assert [part for part in parts if part.startswith("InitPlan")] == ["InitPlan 1", "InitPlan 2"]
    assert not any(fault.count("at every row") for fault in faults(plan))


async def test_a_bare_setting_in_a_policy_is_noticed(everything):
    """The same policy without its sub-select: what the rule above is for."""
    async with everything.transaction():
        await everything.execute(
            "CREATE TABLE bare (bot_id bigint); "
            "ALTER TABLE bare ENABLE ROW LEVEL SECURITY; ALTER TABLE bare FORCE ROW LEVEL SECURITY; "
            "CREATE POLICY shop ON bare USING (bot_id::text = current_setting('app.bot_id', true)); "
            "GRANT SELECT ON bare TO pishkhan_app; SET LOCAL ROLE pishkhan_app"
        )
        (row,) = await everything.fetch("EXPLAIN (FORMAT JSON) SELECT * FROM bare")
        await everything.execute("RESET ROLE; DROP TABLE bare")

    assert faults(json.loads(row[0])[0]["Plan"])[0].startswith("bare: the shop is asked for at every row")
