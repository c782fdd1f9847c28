"""A shop's settings: only what differs from the registry's defaults. Secrets are not here."""

from __future__ import annotations

from typing import Any

from advanced_alchemy.mixins import AuditColumns
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotOwned
from db.types import Words


class BotConfiguration(AuditColumns, BotOwned):
    __tablename__ = "bot_configurations"
    __bot_id_is_key__ = True

    config_key: Mapped[Words] = mapped_column(primary_key=True)
    config_value: Mapped[Any] = mapped_column(JSONB, nullable=False)
