"""The nightly proof: every way the books or the history can be wrong is found, told once, and kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from db import migrate
from db.crypto import Vault
from db.embedded import Database, Server
from db.engine import build_engine, build_sessions
from db.urls import APP_ROLE
from shop.actors import System
from shop.audit import chain
from shop.books import rules, service
from shop.books.queries import load_books
from shop.books.rules import Finding
from shop.bots.master import ensure_master_bot
from shop.errors import NotAllowed
from shop.media.shelf import Shelf
from shop.orders import service as orders
from shop.receipts import service as receipts
from shop.receipts.rules import RejectReason
from shop.unit_of_work import UnitsOfWork
from tests.conftest import NOON, SECRET
from tests.factories import MASTER, Shop, Shops, telegram_token

THREE_IN_TEHRAN = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)

WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE NOT granted AND datname = current_database()
"""


@dataclass
class House:
    """A platform of its own: the proof looks at every shop there is."""

    units: UnitsOfWork
    shops: Shops
    root: asyncpg.Connection
    shop: Shop = field(init=False)
    sent: list[int] = field(init=False)

    def with_keys(self, *keys: str) -> House:
        other = House(replace(self.units, vault=Vault(keys)), self.shops, self.root)
        other.shop, other.sent = self.shop, self.sent
        return other

    async def prove(self, shop: Shop | None = None) -> list[Finding]:
        async with self.units.begin((shop or self.shop).bot_id, System("test")) as uow:
            return await service.prove(uow)

    async def tamper(self, statement: str, *values: object) -> None:
        """What somebody with the database in his hands would do: no wall, no key, no trigger stops him."""
        async with self.root.transaction():
            await self.root.execute("SET LOCAL session_replication_role = replica")
            await self.root.execute(statement, *values)


@asynccontextmanager
async def house_in(server: Server, made: Database, folder: Path) -> AsyncIterator[House]:
    engine = build_engine(made.app_url, application_name="tests", pool_size=5)
    root = await asyncpg.connect(
        host=str(server.socket_folder), port=5432, user="postgres", database=made.name
    )
    units = UnitsOfWork(build_sessions(engine), Vault((SECRET,)), channel="test", clock=lambda: NOON)
    yield House(units, Shops(units, Shelf(folder)), root)
    await root.close()
    await engine.dispose()


@pytest.fixture(scope="module")
async def furnished(server, tmp_path_factory) -> AsyncIterator[tuple[Shop, list[int]]]:
    """A shop with one receipt approved, one rejected and one waiting; each test gets a copy of its own."""
    made = server.create_database("books_furnished")
    await migrate.upgrade(made.owner_url, app_role=APP_ROLE)
    async with house_in(server, made, tmp_path_factory.mktemp("media")) as house:
        shop = await house.shops.open(name="Alice's shop")
        sent = [(await house.shops.receipt(shop)).payment_id for _ in range(3)]
        async with house.units.begin(shop.bot_id, shop.owner) as uow:
            await receipts.approve(uow, sent[0])
        async with house.units.begin(shop.bot_id, shop.owner) as uow:
            await receipts.reject(uow, sent[1], reason=RejectReason.NOT_ARRIVED)
    yield shop, sent
    server.drop_database(made.name)


@pytest.fixture
async def house(server, furnished, tmp_path) -> AsyncIterator[House]:
    made = server.create_database("books", template="books_furnished")
    async with house_in(server, made, tmp_path) as copied:
        copied.shop, copied.sent = furnished
        yield copied
    server.drop_database(made.name)


async def test_whole_books_and_a_whole_history_are_proof(house):
    assert await house.prove() == []
    assert await house.root.fetchval("SELECT count(*) FROM audit_seals") == await house.root.fetchval(
        "SELECT count(*) FROM audit_log"
    )


