"""Write a broadcast, look at it, send it off, hold it, stop it. What is sent, ``sending`` sends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from db.models import Bot, Broadcast, Staff, User
from shop.actors import BROADCASTS_MANAGE, require, staff_id
from shop.audit import service as audit
from shop.broadcasts import rules
from shop.errors import BadInput, BroadcastMoved, NotFound
from shop.features import service as features
from shop.notifications.messages import BroadcastMessage
from shop.notifications.outbox import enqueue, enqueue_for_owner, get_chats
from shop.signals import broadcasts_changed
from shop.unit_of_work import UnitOfWork
from shop.users.rules import form_key

_TAKE_BACK = text(
    """
    WITH taken AS (
        UPDATE outbox o SET failed_at = :now, last_error = 'taken back', updated_at = :now
        FROM broadcast_recipients r
        WHERE r.bot_id = :shop AND r.broadcast_id = :broadcast AND r.status = 'promised'
            AND o.bot_id = r.bot_id
            AND o.dedupe_key = concat('broadcast:', r.broadcast_id, ':', r.user_id, '.', r.turn)
            AND o.sent_at IS NULL AND o.failed_at IS NULL AND NOT o.is_going
        RETURNING r.id, o.doubts > 0 AS is_doubtful, o.doubts > 0 AND NOT r.is_doubtful AS is_new
    ), back AS (
        UPDATE broadcast_recipients r
        SET status = 'pending', turn = r.turn + 1, is_doubtful = r.is_doubtful OR taken.is_doubtful,
            updated_at = :now
        FROM taken WHERE r.bot_id = :shop AND r.id = taken.id
        RETURNING taken.is_new
    )
    SELECT count(*) FILTER (WHERE is_new) FROM back
    """
)
"""What is promised and nobody has in hand yet waits for its turn again. Nobody is asked for what is in hand:
Telegram may have it already."""


async def create(uow: UnitOfWork, *, audience: str, words: Mapping[str, str], form: str) -> int:
    """A draft; its key. The same ``form`` twice is one. Raises NotAllowed, FeatureOff, BadInput."""
    require(uow.actor, BROADCASTS_MANAGE)
    features.require_on(await features.load_state(uow), "broadcasts")
    kept = rules.words(words, shop_language=await _language(uow))
    wanted, key = rules.audience(audience), form_key(form)
    made = await uow.session.scalar(
        insert(Broadcast)
        .values(
            bot_id=uow.bot_id,
            form=key,
            status="draft",
            audience=wanted,
            words=kept,
            by=uow.actor.name,
            created_at=uow.now,
            updated_at=uow.now,
        )
        .on_conflict_do_nothing(index_elements=["bot_id", "form"])
        .returning(Broadcast.id)
    )
    if made is not None:
        await audit.record(uow, "broadcast.created", "broadcast", made, audience=wanted)
        return int(made)
    return (await uow.session.scalars(select(Broadcast.id).where(Broadcast.form == key))).one()


async def change(uow: UnitOfWork, broadcast_id: int, *, audience: str, words: Mapping[str, str]) -> None:
    """Other words, or for others, as long as it is a draft.

    Raises NotAllowed, NotFound, BadInput, BroadcastMoved.
    """
    one = await _lock(uow, broadcast_id, "draft")
    kept = rules.words(words, shop_language=await _language(uow))
    one.audience, one.words, one.updated_at = rules.audience(audience), kept, uow.now
    await audit.record(uow, "broadcast.changed", "broadcast", broadcast_id, audience=one.audience)


async def preview(uow: UnitOfWork, broadcast_id: int, *, form: str) -> None:
    """Say it to whoever asks, in every language it is written in; the same ``form`` twice is once.

    It comes to the person's own chat with the bot, and to the shop's chat where there is none.
    Raises NotAllowed, NotFound, BadInput (there is no chat).
    """
    one = await _lock(uow, broadcast_id)
    key, shop = form_key(form), await uow.session.scalar(select(Bot.name).where(Bot.id == uow.bot_id))
    person = await uow.session.scalar(
        select(User)
        .join(Staff, Staff.telegram_id == User.telegram_id)
        .where(Staff.id == staff_id(uow.actor), User.unreachable_at.is_(None))
    )
    if person is None and not (await get_chats(uow)).is_linked:
        raise BadInput("preview", "no_chat")
    for language, words in one.words.items():
        name = uow.actor.name if person is None else person.full_name
        said = rules.filled(words, name=name, shop=shop or "")
        message = BroadcastMessage(broadcast_id, f"look.{key}.{language}", said)
        if person is None:
            await enqueue_for_owner(uow, message)
        else:
            await enqueue(uow, chat_id=person.telegram_id, user_id=person.id, message=message)


async def schedule(uow: UnitOfWork, broadcast_id: int, *, at: datetime | None = None) -> datetime:
    """Send it off ``at`` a time, or now, but never before the hold is over; when it begins.

    Raises NotAllowed, FeatureOff, NotFound, BroadcastMoved, BadInput.
    """
    one = await _lock(uow, broadcast_id, "draft")
    features.require_on(await features.load_state(uow), "broadcasts")
    one.starts_at = rules.start(at, now=uow.now)
    await _move(uow, one, "scheduled", "broadcast.scheduled", starts_at=one.starts_at.isoformat())
    return one.starts_at


async def take_back(uow: UnitOfWork, broadcast_id: int) -> None:
    """A draft again, as long as nothing was sent. Raises NotAllowed, NotFound, BroadcastMoved."""
    one = await _lock(uow, broadcast_id, "scheduled")
    one.starts_at = None
    await _move(uow, one, "draft", "broadcast.taken_back")


async def pause(uow: UnitOfWork, broadcast_id: int) -> None:
    """No more goes out but what is in the very act of going. Raises NotAllowed, NotFound, BroadcastMoved."""
    one = await _lock(uow, broadcast_id, "running")
    await _move(uow, one, "paused", "broadcast.paused")
    await hold_promises(uow, one)


async def resume(uow: UnitOfWork, broadcast_id: int) -> None:
    """On with those who wait. Raises NotAllowed, FeatureOff, NotFound, BroadcastMoved."""
    one = await _lock(uow, broadcast_id, "paused")
    features.require_on(await features.load_state(uow), "broadcasts")
    await _move(uow, one, "running", "broadcast.resumed")


async def stop(uow: UnitOfWork, broadcast_id: int) -> None:
    """For good: whoever waits will not get it. Raises NotAllowed, NotFound, BroadcastMoved."""
    one = await _lock(uow, broadcast_id, "running", "paused")
    one.ended_at = uow.now
    await _move(uow, one, "stopped", "broadcast.stopped", rows=one.people - one.sent)
    await hold_promises(uow, one)


async def hold_promises(uow: UnitOfWork, one: Broadcast) -> None:
    """Take back what nobody has in hand yet. The caller holds the row."""
    doubtful = await uow.session.scalar(_TAKE_BACK, {"shop": uow.bot_id, "broadcast": one.id, "now": uow.now})
    one.doubtful += doubtful or 0


async def _move(uow: UnitOfWork, one: Broadcast, status: str, action: str, **data: object) -> None:
    one.status, one.updated_at = status, uow.now
    await uow.session.flush()
    await audit.record(uow, action, "broadcast", one.id, **data)
    await broadcasts_changed(uow)


async def _lock(uow: UnitOfWork, broadcast_id: int, *statuses: str) -> Broadcast:
    """The row, in one of ``statuses`` where any are named."""
    require(uow.actor, BROADCASTS_MANAGE)
    one = await uow.session.scalar(
        select(Broadcast)
        .where(Broadcast.id == broadcast_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if one is None:
        raise NotFound("broadcast", broadcast_id)
    if statuses and one.status not in statuses:
        raise BroadcastMoved(broadcast_id, one.status)
    return one


async def _language(uow: UnitOfWork) -> str:
    return (await uow.session.scalars(select(Bot.default_language).where(Bot.id == uow.bot_id))).one()
