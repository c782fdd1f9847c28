"""The terminal: one clear sentence and the right status, whatever goes wrong."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from subprocess import Popen

import pytest

from db.datadir import locked, make_private
from db.embedded import embedded_postgres
from db.migrate import upgrade
from db.urls import APP_ROLE, DATABASE
from tests.runtime.conftest import Told
from tests.runtime.running import is_alive, process, read_until, wait_for

_numbers = count(100_000)


def free_ports() -> dict[str, str]:
    """Ports nobody uses now, under the names of their variables."""
    probes = [socket.socket() for _ in range(3)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    numbers = [str(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return dict(zip(("PORT", "BOT_PORT", "SANDBOX_PORT"), numbers, strict=True))


def test_a_wrong_command_line_is_status_two(pishkhan: Callable[..., Told]) -> None:
    told = pishkhan("bots", "lits")

    assert told.status == 2
    assert "usage:" in told.err


def test_a_malformed_address_is_named_and_nothing_starts(
    pishkhan: Callable[..., Told], tmp_path: Path
) -> None:
    told = pishkhan("up", DATABASE_URL="sqlite:///shop.db")

    assert told.status == 2
    assert told.err.startswith("DATABASE_URL must be a PostgreSQL address")
    assert told.err.count("\n") == 1
    assert told.out == ""
    assert not (tmp_path / "data").exists()


def test_an_unreachable_database_is_one_sentence_without_its_password(tmp_path: Path) -> None:
    ports = free_ports()
    nobody = f"postgresql://app:hunter2@127.0.0.1:{ports['BOT_PORT']}/shop"
    settings = {"PISHKHAN_DATA": str(tmp_path / "data"), "DATABASE_URL": nobody, **ports}

    with process("-m", "shop", "up", **settings) as running:
        said = read_until(running, "\n")
        assert running.wait(15) == 1

    assert f"127.0.0.1:{ports['BOT_PORT']}/shop cannot be reached: Connection refused." in said
    assert "hunter2" not in said


@pytest.mark.parametrize("variable", ["PORT", "SANDBOX_PORT"])
def test_a_port_in_use_is_named_with_the_variable_to_change(
    pishkhan: Callable[..., Told], variable: str
) -> None:
    ports = free_ports()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(ports[variable])))
        taken.listen()

        told = pishkhan("up", **ports)

    assert told.status == 1
    assert f"port {ports[variable]} is in use" in told.err
    assert f"{variable}=" in told.err


def test_a_second_run_on_the_same_folder_is_refused(pishkhan: Callable[..., Told], tmp_path: Path) -> None:
    make_private(tmp_path / "data")
    with locked(tmp_path / "data" / "up.lock", refusal=""):
        told = pishkhan("up", **free_ports())

    assert told.status == 1
    assert "already runs" in told.err


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One installation whose database runs for the tests below; each opens a shop of its own."""
    place = tmp_path_factory.mktemp("installation") / "data"
    with embedded_postgres(place, fsync=False) as server:
        database = server.database(DATABASE)
        asyncio.run(upgrade(database.owner_url, app_role=APP_ROLE))
        yield place


@dataclass(frozen=True)
class Shop:
    username: str
    telegram_token: str
    api_token: str


@pytest.fixture
def alice(pishkhan: Callable[..., Told], folder: Path) -> Shop:
    """Alice's shop, just opened; from here on the terminal works in ``folder``."""
    number = next(_numbers)
    username, token = f"alice_{number}_bot", f"{number}:AAExampleExampleExampleExampleExamp"
    opened = pishkhan("bots", "create", "Alice", "--token", token, "--username", username, at=folder)
    assert opened.status == 0, opened.err
    return Shop(username, token, re.findall(r"pk_live_\w+", opened.out)[0])


def listed(told: Told, shop: Shop) -> list[dict[str, object]]:
    return [row for row in json.loads(told.out) if row["username"] == shop.username]


def test_a_shop_is_paused_by_its_name_and_closed_only_by_who_means_it(
    pishkhan: Callable[..., Told], folder: Path, alice: Shop
) -> None:
    assert pishkhan("bots", "deactivate", f"@{alice.username}", at=folder).status == 0
    (row,) = listed(pishkhan("bots", "list", "--json", at=folder), alice)
    assert (row["name"], row["is_active"]) == ("Alice", False)

    assert pishkhan("bots", "delete", alice.username, at=folder).status == 1
    assert pishkhan("bots", "delete", alice.username, "--yes", at=folder).status == 0
    assert listed(pishkhan("bots", "list", "--json", at=folder), alice) == []


