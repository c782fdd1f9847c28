"""The ledger of customers' wallets: append-only, each entry with what was before and after."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotRow
from db.constraints import belongs, one_of
from db.types import MinorUnits, Words

KINDS = ("deposit", "purchase", "refund", "correction", "reversal", "bonus")
METHODS = ("card_to_card", "zarinpal", "wallet", "staff", "system")


class Transaction(BotRow):
    __tablename__ = "transactions"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        UniqueConstraint("bot_id", "idempotency_key"),
        belongs("user_id", "users"),
        belongs("order_id", "orders"),
        one_of("kind", KINDS),
        one_of("method", METHODS),
        CheckConstraint("amount <> 0", name="amount_moves"),
        CheckConstraint("balance_after = balance_before + amount", name="balance_adds_up"),
        CheckConstraint("balance_after >= 0", name="balance_not_negative"),
        Index("ix_transactions_user", "bot_id", "user_id", "id"),
        # With what the sums of the ledger add up, so that they read the index alone.
        Index(
            "ix_transactions_newest",
            *("bot_id", "created_at", "id"),
            postgresql_include=["kind", "method", "amount"],
        ),
        Index("ix_transactions_kind", "bot_id", "kind", "created_at"),
    )

    user_id: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[Words]
    method: Mapped[Words]
    amount: Mapped[MinorUnits]
    """Credit positive, debit negative."""
    currency: Mapped[Words]
    balance_before: Mapped[MinorUnits]
    balance_after: Mapped[MinorUnits]
    idempotency_key: Mapped[Words]
    """The cause: ``c2c:{payment}``, ``order:{order}:debit`` … each moves money once."""
    note: Mapped[Words | None]
    actor: Mapped[Words]
    """Who caused it: ``staff:4``, ``user:17``, ``system:settle``."""
    channel: Mapped[Words]
