"""What every page of the owner asks of the database: by an index of the shop, as often with twice the data,
and of a list every row once.

The pages are those of the table of routes, the filters and orders those that each page offers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from tests.house.test_query_plans import faults, listening, steps
from tests.web.visiting import OWNERS, Filled, fill, siblings, variations

READS = ("SELECT", "WITH", "UPDATE", "DELETE")
KNOCKING = "who_asks"
"""Asked before the shop is known; ``test_query_plans`` looks at it."""
MISSING = {
    "/broadcasts/count",
    "/broadcasts/{broadcast_id:str}/picture",
    "/start/tests/{payment_id:str}",
    "/start/tests/{payment_id:str}/image",
    "/tickets/{ticket_id:str}/files/{message_id:str}",
    "/tickets/{ticket_id:str}/next",
}
"""What answers only a question, or what is not there, or leads on."""
MOST = {
    "/": 13,
    "/audit": 6,
    "/audit.csv": 2,
    "/broadcasts": 5,
    "/broadcasts.csv": 2,
    "/broadcasts/count": 1,
    "/broadcasts/new": 7,
    "/broadcasts/{broadcast_id:str}": 8,
    "/broadcasts/{broadcast_id:str}/missed": 4,
    "/broadcasts/{broadcast_id:str}/missed.csv": 3,
    "/broadcasts/{broadcast_id:str}/picture": 2,
    "/cards": 8,
    "/cards.csv": 7,
    "/cards/simulator": 9,
    "/confirm": 1,
    "/confirm/wait": 2,
    "/customers": 5,
    "/customers.csv": 2,
    "/customers/{customer_id:str}": 13,
    "/customers/{customer_id:str}/after": 2,
    "/events": 5,
    "/events/now": 4,
    "/features": 4,
    "/features/{key:str}": 4,
    "/plans": 8,
    "/plans.csv": 5,
    "/plans/button": 1,
    "/plans/groups/new": 2,
    "/plans/groups/{group_id:str}": 3,
    "/plans/new": 3,
    "/plans/prices": 5,
    "/plans/{plan_id:str}": 4,
    "/receipts": 2,
    "/receipts/all": 7,
    "/receipts/all.csv": 3,
    "/receipts/{payment_id:str}": 3,
    "/receipts/{payment_id:str}/compare": 4,
    "/receipts/{payment_id:str}/hand": 4,
    "/receipts/{payment_id:str}/history": 4,
    "/receipts/{payment_id:str}/image": 2,
    "/sessions": 3,
    "/settings": 3,
    "/settings/bot": 3,
    "/settings/panel": 2,
    "/settings/reasons": 3,
    "/settings/texts": 3,
    "/settings/texts/{text_key:str}": 4,
    "/settings/{tab:str}": 5,
    "/start": 3,
    "/start/tests/{payment_id:str}": 3,
    "/start/tests/{payment_id:str}/image": 3,
    "/stock": 3,
    "/stock/{plan_id:str}": 3,
    "/subscriptions": 5,
    "/subscriptions.csv": 2,
    "/team": 3,
    "/team.csv": 2,
    "/tickets": 10,
    "/tickets.csv": 2,
    "/tickets/replies": 3,
    "/tickets/{ticket_id:str}": 10,
    "/tickets/{ticket_id:str}/files/{message_id:str}": 2,
    "/tickets/{ticket_id:str}/next": 4,
    "/tokens": 4,
    "/transactions": 6,
    "/transactions.csv": 3,
}
"""How many statements a page takes at most, the question of who asks among them."""


@pytest.fixture
async def filled(shops) -> Filled:
    return await fill(shops, await shops.open(name="Alice's shop", stock=20), times=2)


@pytest.fixture
async def alice(signed_in, filled):
    return await signed_in(filled.shop)


def sorted_whole(plan: dict[str, Any]) -> Iterator[str]:
    """A page of a list that was cut out of the shop sorted whole."""
    for step in steps(plan):
        if step["Node Type"] != "Limit":
            continue
        for below in steps(step):
            if below["Node Type"] != "Sort" or any(_is_made(one) for one in steps(below)):
                continue
            scans = [one for one in steps(below) if "Relation Name" in one]
            if scans and not _is_narrowed(scans[0]):
                yield f"{scans[0]['Relation Name']}: sorted whole for a page by {below['Sort Key']}"


def _is_made(step: dict[str, Any]) -> bool:
    """Rows that no index can have in their order: sums, and the few that a limit of their own left over."""
    return "Aggregate" in step["Node Type"] or step["Node Type"] == "Limit"


def _is_narrowed(scan: dict[str, Any]) -> bool:
    """By more than the shop, before a row of the table is read."""
    condition = scan.get("Index Cond", scan.get("Recheck Cond", ""))
    return condition.count(" = ") + condition.count(" > ") + condition.count(" < ") > 1


async def visited(browser, filled: Filled, path: str) -> list[str]:
    """The page and every address of it that it offers; all of them were answered."""
    seen: dict[str, str] = {}
    waiting = [filled.url(path)]
    while waiting:
        url = waiting.pop()
        answer = await browser.get(url)
        assert answer.status_code == 200 or path in MISSING, url
        seen[url] = answer.text
        waiting += [one for one in siblings(path, answer.text) if one not in seen and one not in waiting]
    offered = [one for url, page in seen.items() for one in variations(url, page)]
    answers = {one: (await browser.get(one)).status_code for one in offered}
    assert set(answers.values()) <= {200, 303}, answers
    return [*seen, *offered]


async def test_every_statement_of_every_page_with_every_filter_is_served_by_an_index_of_the_shop(
    alice, filled, engine, units
):
    said: dict[str, tuple[Any, str]] = {}
    offered: dict[str, list[str]] = {}
    for path in OWNERS:
        with listening(engine) as heard:
            offered[path] = await visited(alice, filled, path)
        for statement, parameters in heard:
            said.setdefault(statement, (parameters, path))

    wrong = []
    async with units.begin(filled.shop.bot_id, filled.shop.owner) as uow:
        await uow.session.execute(text("SET LOCAL enable_seqscan = off"))
        await uow.session.execute(text("SET LOCAL enable_sort = off"))
        connection = await uow.session.connection()
        for statement, (parameters, path) in said.items():
            if not statement.lstrip().startswith(READS) or KNOCKING in statement:
                continue
            rows = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
            answer = rows.scalar_one()
            plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
            wrong += [f"{path}: {fault}\n  {statement}" for fault in (*faults(plan), *sorted_whole(plan))]

    assert wrong == []
    assert len(said) > len(OWNERS)
    for path in ("/customers", "/transactions", "/subscriptions", "/tickets", "/receipts/all", "/audit"):
        assert len(offered[path]) > 5, offered[path]


async def test_a_list_that_no_index_has_in_its_order_is_noticed(filled, units):
    async with units.begin(filled.shop.bot_id, filled.shop.owner) as uow:
        await uow.session.execute(text("SET LOCAL enable_sort = off"))
        bare = await uow.session.execute(
            text(
                "EXPLAIN (FORMAT JSON) SELECT id FROM users WHERE bot_id = :shop ORDER BY balance, id LIMIT 9"
            ),
            {"shop": filled.shop.bot_id},
        )
        kept = await uow.session.execute(
            text(
                "EXPLAIN (FORMAT JSON) SELECT id FROM users WHERE bot_id = :shop "
                "ORDER BY created_at DESC, id DESC LIMIT 9"
            ),
            {"shop": filled.shop.bot_id},
        )

        assert len(list(sorted_whole(bare.scalar_one()[0]["Plan"]))) == 1
        assert list(sorted_whole(kept.scalar_one()[0]["Plan"])) == []


async def test_more_rows_do_not_cost_more_statements_on_any_page(alice, filled, shops, counted_queries):
    async def counts() -> dict[str, int]:
        found = {}
        for path in OWNERS:
            await alice.get(filled.url(path))
            counted_queries()
            await alice.get(filled.url(path))
            found[path] = counted_queries()
        return found

    before = await counts()
    await fill(shops, filled.shop, times=3, regular=filled.regular)
    after = await counts()

    assert {path: (before[path], after[path]) for path in OWNERS if before[path] != after[path]} == {}
    assert set(MOST) == set(OWNERS), "every page says how many statements it takes"
    assert {path: count for path, count in after.items() if count > MOST[path]} == {}