def test_a_bots_token_is_replaced_by_the_verb_of_the_dashboard(
    pishkhan: Callable[..., Told], folder: Path, alice: Shop
) -> None:
    renewed = f"{alice.telegram_token.split(':')[0]}:{'n' * 35}"
    other = f"{next(_numbers)}:{'o' * 35}"

    given = pishkhan("bots", "token", alice.username, "--token", renewed, at=folder)
    refused = pishkhan("bots", "token", alice.username, "--token", other, at=folder)

    assert (given.status, refused.status) == (0, 1)
    assert "the one in force goes on working" in given.out
    assert refused.err == "telegram bot token: another bot.\n"
    assert pishkhan("bots", "token", alice.username, "--token", other, "--other-bot", at=folder).status == 0
    assert not any("n" * 35 in told.out + told.err for told in (given, refused))


def test_a_refusal_of_the_shop_is_one_sentence(
    pishkhan: Callable[..., Told], folder: Path, alice: Shop
) -> None:
    taken = ("bots", "create", "Mallory", "--token", alice.telegram_token)
    for words, sentence in (
        (taken, "another bot has this telegram bot token already."),
        (("bots", "create", "Mallory", "--token", "12:34"), "telegram bot token: not a telegram token."),
        (("token", "issue", "nobody"), "there is no bot nobody."),
        (("token", "revoke", alice.username, "--key", "aaaaaaaa"), "no token in use fits."),
    ):
        told = pishkhan(*words, at=folder)
        assert (told.status, told.out, told.err) == (1, "", f"{sentence}\n")


def test_a_token_is_revoked_by_its_public_part_alone(
    pishkhan: Callable[..., Told], folder: Path, alice: Shop
) -> None:
    second = re.findall(r"pk_live_\w+", pishkhan("token", "issue", alice.username, at=folder).out)[0]
    assert second != alice.api_token

    told = pishkhan("token", "revoke", alice.username, "--key", alice.api_token.split("_")[2], at=folder)

    assert (told.status, told.out[:10]) == (0, "Revoked 1;")


def test_a_token_is_replaced_by_its_public_part_and_the_list_never_shows_one(
    pishkhan: Callable[..., Told], folder: Path, alice: Shop
) -> None:
    key = alice.api_token.split("_")[2]

    told = pishkhan("token", "replace", alice.username, "--key", key, "--now", at=folder)

    (fresh,) = re.findall(r"pk_live_[\w-]+", told.out)
    assert told.out.endswith("The old one stopped.\n")
    printed = pishkhan("token", "list", alice.username, "--json", at=folder).out
    assert {row["key_id"]: row["is_over"] for row in json.loads(printed)} == {
        fresh.split("_")[2]: False,
        key: True,
    }
    assert fresh.split("_", 3)[3] not in printed
    assert pishkhan("token", "replace", alice.username, "--key", key, at=folder).status == 1


def test_an_account_is_linked_and_a_lost_one_unlinked_at_the_terminal(
    pishkhan: Callable[..., Told], folder: Path, alice: Shop
) -> None:
    def linked() -> list[object]:
        people = json.loads(pishkhan("staff", "list", alice.username, "--json", at=folder).out)
        return [person["telegram_id"] for person in people]

    assert linked() == [None]
    assert pishkhan("staff", "link", alice.username, "--telegram-id", "700000001", at=folder).status == 0
    assert linked() == [700000001]
    assert pishkhan("staff", "unlink", alice.username, "--person", "999", at=folder).status == 1
    assert pishkhan("staff", "unlink", alice.username, at=folder).status == 0
    assert linked() == [None]
    assert pishkhan("staff", "sign-out", alice.username, at=folder).status == 0


@pytest.mark.usefixtures("alice")
def test_the_books_of_a_fresh_shop_balance(pishkhan: Callable[..., Told], folder: Path) -> None:
    assert pishkhan("ledger", "verify", at=folder).status == 0
    assert json.loads(pishkhan("ledger", "verify", "--json", at=folder).out) == []


