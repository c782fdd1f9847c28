"""What the log never says."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from db.logs import JsonFormatter, RedactingFormatter, configure_logging, redact
from db.settings import Settings
from tests.runtime.running import ROOT

BOT_TOKEN = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
CARD = "6037991234567893"


def record(message: str, **fields: object) -> logging.LogRecord:
    made = logging.LogRecord("shop.test", logging.INFO, __file__, 1, message, (), None)
    made.__dict__.update(fields)
    return made


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"token {BOT_TOKEN} was revoked", BOT_TOKEN),
        (f"https://api.telegram.org/bot{BOT_TOKEN}/getMe", BOT_TOKEN),
        (f"https://api.telegram.org/file/bot{BOT_TOKEN}/photos/1.jpg", BOT_TOKEN),
        ("Bearer pk_live_abcd1234_QXMENQjcrGbqCr4K", "abcd1234_QXMENQjcrGbqCr4K"),
        ("/pay?Authority=A000000000000000000000000000123", "A000000000000000000000000000123"),
        ("postgresql://app:hunter2@db/shop", "hunter2"),
        (f"paid to {CARD}", CARD),
        ("paid to 6037-9912-3456-7893", "6037-9912-3456"),
        ("paid to 6037 9912 3456 7893", "6037 9912 3456"),
        ("paid to ۶۰۳۷۹۹۱۲۳۴۵۶۷۸۹۳", "۶۰۳۷۹۹۱۲۳۴۵۶"),
        ("IR062960000000100324200001", "2960000000100324"),
        ("call 09121234567", "9121234567"),
        ("call +98 912 123 4567", "912 123 4567"),
        ("call ۰۹۱۲۱۲۳۴۵۶۷", "۹۱۲۱۲۳۴۵۶۷"),
    ],
)
def test_secrets_and_personal_numbers_are_taken_out(text: str, secret: str) -> None:
    assert secret not in redact(text)


@pytest.mark.parametrize(
    "text",
    ["order 1763847000000001 at 12:30:05", "chat 123456789", "took 0.123456 s", "user 9121234567 of bot 7"],
)
def test_ordinary_numbers_stay(text: str) -> None:
    assert redact(text) == text


def test_a_traceback_is_redacted_too() -> None:
    event = record("download failed")
    try:
        int(f"https://api.telegram.org/file/bot{BOT_TOKEN}/a.jpg")
    except ValueError:
        event.exc_info = sys.exc_info()

    for formatter in (RedactingFormatter(), JsonFormatter()):
        line = formatter.format(event)
        assert "ValueError" in line
        assert BOT_TOKEN not in line


def test_a_value_cannot_pretend_to_be_a_line_of_its_own() -> None:
    line = RedactingFormatter().format(
        record("name: Carol\n12:00:00 INFO shop: paid\x1b[2J\r", name_given="a\nb")
    )

    assert "\n12:00" not in line
    assert "\x1b" not in line
    assert "\r" not in line


def test_a_json_line_is_one_object_with_the_fields_of_the_event() -> None:
    line = JsonFormatter().format(record("پرداخت شد", bot_id=7, card=CARD, amount=250_000))

    event = json.loads(line)
    assert "\n" not in line
    assert (event["message"], event["bot_id"], event["amount"]) == ("پرداخت شد", 7, 250_000)
    assert event["card"] == "****7893"
    assert event["level"] == "info"
    assert event["time"].endswith("Z")


def test_the_secrets_of_the_settings_are_known_whatever_their_shape(tmp_path: Path) -> None:
    key = "correct horse battery staple 0123456789"
    settings = Settings.from_env(
        {
            "PISHKHAN_DATA": str(tmp_path / "data"),
            "SECRET_KEY": key,
            "DATABASE_URL": "postgres://app:long%40password@h/d",
            "LOG_FORMAT": "json",
        }
    )
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    try:
        configure_logging(settings)
        line = root.handlers[0].format(record(f"key {key}, password long@password or long%40password"))
    finally:
        root.handlers[:] = before
        sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
        root.setLevel(level)
        logging.captureWarnings(capture=False)

    assert key not in line
    assert "password *** or ***" in line
    assert "long@" not in line
    assert "long%40" not in line


def test_libraries_that_would_log_whole_addresses_are_quiet_but_for_their_warnings(tmp_path: Path) -> None:
    script = f"""
import logging
from db.logs import configure_logging
from db.settings import Settings
configure_logging(Settings.from_env({{"PISHKHAN_DATA": {str(tmp_path / "data")!r}, "LOG_LEVEL": "DEBUG"}}))
for name in ("httpx", "aiohttp.client", "sqlalchemy.engine.Engine"):
    logging.getLogger(name).info("asked for an address")
    logging.getLogger(name).warning("lost it")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=20
    )

    assert done.stderr.count("lost it") == 3
    assert "asked for" not in done.stderr


@pytest.mark.parametrize("form", ["console", "json"])
@pytest.mark.parametrize(
    "crash",
    [
        "raise ValueError(secret)",
        "threading.Thread(target=lambda: int(secret)).start()",
        "asyncio.run(fails())",
        "logging.getLogger('aiohttp.client').warning('lost', exc_info=ValueError(secret))",
        "warnings.warn(secret)",
    ],
)
def test_what_nobody_caught_is_redacted_too(tmp_path: Path, crash: str, form: str) -> None:
    script = f"""
import asyncio, logging, threading, warnings
from db.logs import configure_logging
from db.settings import Settings
configure_logging(Settings.from_env({{"PISHKHAN_DATA": {str(tmp_path / "data")!r}, "LOG_FORMAT": {form!r}}}))
secret = "https://api.telegram.org/file/bot{BOT_TOKEN[:20]}" + "{BOT_TOKEN[20:]}/photo.jpg"
async def fails():
    asyncio.get_running_loop().create_future().set_exception(ValueError(secret))
{crash}
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=20
    )

    assert "photo.jpg" in done.stderr, "it is told"
    assert BOT_TOKEN not in done.stdout + done.stderr
