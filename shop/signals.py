"""Tell other processes what changed, as part of the transaction that changes it.

NOTIFY is transactional: the other side hears it if, and only when, we commit. Whoever listens also
looks by himself from time to time, so a lost signal costs seconds, not truth.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, cast, func, select

from shop.unit_of_work import UnitOfWork

BOTS = "bots"
"""Channel of changes to a shop: its bot, its token, its switches, its settings. The payload is its id."""


DESK = "desk"
"""Channel of what everybody at a shop's dashboard has before him: its receipts (one came, one was decided,
held or taken back), its tickets, and whether its cards can take money. The payload is the shop's id."""

BROADCASTS = "broadcasts"
"""Channel of messages to many: one was started, stopped or goes on. The payload is the shop's id."""

PROGRESS = "progress"
"""Channel of the figures of messages to many, which move while one goes out. The payload is the shop's id."""

SESSIONS = "sessions"
"""Channel of ended or moved sessions: open streams ask again whether they may go on. The payload is the
id of the shop whose people they are."""


async def desk_changed(uow: UnitOfWork) -> None:
    """Let everybody look at this shop again: open dashboards, and the worker of the holds."""
    uow.last.notify(DESK, str(uow.bot_id))


async def broadcasts_changed(uow: UnitOfWork) -> None:
    """Let the worker of the broadcasts look at once, and whoever watches one."""
    uow.last.notify(BROADCASTS, str(uow.bot_id))
    uow.last.notify(PROGRESS, str(uow.bot_id))


async def progress_made(uow: UnitOfWork) -> None:
    """Let whoever watches a broadcast look at its figures again."""
    uow.last.notify(PROGRESS, str(uow.bot_id))


async def moment(uow: UnitOfWork) -> int:
    """The database's clock in microseconds: one order of things for all processes."""
    now = select(cast(func.extract("epoch", func.clock_timestamp()) * 1_000_000, BigInteger))
    return int(await uow.session.scalar(now) or 0)


async def sessions_changed(uow: UnitOfWork) -> None:
    """Let the open streams of this shop's people find out whether they may go on."""
    uow.last.notify(SESSIONS, str(uow.bot_id))


async def shop_changed(uow: UnitOfWork, bot_id: int) -> None:
    """Let the bot process look at one shop again."""
    uow.last.notify(BOTS, str(bot_id))