@pytest.mark.parametrize(
    ("code", "statement"),
    [
        ("wallet", "UPDATE users SET balance = balance + 1"),
        (
            "entry",
            "UPDATE transactions SET balance_before = 1, balance_after = 125001 WHERE kind = 'deposit'",
        ),
        ("entry", "DELETE FROM transactions WHERE kind = 'deposit'"),
        ("order_debit", "DELETE FROM transactions WHERE kind = 'purchase'"),
        ("order_debit", "UPDATE orders SET status = 'paid' WHERE status = 'awaiting_payment'"),
        ("order_debit", "UPDATE orders SET status = 'expired' WHERE status = 'fulfilled'"),
        ("stray_debit", "UPDATE transactions SET order_id = NULL WHERE kind = 'purchase'"),
        ("payment_credit", "UPDATE card_to_card_payments SET amount = 1 WHERE status = 'approved'"),
        (
            "payment_credit",
            "UPDATE card_to_card_payments SET transaction_id = NULL WHERE status = 'approved'",
        ),
        (
            "payment_credit",
            """UPDATE card_to_card_payments SET status = 'approved', amount = expected_amount,
               transaction_id = (SELECT id FROM transactions WHERE kind = 'deposit')
               WHERE status = 'rejected'""",
        ),
        ("stray_credit", "UPDATE card_to_card_payments SET transaction_id = NULL WHERE status = 'approved'"),
        (
            "gateway_credit",
            """INSERT INTO zarinpal_payments (bot_id, user_id, order_id, status, amount, currency, created_at,
               updated_at) SELECT bot_id, user_id, id, 'paid', amount, 'IRT', now(), now() FROM orders""",
        ),
        (
            "gateway_credit",
            """INSERT INTO zarinpal_payments (bot_id, user_id, order_id, transaction_id, status, amount,
               currency, created_at, updated_at)
               SELECT bot_id, user_id, order_id, id, 'failed', 5, 'IRT', now(), now()
               FROM transactions WHERE kind = 'deposit'""",
        ),
        (
            "stray_credit",
            """INSERT INTO transactions (bot_id, user_id, kind, method, amount, currency, balance_before,
               balance_after, idempotency_key, actor, channel, created_at, updated_at)
               SELECT bot_id, id, 'deposit', 'zarinpal', 7, 'IRT', 0, 7, 'x' || id, 'x', 'x', now(), now()
               FROM users""",
        ),
        ("shop_wallet", "UPDATE bots SET wallet_balance = 5"),
        ("entry_changed", "UPDATE audit_log SET actor_name = 'Mallory' WHERE action = 'receipt.approved'"),
        (
            "entry_changed",
            "UPDATE audit_log SET data = data || '{\"amount\": 1}' WHERE action = 'receipt.approved'",
        ),
        ("entry_missing", "DELETE FROM audit_log WHERE action = 'receipt.approved'"),
        (
            "seal_missing",
            """WITH gone AS (DELETE FROM audit_log WHERE action = 'receipt.approved' RETURNING id)
               DELETE FROM audit_seals WHERE audit_id IN (SELECT id FROM gone)""",
        ),
    ],
)
async def test_what_somebody_with_the_database_changed_is_found(house, code, statement):
    assert await house.prove() == []

    await house.tamper(statement)

    found = await house.prove()
    assert code in {finding.code for finding in found}, found


async def test_an_end_that_was_cut_off_is_found_by_the_heads_noted_before(house):
    async with house.units.begin(house.shop.bot_id, System("test")) as uow:
        await service.record(uow, NOON.date())

    await cut_two(house)

    assert {finding.code for finding in await house.prove()} == {"history_cut"}
    # New entries take the free places, under other hashes.
    async with house.units.begin(house.shop.bot_id, house.shop.owner) as uow:
        await receipts.approve(uow, house.sent[2])
        await receipts.audit.record(uow, "test.more", "bot", 1)
    assert {finding.code for finding in await house.prove()} == {"history_cut"}


