"""A person in one shop's bot. The same human in two shops is two users."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Computed, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotRow
from db.types import MinorUnits, TelegramId, Utc, Words

_FOLDS = dict(zip("يىئكۀةآأإٱؤ۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "یییکههااااو01234567890123456789", strict=True))
_UNHEARD = " \u200c\u200d\u00a0\u0640\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0654\u0670@"
"""Spaces, joiners, vowel signs, the @ before a name: whoever searches may leave them out."""
FOLDED_FROM = "".join(_FOLDS) + _UNHEARD
FOLDED_TO = "".join(_FOLDS.values())
SEARCHED = ("search_name", "search_last", "search_username")


def folded(source: str) -> str:
    """The SQL that makes one form of every way to write a name; ``shop.customers.search`` asks in it."""
    return f"lower(translate({source}, '{FOLDED_FROM}'::text, '{FOLDED_TO}'::text))"


def _search_column(source: str) -> Any:
    return mapped_column(Text(collation="C"), Computed(folded(source), persisted=True), deferred=True)


class User(BotRow):
    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        UniqueConstraint("bot_id", "telegram_id"),
        CheckConstraint("balance >= 0", name="balance_not_negative"),
        Index("ix_users_newest", "bot_id", "created_at"),
        *(Index(f"ix_users_{name}", "bot_id", name) for name in SEARCHED),
    )

    telegram_id: Mapped[TelegramId]
    first_name: Mapped[Words]
    last_name: Mapped[Words | None]
    username: Mapped[Words | None]
    language: Mapped[Words]
    balance: Mapped[MinorUnits] = mapped_column(default=0, server_default=text("0"))
    """The wallet: always the sum of the user's ``transactions``."""
    blocked_at: Mapped[Utc | None]
    """The shop blocked this person."""
    unreachable_at: Mapped[Utc | None]
    """Telegram says this person blocked the bot, or is gone."""
    last_seen_at: Mapped[Utc | None]

    search_name: Mapped[str | None] = _search_column("(first_name || COALESCE(last_name, ''::text))")
    search_last: Mapped[str | None] = _search_column("COALESCE(last_name, ''::text)")
    search_username: Mapped[str | None] = _search_column("COALESCE(username, ''::text)")

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name or ''}".strip()
