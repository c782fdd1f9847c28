"""Every list of the owner, walked to its end by its own links while rows come and go: each row once.

Rows are many to an instant, so that a page may end in the middle of one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest

from web.jinja import TEMPLATES

ROWS = 120
"""More than two pages of each."""
FURTHER = re.compile(r'<a class="btn(?: btn-s)?"(?: rel="next")? href="([^"]+)"[^>]*>(?:Next page|Older)')
PAGED = re.compile(r"\bpager\(|\bolder\b")
INSTANT = "timestamptz '2026-11-20 08:30Z' + (n / 7) * interval '1 minute'"


@dataclass(frozen=True, slots=True)
class List:
    """``copies``: makes rows number $2 to $3 of shop $1, of the customer $4 and the order $5. ``row``: how
    one of them is known on the page; ``column`` of ``table`` has the same."""

    template: str
    table: str
    column: str
    copies: str
    row: str
    orders: tuple[str, ...] = ("newest", "oldest")
    query: str = ""


LISTS = {
    "/customers": List(
        "customers/_list.html",
        "users",
        "first_name",
        "INSERT INTO users (bot_id, telegram_id, first_name, language, created_at, updated_at) "
        "SELECT $1, 1000000 + n, 'row-' || n || '-', 'fa', AT_INSTANT, now() "
        "FROM generate_series($2::int, $3) n WHERE $4::bigint + $5::bigint > 0",
        r'href="/customers/\d+"><bdi>(row-\d+-)',
    ),
    "/subscriptions": List(
        "subscriptions/_list.html",
        "subscriptions",
        "name",
        "WITH made AS (INSERT INTO orders (bot_id, user_id, status, amount, currency, snapshot, created_at, "
        "updated_at) SELECT bot_id, $4, 'paid', 1, 'IRT', snapshot, now(), now() "
        "FROM orders, generate_series($2::int, $3) WHERE bot_id = $1 AND id = $5 RETURNING id), "
        "numbered AS (SELECT id, $2 - 1 + row_number() OVER (ORDER BY id) AS n FROM made) "
        "INSERT INTO subscriptions (bot_id, user_id, order_id, name, status, starts_at, ends_at, created_at, "
        "updated_at) SELECT $1, $4, id, 'row-' || n || '-', 'active', AT_INSTANT, timestamptz '2027-01-01', "
        "AT_INSTANT, now() FROM numbered",
        r'<span class="faint"><[^>]*>(row-\d+-)',
    ),
    "/transactions": List(
        "transactions/_list.html",
        "transactions",
        "note",
        "INSERT INTO transactions (bot_id, user_id, kind, method, amount, currency, balance_before, "
        "balance_after, idempotency_key, note, actor, channel, created_at, updated_at) "
        "SELECT $1, $4, 'correction', 'staff', 1, 'IRT', 0, 1, 'walk:' || n, 'row-' || n || '-', 'staff:1', "
        "'web', AT_INSTANT, now() FROM generate_series($2::int, $3) n WHERE $5::bigint > 0",
        r'<small class="faint"><bdi>(row-\d+-)',
    ),
    "/tickets": List(
        "tickets/_list.html",
        "tickets",
        "subject",
        "INSERT INTO tickets (bot_id, user_id, subject, status, unanswered, last_at, created_at, updated_at) "
        "SELECT $1, $4, 'row-' || n || '-', 'closed', 0, AT_INSTANT, AT_INSTANT, now() "
        "FROM generate_series($2::int, $3) n WHERE $5::bigint > 0",
        r'href="/tickets/\d+\?[^"]*"><bdi>(row-\d+-)',
        query="&state=closed",
    ),
    "/broadcasts": List(
        "broadcasts/_list.html",
        "broadcasts",
        "form",
        "INSERT INTO broadcasts (bot_id, form, status, audience, words, by, created_at, updated_at) "
        "SELECT $1, 'row-' || n || '-', 'draft', 'everybody', "
        "jsonb_build_object('fa', 'row-' || n || '-'), 'staff:1', AT_INSTANT, now() "
        "FROM generate_series($2::int, $3) n WHERE $4::bigint + $5::bigint > 0",
        r'href="/broadcasts/\d+"><bdi>(row-\d+-)',
    ),
    "/broadcasts/{broadcast_id}/missed": List(
        "broadcasts/missed/_list.html",
        "users",
        "first_name",
        "WITH people AS (INSERT INTO users (bot_id, telegram_id, first_name, language, created_at, "
        "updated_at) SELECT $1, 1000000 + n, 'row-' || n || '-', 'fa', now(), now() "
        "FROM generate_series($2::int, $3) n WHERE $4::bigint + $5::bigint > 0 "
        "RETURNING id, substr(first_name, 5, length(first_name) - 5)::int AS n) "
        "INSERT INTO broadcast_recipients (bot_id, broadcast_id, user_id, status, created_at, updated_at) "
        "SELECT $1, (SELECT max(id) FROM broadcasts WHERE bot_id = $1), id, 'failed', now(), AT_INSTANT "
        "FROM people ORDER BY n",
        r'href="/customers/\d+"><bdi>(row-\d+-)',
    ),
    "/receipts/all": List(
        "receipts/all/_list.html",
        "card_to_card_payments",
        "tracking_number",
        "INSERT INTO card_to_card_payments (bot_id, user_id, order_id, card_id, status, expected_amount, "
        "currency, card_snapshot, tracking_number, expires_at, receipt_type, receipt_submitted_at, "
        "receipt_count, created_at, updated_at) OVERRIDING SYSTEM VALUE "
        "SELECT bot_id, $4, $5, card_id, 'rejected', 500000 + n, currency, card_snapshot, "
        "'row-' || n || '-', AT_INSTANT, 'photo', AT_INSTANT, 1, AT_INSTANT, now() "
        "FROM card_to_card_payments, generate_series($2::int, $3) n WHERE bot_id = $1 "
        "AND id = (SELECT min(id) FROM card_to_card_payments WHERE bot_id = $1)",
        r"(5\d\d,\d\d\d)",
    ),
    "/audit": List(
        "audit/_list.html",
        "audit_log",
        "subject_type",
        "INSERT INTO audit_log (bot_id, actor, actor_name, channel, action, subject_type, data, created_at, "
        "updated_at) "
        "SELECT $1, 'staff:1', 'row-' || n || '-', 'web', 'card.moved', 'row-' || n || '-', '{}', "
        "AT_INSTANT, now() FROM generate_series($2::int, $3) n WHERE $4::bigint + $5::bigint > 0",
        r"<bdi>(row-\d+-)</bdi>",
        ("newest",),
    ),
}


def test_every_list_that_has_pages_is_walked():
    paged = {
        path.relative_to(TEMPLATES / "web").as_posix()
        for path in Path(TEMPLATES / "web").rglob("_*.html")
        if PAGED.search(path.read_text()) and "_macros" not in path.parts
    }

    assert paged == {one.template for one in LISTS.values()}


def key_of(path: str, number: int) -> str:
    return f"{500_000 + number:,}" if path == "/receipts/all" else f"row-{number}-"


@pytest.mark.parametrize(
    ("path", "order"), [(path, order) for path, one in LISTS.items() for order in one.orders]
)
async def test_a_list_shows_every_row_once_though_rows_come_and_go(signed_in, shops, everything, path, order):
    one, shop = LISTS[path], await shops.open(name="Alice's shop")
    sent, written = await shops.receipt(shop), await shops.broadcast(shop)
    alice = await signed_in(shop)
    await everything.execute("SET session_replication_role = replica")

    async def come(first: int, last: int) -> None:
        await everything.execute(
            one.copies.replace("AT_INSTANT", INSTANT),
            *(shop.bot_id, first, last, sent.person.user_id, sent.order_id),
        )

    async def go(number: int) -> None:
        leaving = "DELETE FROM a_table WHERE bot_id = $1 AND a_column = $2"
        leaving = leaving.replace("a_table", one.table).replace("a_column", one.column)
        gone = await everything.execute(leaving, shop.bot_id, f"row-{number}-")
        assert gone == "DELETE 1"

    await come(1, ROWS)
    place = path.replace("{broadcast_id}", str(written.broadcast_id))
    url, pages = f"{place}?lang=en&sort={order}{one.query}", []
    while url:
        text = (await alice.get(url)).text
        # On the wide table and on the cards of a phone, the same rows stand twice in the page.
        pages.append(list(dict.fromkeys(re.findall(one.row, text))))
        found = FURTHER.search(text)
        url = unescape(found[1]) if found else ""
        if len(pages) == 1:
            shown, ahead = (ROWS - 1, 2) if order == "newest" else (2, ROWS - 1)
            await go(shown)
            await go(ahead)
            await come(ROWS + 1, ROWS + 5)

    seen = [key for page in pages for key in page]
    assert len(pages) >= 3
    assert len(seen) == len(set(seen)), "no row twice"
    kept = {key_of(path, n) for n in range(1, ROWS + 1)} - {key_of(path, ahead)}
    newer = {key_of(path, n) for n in range(ROWS + 1, ROWS + 6)}
    assert set(seen) - newer == kept
    assert newer <= set(seen) or order == "newest"
