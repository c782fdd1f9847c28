"""Files that are ours: re-encoded pictures and kept documents, stored under our own names."""

from __future__ import annotations

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from db.base import BotRow
from db.constraints import one_of
from db.types import Bytes, Digest, Words

STATES = ("picture", "document", "unreadable")


class Media(BotRow):
    __tablename__ = "media"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        one_of("state", STATES),
        Index("ix_media_sha256", "bot_id", "sha256"),
    )

    state: Mapped[Words]
    """``picture``: re-encoded by us; ``document``: kept as it came (PDF), only for download."""
    storage_key: Mapped[Words]
    """Path below the media folder; made of our own random name."""
    content_type: Mapped[Words]
    file_name: Mapped[Words | None]
    """As the sender called it; shown, never used as a path."""
    sha256: Mapped[Digest]
    """Of the file as it was sent."""
    size_bytes: Mapped[Bytes]
    """Of what lies on the shelf; nought once it was taken off."""
    width: Mapped[int | None]
    height: Mapped[int | None]
    telegram_file_id: Mapped[Words | None]
    """Of our copy as the shop's own bot once uploaded it: by it the same bot sends it again."""
