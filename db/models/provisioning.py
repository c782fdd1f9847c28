"""Making what was bought: the queue of jobs, and the shelf of ready access lines."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotRow
from db.constraints import belongs, one_of
from db.types import Digest, Utc, Words

JOB_STATUSES = ("pending", "held", "done", "failed")
STOCK_STATUSES = ("free", "handed_out", "withdrawn")


class ProvisioningJob(BotRow):
    __tablename__ = "provisioning_jobs"
    __table_args__ = (
        UniqueConstraint("bot_id", "order_id"),
        belongs("order_id", "orders"),
        one_of("status", JOB_STATUSES),
        Index("ix_provisioning_jobs_held", "bot_id", "status", "id"),
        Index("ix_provisioning_jobs_due", "run_at", postgresql_where=text("status = 'pending'")),
    )

    order_id: Mapped[int] = mapped_column(BigInteger)
    provisioner: Mapped[Words]
    status: Mapped[Words] = mapped_column(default="pending", server_default="pending")
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    run_at: Mapped[Utc]
    last_error: Mapped[Words | None]


class StockItem(BotRow):
    __tablename__ = "stock_items"
    __table_args__ = (
        UniqueConstraint("bot_id", "content_digest"),
        UniqueConstraint("bot_id", "order_id"),
        belongs("plan_id", "bot_plans"),
        belongs("order_id", "orders"),
        one_of("status", STOCK_STATUSES),
        Index(
            "ix_stock_items_free",
            "bot_id",
            "plan_id",
            "id",
            postgresql_where=text("status = 'free'"),
        ),
    )

    plan_id: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[Words]
    """One ready access line, handed out exactly once."""
    content_digest: Mapped[Digest]
    status: Mapped[Words] = mapped_column(default="free", server_default="free")
    order_id: Mapped[int | None] = mapped_column(BigInteger)
    handed_out_at: Mapped[Utc | None]
