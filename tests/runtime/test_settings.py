"""What the environment may say, and how we refuse what it may not."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest

from db.datadir import socket_folder
from db.settings import TELEGRAM, Settings, SettingsError
from tests.runtime.running import ROOT

LONG = "k" * 8 + "0123456789abcdefghijklmnopqrstuv"
TOKEN = "123456789:AAExampleExampleExampleExampleExamp"


def read(folder: Path, **environ: str) -> Settings:
    return Settings.from_env({"PISHKHAN_DATA": str(folder), **environ})


@pytest.mark.parametrize(
    ("variable", "value", "word"),
    [
        ("DATABASE_URL", "sqlite:///shop.db", "PostgreSQL"),
        ("DATABASE_URL", "mysql://u:p@h/d", "PostgreSQL"),
        ("DATABASE_URL", "postgresql+psycopg://u:p@h/d", "PostgreSQL"),
        ("DATABASE_URL", "localhost", "cannot be read"),
        ("DATABASE_URL", "postgresql://u:p@h:abc/d", "cannot be read"),
        ("DATABASE_URL", "postgresql://u:p@h:99999/d", "port"),
        ("DATABASE_URL", "postgresql://u:p@h/", "database"),
        ("DATABASE_URL", "postgresql://h/d", "user"),
        ("DATABASE_URL", "postgresql://u:p@h/d?sslmode=maybe", "sslmode"),
        ("DATABASE_URL", "postgresql://u:p@h/d?pool=5", "pool"),
        ("DATABASE_OWNER_URL", "postgresql://o:p@h/d", "DATABASE_URL"),
        ("SECRET_KEY", "changeme", "32"),
        ("SECRET_KEY", "5f3c9a07d1e8b246c0a9f7e3d5b1284", "32"),
        ("SECRET_KEY", "a" * 64, "simple"),
        ("SECRET_KEY", f"{LONG},short", "32"),
        ("SECRET_KEY", "change-me-before-you-go-to-production", "simple"),
        ("SECRET_KEY", "correcthorse" * 4, "simple"),
        ("SECRET_KEY", ",", "no key"),
        ("BOT_TOKEN", "hello", "Telegram token"),
        ("TELEGRAM_API_URL", "telegram", "https://"),
        ("TELEGRAM_PROXY", "127.0.0.1:1080", "socks5://"),
        ("TELEGRAM_MODE", "foo", "polling or webhook"),
        ("WEBHOOK_BASE_URL", "shop.example", "https://"),
        ("PUBLIC_BASE_URL", "ftp://example.com", "https://"),
        ("PUBLIC_BASE_URL", "http://[::1", "PUBLIC_BASE_URL"),
        ("TRUSTED_PROXIES", "nginx", "10.0.0.5"),
        ("TRUSTED_PROXIES", "10.0.0.1,,10.0.0.2", "10.0.0.5"),
        ("TRUSTED_PROXIES", "0.0.0.0/0", "everybody"),
        ("TRUSTED_PROXIES", "::/0", "everybody"),
        ("ZARINPAL_BASE_URL", "no", "https://"),
        ("PORT", "abc", "65535"),
        ("PORT", "0", "65535"),
        ("PORT", "70000", "65535"),
        ("PORT", "۸۰۰۰", "65535"),
        ("BOT_PORT", "8000", "PORT"),
        ("SANDBOX_PORT", "-1", "65535"),
        ("HOST", "no host", "0.0.0.0"),
        ("WEB_WORKERS", "0", "64"),
        ("DEMO", "yes", "1 or 0"),
        ("LOG_FORMAT", "xml", "console or json"),
        ("LOG_LEVEL", "LOUD", "DEBUG"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_in_one_sentence_and_nothing_is_made(
    tmp_path: Path, variable: str, value: str, word: str
) -> None:
    folder = tmp_path / "data"

    with pytest.raises(SettingsError) as refusal:
        read(folder, **{variable: value})

    assert refusal.value.variable == variable
    assert refusal.value.sentence.startswith(variable)
    assert refusal.value.sentence.endswith(".")
    assert word in refusal.value.sentence
    assert "\n" not in refusal.value.sentence
    assert not folder.exists()


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql://u:p@h:6432/d", "postgresql+asyncpg://u:p@h:6432/d"),
        ("postgresql+asyncpg://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgres://u:p@h/d?sslmode=require", "postgresql+asyncpg://u:p@h/d?ssl=require"),
        (
            "postgres://u:p@h/d?sslmode=require&channel_binding=require",
            "postgresql+asyncpg://u:p@h/d?ssl=require",
        ),
        ("postgres://u:a%40b@h/d", "postgresql+asyncpg://u:a%40b@h/d"),
    ],
)
def test_every_spelling_of_an_address_becomes_the_one_our_driver_understands(
    tmp_path: Path, given: str, understood: str
) -> None:
    assert read(tmp_path / "data", DATABASE_URL=given).database_url == understood


def test_a_refused_address_does_not_show_its_password(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refusal:
        read(tmp_path / "data", DATABASE_URL="mysql://root:hunter2@h/d")

    assert "hunter2" not in str(refusal.value)


def test_the_application_and_the_owner_may_not_be_one_role(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="same role"):
        read(tmp_path / "data", DATABASE_URL="postgres://u:p@h/d", DATABASE_OWNER_URL="postgres://u:p@h/d")


def test_without_a_bot_token_the_sandbox_stands_in_for_telegram(tmp_path: Path) -> None:
    settings = read(tmp_path / "data", SANDBOX_PORT="9002")

    assert (settings.sandbox, settings.demo) == (True, True)
    assert settings.telegram_api_url == "http://127.0.0.1:9002"


def test_with_a_bot_token_there_is_neither_sandbox_nor_demo_shop(tmp_path: Path) -> None:
    settings = read(tmp_path / "data", BOT_TOKEN=TOKEN, DEMO="1")

    assert (settings.sandbox, settings.demo) == (False, False)
    assert settings.telegram_api_url == TELEGRAM


SHOP, OWN_SERVER = "https://shop.example", "http://bot-api:8081"


@pytest.mark.parametrize(
    ("environ", "reached_at"),
    [
        ({"BOT_TOKEN": TOKEN, "PUBLIC_BASE_URL": f"{SHOP}/"}, SHOP),
        ({"BOT_TOKEN": TOKEN, "PUBLIC_BASE_URL": SHOP, "TELEGRAM_API_URL": TELEGRAM}, SHOP),
        ({"BOT_TOKEN": TOKEN, "WEBHOOK_BASE_URL": "https://bots.example:8443"}, "https://bots.example:8443"),
        (
            {"BOT_TOKEN": TOKEN, "PUBLIC_BASE_URL": "http://10.0.0.5", "WEBHOOK_BASE_URL": f"{SHOP}/bots"},
            f"{SHOP}/bots",
        ),
        (
            {"BOT_TOKEN": TOKEN, "WEBHOOK_BASE_URL": "http://bot:8001", "TELEGRAM_API_URL": OWN_SERVER},
            "http://bot:8001",
        ),
        ({}, "http://127.0.0.1:8001"),
        ({"HOST": "0.0.0.0", "BOT_PORT": "9001", "PUBLIC_BASE_URL": SHOP}, "http://127.0.0.1:9001"),
        ({"HOST": "::"}, "http://[::1]:8001"),
        ({"HOST": "10.0.0.5", "WEBHOOK_BASE_URL": SHOP}, SHOP),
    ],
)
def test_in_webhook_mode_it_is_clear_where_telegram_finds_us(
    tmp_path: Path, environ: dict[str, str], reached_at: str
) -> None:
    assert read(tmp_path / "data", TELEGRAM_MODE="webhook", **environ).webhook_url == reached_at
    assert read(tmp_path / "data", TELEGRAM_MODE="polling", **environ).webhook_url is None


@pytest.mark.parametrize(
    ("environ", "variable", "word"),
    [
        ({"BOT_TOKEN": TOKEN}, "TELEGRAM_MODE", "PUBLIC_BASE_URL"),
        ({"BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": OWN_SERVER}, "TELEGRAM_MODE", "PUBLIC_BASE_URL"),
        ({"BOT_TOKEN": TOKEN, "PUBLIC_BASE_URL": "http://shop.example"}, "PUBLIC_BASE_URL", "https://"),
        ({"BOT_TOKEN": TOKEN, "PUBLIC_BASE_URL": "https://shop.example:8001"}, "PUBLIC_BASE_URL", "8443"),
        ({"BOT_TOKEN": TOKEN, "PUBLIC_BASE_URL": "https://127.0.0.1"}, "PUBLIC_BASE_URL", "reach"),
        ({"BOT_TOKEN": TOKEN, "PUBLIC_BASE_URL": "https://192.168.1.7"}, "PUBLIC_BASE_URL", "reach"),
        ({"BOT_TOKEN": TOKEN, "PUBLIC_BASE_URL": "https://localhost"}, "PUBLIC_BASE_URL", "reach"),
        (
            {"BOT_TOKEN": TOKEN, "PUBLIC_BASE_URL": SHOP, "WEBHOOK_BASE_URL": "http://shop.example"},
            "WEBHOOK_BASE_URL",
            "https://",
        ),
        ({"WEBHOOK_BASE_URL": "http://shop.example"}, "WEBHOOK_BASE_URL", "https://"),
        ({"HOST": "10.0.0.5"}, "HOST", "sandbox"),
    ],
)
def test_webhook_mode_without_an_address_telegram_would_go_to_is_refused_in_one_sentence(
    tmp_path: Path, environ: dict[str, str], variable: str, word: str
) -> None:
    with pytest.raises(SettingsError) as refusal:
        read(tmp_path / "data", TELEGRAM_MODE="webhook", **environ)

    assert refusal.value.variable == variable
    assert word in refusal.value.sentence
    assert not (tmp_path / "data").exists()


def test_proxies_are_addresses_and_networks_and_nobody_unless_named(tmp_path: Path) -> None:
    settings = read(tmp_path / "data", TRUSTED_PROXIES="10.0.0.5, 172.16.0.0/12,fd00::/8")

    assert [str(network) for network in settings.trusted_proxies] == [
        "10.0.0.5/32",
        "172.16.0.0/12",
        "fd00::/8",
    ]
    assert read(tmp_path / "data").trusted_proxies == ()


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    settings = read(tmp_path / "data", DATABASE_URL="", PORT=" ", BOT_TOKEN="")

    assert (settings.embedded, settings.port, settings.sandbox) == (True, 8000, True)


def test_the_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    first = read(tmp_path / "data")
    second = read(tmp_path / "data")

    assert first.secret_keys == second.secret_keys
    assert len(first.secret_keys[0]) >= 32
    assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600


def test_given_keys_come_newest_first_and_none_is_generated(tmp_path: Path) -> None:
    settings = read(tmp_path / "data", SECRET_KEY=f"{LONG}new, {LONG}old")

    assert settings.secret_keys == (f"{LONG}new", f"{LONG}old")
    assert not (tmp_path / "data" / "secret_key").exists()


def test_a_spoilt_key_file_is_refused_instead_of_replaced(tmp_path: Path) -> None:
    read(tmp_path / "data")
    (tmp_path / "data" / "secret_key").write_text("oops")

    with pytest.raises(SettingsError, match="SECRET_KEY"):
        read(tmp_path / "data")


def test_the_folder_is_private_and_the_folders_above_it_keep_their_modes(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    above = {parent: parent.stat().st_mode for parent in shared.parents}

    read(shared / "data")
    read(shared)

    assert stat.S_IMODE((shared / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755
    assert {parent: parent.stat().st_mode for parent in shared.parents} == above


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match="PISHKHAN_DATA"):
        read(tmp_path / "file")


def test_every_process_agrees_on_a_short_socket_when_the_path_is_too_long(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)

    first, second = read(folder), read(folder)

    assert first.database_url == second.database_url
    place = socket_folder(folder)
    assert len(os.fsencode(f"{place}/.s.PGSQL.5432")) <= 100
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    place.rmdir()


class Environ(dict[str, str]):
    """An environment that remembers what was asked of it."""

    def __init__(self, **environ: str) -> None:
        super().__init__(**environ)
        self.asked: set[str] = set()

    def get(self, name: str, *default: str) -> str:  # type: ignore[override]
        self.asked.add(name)
        return super().get(name, *default)


def test_every_setting_is_documented(tmp_path: Path) -> None:
    environ = Environ(PISHKHAN_DATA=str(tmp_path / "data"))

    Settings.from_env(environ)

    documented = set(
        re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
    )
    assert environ.asked == documented


def test_the_settings_can_be_logged_without_giving_a_secret_away(tmp_path: Path) -> None:
    settings = read(
        tmp_path / "data",
        BOT_TOKEN=TOKEN,
        SECRET_KEY=LONG,
        DATABASE_URL="postgres://app:hunter2@h/d",
        TELEGRAM_PROXY="socks5://me:hunter3@h:1080",
    )

    for secret in (TOKEN, LONG, "hunter2", "hunter3"):
        assert secret not in repr(settings)
