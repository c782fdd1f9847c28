"""Small grey drafts of receipts' pictures, by which the same picture is known again."""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotRow
from db.constraints import belongs
from db.types import Digest


class PictureSketch(BotRow):
    """Of the picture that stands for a payment; it goes when the picture goes."""

    __tablename__ = "picture_sketches"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        UniqueConstraint("bot_id", "payment_id"),
        UniqueConstraint("bot_id", "media_id"),
        belongs("payment_id", "card_to_card_payments"),
        belongs("media_id", "media"),
    )

    payment_id: Mapped[int] = mapped_column(BigInteger)
    media_id: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[Digest]
    """Of the file as it was sent: the very same file is told of by its hash alone."""
    sketch: Mapped[bytes] = mapped_column(LargeBinary)
    """As ``shop.media.sketch`` packs it."""
