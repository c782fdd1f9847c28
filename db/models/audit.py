"""Who did what, when, from where: append-only."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotRow
from db.types import Json, Words


class AuditEntry(BotRow):
    __tablename__ = "audit_log"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        Index("ix_audit_log_newest", "bot_id", "created_at", "id"),
        Index("ix_audit_log_subject", "bot_id", "subject_type", "subject_id"),
    )

    actor: Mapped[Words]
    """``staff:4``, ``master:1``, ``user:17``, ``system:expiry``."""
    actor_name: Mapped[Words]
    channel: Mapped[Words]
    action: Mapped[Words]
    """``receipt.approved``, ``card.created`` …"""
    subject_type: Mapped[Words]
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    data: Mapped[Json]
