"""What the processes say about themselves: one line per event, and never a secret in it.

Redaction sits in the formatter, not in a filter, so that tracebacks pass through it too.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from db.settings import Settings

QUIET = ("httpx", "httpcore", "aiohttp", "urllib3", "asyncio", "sqlalchemy.engine", "alembic", "PIL", "hpack")
"""Libraries that log whole addresses or every step; their warnings still come through."""

SHORTEST_SECRET = 8

# \b would miss the token in "/bot123456:AA…", where a letter stands before the digits.
_BOT_TOKEN = re.compile(r"(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}")
_API_TOKEN = re.compile(r"pk_(?:live|test)_[A-Za-z0-9_-]{8,}")
_AUTHORITY = re.compile(r"(?<=uthority=)[A-Za-z0-9]+")
_PASSWORD = re.compile(r"(?<=://)([^/\s:@]*):([^/\s@]+)@")
_SHEBA = re.compile(r"\bIR(?:[ -]?\d){24}(?!\d)", re.IGNORECASE)
_CARD = re.compile(r"(?<!\d)\d(?:[ \-\u200c]?\d){15}(?!\d)")
_PHONE = re.compile(r"(?<!\d)(?:\+?[9۹][8۸]|[0۰]{2}[9۹][8۸]|[0۰])[ -]?[9۹]\d{2}[ -]?\d{3}[ -]?\d{4}(?!\d)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


def redact(text: str, *, secrets: Iterable[str] = ()) -> str:
    """``text`` without bot tokens, API tokens, card and phone numbers, passwords in addresses, and
    without any of ``secrets``. What remains of a card is its last four digits."""
    for secret in secrets:
        text = text.replace(secret, "***")
    text = _BOT_TOKEN.sub(lambda found: found.group().partition(":")[0][:4] + "***", text)
    text = _API_TOKEN.sub(lambda found: found.group()[:8] + "***", text)
    text = _AUTHORITY.sub("***", text)
    text = _PASSWORD.sub(r"\1:***@", text)
    text = _SHEBA.sub(lambda found: "IR***" + found.group()[-4:], text)
    text = _CARD.sub(_card, text)
    return _PHONE.sub(lambda found: "***" + found.group()[-2:], text)


class RedactingFormatter(logging.Formatter):
    """``12:30:05 WARNING bot.fleet: sentence key=value``; further lines are indented, so that no value can
    pretend to be a line of its own."""

    def __init__(self, *, secrets: Iterable[str] = ()) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")
        self._secrets = tuple(sorted(secrets, key=len, reverse=True))

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        fields = "".join(f" {key}={value}" for key, value in _fields(record).items())
        if fields:
            head, newline, rest = line.partition("\n")
            line = head + fields.replace("\n", " ") + newline + rest
        return _CONTROL.sub(_escape, redact(line, secrets=self._secrets)).replace("\n", "\n  ")


class JsonFormatter(RedactingFormatter):
    """One JSON object per line: ``time`` (UTC), ``level``, ``logger``, ``message``, fields, ``error``."""

    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._clean(record.getMessage()),
        }
        event.update({key: self._value(value) for key, value in _fields(record).items()})
        if record.exc_info:
            event["error"] = self._clean(self.formatException(record.exc_info))
        return json.dumps(event, ensure_ascii=False)

    def _value(self, value: object) -> object:
        return value if value is None or isinstance(value, bool) else self._number_or_text(value)

    def _number_or_text(self, value: object) -> object:
        clean = self._clean(str(value))
        return value if isinstance(value, int | float) and clean == str(value) else clean

    def _clean(self, text: str) -> str:
        return redact(text, secrets=self._secrets)


def configure_logging(settings: Settings) -> None:
    """Send every logger of this process to standard error in the wished form. Call once, at start."""
    formatter = JsonFormatter if settings.log_format == "json" else RedactingFormatter
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(secrets=_secrets_of(settings)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(capture=True)
    # A traceback that nobody caught would go to standard error as it is.
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda hook: _log_uncaught(hook.exc_type, hook.exc_value, hook.exc_traceback)
    sys.unraisablehook = lambda hook: _log_uncaught(hook.exc_type, hook.exc_value, hook.exc_traceback)


def _log_uncaught(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("uncaught").critical("nobody caught this", exc_info=(kind, error or kind(), trace))


def _secrets_of(settings: Settings) -> set[str]:
    passwords = {
        urlsplit(address).password
        for address in (settings.database_url, settings.owner_url, settings.telegram_proxy)
        if address
    }
    found = {*settings.secret_keys, settings.bot_token, *passwords} - {None}
    forms = {form for text in found if text for form in (text, quote(text, safe=""), unquote(text))}
    # A short one would be found inside ordinary words; in an address it is masked by its place.
    return {form for form in forms if len(form) >= SHORTEST_SECRET}


def _fields(record: logging.LogRecord) -> dict[str, object]:
    """What a caller gave as ``extra=``."""
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def _card(found: re.Match[str]) -> str:
    digits = [int(digit) for digit in found.group() if digit.isdigit()]
    doubled = (digit * 2 - 9 * (digit > 4) for digit in digits[0::2])  # noqa: PLR2004  (Luhn's rule)
    looks_real = (sum(doubled) + sum(digits[1::2])) % 10 == 0
    return "****" + found.group()[-4:] if looks_real else found.group()


def _escape(found: re.Match[str]) -> str:
    return f"\\x{ord(found.group()):02x}"
