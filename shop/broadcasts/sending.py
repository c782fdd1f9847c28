"""What the bot process does for broadcasts: begin what is due, promise a few, count what became of them.

The outbox sends: it knows each bot's pace, who asked to be quiet and who cannot be reached. A broadcast gives
it a handful at a time, so that whatever else the bot has to say never waits behind more than that. All of it
is written down before it is sent, so a process that dies goes on where it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, literal, select, text, update

from db.models import Bot, Broadcast, BroadcastRecipient, OutboxMessage, User
from shop.actors import System
from shop.broadcasts import rules, service
from shop.broadcasts.audience import reached
from shop.broadcasts.narrowing import Narrowing
from shop.configurations import hours
from shop.features import service as features
from shop.notifications.outbox import enqueue
from shop.signals import progress_made
from shop.unit_of_work import UnitOfWork, UnitsOfWork

ACTOR = System("broadcasts")
SOON = timedelta(minutes=1)
"""What is due later than this holds nobody up: it waits for another try."""

_SHOPS = text(
    """
    SELECT busy.bot_id, (
        SELECT c.config_value FROM bot_configurations c
        WHERE c.bot_id = busy.bot_id AND c.config_key = 'broadcast_rate'
    ) AS rate
    FROM (
        SELECT bot_id FROM broadcasts
        WHERE status = 'running' OR (status = 'scheduled' AND starts_at <= :now)
        UNION
        SELECT bot_id FROM broadcast_recipients WHERE status = 'promised'
    ) busy
    """
)
_SETTLE = text(
    """
    UPDATE broadcast_recipients r
    SET status = CASE WHEN o.sent_at IS NOT NULL THEN 'sent'
            WHEN u.unreachable_at IS NOT NULL THEN 'blocked' ELSE 'failed' END,
        is_doubtful = r.is_doubtful OR o.doubts > 0, updated_at = :now,
        why = CASE WHEN o.sent_at IS NULL THEN o.last_error END
    FROM outbox o, users u, broadcast_recipients was
    WHERE was.bot_id = :shop AND was.status = 'promised' AND r.bot_id = :shop AND r.id = was.id
        AND r.status = 'promised'
        AND o.bot_id = :shop
        AND o.dedupe_key = concat('broadcast:', was.broadcast_id, ':', was.user_id, '.', was.turn)
        AND (o.sent_at IS NOT NULL OR o.failed_at IS NOT NULL)
        AND u.bot_id = :shop AND u.id = was.user_id
    RETURNING r.broadcast_id, r.status, r.is_doubtful AND NOT was.is_doubtful AS is_doubtful
    """
)


@dataclass(frozen=True, slots=True)
class Step:
    """What one look at a shop's broadcasts did."""

    promised: int
    settled: int


async def busy_shops(units: UnitsOfWork) -> dict[int, float]:
    """Shops in which something is to be begun, promised or counted, and how fast each of them wants it."""
    async with units.platform(ACTOR) as uow:
        rows = await uow.session.execute(_SHOPS, {"now": uow.now})
        return {row.bot_id: float(row.rate or rules.RATE) for row in rows}


async def next_start(units: UnitsOfWork) -> datetime | None:
    """When the next broadcast begins, in any shop; None while none is scheduled."""
    async with units.platform(ACTOR) as uow:
        soonest: datetime | None = await uow.session.scalar(
            select(func.min(Broadcast.starts_at)).where(Broadcast.status == "scheduled")
        )
        return soonest


async def step(units: UnitsOfWork, bot_id: int, *, most: int) -> Step:
    """Count what became of the promises of a shop, begin what is due, promise at most ``most`` more.

    Safe at any moment and as often as one likes: everything it goes by is in the database.
    """
    async with units.begin(bot_id, ACTOR) as uow:
        settled = await settle(uow)
    async with units.begin(bot_id, ACTOR) as uow:
        await begin_due(uow)
    async with units.begin(bot_id, ACTOR) as uow:
        return Step(await feed(uow, most), settled)


async def settle(uow: UnitOfWork) -> int:
    """Note what the outbox knows by now, of running broadcasts and of those that were stopped."""
    rows = (await uow.session.execute(_SETTLE, {"shop": uow.bot_id, "now": uow.now})).all()
    fates = Counter((row.broadcast_id, row.status) for row in rows)
    doubts = Counter(row.broadcast_id for row in rows if row.is_doubtful)
    for broadcast_id in sorted({row.broadcast_id for row in rows}):
        counted: dict[str, Any] = {
            fate: getattr(Broadcast, fate) + fates[broadcast_id, fate]
            for fate in ("sent", "blocked", "failed")
            if fates[broadcast_id, fate]
        }
        await uow.session.execute(
            update(Broadcast)
            .where(Broadcast.id == broadcast_id)
            .values(**counted, doubtful=Broadcast.doubtful + doubts[broadcast_id], updated_at=uow.now)
            .execution_options(synchronize_session=False)
        )
    if rows:
        await progress_made(uow)
    return len(rows)