async def cut_two(house: House) -> None:
    await house.tamper(
        "WITH gone AS (DELETE FROM audit_seals WHERE bot_id = $1 AND seq > "
        "(SELECT max(seq) - 2 FROM audit_seals WHERE bot_id = $1) RETURNING audit_id) "
        "DELETE FROM audit_log WHERE id IN (SELECT audit_id FROM gone)",
        house.shop.bot_id,
    )


async def test_a_chain_made_anew_without_the_key_is_found(house):
    """The hashes are no secret: whoever rewrites them all still lacks the key."""
    await house.prove()
    await house.tamper("UPDATE audit_log SET actor_name = 'Mallory'")
    await house.tamper("DELETE FROM audit_seals")
    stranger = replace(house.units, vault=Vault(("another key, long enough to be taken for one",)))
    async with stranger.begin(house.shop.bot_id, System("test")) as uow:
        await chain.seal(uow)

    assert [finding.code for finding in await house.prove()] == ["seal_forged"]


async def test_a_key_that_was_replaced_is_needed_only_until_the_next_link(house):
    old, new = "the older key of the house, long enough", "the newer key of the house, long enough"
    await house.tamper("DELETE FROM audit_seals")
    with_old, both, with_new = (house.with_keys(*keys) for keys in ((old,), (new, old), (new,)))
    assert await with_old.prove() == []
    assert await both.prove() == []
    assert [finding.code for finding in await with_new.prove()] == ["seal_forged"]

    async with both.units.begin(house.shop.bot_id, System("test")) as uow:
        await receipts.audit.record(uow, "secrets.rotated", "bot", 1)
    assert await both.prove() == []
    assert await with_new.prove() == []


def test_a_link_covers_all_links_before_it():
    entry = (1, 1, "staff:1", "Alice", "web", "receipt.approved", "payment", 1, {}, NOON)

    assert chain.link(bytes(32), entry) != chain.link(chain.link(bytes(32), entry), entry)


async def test_two_who_seal_at_once_make_one_chain(house):
    for _ in range(5):
        async with house.units.begin(house.shop.bot_id, System("test")) as uow:
            await receipts.audit.record(uow, "test.more", "bot", 1)

    async with house.units.begin(house.shop.bot_id, System("test")) as uow:
        first = await chain.seal(uow)
        others = [asyncio.create_task(chain.seal_due(house.units)) for _ in range(3)]
        # What the first one wrote is not committed yet: the others have looked, and now have to wait.
        async with asyncio.timeout(10):
            while await house.root.fetchval(WAITING) < len(others):
                assert not any(other.done() for other in others)
                await asyncio.sleep(0.01)
    done = [first, *await asyncio.gather(*others)]

    assert done == [await house.root.fetchval("SELECT count(*) FROM audit_seals"), 0, 0, 0]
    assert await house.prove() == []
    assert await chain.seal_due(house.units) == 0


# The night --------------------------------------------------------------------------------------------------


@pytest.fixture
async def master(house) -> int:
    async with house.units.platform(MASTER) as uow:
        bot_id = (await ensure_master_bot(uow, telegram_token())).bot_id
    await house.root.execute("UPDATE bots SET admin_chat_id = 77 WHERE id = $1", bot_id)
    return bot_id


def test_the_night_changes_at_three_on_the_platforms_clock():
    assert rules.night_of(THREE_IN_TEHRAN - timedelta(seconds=1), "Asia/Tehran").isoformat() == "2026-11-22"
    assert rules.night_of(THREE_IN_TEHRAN, "Asia/Tehran").isoformat() == "2026-11-23"


async def test_a_night_is_proved_once_whoever_starts_anew_and_told_once_with_its_anchor(house, master):
    done = [await service.prove_due(house.units, at=THREE_IN_TEHRAN + timedelta(hours=h)) for h in (0, 1, 9)]

    assert done == [2, 0, 0]
    (message,) = await house.root.fetch("SELECT chat_id, kind, payload FROM outbox WHERE bot_id = $1", master)
    (night,) = await house.root.fetch("SELECT day, shops, differing, anchor FROM book_days")
    assert (message["chat_id"], message["kind"]) == (77, "books_proved")
    assert night["anchor"].hex()[:32] in message["payload"]
    assert (night["day"].isoformat(), night["shops"], night["differing"]) == ("2026-11-23", 2, 0)
    assert await service.prove_due(house.units, at=THREE_IN_TEHRAN + timedelta(days=1)) == 2


