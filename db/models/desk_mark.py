"""What colleagues said about whose turn a waiting receipt is."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotRow
from db.constraints import belongs, one_of
from db.types import Utc, Words

KINDS = ("later", "handed")


class DeskMark(BotRow):
    __tablename__ = "desk_marks"
    __table_args__ = (
        UniqueConstraint("bot_id", "payment_id", "kind", "staff_id"),
        belongs("payment_id", "card_to_card_payments"),
        belongs("staff_id", "staff"),
        one_of("kind", KINDS),
        Index("ix_desk_marks_of", "bot_id", "staff_id", "kind", "until"),
    )

    payment_id: Mapped[int] = mapped_column(BigInteger)
    staff_id: Mapped[int] = mapped_column(BigInteger)
    """Who put it off, or whom it was handed to."""
    kind: Mapped[Words]
    """``later``: at the end of his queue. ``handed``: first in his queue, at the end of everybody else's."""
    by: Mapped[Words]
    """Who said so, by name."""
    note: Mapped[Words | None]
    until: Mapped[Utc]
    """Over then: the receipt stands where it came."""
