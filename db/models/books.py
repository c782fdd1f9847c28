"""Nightly proofs that the books of the shops balance, and what was told of each night."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotRow
from db.types import Count, Digest, Json


class BookProof(BotRow):
    """One look through one shop's books. The newest of a day counts."""

    __tablename__ = "book_proofs"
    __table_args__ = (Index("ix_book_proofs_day", "bot_id", "day", "id"),)

    day: Mapped[date]
    """The night it belongs to, on the platform's calendar."""
    wallets: Mapped[Count]
    entries: Mapped[Count]
    payments: Mapped[Count]
    """How many of each were looked at."""
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """What is wrong (``shop.books.rules.Finding``); empty is proof."""
    seq: Mapped[int] = mapped_column(BigInteger)
    """How long the chain of the shop's history was; 0 for none."""
    head: Mapped[Digest]
    """Its last hash."""


class BookDay(BotRow):
    """A night's end, in the master's own shop: every shop was looked at, and the anchor told outside."""

    __tablename__ = "book_days"
    __table_args__ = (UniqueConstraint("bot_id", "day"),)

    day: Mapped[date]
    shops: Mapped[Count]
    differing: Mapped[Count]
    heads: Mapped[Json]
    """Every shop's chain as it was: ``{"7": [seq, hash in hex]}``."""
    anchor: Mapped[Digest]
    """SHA-256 of ``heads``; its first half is what the master is told."""
