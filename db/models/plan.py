"""What is sold. Archived, never deleted, once somebody bought it."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotRow
from db.constraints import belongs, one_of
from db.types import Json, MinorUnits, Utc, Words, Yes

RENEWAL_POLICIES = ("extend", "reset", "reset_volume_keep_time")


class PlanGroup(BotRow):
    """Plans that stand together on the list; in the bot one button that leads to them."""

    __tablename__ = "plan_groups"
    __table_args__ = (UniqueConstraint("bot_id", "id"),)

    name: Mapped[Words]
    translations: Mapped[Json]
    """Per language other than the shop's own: ``{"en": {"name": …}}``."""
    sort_order: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    archived_at: Mapped[Utc | None]


class BotPlan(BotRow):
    __tablename__ = "bot_plans"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        CheckConstraint("price >= 0", name="price_not_negative"),
        CheckConstraint("period_days > 0", name="period_positive"),
        CheckConstraint("traffic_limit_gb >= 0", name="traffic_not_negative"),
        CheckConstraint("device_limit >= 0", name="devices_not_negative"),
        CheckConstraint("old_price > price", name="old_price_above_price"),
        CheckConstraint("most_per_person >= 0", name="most_per_person_not_negative"),
        belongs("group_id", "plan_groups"),
        one_of("renewal_policy", RENEWAL_POLICIES),
        one_of("provisioner", ("stock",)),
        Index(
            "ix_bot_plans_active",
            "bot_id",
            "sort_order",
            postgresql_where=text("is_active AND archived_at IS NULL"),
        ),
        Index("ix_bot_plans_price", "bot_id", "price"),
    )

    name: Mapped[Words]
    description: Mapped[Words] = mapped_column(default="", server_default="")
    translations: Mapped[Json]
    """Per language other than the shop's own: ``{"en": {"name": …, "description": …}}``."""
    period_days: Mapped[int]
    price: Mapped[MinorUnits]
    old_price: Mapped[MinorUnits | None]
    """Shown struck through beside the price, and always above it; no order knows of it."""
    traffic_limit_gb: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Whole gigabytes (2**30 bytes); 0 is unlimited."""
    device_limit: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Devices at the same time; 0 is unlimited."""
    most_per_person: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """How often one customer may buy it; 0 is any number of times."""
    group_id: Mapped[int | None] = mapped_column(BigInteger)
    """None: it stands without one, as it does where its group is archived."""
    is_active: Mapped[Yes]
    sort_order: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    renewal_policy: Mapped[Words] = mapped_column(default="extend", server_default="extend")
    provisioner: Mapped[Words] = mapped_column(default="stock", server_default="stock")
    low_stock_at: Mapped[int] = mapped_column(default=3, server_default=text("3"))
    """Warn the owner when this many lines are left, or fewer."""
    archived_at: Mapped[Utc | None]
