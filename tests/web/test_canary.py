"""Another shop's words are nowhere: each of its columns holds a marker, and nobody else ever sees one."""

from __future__ import annotations

import re
import secrets
from html import unescape

import pytest

from shop.actors import System
from shop.audit import service as audit
from shop.bots.queries import get_context
from shop.export.service import write_shop
from shop.notifications import messages
from shop.notifications.outbox import enqueue
from shop.orders import service as orders
from shop.plans.queries import list_offers
from shop.receipts import service as receipts
from shop.receipts.queries import list_awaiting
from shop.receipts.rules import RejectReason
from shop.subscriptions.queries import list_for_user
from shop.users import service as users
from tests.house.test_walls import SHOP_TABLES
from tests.web.test_matrix import ROUTES, address

MARK = f"CANARY{secrets.token_hex(6)}"
ALSO = ("", "?lang=en")
MEANT_FOR_US = {
    *("timezone", "currency", "calendar", "default_language", "language", "public_id", "storage_key"),
    *(
        "content_type",
        "config_key",
        "feature_key",
        "kind",
        "key_id",
        "role",
        "bank_name",
        "code",
        "token_hash",
    ),
}
"""Words that our own code reads, and that say nothing of a shop."""
_HREF = re.compile(r'(?:href|src|action|hx-get)="(/[^"]*)"')


async def mark_everything(everything, bot_id: int) -> int:
    """Put the marker into every free text and JSON column of the shop's rows; how many columns got it."""
    columns = await everything.fetch(
        """
        SELECT c.table_name AS table, c.column_name AS column, c.data_type AS type
        FROM information_schema.columns c
        WHERE c.table_schema = 'public' AND c.data_type IN ('text', 'jsonb') AND c.table_name = any($1)
          AND c.is_generated = 'NEVER' AND NOT EXISTS (
            SELECT 1 FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid
              AND a.attnum = any(k.conkey)
            WHERE k.contype = 'c' AND k.conrelid = c.table_name::regclass AND a.attname = c.column_name)
        """,
        SHOP_TABLES,
    )
    marked = 0
    for table, column, kind in columns:
        if column in MEANT_FOR_US:
            continue
        value = (
            f"{column} || jsonb_build_object('name', '{MARK}', 'text', '{MARK}')"
            if kind == "jsonb"
            else f"'{MARK}' || left(coalesce({column}, ''), 0) || '{table}' || (row_number() OVER ())"
        )
        key = "id" if table == "bots" else "bot_id"
        only = f"AND jsonb_typeof({column}) = 'object'" if kind == "jsonb" else ""
        done = await everything.execute(
            f"UPDATE {table} t SET {column} = n.value FROM (SELECT ctid AS place, {value} AS value "  # noqa: S608
            f"FROM {table} WHERE {key} = $1 {only}) n WHERE t.ctid = n.place",
            bot_id,
        )
        marked += done != "UPDATE 0"
    return marked


@pytest.fixture
async def mallorys(shops, everything, units):
    """A shop in which everything has happened, marked all over."""
    shop = await shops.open(name="Mallory's shop", cards_count=2)
    person = await shops.person(shop)
    approved, rejected, waiting = [await shops.receipt(shop, person) for _ in range(2)] + [
        await shops.receipt(shop)
    ]
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, approved.payment_id)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.reject(uow, rejected.payment_id, reason=RejectReason.OTHER, text="words")
        await audit.record(uow, "test.more", "bot", shop.bot_id)
        await enqueue(uow, chat_id=1, message=messages.StockLow(shop.plan_id, "plan", 1, 1))
    assert await mark_everything(everything, shop.bot_id) > 30
    yield shop, waiting
    # Out of the way of whoever looks at all shops.
    await everything.execute(
        "UPDATE bots SET is_active = false, deleted_at = now() WHERE id = $1", shop.bot_id
    )


@pytest.fixture
async def alices(shops, units):
    shop = await shops.open(name="Alice's shop")
    person = await shops.person(shop)
    sent = await shops.receipt(shop, person)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, (await shops.receipt(shop, person)).payment_id)
    return shop, person, sent


async def crawl(browser, starts: list[str]) -> dict[str, str]:
    """Every page that can be reached from ``starts``, by its address, headers and all."""
    seen: dict[str, str] = {}
    waiting = list(starts)
    while waiting:
        url = waiting.pop()
        if url in seen or url.startswith(("/static", "/events?")):
            continue
        for part in ("false", "true"):
            answer = await browser.client.get(url, headers={"hx-request": part})
            text = unescape(answer.content.decode(errors="replace"))
            seen[url] = seen.get(url, "") + text + repr(answer.headers)
            waiting += [unescape(found).partition("#")[0] for found in _HREF.findall(text)]
        assert len(seen) < 400, "the crawl does not end"
    return seen


def places(shop, sent, *others: tuple[object, object]) -> list[str]:
    """Every GET route, with the own things and with those of others."""
    ids = [(shop, sent), *others]
    return [
        address(path, receipt=its.payment_id, plan=one.plan_id, token=one.token_id, bot_id=one.bot_id) + more
        for method, path in ROUTES
        for one, its in ids
        for more in ALSO
        if method == "GET" and path != "/events"  # a stream does not end; "/events/now" is one turn of it
    ]


async def test_nothing_of_another_shop_is_on_any_page_in_any_header(signed_in, alices, mallorys):
    alice = await signed_in(alices[0])

    seen = await crawl(alice, places(alices[0], alices[2], mallorys))

    assert [url for url, text in seen.items() if MARK in text] == []
    assert len(seen) > 60


async def test_the_crawl_would_see_it(signed_in, mallorys):
    """The same steps in the marked shop itself: without this, finding nothing would prove nothing."""
    shop, waiting = mallorys
    mallory = await signed_in(shop)

    seen = await crawl(mallory, places(shop, waiting))

    with_marks = {url.partition("?")[0] for url, text in seen.items() if MARK in text}
    assert {
        "/",
        "/receipts",
        "/sessions",
        "/stock",
        "/tokens",
        f"/receipts/{waiting.payment_id}",
    } <= with_marks


async def test_nothing_of_another_shop_is_in_an_export_or_in_what_the_bot_says(
    units, alices, mallorys, tmp_path
):
    shop, person, _ = alices

    async with units.begin(shop.bot_id, System("test")) as uow:
        await write_shop(uow, lambda name: (tmp_path / name).open("w", encoding="utf-8", newline=""))
    said = []
    async with units.begin(shop.bot_id, person.actor) as uow:
        for language in ("fa", "en"):
            said += [
                await get_context(uow),
                await list_offers(uow, language),
                await list_awaiting(uow, person.user_id, late_hours=24),
                await list_for_user(uow, person.user_id, language),
            ]

    written = [path.read_text(encoding="utf-8") for path in tmp_path.glob("*.csv")]
    assert len(written) > 10
    assert MARK not in "".join(written)
    assert MARK not in repr(said)
    assert "Alice" in repr(said)


async def test_the_shared_telegram_account_of_a_customer_is_another_person_in_each_shop(
    units, alices, mallorys, everything
):
    """The same person in two shops: neither sees a word of the other."""
    shop, person, _ = alices
    _, waiting = mallorys
    await everything.execute(
        "UPDATE users SET telegram_id = $1 WHERE id = $2", person.telegram_id, waiting.person.user_id
    )

    async with units.begin(shop.bot_id, person.actor) as uow:
        found = await users.register(
            uow, telegram_id=person.telegram_id, first_name="Carol", language_code="en"
        )
        assert MARK not in repr(found)
        assert await orders.lock_user(uow, person.user_id)
