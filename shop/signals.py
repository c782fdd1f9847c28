"""Tell the bot process what changed, as part of the transaction that changes it.

NOTIFY is transactional: the other side hears it if, and only when, we commit. Whoever listens also
looks by himself from time to time, so a lost signal costs seconds, not truth.
"""

from __future__ import annotations

from sqlalchemy import func, select

from shop.unit_of_work import UnitOfWork

BOTS = "bots"
"""Channel of changes to a shop: its bot, its token, its switches, its settings. The payload is its id."""


async def shop_changed(uow: UnitOfWork, bot_id: int) -> None:
    """Let the bot process look at one shop again."""
    await uow.session.execute(select(func.pg_notify(BOTS, str(bot_id))))
