"""`seed` and `export` at the terminal, and the page that lists every command."""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db.embedded import embedded_postgres
from db.migrate import upgrade
from db.urls import APP_ROLE, DATABASE
from shop.cli import build_parser
from tests.runtime.conftest import Told
from tests.runtime.running import ROOT

TOKEN = "123456789:AAExampleExampleExampleExampleExamp"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One installation whose database runs for the tests below."""
    place = tmp_path_factory.mktemp("installation") / "data"
    with embedded_postgres(place, fsync=False) as server:
        asyncio.run(upgrade(server.database(DATABASE).owner_url, app_role=APP_ROLE))
        yield place


@pytest.fixture
def seeded(pishkhan: Callable[..., Told], folder: Path) -> dict:
    """Two small shops more."""
    told = pishkhan("seed", "--bots", "2", "--users", "7", "--payments", "60", "--json", at=folder)
    assert told.status == 0, told.err
    assert "69 of 69" in told.err
    assert "\r" not in told.err, "a bar is for a terminal"
    return json.loads(told.out)


def test_seeding_tells_what_it_made_and_the_books_balance(
    pishkhan: Callable[..., Told], folder: Path, seeded: dict
) -> None:
    assert (seeded["bots"], seeded["users"], seeded["payments"]) == (2, 7, 60)
    assert sum(seeded[outcome] for outcome in ("approved", "rejected", "waiting", "expired")) == 60
    assert [shop["payments"] for shop in seeded["shops"]] == [30, 30]
    assert pishkhan("ledger", "verify", at=folder).status == 0
    rows = json.loads(pishkhan("bots", "list", "--json", at=folder).out)
    ours = [row for row in rows if row["bot_id"] in {shop["bot_id"] for shop in seeded["shops"]}]
    assert [row["is_active"] for row in ours] == [False, False]


def test_without_json_the_result_is_plain_sentences(pishkhan: Callable[..., Told], folder: Path) -> None:
    told = pishkhan("seed", "--bots", "1", "--users", "0", "--payments", "0", at=folder)

    assert told.status == 0
    assert told.out.startswith("Opened 1 shop (number ")


def test_a_real_installation_is_seeded_only_by_who_means_it(
    pishkhan: Callable[..., Told], folder: Path
) -> None:
    words = ("seed", "--bots", "1", "--users", "1", "--payments", "1")

    refused = pishkhan(*words, at=folder, BOT_TOKEN=TOKEN)
    assert (refused.status, refused.out, refused.err.count("\n")) == (1, "", 1)
    assert "--yes" in refused.err
    assert pishkhan(*words, "--yes", at=folder, BOT_TOKEN=TOKEN).status == 0


@pytest.mark.parametrize("words", [("--bots", "0"), ("--users", "-1"), ("--payments", "many")])
def test_a_number_that_cannot_be_is_a_wrong_command_line(
    pishkhan: Callable[..., Told], words: tuple[str, str]
) -> None:
    told = pishkhan("seed", *words)

    assert told.status == 2
    assert words[0] in told.err


def test_payments_without_people_are_refused(pishkhan: Callable[..., Told]) -> None:
    told = pishkhan("seed", "--bots", "2", "--users", "1", "--payments", "5")

    assert (told.status, told.err) == (1, "payments need people: let --users be at least --bots.\n")


def rows(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_a_folder_and_a_zip_hold_the_same_shop_and_are_private(
    pishkhan: Callable[..., Told], folder: Path, seeded: dict, tmp_path: Path
) -> None:
    shop = seeded["shops"][0]
    for number, name in ((shop["bot_id"], "out"), (shop["public_id"], "out.zip")):
        told = pishkhan("export", str(number), "--to", str(tmp_path / name), at=folder)
        assert (told.status, told.err) == (0, "")
        assert str(tmp_path / name) in told.out

    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        zipped = {name: rows(archive.read(name)) for name in archive.namelist() if name.endswith(".csv")}
        assert shop["name"] in archive.read("README.txt").decode("utf-8-sig")
    laid = {path.name: rows(path.read_bytes()) for path in (tmp_path / "out").glob("*.csv")}
    assert len(laid["card_to_card_payments.csv"]) == 30
    del laid["audit_log.csv"], zipped["audit_log.csv"]  # the second one tells of the first
    assert zipped == laid
    for path in (tmp_path / "out", tmp_path / "out.zip", *(tmp_path / "out").iterdir()):
        assert path.stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in tmp_path.iterdir() if "out" in path.name) == ["out", "out.zip"]
    assert not list(tmp_path.glob(".export-*"))


def test_what_is_there_already_is_never_written_over(
    pishkhan: Callable[..., Told], folder: Path, seeded: dict, tmp_path: Path
) -> None:
    (tmp_path / "mine.zip").write_text("precious")
    bot = str(seeded["shops"][0]["bot_id"])

    for place, words in (
        (tmp_path / "mine.zip", "is there already"),
        (tmp_path / "no" / "such", "cannot be written"),
    ):
        told = pishkhan("export", bot, "--to", str(place), at=folder)
        assert (told.status, told.out, told.err.count("\n")) == (1, "", 1)
        assert words in told.err
    assert (tmp_path / "mine.zip").read_text() == "precious"


def test_a_shop_that_is_not_there_cannot_be_exported(
    pishkhan: Callable[..., Told], folder: Path, tmp_path: Path
) -> None:
    told = pishkhan("export", "@nobody_bot", "--to", str(tmp_path / "out"), at=folder)

    assert (told.status, told.err) == (1, "there is no bot @nobody_bot.\n")
    assert not (tmp_path / "out").exists()


def commands(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[tuple[str, list[str]]]:
    """Every command with its options, as the parser knows them."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for group in groups:
        for name, place in group.choices.items():
            yield from commands(place, (*words, name))
    if not groups:
        places = [(action.metavar or action.dest).upper() for action in parser._positionals._group_actions]
        options = [
            action.option_strings[-1]
            for action in parser._actions
            if action.option_strings and action.dest != "help"
        ]
        yield " ".join((*words, *(str(place) for place in places))), options


def test_the_page_of_the_command_line_lists_every_command_with_its_options() -> None:
    page = (ROOT / "docs" / "cli.md").read_text()
    listed = {
        command: re.findall(r"`(--[\w-]+)`", options)
        for command, options in re.findall(r"^\| `([^`]+)` \|([^|]*)\|", page, re.MULTILINE)
    }

    assert listed == dict(commands(build_parser()))
