"""Who did what, when, from where: append-only, and sealed link by link so that a change of the past shows."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotOwned, BotRow
from db.constraints import belongs
from db.types import Digest, Json, Utc, Words


class AuditEntry(BotRow):
    __tablename__ = "audit_log"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        Index("ix_audit_log_newest", "bot_id", "created_at", "id"),
        Index("ix_audit_log_actor", "bot_id", "actor", "id"),
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


class AuditSeal(BotOwned):
    """One link of a shop's chain: the entry's place in it, and a hash over it and everything before it.

    ``shop.audit.chain`` makes and verifies them.
    """

    __tablename__ = "audit_seals"
    __bot_id_is_key__ = True
    __table_args__ = (
        UniqueConstraint("bot_id", "audit_id"),
        belongs("audit_id", "audit_log"),
        # Of all shops: from where the search for entries without a link begins.
        Index("ix_audit_seals_newest", "audit_id"),
    )

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """From 1, without a gap."""
    audit_id: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[Digest]
    """SHA-256 of the link before and this entry. Anybody can compute it: what is told outside is this."""
    mac: Mapped[Digest]
    """The same under a key that is not in the database: nobody with the database alone makes a link."""
    key_id: Mapped[Digest]
    """Which key (four bytes)."""
    sealed_at: Mapped[Utc]
