"""Secrets that somebody wants in the place of those in force: each waits here, sealed, to be checked."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from db.base import BotRow
from db.constraints import one_of
from db.types import No, Sealed, Utc, Words

STATES = ("checking", "taken", "refused")


class SecretReplacement(BotRow):
    """The last attempt to replace one secret of a shop. What is in force lies where it is used."""

    __tablename__ = "secret_replacements"
    __table_args__ = (
        UniqueConstraint("bot_id", "secret_key"),
        one_of("state", STATES),
        CheckConstraint("(candidate IS NOT NULL) = (state = 'checking')", name="candidate_while_checked"),
        CheckConstraint("(reason IS NOT NULL) = (state = 'refused')", name="reason_of_a_refusal"),
    )

    secret_key: Mapped[Words]
    """Of ``shop.configurations.registry.SECRETS``."""
    state: Mapped[Words]
    candidate: Mapped[Sealed | None]
    """Dropped as soon as it is taken or refused."""
    reason: Mapped[Words | None]
    """Why it was refused, as a code."""
    to_other_bot: Mapped[No]
    """Whoever asked knows that it is the token of another bot than before."""
    asked_at: Mapped[Utc]
    decided_at: Mapped[Utc | None]
