"""Cards that customers pay to, what they took each day, and the shop's place in the rotation."""

from __future__ import annotations

from datetime import date, time

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotOwned, BotRow
from db.constraints import belongs, one_of
from db.types import Count, Digest, MinorUnits, Sealed, Utc, Words, Yes

QUARANTINES = ("owner", "rejections")


class TenantPaymentCard(BotRow):
    __tablename__ = "tenant_payment_cards"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        UniqueConstraint("bot_id", "number_fingerprint"),
        CheckConstraint("weight > 0", name="weight_positive"),
        one_of("quarantined_by", QUARANTINES),
        CheckConstraint("num_nonnulls(quarantined_until, quarantined_by) IN (0, 2)", name="quarantine_whole"),
        Index(
            "ix_tenant_payment_cards_rotation",
            "bot_id",
            "position",
            postgresql_where=text("is_active AND archived_at IS NULL"),
        ),
    )

    card_number: Mapped[Sealed]
    """Sixteen digits, sealed for (shop, fingerprint)."""
    number_fingerprint: Mapped[Digest]
    last_four: Mapped[Words]
    first_six: Mapped[Words]
    """The issuer's identification number: tells the bank, not the account."""
    bank_name: Mapped[Words]
    """Key of ``shop.cards.banks``; an empty string when the issuer is unknown."""
    holder_name: Mapped[Words]
    position: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    weight: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    is_active: Mapped[Yes]
    archived_at: Mapped[Utc | None]
    success_count: Mapped[Count]
    failure_count: Mapped[Count]
    current_usage_count: Mapped[Count]
    """How often it was shown since the owner last reset the counter."""
    last_used_at: Mapped[Utc | None]
    daily_limit_count: Mapped[int | None]
    daily_limit_amount: Mapped[MinorUnits | None]
    min_amount: Mapped[MinorUnits | None]
    max_amount: Mapped[MinorUnits | None]
    active_from: Mapped[time | None]
    """With ``active_until``: hours of the shop's own time zone in which the card is shown."""
    active_until: Mapped[time | None]
    created_by: Mapped[Words | None]
    quarantined_until: Mapped[Utc | None]
    """Until then it takes no turns; a moment that has passed is no quarantine any more."""
    quarantined_by: Mapped[Words | None]
    """The owner, or too many rejections."""
    quarantine_note: Mapped[Words | None]
    """Why, in the owner's words."""


class CardDay(BotOwned):
    """What one card was shown for and received on one day of the shop's own calendar day."""

    __tablename__ = "card_days"
    __bot_id_is_key__ = True
    __table_args__ = (
        belongs("card_id", "tenant_payment_cards"),
        CheckConstraint("reserved_count >= 0 AND reserved_amount >= 0", name="reserved_not_negative"),
    )

    card_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    shown_count: Mapped[Count]
    reserved_count: Mapped[Count]
    """Open and approved payments: what counts against the card's caps."""
    reserved_amount: Mapped[Count]
    approved_count: Mapped[Count]
    approved_amount: Mapped[Count]
    rejected_count: Mapped[Count]


class CardRotation(BotOwned):
    """The shop's single hot row: locked while the next card is chosen."""

    __tablename__ = "card_rotation_state"
    __bot_id_is_key__ = True
    __table_args__ = (belongs("last_card_id", "tenant_payment_cards"),)

    last_card_id: Mapped[int | None] = mapped_column(BigInteger)
    turns: Mapped[Count]
    updated_at: Mapped[Utc | None]
