"""Lists as their people come back to them: filters and order under a name."""

from __future__ import annotations

from sqlalchemy import BigInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotRow
from db.constraints import belongs
from db.types import Words


class SavedView(BotRow):
    __tablename__ = "saved_views"
    __table_args__ = (
        UniqueConstraint("bot_id", "staff_id", "list", "name"),
        belongs("staff_id", "staff"),
    )

    staff_id: Mapped[int] = mapped_column(BigInteger)
    """Whose it is; nobody else sees it."""
    list: Mapped[Words]
    """Which list, as ``shop.staff.views.LISTS`` names it."""
    name: Mapped[Words]
    query: Mapped[Words]
    """What the address says after its question mark, as the list itself writes it; never what was sent."""