def test_a_backup_restores_the_shop_its_pictures_and_the_key_elsewhere(
    pishkhan: Callable[..., Told], folder: Path, alice: Shop, tmp_path: Path
) -> None:
    there, backup = tmp_path / "there", tmp_path / "pishkhan.tar"
    (folder / "media" / "1").mkdir(parents=True)
    (folder / "media" / "1" / "receipt.webp").write_bytes(b"picture")
    assert pishkhan("backup", str(backup), at=folder).status == 0
    assert backup.stat().st_mode & 0o077 == 0

    with embedded_postgres(there, fsync=False):
        restored = pishkhan("restore", str(backup), at=there)
        assert restored.status == 0, restored.err
        (row,) = listed(pishkhan("bots", "list", "--json", at=there), alice)
        check = pishkhan("check", at=there)
        twice = pishkhan("restore", str(backup), at=there)

    assert row["name"] == "Alice"
    assert check.status == 0, check.out
    assert (there / "secret_key").read_text() == (folder / "secret_key").read_text()
    assert (there / "media" / "1" / "receipt.webp").read_bytes() == b"picture"
    assert twice.status == 1
    assert "already holds tables" in twice.err


def test_a_file_that_is_no_backup_is_refused(pishkhan: Callable[..., Told], tmp_path: Path) -> None:
    (tmp_path / "cat.tar").write_bytes(b"meow")

    told = pishkhan("restore", str(tmp_path / "cat.tar"))

    assert (told.status, told.err.count("\n")) == (1, 1)
    assert "cat.tar" in told.err


BOT_MARK = "--protocol HTTP/1.1"
"""Tells the program that stands in for the bot process from the others."""


@contextmanager
def everything(folder: Path, *, database: str = "python -m db.embedded") -> Iterator[Popen[str]]:
    """`up` with the real database, and for the rest the plainest programs that listen on their ports."""
    (folder / "www" / "health").mkdir(parents=True)
    (folder / "www" / "health" / "ready").touch()
    serve = f"python -m http.server --bind 127.0.0.1 --directory {folder / 'www'}"
    lines = {
        "db": database,
        "web": f"{serve} $PORT",
        "bot": f"{serve} {BOT_MARK} $BOT_PORT",
        "sandbox": f"{serve} $SANDBOX_PORT",
    }
    procfile = folder / "Procfile"
    procfile.write_text("".join(f"{name}: {line}\n" for name, line in lines.items()))
    command = ("-m", "shop", "up", "--procfile", str(procfile))
    with process(*command, PISHKHAN_DATA=str(folder / "data"), DEMO="0", **free_ports()) as running:
        yield running


def children(pid: int) -> dict[str, int]:
    """The processes that ``pid`` started, by the program's words."""
    found = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(place.read_text().rpartition(")")[2].split()[1])
            words = (place.parent / "cmdline").read_text().replace("\0", " ").strip()
        except OSError:
            continue
        if parent == pid and words:
            found[words] = int(place.parent.name)
    return found


def test_the_first_start_shows_addresses_and_the_key_and_ends_whole_when_told(tmp_path: Path) -> None:
    with everything(tmp_path) as running:
        shown = read_until(running, "Sandbox") + read_until(running, "pk_live_")
        started = children(running.pid)
        running.send_signal(signal.SIGINT)

        assert running.wait(15) == 0
        assert "Dashboard   http://127.0.0.1:" in shown
        assert len(started) == 4
        assert not any(map(is_alive, started.values()))


def test_a_database_that_cannot_start_is_named_at_once_and_not_waited_for(tmp_path: Path) -> None:
    with everything(tmp_path, database="python -c 'raise SystemExit(7)'") as running:
        assert running.wait(20) == 1
        assert "db ended" in (running.stdout.read() if running.stdout else "")


def test_nothing_outlives_the_kill_of_up(tmp_path: Path) -> None:
    with everything(tmp_path) as running:
        read_until(running, "pk_live_")
        started = children(running.pid)
        server = int((tmp_path / "data" / "pg" / "postmaster.pid").read_text().split()[0])
        running.kill()

        wait_for(lambda: not any(map(is_alive, [*started.values(), server])), "the end of all children")
        assert len(started) == 4


def test_a_child_that_dies_ends_everything_with_a_sentence_that_names_it(tmp_path: Path) -> None:
    with everything(tmp_path) as running:
        read_until(running, "pk_live_")
        started = children(running.pid)
        [bot] = [pid for words, pid in started.items() if BOT_MARK in words]
        os.kill(bot, signal.SIGKILL)

        assert running.wait(15) == 1
        assert "bot was killed by signal 9" in (running.stdout.read() if running.stdout else "")
        assert not any(map(is_alive, started.values()))
