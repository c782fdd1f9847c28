"""Which messages we posted where about a receipt, so that every copy can be edited to what became of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotRow
from db.constraints import belongs, one_of
from db.types import No, TelegramId, Utc, Words

KINDS = ("receipt_card", "reason_asked", "amount_asked", "amount_asked_anyway")
MENUS = ("reasons", "sure", "sure_amount", "sure_wallet")


class TelegramNote(BotRow):
    __tablename__ = "telegram_notes"
    __table_args__ = (
        UniqueConstraint("bot_id", "chat_id", "message_id"),
        belongs("payment_id", "card_to_card_payments"),
        one_of("kind", KINDS),
        one_of("menu", MENUS),
        Index("ix_telegram_notes_payment", "bot_id", "payment_id"),
    )

    kind: Mapped[Words]
    """``receipt_card``: a receipt with its buttons. ``reason_asked``: our question for a reviewer's words.
    ``amount_asked``: what arrived instead; ``_anyway`` after he was told of the grave warnings."""
    chat_id: Mapped[TelegramId]
    topic_id: Mapped[TelegramId | None]
    message_id: Mapped[int] = mapped_column(BigInteger)
    payment_id: Mapped[int] = mapped_column(BigInteger)
    turn: Mapped[int]
    """Which of the payment's receipts it shows; a newer one makes it old."""
    has_picture: Mapped[No]
    """Words under a file are edited by another call than words alone."""
    menu: Mapped[Words | None]
    """What was opened in the place of the first buttons; any change of the receipt closes it."""
    asked_of: Mapped[TelegramId | None]
    """Whose answer a question waits for."""
    closed_at: Mapped[Utc | None]
    """It shows an outcome that will not change, or is gone: never edited again."""
