"""What leaves the house: every file, every column, and by name what stays.

A column is exported because it is named here, never because it exists. Tokens, hashes and whatever is
sealed have no place in any file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import InstrumentedAttribute

from db.base import Base
from db.models import (
    AuditEntry,
    Bot,
    BotConfiguration,
    BotFeatureFlag,
    BotPlan,
    Broadcast,
    BroadcastRecipient,
    CannedReply,
    CardDay,
    CardToCardPayment,
    DeskMark,
    Media,
    Order,
    OutboxMessage,
    PlanGroup,
    Promocode,
    PromoGroup,
    ProvisioningJob,
    SavedView,
    Staff,
    StockItem,
    Subscription,
    TenantPaymentCard,
    Ticket,
    TicketMessage,
    Transaction,
    User,
    ZarinpalPayment,
)
from shop.export.cells import HIDDEN

LINES = frozenset({"access", "content"})
"""Columns that hold access lines, which must leave as they are."""
TABLES_LEFT_OUT = frozenset(
    {
        "api_tokens",
        "sessions",
        "sign_in_challenges",
        "login_attempts",
        "fsm_state",
        "link_codes",
        "telegram_notes",
        "telegram_updates",
        "ticket_drafts",
        "ticket_posts",
        "card_rotation_state",
        "picture_sketches",
        "secret_replacements",
        "user_words",
        "audit_seals",
        "book_proofs",
        "book_days",
    }
)
"""Keys to the dashboard, what only runs the machine, and what somebody has not said yet."""
_ROW = "id created_at updated_at "


@dataclass(frozen=True, slots=True)
class Sheet:
    """One file. ``left_out`` names the columns of the table that stay, or leave in another form."""

    file: str
    about: str
    model: type[Base]
    columns: str
    left_out: str = ""
    made: tuple[ColumnElement[Any], ...] = ()
    """Columns that the table does not have as such."""

    def selected(self) -> list[ColumnElement[Any]]:
        named: list[ColumnElement[Any]] = [getattr(self.model, name) for name in self.columns.split()]
        return [*named, *self.made]

    def key(self) -> list[InstrumentedAttribute[Any]]:
        """What the rows are read by, in order: the primary key within the shop."""
        names = [str(column.key) for column in self.model.__mapper__.primary_key]
        return [getattr(self.model, name) for name in names if name != "bot_id"]


_SHOWN_CARD = CardToCardPayment.card_snapshot

SHEETS: tuple[Sheet, ...] = (
    Sheet(
        "shop",
        "The shop itself.",
        Bot,
        _ROW + "public_id name username telegram_bot_id is_master is_active status status_reason token_state "
        "default_language currency timezone calendar support_username admin_chat_id admin_topic_id "
        "notification_group_id notification_topic_id card_receipt_topic_id zarinpal_sandbox wallet_balance "
        "wallet_credit_limit traffic_consumed_bytes traffic_sold_bytes created_by last_update_at deleted_at "
        "token_set_at",
        "telegram_bot_token token_fingerprint token_error zarinpal_merchant_id "
        "rehearsal_id rehearsal_of rehearsal_for rehearsal_until",
    ),
    Sheet(
        "users",
        "Customers.",
        User,
        _ROW + "telegram_id first_name last_name username language balance blocked_at unreachable_at "
        "last_seen_at",
    ),
    Sheet(
        "plan_groups",
        "Groups that plans stand in.",
        PlanGroup,
        _ROW + "name translations sort_order archived_at",
    ),
    Sheet(
        "bot_plans",
        "What is or was sold.",
        BotPlan,
        _ROW + "name description translations period_days price old_price traffic_limit_gb device_limit "
        "most_per_person group_id is_active sort_order renewal_policy provisioner low_stock_at archived_at",
    ),
    Sheet(
        "orders",
        "Chosen plans, each with what it was sold with.",
        Order,
        _ROW + "user_id plan_id kind status amount currency snapshot parent_order_id expires_at paid_at "
        "fulfilled_at closed_reason",
    ),
    Sheet(
        "card_to_card_payments",
        "Payments by transfer to a card, with their receipts and decisions.",
        CardToCardPayment,
        _ROW + "user_id order_id card_id transaction_id status expected_amount amount currency "
        "tracking_number expires_at receipt_type receipt_text receipt_media_id receipt_submitted_at "
        "receipt_count payer_reference late to_wallet duplicate_suspect alike_payment_id "
        "alike_difference claimed_by claimed_until admin_reviewed_by "
        "admin_reviewed_at admin_channel reject_reason admin_notes",
        "card_snapshot receipt_image_file_id receipt_sha256 held_decision held_by held_by_name held_channel "
        "commit_at",
        (
            _SHOWN_CARD["first_six"]
            .astext.concat(HIDDEN)
            .concat(_SHOWN_CARD["last_four"].astext)
            .label("card_number"),
            _SHOWN_CARD["bank_name"].astext.label("bank_name"),
            _SHOWN_CARD["holder_name"].astext.label("holder_name"),
        ),
    ),
    Sheet(
        "zarinpal_payments",
        "Payments by the gateway.",
        ZarinpalPayment,
        _ROW + "user_id order_id transaction_id status amount currency sent_amount sent_currency fee "
        "zarinpal_ref_id card_masked",
        "zarinpal_authority card_hash callback_url callback_secret",
    ),
    Sheet(
        "ledger",
        "Every movement of every customer's wallet, oldest first. A customer's balance is the sum of credit "
        "less the sum of debit.",
        Transaction,
        _ROW + "user_id order_id kind method currency balance_before balance_after idempotency_key note "
        "actor channel",
        "amount",
        (
            func.greatest(Transaction.amount, 0).label("credit"),
            func.greatest(-Transaction.amount, 0).label("debit"),
        ),
    ),
    Sheet(
        "subscriptions",
        "What customers hold or held, with their access lines.",
        Subscription,
        _ROW + "user_id plan_id order_id name status starts_at ends_at traffic_limit_bytes "
        "traffic_used_bytes device_limit access auto_renew",
    ),
    Sheet(
        "stock_items",
        "Ready access lines, on the shelf and handed out.",
        StockItem,
        _ROW + "plan_id content status order_id handed_out_at",
        "content_digest",
    ),
    Sheet(
        "provisioning_jobs",
        "Deliveries of paid orders.",
        ProvisioningJob,
        _ROW + "order_id provisioner status attempts run_at last_error",
    ),
    Sheet(
        "tenant_payment_cards",
        "Cards that customers pay to.",
        TenantPaymentCard,
        _ROW + "bank_name holder_name position weight is_active archived_at success_count failure_count "
        "current_usage_count last_used_at daily_limit_count daily_limit_amount min_amount max_amount "
        "active_from active_until created_by quarantined_until quarantined_by quarantine_note",
        "card_number number_fingerprint first_six last_four",
        (
            TenantPaymentCard.first_six.concat(HIDDEN)
            .concat(TenantPaymentCard.last_four)
            .label("card_number"),
        ),
    ),
    Sheet(
        "card_days",
        "What each card was shown for and received, by day.",
        CardDay,
        "card_id day shown_count reserved_count reserved_amount approved_count approved_amount "
        "rejected_count",
    ),
    Sheet(
        "promocodes",
        "Promo codes.",
        Promocode,
        _ROW + "code kind value max_uses used_count per_user_limit starts_at ends_at is_active conditions",
    ),
    Sheet(
        "promo_groups",
        "Groups of customers.",
        PromoGroup,
        _ROW + "name priority discount_percent period_discounts is_default",
    ),
    Sheet(
        "tickets",
        "Customers' questions.",
        Ticket,
        _ROW + "user_id order_id subject status last_at unanswered waiting_since first_answered_at "
        "assigned_to closed_at",
        "topic_chat_id topic_id reminded",
    ),
    Sheet(
        "ticket_messages",
        "What was said in them; notes are the team's own.",
        TicketMessage,
        _ROW + "ticket_id sender author channel words media_id",
        "cause",
    ),
    Sheet(
        "broadcasts",
        "Messages to many customers.",
        Broadcast,
        _ROW + "status audience narrowed words button media_id by starts_at started_at ended_at "
        "people sent failed blocked skipped doubtful",
        "form photo_file",
    ),
    Sheet(
        "broadcast_recipients",
        "Whom each of them was for, and what became of it.",
        BroadcastRecipient,
        _ROW + "broadcast_id user_id status why is_doubtful",
        "turn",
    ),
    Sheet(
        "desk_marks",
        "Receipts that were put off or handed to a colleague.",
        DeskMark,
        _ROW + "payment_id staff_id kind by note until",
    ),
    Sheet(
        "saved_views",
        "Lists as people of the dashboard keep them.",
        SavedView,
        _ROW + "staff_id list name query",
    ),
    Sheet("canned_replies", "Answers kept ready.", CannedReply, _ROW + "title words"),
    Sheet(
        "media",
        "Receipts' pictures and documents (the files themselves are not here).",
        Media,
        _ROW + "state content_type file_name size_bytes width height",
        "storage_key sha256 telegram_file_id",
    ),
    Sheet(
        "bot_configurations",
        "Settings that differ from the usual ones.",
        BotConfiguration,
        "config_key config_value created_at updated_at",
    ),
    Sheet(
        "bot_feature_flags",
        "Switches that differ from the usual ones.",
        BotFeatureFlag,
        "feature_key enabled config granted granted_by granted_until killed created_at updated_at",
    ),
    Sheet(
        "staff",
        "People of the dashboard.",
        Staff,
        _ROW + "name role permissions approve_up_to telegram_id is_active",
    ),
    Sheet(
        "outbox",
        "Messages that were promised and sent (without their words).",
        OutboxMessage,
        _ROW + "user_id chat_id topic_id kind due_at attempts sent_at failed_at doubts telegram_message_id",
        "payload dedupe_key last_error is_going",
    ),
    Sheet(
        "audit_log",
        "Who did what, oldest first.",
        AuditEntry,
        _ROW + "actor actor_name channel action subject_type subject_id data",
    ),
)
