"""The words that go with the files: what each column is, and in which unit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ARRAY, Boolean, ColumnElement, Date, DateTime, Integer, Time
from sqlalchemy.dialects.postgresql import JSONB

from shop.export.sheets import SHEETS, Sheet

MONEY = frozenset(
    {
        *("amount", "price", "balance", "expected_amount", "credit", "debit", "balance_before"),
        *("balance_after", "fee", "sent_amount", "min_amount", "max_amount", "daily_limit_amount"),
        *("reserved_amount", "approved_amount", "wallet_balance", "wallet_credit_limit"),
    }
)
POINTS_TO = {
    "user_id": "users.csv",
    "order_id": "orders.csv",
    "parent_order_id": "orders.csv",
    "plan_id": "bot_plans.csv",
    "group_id": "plan_groups.csv",
    "card_id": "tenant_payment_cards.csv",
    "transaction_id": "ledger.csv",
    "receipt_media_id": "media.csv",
    "claimed_by": "staff.csv",
}
ENDINGS = {
    "_bytes": "bytes; a limit of 0 is none",
    "_gb": "gigabytes of 2^30 bytes; 0 is unlimited",
    "_days": "days of 24 hours",
    "_percent": "per cent",
    "telegram_id": "a number that Telegram gave",
    "chat_id": "a number that Telegram gave",
    "topic_id": "a number that Telegram gave",
    "group_id": "a number that Telegram gave",
    "bot_id": "a number that Telegram gave",
    "message_id": "a number that Telegram gave",
}
NAMED = {
    "id": "number of the row; other files point to it",
    "value": "per cent, money, days or gigabytes, as kind says",
    "card_number": "first six and last four digits",
    "idempotency_key": "what caused the entry; each cause moves money once",
    "tracking_number": "ours, as the customer saw it",
    "payer_reference": "the bank's tracking code, as the customer sent it",
    "access": "the line handed to the customer",
    "content": "the access line",
    "snapshot": "JSON: the plan as it was sold",
}
TYPES: tuple[tuple[type[Any], str], ...] = (
    (DateTime, "time"),
    (Date, "day on the shop's own calendar"),
    (Time, "time of day in the shop's time zone"),
    (Boolean, "true or false"),
    (JSONB, "JSON"),
    (ARRAY, "JSON"),
    (Integer, "number"),
)


def readme(shop: str, *, made_at: str, rows: Mapping[str, int]) -> str:
    """``shop`` as its people call it, ``made_at`` in ISO 8601, ``rows`` by file."""
    head = f"""\
{shop}: exported by Pishkhan at {made_at}

All files show one and the same instant. They are CSV: comma, double quotes, UTF-8 with a byte order
mark; the first line names the columns.

time     ISO 8601 in UTC, as in 2026-11-22T08:30:00Z
money    a whole number of the smallest unit of the shop's currency (shop.csv, currency):
         IRT 1 = one Toman, USD 1 = one cent
empty    not known, or not yet

A cell that would begin with = + - @ or a control character has an apostrophe before it, so that no
spreadsheet takes it for a formula. Card numbers show their first six and last four digits.
Tokens, passwords, keys and fingerprints are in none of the files. Customers' names and access lines
are: keep them as private as the shop itself.
"""
    return head + "".join(_about(sheet, rows[sheet.file]) for sheet in SHEETS)


def _about(sheet: Sheet, rows: int) -> str:
    columns = sheet.selected()
    width = max(len(str(column.key)) for column in columns)
    lines = [f"\n{sheet.file}.csv ({rows} rows)", sheet.about]
    lines += [f"  {column.key!s:<{width}}  {meaning(column)}" for column in columns]
    return "\n".join(lines) + "\n"


def meaning(column: ColumnElement[Any]) -> str:
    """What a column holds, with its unit."""
    name = str(column.key)
    if name in NAMED:
        return NAMED[name]
    if name in MONEY:
        return "money"
    if name in POINTS_TO:
        return f"id in {POINTS_TO[name]}"
    for ending, unit in ENDINGS.items():
        if name.endswith(ending):
            return unit
    kind = getattr(column.type, "impl", column.type)
    return next((word for known, word in TYPES if isinstance(kind, known)), "text")
