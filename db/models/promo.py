"""Promo codes and customer groups."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotRow
from db.constraints import one_of
from db.types import Count, Json, MinorUnits, No, Utc, Words, Yes

CODE_KINDS = ("percent", "amount", "days", "volume", "gift", "trial")


class Promocode(BotRow):
    __tablename__ = "promocodes"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        UniqueConstraint("bot_id", "code"),
        one_of("kind", CODE_KINDS),
        CheckConstraint("value > 0", name="value_positive"),
        CheckConstraint("max_uses IS NULL OR used_count <= max_uses", name="used_within_limit"),
    )

    code: Mapped[Words]
    """Upper case; compared so."""
    kind: Mapped[Words]
    value: Mapped[MinorUnits]
    """Per cent, minor units, days or gigabytes, as ``kind`` says."""
    max_uses: Mapped[int | None]
    used_count: Mapped[Count]
    per_user_limit: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    starts_at: Mapped[Utc | None]
    ends_at: Mapped[Utc | None]
    is_active: Mapped[Yes]
    conditions: Mapped[Json]


class PromoGroup(BotRow):
    __tablename__ = "promo_groups"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        UniqueConstraint("bot_id", "name"),
        CheckConstraint("discount_percent BETWEEN 0 AND 100", name="discount_is_per_cent"),
    )

    name: Mapped[Words]
    priority: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    discount_percent: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    period_discounts: Mapped[Json]
    is_default: Mapped[No]
