"""A person in one shop's bot. The same human in two shops is two users."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotOwned, BotRow
from db.constraints import belongs
from db.types import MinorUnits, TelegramId, Utc, Words


class User(BotRow):
    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        UniqueConstraint("bot_id", "telegram_id"),
        CheckConstraint("balance >= 0", name="balance_not_negative"),
        Index("ix_users_newest", "bot_id", "created_at", "id"),
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

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name or ''}".strip()


class UserWord(BotOwned):
    """The name of a person as it is looked for: its words in one form of every letter, from each word on.

    ``name_words`` makes them of the first name and the last, and of the @name; triggers of ``users`` keep
    them (ADR 0017), so that no way of writing a name can forget to.
    """

    __tablename__ = "user_words"
    __bot_id_is_key__ = True
    __table_args__ = (belongs("user_id", "users"), Index("ix_user_words_word", "bot_id", "word", "user_id"))

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    word: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
