"""Write a broadcast, look at it, send it off, hold it, stop it. What is sent, ``sending`` sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from db.models import Bot, Broadcast, Staff, User
from shop.actors import BROADCASTS_MANAGE, require, staff_id
from shop.audit import service as audit
from shop.broadcasts import rules
from shop.broadcasts.audience import checked, is_plan
from shop.broadcasts.narrowing import EVERYONE, Narrowing
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


@dataclass(frozen=True, slots=True)
class Button:
    """A button as it was typed; ``kind`` is ``url``, ``plan`` or ``plans``, or nothing for none."""

    kind: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    """By language."""
    url: str = ""
    plan_id: int | None = None


@dataclass(frozen=True, slots=True)
class More:
    """What a broadcast may have besides its words and its audience."""

    narrowed: Narrowing = EVERYONE
    button: Button = field(default_factory=Button)
    brings_picture: bool = False
    """``set_picture`` follows; a draft that has one already keeps it otherwise."""
    drops_picture: bool = False


NOTHING_MORE = More()


async def create(
    uow: UnitOfWork, *, audience: str, words: Mapping[str, str], form: str, more: More = NOTHING_MORE
) -> int:
    """A draft; its key. The same ``form`` twice is one. Raises NotAllowed, FeatureOff, BadInput."""
    require(uow.actor, BROADCASTS_MANAGE)
    features.require_on(await features.load_state(uow), "broadcasts")
    said = await _said(uow, words, more, has_picture=more.brings_picture)
    kept, wanted, key = await checked(uow, audience, more.narrowed), audience, form_key(form)
    made = await uow.session.scalar(
        insert(Broadcast)
        .values(
            bot_id=uow.bot_id,
            form=key,
            status="draft",
            audience=wanted,
            narrowed=kept.as_kept(),
            **said,
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


async def change(
    uow: UnitOfWork,
    broadcast_id: int,
    *,
    audience: str,
    words: Mapping[str, str],
    more: More = NOTHING_MORE,
) -> None:
    """Other words, or for others, as long as it is a draft.

    Raises NotAllowed, NotFound, BadInput, BroadcastMoved.
    """
    one = await _lock(uow, broadcast_id, "draft")
    if more.drops_picture:
        one.media_id = one.photo_file = None
    has_picture = more.brings_picture or one.media_id is not None
    said = await _said(uow, words, more, has_picture=has_picture)
    kept = await checked(uow, audience, more.narrowed)
    one.audience, one.narrowed = audience, kept.as_kept()
    one.words, one.button, one.updated_at = said["words"], said["button"], uow.now
    await audit.record(uow, "broadcast.changed", "broadcast", broadcast_id, audience=one.audience)


async def set_picture(uow: UnitOfWork, broadcast_id: int, media_id: int) -> None:
    """The picture above the words of a draft. Raises NotAllowed, NotFound, BroadcastMoved."""
    one = await _lock(uow, broadcast_id, "draft")
    one.media_id, one.photo_file, one.updated_at = media_id, None, uow.now


async def _said(
    uow: UnitOfWork, words: Mapping[str, str], more: More, *, has_picture: bool
) -> dict[str, dict[str, Any]]:
    """Words and button as they are kept. Raises BadInput."""
    language, typed = await _language(uow), more.button
    kept = rules.words(words, shop_language=language, has_picture=has_picture)
    button = rules.button(
        typed.kind, labels=typed.labels, url=typed.url, plan_id=typed.plan_id, shop_language=language
    )
    if "plan_id" in button and not await is_plan(uow, button["plan_id"]):
        raise BadInput("button", "not_a_choice")
    return {"words": kept, "button": button}


async def repeat(uow: UnitOfWork, broadcast_id: int, *, form: str) -> int:
    """The same once more as a draft; its key. The same ``form`` twice is one.

    Raises NotAllowed, FeatureOff, NotFound, BadInput.
    """
    old = await _lock(uow, broadcast_id)
    features.require_on(await features.load_state(uow), "broadcasts")
    key = form_key(form)
    made = await uow.session.scalar(
        insert(Broadcast)
        .values(
            bot_id=uow.bot_id,
            form=key,
            status="draft",
            audience=old.audience,
            narrowed=old.narrowed,
            words=old.words,
            button=old.button,
            media_id=old.media_id,
            photo_file=old.photo_file,
            by=uow.actor.name,
            created_at=uow.now,
            updated_at=uow.now,
        )
        .on_conflict_do_nothing(index_elements=["bot_id", "form"])
        .returning(Broadcast.id)
    )
    if made is not None:
        await audit.record(uow, "broadcast.created", "broadcast", made, audience=old.audience)
        return int(made)
    return (await uow.session.scalars(select(Broadcast.id).where(Broadcast.form == key))).one()


async def preview(uow: UnitOfWork, broadcast_id: int, *, form: str) -> None:
    """Say it to whoever asks, in every language it is written in; the same ``form`` twice is once.

    It comes to the person's own chat with the bot, and to the shop's chat where there is none.
    Raises NotAllowed, NotFound, BadInput (there is no chat).
    """
    one, key = await _lock(uow, broadcast_id), form_key(form)
    shop = (
        await uow.session.execute(select(Bot.name, Bot.default_language).where(Bot.id == uow.bot_id))
    ).one()
    person = await uow.session.scalar(
        select(User)
        .join(Staff, Staff.telegram_id == User.telegram_id)
        .where(Staff.id == staff_id(uow.actor), User.unreachable_at.is_(None))
    )
    if person is None and not (await get_chats(uow)).is_linked:
        raise BadInput("preview", "no_chat")
    name = uow.actor.name if person is None else person.full_name
    letter = Letter(one, shop.name, shop.default_language)
    for language in one.words:
        message = letter.to(f"look.{key}.{language}", name=name, language=language)
        if person is None:
            await enqueue_for_owner(uow, message)
        else:
            await enqueue(uow, chat_id=person.telegram_id, user_id=person.id, message=message)


@dataclass(frozen=True, slots=True)
class Letter:
    """A broadcast as it is written to one person after another."""

    one: Broadcast
    shop_name: str
    shop_language: str

    def to(self, mark: str, *, name: str, language: str) -> BroadcastMessage:
        one = self.one
        words = rules.spoken(one.words, language, shop_language=self.shop_language)
        return BroadcastMessage(
            one.id,
            mark,
            rules.as_html(words, name=name, shop=self.shop_name),
            button=rules.button_for(one.button, language, shop_language=self.shop_language),
            media_id=one.media_id,
            photo=one.photo_file,
        )


async def keep_photo(uow: UnitOfWork, broadcast_id: int, *, media_id: int, file: str) -> None:
    """Remember the name that Telegram gave the picture when this bot first sent it."""
    await uow.session.execute(
        update(Broadcast)
        .where(Broadcast.id == broadcast_id, Broadcast.media_id == media_id, Broadcast.photo_file.is_(None))
        .values(photo_file=file)
        .execution_options(synchronize_session=False)
    )


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
    await uow.session.flush()  # what another verb of this unit changed would be read away
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
