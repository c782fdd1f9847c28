"""One shop's books leave whole, and nothing else leaves with them."""

from __future__ import annotations

import csv
from contextlib import contextmanager

import pytest

from shop.actors import SEEING, StaffMember, System
from shop.cards.service import reveal_number
from shop.errors import NotAllowed
from shop.export.service import write_shop
from shop.export.sheets import SHEETS
from shop.receipts import service as receipts

OPERATOR = System("cli")
EVIL = '=HYPERLINK("http://evil.example";"click")'


async def export(units, shop, folder, *, batch=5_000, actor=OPERATOR):
    folder.mkdir()

    @contextmanager
    def open_file(name):
        with (folder / name).open("w", encoding="utf-8-sig", newline="") as file:
            yield file

    async with units.begin(shop.bot_id, actor) as uow:
        return await write_shop(uow, open_file, batch=batch)


def read(folder, name):
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def everything_in(folder):
    return "\n".join(path.read_text(encoding="utf-8") for path in folder.iterdir())


@pytest.fixture
async def alice(shops, units):
    """A shop in which Carol and a joker bought."""
    shop = await shops.open(name="Alice's", cards_count=2)
    carol = await shops.person(shop, name="Carol")
    joker = await shops.person(shop, name=EVIL)
    for person in (carol, joker, carol):
        sent = await shops.receipt(shop, person)
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await receipts.approve(uow, sent.payment_id)
    await shops.receipt(shop, carol)
    return shop


@pytest.fixture
async def mallory(shops, units):
    shop = await shops.open(name="Mallory's own")
    sent = await shops.receipt(shop, await shops.person(shop, name="Mallory-the-customer"))
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, sent.payment_id)
    return shop


async def test_every_row_of_the_shop_is_in_its_file(units, alice, tmp_path, everything):
    rows = await export(units, alice, tmp_path / "out")

    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "README.txt",
        *(f"{sheet.file}.csv" for sheet in SHEETS),
    }
    for sheet in SHEETS:
        key = "id" if sheet.file == "shop" else "bot_id"
        statement = f"SELECT count(*) FROM {sheet.model.__tablename__} WHERE {key} = $1"  # noqa: S608
        there = await everything.fetchval(statement, alice.bot_id)
        # The line that tells of the export itself was written after the files.
        assert (
            len(read(tmp_path / "out", sheet.file)) == rows[sheet.file] == there - (sheet.file == "audit_log")
        )
    assert rows["card_to_card_payments"] == 4


async def test_nobody_elses_row_is_among_them(units, alice, mallory, tmp_path, everything):
    await export(units, alice, tmp_path / "alice")
    await export(units, mallory, tmp_path / "mallory")

    assert "Mallory" in everything_in(tmp_path / "mallory")
    assert "Mallory" not in everything_in(tmp_path / "alice")
    for sheet in SHEETS:
        if "id" in sheet.columns.split():
            ids = [int(row["id"]) for row in read(tmp_path / "alice", sheet.file)]
            key = "id" if sheet.file == "shop" else "bot_id"
            table = sheet.model.__tablename__
            statement = f"SELECT count(*) FROM {table} WHERE id = ANY($1) AND {key} <> $2"  # noqa: S608
            strangers = await everything.fetchval(statement, ids, alice.bot_id)
            assert strangers == 0, sheet.file


async def test_no_secret_is_in_any_file(units, alice, tmp_path, everything):
    async with units.begin(alice.bot_id, alice.owner) as uow:
        number = await reveal_number(uow, alice.card_id)
    await export(units, alice, tmp_path / "out")
    text = everything_in(tmp_path / "out")

    assert alice.telegram_token not in text
    assert alice.telegram_token.partition(":")[2] not in text
    assert alice.api_token not in text
    assert alice.api_token.split("_", 3)[3] not in text
    assert number not in text
    assert f"{number[:6]}******{number[-4:]}" in text
    columns = await everything.fetch(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND data_type = 'bytea' AND table_name <> 'login_attempts'"
    )
    assert len(columns) > 8
    for table, column in columns:
        key = "id" if table == "bots" else "bot_id"
        statement = f"SELECT {column} FROM {table} WHERE {key} = $1 AND {column} IS NOT NULL"  # noqa: S608
        for (sealed,) in await everything.fetch(statement, alice.bot_id):
            assert sealed.hex() not in text, f"{table}.{column}"
            assert repr(sealed) not in text, f"{table}.{column}"


async def test_a_customer_cannot_be_called_like_a_formula(units, alice, tmp_path):
    await export(units, alice, tmp_path / "out")

    assert f"'{EVIL}" in {row["first_name"] for row in read(tmp_path / "out", "users")}
    for sheet in SHEETS:
        for row in read(tmp_path / "out", sheet.file):
            assert not any(value.startswith(("=", "+", "-", "@", "\t", "\r")) for value in row.values())


async def test_credit_less_debit_is_the_balance_of_every_customer(units, alice, tmp_path):
    await export(units, alice, tmp_path / "out")

    sums = {row["id"]: 0 for row in read(tmp_path / "out", "users")}
    entries = read(tmp_path / "out", "ledger")
    for entry in entries:
        moved = int(entry["credit"]) - int(entry["debit"])
        assert int(entry["balance_after"]) == int(entry["balance_before"]) + moved
        sums[entry["user_id"]] += moved
    assert len(entries) == 6
    assert sums == {row["id"]: int(row["balance"]) for row in read(tmp_path / "out", "users")}


async def test_small_batches_read_the_same_rows(units, alice, tmp_path):
    whole = await export(units, alice, tmp_path / "whole")
    pieces = await export(units, alice, tmp_path / "pieces", batch=2)

    assert pieces == whole | {"audit_log": whole["audit_log"] + 1}
    for sheet in SHEETS:
        if sheet.file != "audit_log":
            assert read(tmp_path / "pieces", sheet.file) == read(tmp_path / "whole", sheet.file)


async def test_who_may_only_look_may_not_carry_it_out(units, alice, tmp_path):
    bob = StaffMember(2, "Bob", SEEING)

    with pytest.raises(NotAllowed):
        await export(units, alice, tmp_path / "out", actor=bob)