async def test_a_kill_in_the_middle_of_the_night_skips_and_repeats_no_shop(house, master, monkeypatch):
    await house.shops.open(name="Mallory's shop")
    proved: list[int] = []
    original = service.record

    async def dies_after_one(uow, night):
        if proved:
            raise KeyboardInterrupt
        proved.append(uow.bot_id)
        return await original(uow, night)

    monkeypatch.setattr(service, "record", dies_after_one)
    with pytest.raises(KeyboardInterrupt):
        await service.prove_due(house.units, at=THREE_IN_TEHRAN)
    assert await house.root.fetchval("SELECT count(*) FROM book_days") == 0
    monkeypatch.undo()

    assert await service.prove_due(house.units, at=THREE_IN_TEHRAN) == 2
    assert await house.root.fetchval("SELECT count(*) FROM book_proofs") == 3
    assert await house.root.fetchval("SELECT count(*) FROM book_days") == 1


async def test_a_shop_whose_books_differ_is_named_to_the_master_in_chat_and_on_his_screen(house, master):
    await house.tamper("UPDATE users SET balance = balance + 1 WHERE bot_id = $1", house.shop.bot_id)

    await service.prove_due(house.units, at=THREE_IN_TEHRAN)

    (payload,) = await house.root.fetchrow("SELECT payload FROM outbox WHERE bot_id = $1", master)
    assert "Alice's shop" in payload
    async with house.units.platform(MASTER) as uow:
        books = await load_books(uow)
    assert (books.shops, books.proved_at, books.is_stale) == (2, NOON, False)
    (differing,) = books.differing
    assert (differing.name, differing.findings) == ("Alice's shop", {"wallet": 3})


async def test_a_shop_that_cannot_be_proved_is_told_and_does_not_hide_the_others(house, master, monkeypatch):
    async def fails(uow):
        if uow.bot_id == house.shop.bot_id:
            raise TimeoutError
        return []

    monkeypatch.setattr(service.checks, "find", fails)
    await service.prove_due(house.units, at=THREE_IN_TEHRAN)

    rows = await house.root.fetch("SELECT bot_id, findings FROM book_proofs ORDER BY bot_id")
    assert [(row["bot_id"], "not_proved" in row["findings"]) for row in rows] == [
        (house.shop.bot_id, True),
        (master, False),
    ]
    assert await house.root.fetchval("SELECT differing FROM book_days") == 1


async def test_a_shop_opened_after_three_waits_for_the_next_night(house):
    late = UnitsOfWork(
        house.units.sessions, house.units.vault, "test", clock=lambda: THREE_IN_TEHRAN + timedelta(hours=2)
    )
    await Shops(late, house.shops.shelf).open(name="New")

    assert await service.prove_due(house.units, at=THREE_IN_TEHRAN + timedelta(hours=3)) == 1
    assert await service.prove_due(house.units, at=THREE_IN_TEHRAN + timedelta(days=1, hours=3)) == 2


async def test_only_the_master_sees_the_proofs(house):
    async with house.units.platform(house.shop.owner) as uow:
        with pytest.raises(NotAllowed):
            await load_books(uow)


async def test_a_cancelled_and_a_running_out_order_differ_in_nothing(house):
    person = await house.shops.person(house.shop)
    sent = await house.shops.receipt(house.shop, person)
    async with house.units.begin(house.shop.bot_id, house.shop.owner) as uow:
        await receipts.reject(uow, sent.payment_id, reason=RejectReason.UNREADABLE)
    async with house.units.begin(house.shop.bot_id, person.actor) as uow:
        await orders.cancel(uow, person.user_id, sent.order_id)

    assert await house.prove() == []