async def begin_due(uow: UnitOfWork) -> None:
    """Write down whom each broadcast is for whose time has come."""
    due = await uow.session.scalars(
        select(Broadcast)
        .where(Broadcast.status == "scheduled", Broadcast.starts_at <= uow.now)
        .order_by(Broadcast.id)
        .with_for_update(skip_locked=True)
    )
    for one in due.all():
        people = select(
            literal(uow.bot_id),
            literal(one.id),
            User.id,
            literal("pending"),
            literal(uow.now),
            literal(uow.now),
        ).where(User.bot_id == uow.bot_id, *reached(uow, one.audience, Narrowing.of(one.narrowed)))
        columns = ["bot_id", "broadcast_id", "user_id", "status", "created_at", "updated_at"]
        written: Any = await uow.session.execute(
            insert(BroadcastRecipient).from_select(columns, people.order_by(User.id))
        )
        one.status, one.started_at, one.updated_at = "running", uow.now, uow.now
        one.people = written.rowcount
        await progress_made(uow)


async def feed(uow: UnitOfWork, most: int) -> int:
    """Promise the next few of the shop's oldest running broadcast; how many.

    Nothing while the switch is off or the shop's hours are quiet, and nothing while the bot has enough to say
    already.
    """
    one = await uow.session.scalar(
        select(Broadcast)
        .where(Broadcast.status == "running")
        .order_by(Broadcast.id)
        .limit(1)
        .with_for_update()
    )
    if one is None or not (await features.load_state(uow)).is_on("broadcasts"):
        return 0
    if one.failed >= rules.MOST_WITHOUT_SUCCESS and not one.sent:
        one.status, one.updated_at = "paused", uow.now
        await service.hold_promises(uow, one)
        await progress_made(uow)
        return 0
    if await quiet_until(uow) is not None:
        return 0
    room = min(most, rules.ROOM - await _waiting(uow))
    if room <= 0:
        return 0
    rows = (
        (
            await uow.session.execute(
                select(BroadcastRecipient, User)
                .join(User, User.id == BroadcastRecipient.user_id)
                .where(BroadcastRecipient.broadcast_id == one.id, BroadcastRecipient.status == "pending")
                .order_by(BroadcastRecipient.id)
                .limit(room)
                .with_for_update(of=BroadcastRecipient)
            )
        )
        .tuples()
        .all()
    )
    if not rows:
        await _complete(uow, one)
        return 0
    return await _promise(uow, one, rows)


async def quiet_until(uow: UnitOfWork) -> datetime | None:
    """Until when no broadcast of this shop goes out; None where one may go now."""
    return await hours.quiet_until(uow, rules.QUIET_KEYS)


async def _promise(uow: UnitOfWork, one: Broadcast, rows: Sequence[tuple[BroadcastRecipient, User]]) -> int:
    """A message to each who can still be reached, in his own language and with his name; how many."""
    shop = (
        await uow.session.execute(select(Bot.name, Bot.default_language).where(Bot.id == uow.bot_id))
    ).one()
    letter, promised = service.Letter(one, shop.name, shop.default_language), 0
    for recipient, person in rows:
        recipient.updated_at = uow.now
        if person.blocked_at is not None or person.unreachable_at is not None:
            recipient.status = "skipped"
            one.skipped += 1
            continue
        recipient.status = "promised"
        promised += 1
        mark = f"{person.id}.{recipient.turn}"
        message = letter.to(mark, name=person.full_name, language=person.language)
        await enqueue(uow, chat_id=person.telegram_id, user_id=person.id, message=message)
    return promised


async def _waiting(uow: UnitOfWork) -> int:
    """Messages of any kind that this bot is about to say, as far as it matters."""
    some = (
        select(OutboxMessage.id)
        .where(
            OutboxMessage.sent_at.is_(None),
            OutboxMessage.failed_at.is_(None),
            OutboxMessage.due_at <= uow.now + SOON,
        )
        .limit(rules.ROOM)
        .subquery()
    )
    return await uow.session.scalar(select(func.count()).select_from(some)) or 0


async def _complete(uow: UnitOfWork, one: Broadcast) -> None:
    """Nobody waits any more; it is over as soon as the last one on the way is counted."""
    still = await uow.session.scalar(
        select(BroadcastRecipient.id)
        .where(BroadcastRecipient.broadcast_id == one.id, BroadcastRecipient.status == "promised")
        .limit(1)
    )
    if still is None:
        one.status, one.ended_at, one.updated_at = "completed", uow.now, uow.now
        await progress_made(uow)
