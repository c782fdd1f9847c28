"""Row-level security and grants, written once and used by migrations, by ``migrate`` and by the tests.

The wall has one rule: across shops one may read (the platform), writing happens in one shop's name.
Three tables of the fleet are the exception: ``bots`` itself, and the two queues (``outbox``,
``telegram_updates``) whose worker claims rows of many shops in one statement.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

SHOP = "(SELECT nullif(current_setting('app.bot_id', true), '')::bigint)"
PLATFORM = "(SELECT current_setting('app.platform', true)) = 'on'"
# A sub-select is evaluated once a statement, not once a row. nullif, because a setting that was
# local to an earlier transaction of the connection reads as '' afterwards, not as NULL.

APPEND_ONLY = ("transactions", "audit_log", "audit_seals", "book_proofs", "book_days")
CLAIMED_ACROSS_SHOPS = ("outbox", "telegram_updates")
DELETABLE = (
    "api_tokens",
    "bot_configurations",
    "bot_feature_flags",
    "bot_plans",
    "canned_replies",
    "card_days",
    "card_rotation_state",
    "fsm_state",
    "link_codes",
    "login_attempts",
    "picture_sketches",
    "saved_views",
    "sessions",
    "sign_in_challenges",
    "stock_items",
    "telegram_updates",
    "tenant_payment_cards",
    "ticket_drafts",
    "user_words",
)
"""Tables from which the application may delete. Money, people and history are never deleted."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One gate in the wall: which rows of ``table`` a ``command`` meets."""

    name: str
    command: Literal["ALL", "SELECT", "UPDATE"]
    using: str

    @property
    def check(self) -> str | None:
        """What a written row must fulfil; reading writes none."""
        return None if self.command == "SELECT" else self.using

    def create(self, table: str) -> str:
        check = f" WITH CHECK ({self.check})" if self.check else ""
        return f"CREATE POLICY {self.name} ON {table} FOR {self.command} USING ({self.using}){check}"


def policies(table: str) -> tuple[Policy, ...]:
    """The gates that ``table`` has, and no others."""
    if table == "bots":
        return (Policy("shop", "ALL", f"id = {SHOP}"), Policy("platform", "ALL", PLATFORM))
    claims = (Policy("platform_claims", "UPDATE", PLATFORM),) if table in CLAIMED_ACROSS_SHOPS else ()
    return (Policy("shop", "ALL", f"bot_id = {SHOP}"), Policy("platform_reads", "SELECT", PLATFORM), *claims)


def protect(table: str) -> list[str]:
    """Statements that put the wall on one table of a shop."""
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        *(policy.create(table) for policy in policies(table)),
    ]


def unprotect(table: str) -> list[str]:
    """The way back, for a downgrade that keeps the table."""
    return [
        *(
            f"DROP POLICY IF EXISTS {policy} ON {table}"
            for policy in ("shop", "platform", "platform_reads", "platform_claims")
        ),
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    ]


def grants(role: str, tables: Iterable[str]) -> list[str]:
    """What the application's role may do. Idempotent: whatever it had before is taken back first."""
    quoted = '"' + role.replace('"', '""') + '"'
    statements = [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {quoted}",
        f"GRANT USAGE ON SCHEMA public TO {quoted}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {quoted}",
        f"GRANT SELECT ON alembic_version TO {quoted}",
    ]
    for table in sorted(tables):
        rights = ["SELECT", "INSERT"]
        if table not in APPEND_ONLY:
            rights.append("UPDATE")
        if table in DELETABLE:
            rights.append("DELETE")
        statements.append(f"GRANT {', '.join(rights)} ON {table} TO {quoted}")
    return statements
