"""A shop's switches. An absent row means the registry's default."""

from __future__ import annotations

from advanced_alchemy.mixins import AuditColumns
from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotOwned
from db.types import Json, No, Utc, Words, Yes


class BotFeatureFlag(AuditColumns, BotOwned):
    __tablename__ = "bot_feature_flags"
    __bot_id_is_key__ = True
    __table_args__ = (Index("ix_bot_feature_flags_enabled", "bot_id", postgresql_where=text("enabled")),)

    feature_key: Mapped[Words] = mapped_column(primary_key=True)
    enabled: Mapped[bool | None]
    """The owner's switch; NULL where he never touched it and the registry decides."""
    config: Mapped[Json]
    granted: Mapped[Yes]
    granted_by: Mapped[Words | None]
    granted_until: Mapped[Utc | None]
    killed: Mapped[No]
