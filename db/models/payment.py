"""Attempts to pay: by transfer to a card, or by the gateway."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotRow
from db.constraints import belongs, one_of
from db.types import Digest, Json, MinorUnits, No, Utc, Words

CARD_STATUSES = (
    "created",
    "receipt_submitted",
    "approved",
    "approved_other_amount",
    "rejected",
    "expired",
    "cancelled",
    "reversed",
)
GATEWAY_STATUSES = (
    "created",
    "redirected",
    "returned_ok",
    "returned_nok",
    "verifying",
    "paid",
    "failed",
    "cancelled",
    "expired",
    "mismatch",
    "refunded",
)
RECEIPT_TYPES = ("photo", "document", "text")
DECISIONS = ("approve", "reject")


class CardToCardPayment(BotRow):
    __tablename__ = "card_to_card_payments"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        UniqueConstraint("bot_id", "tracking_number"),
        belongs("user_id", "users"),
        belongs("order_id", "orders"),
        belongs("card_id", "tenant_payment_cards"),
        belongs("transaction_id", "transactions"),
        belongs("receipt_media_id", "media"),
        belongs("alike_payment_id", "card_to_card_payments"),
        one_of("status", CARD_STATUSES),
        one_of("receipt_type", RECEIPT_TYPES),
        CheckConstraint("expected_amount > 0", name="expected_amount_positive"),
        one_of("held_decision", DECISIONS),
        CheckConstraint("num_nonnulls(alike_payment_id, alike_difference) IN (0, 2)", name="alike_whole"),
        CheckConstraint(
            "num_nonnulls(held_decision, held_by, held_by_name, held_channel, commit_at) IN (0, 5)",
            name="held_whole",
        ),
        CheckConstraint("commit_at IS NULL OR status = 'receipt_submitted'", name="held_while_waiting"),
        CheckConstraint("NOT to_wallet OR late", name="to_wallet_when_late"),
        Index(
            "uq_card_to_card_payments_open",
            "bot_id",
            "order_id",
            unique=True,
            postgresql_where=text("status IN ('created', 'receipt_submitted')"),
        ),
        Index("ix_card_to_card_payments_user", "bot_id", "user_id", "id"),
        Index("ix_card_to_card_payments_queue", "bot_id", "status", "receipt_submitted_at", "id"),
        Index("ix_card_to_card_payments_decided", "bot_id", "status", "admin_reviewed_at"),
        Index("ix_card_to_card_payments_reviewed", "bot_id", "admin_reviewed_at", "id"),
        Index("ix_card_to_card_payments_card", "bot_id", "card_id", "expected_amount"),
        Index(
            "ix_card_to_card_payments_received",
            "bot_id",
            "created_at",
            "card_id",
            postgresql_where=text("receipt_submitted_at IS NOT NULL"),
        ),
        Index(
            "ix_card_to_card_payments_sent",
            "bot_id",
            "receipt_submitted_at",
            "id",
            # With what the sums of the list add up, so that they read the index alone.
            postgresql_include=["status", "expected_amount", "amount"],
            postgresql_where=text("receipt_submitted_at IS NOT NULL"),
        ),
        Index(
            "ix_card_to_card_payments_reviewer",
            "bot_id",
            "admin_reviewed_by",
            "receipt_submitted_at",
            "id",
            postgresql_where=text("admin_reviewed_by IS NOT NULL"),
        ),
        Index("ix_card_to_card_payments_due", "expires_at", postgresql_where=text("status = 'created'")),
        Index("ix_card_to_card_payments_held", "commit_at", postgresql_where=text("commit_at IS NOT NULL")),
        Index("ix_card_to_card_payments_sha256", "bot_id", "receipt_sha256"),
        Index("ix_card_to_card_payments_reference", "bot_id", "payer_reference"),
    )

    user_id: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[int] = mapped_column(BigInteger)
    card_id: Mapped[int] = mapped_column(BigInteger)
    transaction_id: Mapped[int | None] = mapped_column(BigInteger)
    """The ledger entry that booked the money, once it is booked."""
    status: Mapped[Words]
    expected_amount: Mapped[MinorUnits]
    """What the customer was asked to transfer."""
    amount: Mapped[MinorUnits | None]
    """What was accepted; set by the decision. While an approval with another amount is held, that amount."""
    currency: Mapped[Words]
    card_snapshot: Mapped[Json]
    """The card as it was shown: bank, holder, first six and last four digits."""
    tracking_number: Mapped[Words]
    """Ours: the number the customer sees and quotes."""
    expires_at: Mapped[Utc]
    receipt_type: Mapped[Words | None]
    receipt_text: Mapped[Words | None]
    receipt_image_file_id: Mapped[Words | None]
    receipt_media_id: Mapped[int | None] = mapped_column(BigInteger)
    receipt_sha256: Mapped[Digest | None]
    """Of the file as the customer sent it: the same picture again is noticed."""
    receipt_submitted_at: Mapped[Utc | None]
    receipt_count: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    payer_reference: Mapped[Words | None]
    """The bank's own tracking code, where the customer typed one (Latin digits)."""
    late: Mapped[No]
    """Its receipt came after the deadline; once so, it stays so."""
    to_wallet: Mapped[No]
    """Its money goes, or went, to the customer's wallet and buys nothing: an approval's other way."""
    duplicate_suspect: Mapped[No]
    alike_payment_id: Mapped[int | None] = mapped_column(BigInteger)
    """The other payment whose picture looked the same when this one came, though its file is another."""
    alike_difference: Mapped[int | None]
    """In grey levels, as ``shop.media.sketch`` measures it."""
    claimed_by: Mapped[int | None] = mapped_column(BigInteger)
    claimed_until: Mapped[Utc | None]
    admin_reviewed_by: Mapped[Words | None]
    """Who decided, as shown to colleagues."""
    admin_reviewed_at: Mapped[Utc | None]
    admin_channel: Mapped[Words | None]
    reject_reason: Mapped[Words | None]
    """While a rejection is held, the reason it will have; likewise ``admin_notes``."""
    admin_notes: Mapped[Words | None]
    held_decision: Mapped[Words | None]
    """What somebody decided and may still take back; a receipt is held while ``commit_at`` stands."""
    held_by: Mapped[Words | None]
    """The actor, as the audit log writes him: ``staff:4``."""
    held_by_name: Mapped[Words | None]
    held_channel: Mapped[Words | None]
    commit_at: Mapped[Utc | None]
    """When the held decision counts; until then it can be undone."""


class ZarinpalPayment(BotRow):
    __tablename__ = "zarinpal_payments"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        # Given by the gateway, random and global: unique across shops on purpose (security.md R6).
        UniqueConstraint("zarinpal_authority"),
        belongs("user_id", "users"),
        belongs("order_id", "orders"),
        belongs("transaction_id", "transactions"),
        one_of("status", GATEWAY_STATUSES),
        CheckConstraint("amount > 0", name="amount_positive"),
        Index("ix_zarinpal_payments_user", "bot_id", "user_id", "id"),
    )

    user_id: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[int] = mapped_column(BigInteger)
    transaction_id: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[Words]
    amount: Mapped[MinorUnits]
    currency: Mapped[Words]
    sent_amount: Mapped[MinorUnits | None]
    sent_currency: Mapped[Words | None]
    fee: Mapped[MinorUnits | None]
    zarinpal_authority: Mapped[Words | None]
    zarinpal_ref_id: Mapped[Words | None]
    card_masked: Mapped[Words | None]
    card_hash: Mapped[Words | None]
    callback_url: Mapped[Words | None]
    callback_secret: Mapped[Digest | None]
