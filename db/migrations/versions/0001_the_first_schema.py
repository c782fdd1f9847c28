"""The first schema: shops, what they sell, who buys, how they pay, and what was promised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bots",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("telegram_bot_id", sa.BigInteger(), nullable=True),
        sa.Column("telegram_bot_token", sa.LargeBinary(), nullable=False),
        sa.Column("token_fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("token_state", sa.Text(), server_default="new", nullable=False),
        sa.Column("token_error", sa.Text(), nullable=True),
        sa.Column("is_master", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("default_language", sa.Text(), server_default="fa", nullable=False),
        sa.Column("currency", sa.Text(), server_default="IRT", nullable=False),
        sa.Column("timezone", sa.Text(), server_default="Asia/Tehran", nullable=False),
        sa.Column("calendar", sa.Text(), server_default="jalali", nullable=False),
        sa.Column("support_username", sa.Text(), nullable=True),
        sa.Column("admin_chat_id", sa.BigInteger(), nullable=True),
        sa.Column("admin_topic_id", sa.BigInteger(), nullable=True),
        sa.Column("notification_group_id", sa.BigInteger(), nullable=True),
        sa.Column("notification_topic_id", sa.BigInteger(), nullable=True),
        sa.Column("card_receipt_topic_id", sa.BigInteger(), nullable=True),
        sa.Column("zarinpal_merchant_id", sa.LargeBinary(), nullable=True),
        sa.Column("zarinpal_sandbox", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("wallet_balance", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("wallet_credit_limit", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("traffic_consumed_bytes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("traffic_sold_bytes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("last_update_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("calendar IN ('jalali', 'gregorian')", name=op.f("ck_bots_calendar_known")),
        sa.CheckConstraint("default_language IN ('fa', 'en')", name=op.f("ck_bots_default_language_known")),
        sa.CheckConstraint(
            "status IN ('active', 'past_due', 'restricted', 'suspended', 'frozen', 'archived', 'deleted')",
            name=op.f("ck_bots_status_known"),
        ),
        sa.CheckConstraint(
            "token_state IN ('new', 'live', 'broken', 'conflict')", name=op.f("ck_bots_token_state_known")
        ),
        sa.CheckConstraint(
            "wallet_balance >= -wallet_credit_limit", name=op.f("ck_bots_wallet_within_credit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bots")),
        sa.UniqueConstraint("public_id", name=op.f("uq_bots_public_id")),
        sa.UniqueConstraint("telegram_bot_id", name=op.f("uq_bots_telegram_bot_id")),
        sa.UniqueConstraint("token_fingerprint", name=op.f("uq_bots_token_fingerprint")),
    )
    op.create_index("ix_bots_active", "bots", ["id"], unique=False, postgresql_where=sa.text("is_active"))
    op.create_index(
        "uq_bots_one_master", "bots", ["is_master"], unique=True, postgresql_where=sa.text("is_master")
    )
    op.create_table(
        "login_attempts",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("window_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_login_attempts")),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "data",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_audit_log_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        sa.UniqueConstraint("bot_id", "id", name=op.f("uq_audit_log_bot_id_id")),
    )
    op.create_index("ix_audit_log_newest", "audit_log", ["bot_id", "created_at", "id"], unique=False)
    op.create_index(
        "ix_audit_log_subject", "audit_log", ["bot_id", "subject_type", "subject_id"], unique=False
    )
    op.create_table(
        "bot_configurations",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("config_key", sa.Text(), nullable=False),
        sa.Column("config_value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_bot_configurations_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("bot_id", "config_key", name=op.f("pk_bot_configurations")),
    )
    op.create_table(
        "bot_feature_flags",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("feature_key", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=True),
        sa.Column(
            "config",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("granted", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=True),
        sa.Column("granted_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("killed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_bot_feature_flags_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("bot_id", "feature_key", name=op.f("pk_bot_feature_flags")),
    )
    op.create_index(
        "ix_bot_feature_flags_enabled",
        "bot_feature_flags",
        ["bot_id"],
        unique=False,
        postgresql_where=sa.text("enabled"),
    )
    op.create_table(
        "bot_plans",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "translations",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("period_days", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("traffic_limit_gb", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("device_limit", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("sort_order", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("renewal_policy", sa.Text(), server_default="extend", nullable=False),
        sa.Column("provisioner", sa.Text(), server_default="stock", nullable=False),
        sa.Column("low_stock_at", sa.Integer(), server_default=sa.text("3"), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("provisioner IN ('stock')", name=op.f("ck_bot_plans_provisioner_known")),
        sa.CheckConstraint(
            "renewal_policy IN ('extend', 'reset', 'reset_volume_keep_time')",
            name=op.f("ck_bot_plans_renewal_policy_known"),
        ),
        sa.CheckConstraint("device_limit >= 0", name=op.f("ck_bot_plans_devices_not_negative")),
        sa.CheckConstraint("period_days > 0", name=op.f("ck_bot_plans_period_positive")),
        sa.CheckConstraint("price >= 0", name=op.f("ck_bot_plans_price_not_negative")),
        sa.CheckConstraint("traffic_limit_gb >= 0", name=op.f("ck_bot_plans_traffic_not_negative")),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_bot_plans_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bot_plans")),
        sa.UniqueConstraint("bot_id", "id", name=op.f("uq_bot_plans_bot_id_id")),
    )
    op.create_index(
        "ix_bot_plans_active",
        "bot_plans",
        ["bot_id", "sort_order"],
        unique=False,
        postgresql_where=sa.text("is_active AND archived_at IS NULL"),
    )
    op.create_index("ix_bot_plans_price", "bot_plans", ["bot_id", "price"], unique=False)
    op.create_table(
        "fsm_state",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("business_connection_id", sa.String(), server_default="", nullable=False),
        sa.Column("destiny", sa.String(), server_default="default", nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column(
            "data",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_fsm_state_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint(
            "bot_id",
            "chat_id",
            "user_id",
            "thread_id",
            "business_connection_id",
            "destiny",
            name=op.f("pk_fsm_state"),
        ),
    )
    op.create_table(
        "media",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('picture', 'document', 'unreadable')", name=op.f("ck_media_state_known")
        ),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name=op.f("fk_media_bot_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
        sa.UniqueConstraint("bot_id", "id", name=op.f("uq_media_bot_id_id")),
    )
    op.create_index("ix_media_sha256", "media", ["bot_id", "sha256"], unique=False)
    op.create_table(
        "promo_groups",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("discount_percent", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "period_discounts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "discount_percent BETWEEN 0 AND 100", name=op.f("ck_promo_groups_discount_is_per_cent")
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_promo_groups_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promo_groups")),
        sa.UniqueConstraint("bot_id", "id", name=op.f("uq_promo_groups_bot_id_id")),
        sa.UniqueConstraint("bot_id", "name", name=op.f("uq_promo_groups_bot_id_name")),
    )
    op.create_table(
        "promocodes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("max_uses", sa.Integer(), nullable=True),
        sa.Column("used_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("per_user_limit", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "conditions",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('percent', 'amount', 'days', 'volume', 'gift', 'trial')",
            name=op.f("ck_promocodes_kind_known"),
        ),
        sa.CheckConstraint(
            "max_uses IS NULL OR used_count <= max_uses", name=op.f("ck_promocodes_used_within_limit")
        ),
        sa.CheckConstraint("value > 0", name=op.f("ck_promocodes_value_positive")),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_promocodes_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promocodes")),
        sa.UniqueConstraint("bot_id", "code", name=op.f("uq_promocodes_bot_id_code")),
        sa.UniqueConstraint("bot_id", "id", name=op.f("uq_promocodes_bot_id_id")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("permissions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("telegram_id", sa.BigInteger(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('master', 'owner', 'staff')", name=op.f("ck_staff_role_known")),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name=op.f("fk_staff_bot_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("bot_id", "id", name=op.f("uq_staff_bot_id_id")),
    )
    op.create_table(
        "telegram_updates",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("update_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_telegram_updates_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("bot_id", "update_id", name=op.f("pk_telegram_updates")),
    )
    op.create_index(
        "ix_telegram_updates_done",
        "telegram_updates",
        ["done_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NOT NULL"),
    )
    op.create_index(
        "ix_telegram_updates_open",
        "telegram_updates",
        ["bot_id", "update_id"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND failed_at IS NULL"),
    )
    op.create_table(
        "tenant_payment_cards",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("card_number", sa.LargeBinary(), nullable=False),
        sa.Column("number_fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("last_four", sa.Text(), nullable=False),
        sa.Column("first_six", sa.Text(), nullable=False),
        sa.Column("bank_name", sa.Text(), nullable=False),
        sa.Column("holder_name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("weight", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("success_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("failure_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("current_usage_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("daily_limit_count", sa.Integer(), nullable=True),
        sa.Column("daily_limit_amount", sa.BigInteger(), nullable=True),
        sa.Column("min_amount", sa.BigInteger(), nullable=True),
        sa.Column("max_amount", sa.BigInteger(), nullable=True),
        sa.Column("active_from", sa.Time(), nullable=True),
        sa.Column("active_until", sa.Time(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("weight > 0", name=op.f("ck_tenant_payment_cards_weight_positive")),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_tenant_payment_cards_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant_payment_cards")),
        sa.UniqueConstraint("bot_id", "id", name=op.f("uq_tenant_payment_cards_bot_id_id")),
        sa.UniqueConstraint(
            "bot_id", "number_fingerprint", name=op.f("uq_tenant_payment_cards_bot_id_number_fingerprint")
        ),
    )
    op.create_index(
        "ix_tenant_payment_cards_rotation",
        "tenant_payment_cards",
        ["bot_id", "position"],
        unique=False,
        postgresql_where=sa.text("is_active AND archived_at IS NULL"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("telegram_id", sa.BigInteger(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("balance", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unreachable_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_users_balance_not_negative")),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name=op.f("fk_users_bot_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("bot_id", "id", name=op.f("uq_users_bot_id_id")),
        sa.UniqueConstraint("bot_id", "telegram_id", name=op.f("uq_users_bot_id_telegram_id")),
    )
    op.create_index("ix_users_newest", "users", ["bot_id", "created_at"], unique=False)
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_address", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["bot_id", "staff_id"],
            ["staff.bot_id", "staff.id"],
            name=op.f("fk_api_tokens_bot_id_staff_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_api_tokens_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("bot_id", "id", name=op.f("uq_api_tokens_bot_id_id")),
        sa.UniqueConstraint("key_id", name=op.f("uq_api_tokens_key_id")),
    )
    op.create_table(
        "card_days",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("card_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shown_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("reserved_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("reserved_amount", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("approved_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("approved_amount", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rejected_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "reserved_count >= 0 AND reserved_amount >= 0", name=op.f("ck_card_days_reserved_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "card_id"],
            ["tenant_payment_cards.bot_id", "tenant_payment_cards.id"],
            name=op.f("fk_card_days_bot_id_card_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_card_days_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("bot_id", "card_id", "day", name=op.f("pk_card_days")),
    )
    op.create_table(
        "card_rotation_state",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("last_card_id", sa.BigInteger(), nullable=True),
        sa.Column("turns", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["bot_id", "last_card_id"],
            ["tenant_payment_cards.bot_id", "tenant_payment_cards.id"],
            name=op.f("fk_card_rotation_state_bot_id_last_card_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_card_rotation_state_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("bot_id", name=op.f("pk_card_rotation_state")),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), server_default="purchase", nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column(
            "snapshot",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("parent_order_id", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fulfilled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('purchase', 'renewal', 'topup')", name=op.f("ck_orders_kind_known")),
        sa.CheckConstraint(
            "status IN ('draft', 'awaiting_payment', 'partially_paid', 'paid', 'provisioning', 'fulfilled', 'expired', 'cancelled', 'failed', 'partially_refunded', 'refunded')",
            name=op.f("ck_orders_status_known"),
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_orders_amount_not_negative")),
        sa.ForeignKeyConstraint(
            ["bot_id", "parent_order_id"],
            ["orders.bot_id", "orders.id"],
            name=op.f("fk_orders_bot_id_parent_order_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "plan_id"],
            ["bot_plans.bot_id", "bot_plans.id"],
            name=op.f("fk_orders_bot_id_plan_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "user_id"],
            ["users.bot_id", "users.id"],
            name=op.f("fk_orders_bot_id_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name=op.f("fk_orders_bot_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("bot_id", "id", name=op.f("uq_orders_bot_id_id")),
    )
    op.create_index(
        "ix_orders_due",
        "orders",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('draft', 'awaiting_payment')"),
    )
    op.create_index("ix_orders_paid", "orders", ["bot_id", "paid_at"], unique=False)
    op.create_index("ix_orders_user", "orders", ["bot_id", "user_id", "id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("telegram_message_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["bot_id", "user_id"],
            ["users.bot_id", "users.id"],
            name=op.f("fk_outbox_bot_id_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name=op.f("fk_outbox_bot_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("bot_id", "dedupe_key", name=op.f("uq_outbox_bot_id_dedupe_key")),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["bot_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_failed",
        "outbox",
        ["bot_id", "failed_at"],
        unique=False,
        postgresql_where=sa.text("failed_at IS NOT NULL"),
    )
    op.create_table(
        "provisioning_jobs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("provisioner", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'held', 'done', 'failed')", name=op.f("ck_provisioning_jobs_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "order_id"],
            ["orders.bot_id", "orders.id"],
            name=op.f("fk_provisioning_jobs_bot_id_order_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_provisioning_jobs_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provisioning_jobs")),
        sa.UniqueConstraint("bot_id", "order_id", name=op.f("uq_provisioning_jobs_bot_id_order_id")),
    )
    op.create_index(
        "ix_provisioning_jobs_due",
        "provisioning_jobs",
        ["run_at"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_provisioning_jobs_held", "provisioning_jobs", ["bot_id", "status", "id"], unique=False
    )
    op.create_table(
        "sessions",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("id_hash", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("api_token_id", sa.BigInteger(), nullable=False),
        sa.Column("viewing_bot_id", sa.BigInteger(), nullable=True),
        sa.Column("csrf_secret", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["bot_id", "api_token_id"],
            ["api_tokens.bot_id", "api_tokens.id"],
            name=op.f("fk_sessions_bot_id_api_token_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "staff_id"],
            ["staff.bot_id", "staff.id"],
            name=op.f("fk_sessions_bot_id_staff_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_sessions_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_expiry", "sessions", ["expires_at"], unique=False)
    op.create_index("ix_sessions_staff", "sessions", ["bot_id", "staff_id"], unique=False)
    op.create_table(
        "stock_items",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Text(), server_default="free", nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("handed_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('free', 'handed_out', 'withdrawn')", name=op.f("ck_stock_items_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "order_id"],
            ["orders.bot_id", "orders.id"],
            name=op.f("fk_stock_items_bot_id_order_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "plan_id"],
            ["bot_plans.bot_id", "bot_plans.id"],
            name=op.f("fk_stock_items_bot_id_plan_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_stock_items_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_items")),
        sa.UniqueConstraint("bot_id", "content_digest", name=op.f("uq_stock_items_bot_id_content_digest")),
        sa.UniqueConstraint("bot_id", "order_id", name=op.f("uq_stock_items_bot_id_order_id")),
    )
    op.create_index(
        "ix_stock_items_free",
        "stock_items",
        ["bot_id", "plan_id", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'free'"),
    )
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("traffic_limit_bytes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("traffic_used_bytes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("device_limit", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("access", sa.Text(), server_default="", nullable=False),
        sa.Column("auto_renew", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'active', 'limited', 'grace', 'expired', 'suspended', 'disabled', 'archived')",
            name=op.f("ck_subscriptions_status_known"),
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_subscriptions_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["bot_id", "order_id"],
            ["orders.bot_id", "orders.id"],
            name=op.f("fk_subscriptions_bot_id_order_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "plan_id"],
            ["bot_plans.bot_id", "bot_plans.id"],
            name=op.f("fk_subscriptions_bot_id_plan_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "user_id"],
            ["users.bot_id", "users.id"],
            name=op.f("fk_subscriptions_bot_id_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_subscriptions_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("bot_id", "id", name=op.f("uq_subscriptions_bot_id_id")),
        sa.UniqueConstraint("bot_id", "order_id", name=op.f("uq_subscriptions_bot_id_order_id")),
    )
    op.create_index("ix_subscriptions_end", "subscriptions", ["bot_id", "status", "ends_at"], unique=False)
    op.create_index("ix_subscriptions_user", "subscriptions", ["bot_id", "user_id", "id"], unique=False)
    op.create_table(
        "tickets",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('open', 'waiting_staff', 'waiting_user', 'resolved', 'closed')",
            name=op.f("ck_tickets_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "order_id"],
            ["orders.bot_id", "orders.id"],
            name=op.f("fk_tickets_bot_id_order_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "user_id"],
            ["users.bot_id", "users.id"],
            name=op.f("fk_tickets_bot_id_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name=op.f("fk_tickets_bot_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
        sa.UniqueConstraint("bot_id", "id", name=op.f("uq_tickets_bot_id_id")),
    )
    op.create_index("ix_tickets_waiting", "tickets", ["bot_id", "status", "updated_at"], unique=False)
    op.create_table(
        "transactions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("balance_before", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('deposit', 'purchase', 'refund', 'correction', 'reversal', 'bonus')",
            name=op.f("ck_transactions_kind_known"),
        ),
        sa.CheckConstraint(
            "method IN ('card_to_card', 'zarinpal', 'wallet', 'staff', 'system')",
            name=op.f("ck_transactions_method_known"),
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_transactions_amount_moves")),
        sa.CheckConstraint(
            "balance_after = balance_before + amount", name=op.f("ck_transactions_balance_adds_up")
        ),
        sa.CheckConstraint("balance_after >= 0", name=op.f("ck_transactions_balance_not_negative")),
        sa.ForeignKeyConstraint(
            ["bot_id", "order_id"],
            ["orders.bot_id", "orders.id"],
            name=op.f("fk_transactions_bot_id_order_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "user_id"],
            ["users.bot_id", "users.id"],
            name=op.f("fk_transactions_bot_id_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_transactions_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transactions")),
        sa.UniqueConstraint("bot_id", "id", name=op.f("uq_transactions_bot_id_id")),
        sa.UniqueConstraint("bot_id", "idempotency_key", name=op.f("uq_transactions_bot_id_idempotency_key")),
    )
    op.create_index("ix_transactions_kind", "transactions", ["bot_id", "kind", "created_at"], unique=False)
    op.create_index("ix_transactions_newest", "transactions", ["bot_id", "created_at", "id"], unique=False)
    op.create_index("ix_transactions_user", "transactions", ["bot_id", "user_id", "id"], unique=False)
    op.create_table(
        "card_to_card_payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("card_id", sa.BigInteger(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("expected_amount", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column(
            "card_snapshot",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("tracking_number", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("receipt_type", sa.Text(), nullable=True),
        sa.Column("receipt_text", sa.Text(), nullable=True),
        sa.Column("receipt_image_file_id", sa.Text(), nullable=True),
        sa.Column("receipt_media_id", sa.BigInteger(), nullable=True),
        sa.Column("receipt_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("receipt_submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("payer_reference", sa.Text(), nullable=True),
        sa.Column("late", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("duplicate_suspect", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("claimed_by", sa.BigInteger(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("admin_reviewed_by", sa.Text(), nullable=True),
        sa.Column("admin_reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("admin_channel", sa.Text(), nullable=True),
        sa.Column("reject_reason", sa.Text(), nullable=True),
        sa.Column("admin_notes", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "receipt_type IN ('photo', 'document', 'text')",
            name=op.f("ck_card_to_card_payments_receipt_type_known"),
        ),
        sa.CheckConstraint(
            "status IN ('created', 'receipt_submitted', 'approved', 'approved_other_amount', 'rejected', 'expired', 'cancelled', 'reversed')",
            name=op.f("ck_card_to_card_payments_status_known"),
        ),
        sa.CheckConstraint(
            "expected_amount > 0", name=op.f("ck_card_to_card_payments_expected_amount_positive")
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "card_id"],
            ["tenant_payment_cards.bot_id", "tenant_payment_cards.id"],
            name=op.f("fk_card_to_card_payments_bot_id_card_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "order_id"],
            ["orders.bot_id", "orders.id"],
            name=op.f("fk_card_to_card_payments_bot_id_order_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "receipt_media_id"],
            ["media.bot_id", "media.id"],
            name=op.f("fk_card_to_card_payments_bot_id_receipt_media_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "transaction_id"],
            ["transactions.bot_id", "transactions.id"],
            name=op.f("fk_card_to_card_payments_bot_id_transaction_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "user_id"],
            ["users.bot_id", "users.id"],
            name=op.f("fk_card_to_card_payments_bot_id_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_card_to_card_payments_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_to_card_payments")),
        sa.UniqueConstraint("bot_id", "id", name=op.f("uq_card_to_card_payments_bot_id_id")),
        sa.UniqueConstraint(
            "bot_id", "tracking_number", name=op.f("uq_card_to_card_payments_bot_id_tracking_number")
        ),
    )
    op.create_index(
        "ix_card_to_card_payments_card",
        "card_to_card_payments",
        ["bot_id", "card_id", "expected_amount"],
        unique=False,
    )
    op.create_index(
        "ix_card_to_card_payments_decided",
        "card_to_card_payments",
        ["bot_id", "status", "admin_reviewed_at"],
        unique=False,
    )
    op.create_index(
        "ix_card_to_card_payments_due",
        "card_to_card_payments",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("status = 'created'"),
    )
    op.create_index(
        "ix_card_to_card_payments_queue",
        "card_to_card_payments",
        ["bot_id", "status", "receipt_submitted_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_card_to_card_payments_reference",
        "card_to_card_payments",
        ["bot_id", "payer_reference"],
        unique=False,
    )
    op.create_index(
        "ix_card_to_card_payments_sha256", "card_to_card_payments", ["bot_id", "receipt_sha256"], unique=False
    )
    op.create_index(
        "ix_card_to_card_payments_user", "card_to_card_payments", ["bot_id", "user_id", "id"], unique=False
    )
    op.create_index(
        "uq_card_to_card_payments_open",
        "card_to_card_payments",
        ["bot_id", "order_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('created', 'receipt_submitted')"),
    )
    op.create_table(
        "zarinpal_payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("sent_amount", sa.BigInteger(), nullable=True),
        sa.Column("sent_currency", sa.Text(), nullable=True),
        sa.Column("fee", sa.BigInteger(), nullable=True),
        sa.Column("zarinpal_authority", sa.Text(), nullable=True),
        sa.Column("zarinpal_ref_id", sa.Text(), nullable=True),
        sa.Column("card_masked", sa.Text(), nullable=True),
        sa.Column("card_hash", sa.Text(), nullable=True),
        sa.Column("callback_url", sa.Text(), nullable=True),
        sa.Column("callback_secret", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('created', 'redirected', 'returned_ok', 'returned_nok', 'verifying', 'paid', 'failed', 'cancelled', 'expired', 'mismatch', 'refunded')",
            name=op.f("ck_zarinpal_payments_status_known"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_zarinpal_payments_amount_positive")),
        sa.ForeignKeyConstraint(
            ["bot_id", "order_id"],
            ["orders.bot_id", "orders.id"],
            name=op.f("fk_zarinpal_payments_bot_id_order_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "transaction_id"],
            ["transactions.bot_id", "transactions.id"],
            name=op.f("fk_zarinpal_payments_bot_id_transaction_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "user_id"],
            ["users.bot_id", "users.id"],
            name=op.f("fk_zarinpal_payments_bot_id_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_zarinpal_payments_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_zarinpal_payments")),
        sa.UniqueConstraint("bot_id", "id", name=op.f("uq_zarinpal_payments_bot_id_id")),
        sa.UniqueConstraint("zarinpal_authority", name=op.f("uq_zarinpal_payments_zarinpal_authority")),
    )
    op.create_index(
        "ix_zarinpal_payments_user", "zarinpal_payments", ["bot_id", "user_id", "id"], unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_zarinpal_payments_user", table_name="zarinpal_payments")
    op.drop_table("zarinpal_payments")
    op.drop_index(
        "uq_card_to_card_payments_open",
        table_name="card_to_card_payments",
        postgresql_where=sa.text("status IN ('created', 'receipt_submitted')"),
    )
    op.drop_index("ix_card_to_card_payments_user", table_name="card_to_card_payments")
    op.drop_index("ix_card_to_card_payments_sha256", table_name="card_to_card_payments")
    op.drop_index("ix_card_to_card_payments_reference", table_name="card_to_card_payments")
    op.drop_index("ix_card_to_card_payments_queue", table_name="card_to_card_payments")
    op.drop_index(
        "ix_card_to_card_payments_due",
        table_name="card_to_card_payments",
        postgresql_where=sa.text("status = 'created'"),
    )
    op.drop_index("ix_card_to_card_payments_decided", table_name="card_to_card_payments")
    op.drop_index("ix_card_to_card_payments_card", table_name="card_to_card_payments")
    op.drop_table("card_to_card_payments")
    op.drop_index("ix_transactions_user", table_name="transactions")
    op.drop_index("ix_transactions_newest", table_name="transactions")
    op.drop_index("ix_transactions_kind", table_name="transactions")
    op.drop_table("transactions")
    op.drop_index("ix_tickets_waiting", table_name="tickets")
    op.drop_table("tickets")
    op.drop_index("ix_subscriptions_user", table_name="subscriptions")
    op.drop_index("ix_subscriptions_end", table_name="subscriptions")
    op.drop_table("subscriptions")
    op.drop_index(
        "ix_stock_items_free", table_name="stock_items", postgresql_where=sa.text("status = 'free'")
    )
    op.drop_table("stock_items")
    op.drop_index("ix_sessions_staff", table_name="sessions")
    op.drop_index("ix_sessions_expiry", table_name="sessions")
    op.drop_table("sessions")
    op.drop_index("ix_provisioning_jobs_held", table_name="provisioning_jobs")
    op.drop_index(
        "ix_provisioning_jobs_due",
        table_name="provisioning_jobs",
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.drop_table("provisioning_jobs")
    op.drop_index("ix_outbox_failed", table_name="outbox", postgresql_where=sa.text("failed_at IS NOT NULL"))
    op.drop_index(
        "ix_outbox_due",
        table_name="outbox",
        postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
    )
    op.drop_table("outbox")
    op.drop_index("ix_orders_user", table_name="orders")
    op.drop_index("ix_orders_paid", table_name="orders")
    op.drop_index(
        "ix_orders_due",
        table_name="orders",
        postgresql_where=sa.text("status IN ('draft', 'awaiting_payment')"),
    )
    op.drop_table("orders")
    op.drop_table("card_rotation_state")
    op.drop_table("card_days")
    op.drop_table("api_tokens")
    op.drop_index("ix_users_newest", table_name="users")
    op.drop_table("users")
    op.drop_index(
        "ix_tenant_payment_cards_rotation",
        table_name="tenant_payment_cards",
        postgresql_where=sa.text("is_active AND archived_at IS NULL"),
    )
    op.drop_table("tenant_payment_cards")
    op.drop_index(
        "ix_telegram_updates_open",
        table_name="telegram_updates",
        postgresql_where=sa.text("done_at IS NULL AND failed_at IS NULL"),
    )
    op.drop_index(
        "ix_telegram_updates_done",
        table_name="telegram_updates",
        postgresql_where=sa.text("done_at IS NOT NULL"),
    )
    op.drop_table("telegram_updates")
    op.drop_table("staff")
    op.drop_table("promocodes")
    op.drop_table("promo_groups")
    op.drop_index("ix_media_sha256", table_name="media")
    op.drop_table("media")
    op.drop_table("fsm_state")
    op.drop_index("ix_bot_plans_price", table_name="bot_plans")
    op.drop_index(
        "ix_bot_plans_active",
        table_name="bot_plans",
        postgresql_where=sa.text("is_active AND archived_at IS NULL"),
    )
    op.drop_table("bot_plans")
    op.drop_index(
        "ix_bot_feature_flags_enabled", table_name="bot_feature_flags", postgresql_where=sa.text("enabled")
    )
    op.drop_table("bot_feature_flags")
    op.drop_table("bot_configurations")
    op.drop_index("ix_audit_log_subject", table_name="audit_log")
    op.drop_index("ix_audit_log_newest", table_name="audit_log")
    op.drop_table("audit_log")
    op.drop_table("login_attempts")
    op.drop_index("uq_bots_one_master", table_name="bots", postgresql_where=sa.text("is_master"))
    op.drop_index("ix_bots_active", table_name="bots", postgresql_where=sa.text("is_active"))
    op.drop_table("bots")
