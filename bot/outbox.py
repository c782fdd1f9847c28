"""Deliver promised messages: at least once, in order per chat, never inside a transaction.

A crash between Telegram's answer and our note of it sends one message twice. We prefer that to silence.
Only bots that run are served; what waits for another one stays due.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Bot
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from sqlalchemy import update

from bot.due import CLAIM, KEEP, NEXT, SENT
from bot.noting import note
from bot.pace import Buckets
from bot.promises import Claimed, Kept, Sender
from bot.registry import Registry
from bot.tasks import Tasks
from bot.together import Together
from bot.views.notices import notice
from bot.views.screen import Reader
from db.logs import redact
from db.models import OutboxMessage
from shop.actors import System
from shop.bots import service as bots
from shop.features.queries import state_of
from shop.notifications.messages import BroadcastMessage
from shop.texts.queries import texts_of
from shop.unit_of_work import UnitOfWork, UnitsOfWork
from shop.users import service as users

log = logging.getLogger(__name__)

ACTOR = System("outbox")
AT_ONCE = 50
WINDOW = 25
"""How far into a bot's queue one claim looks for chats that can be served."""
PER_BOT = 5
"""How many messages of one bot one claim takes, so that a broadcast does not hold up a neighbour."""
LEASE = timedelta(seconds=45)
"""How long a worker may hold a message before another may try it; longer than a call may take."""
NOTE_SECONDS = 3600.0
"""How long we try to write down what became of a message; meanwhile we do not claim it again."""
TICK_SECONDS = 1.0
"""Until we look again although nobody called, while something is due that could not be taken."""
LONGEST_WAIT = 5.0
"""The same while nothing is due: a notice that was lost delays a message no longer."""
BOT_RATE, BOT_BURST = 25.0, 25.0
CHAT_RATE, CHAT_BURST = 1.0, 3.0
GROUP_RATE, GROUP_BURST = 17 / 60, 3.0
"""Messages a second, as Telegram bears them; in groups it bears twenty a minute, edits included."""
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
)
MOST_ATTEMPTS = len(PAUSES) + 1
OVERTAKEN_AFTER = 3
"""A message that failed so often no longer holds up those after it in its chat."""
ERROR_LENGTH = 500


@dataclass(slots=True)
class Outbox:
    units: UnitsOfWork
    registry: Registry
    refused: Callable[[int, str], None]
    """Told when Telegram refuses a shop's token."""
    senders: Mapping[str, Sender] = field(default_factory=dict)
    """By kind; every other kind is a text."""
    monotonic: Callable[[], float] = time.monotonic
    _sending: Tasks = field(default_factory=Tasks)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _in_hand: set[int] = field(default_factory=set)
    """Messages being sent or noted: the lease may run out before the database hears what became of them."""
    _in_doubt: bool = False
    """A claim failed: it may have been carried out although we were not told of it."""
    _paused: dict[int, float] = field(default_factory=dict)
    """Shops whose bot Telegram asked to be quiet, and until when."""
    _sent: Together[tuple[int, int | None, datetime]] = field(init=False)
    """Messages to note as sent: key, Telegram's number, when."""
    _bots: Buckets = field(init=False)
    _chats: Buckets = field(init=False)
    _groups: Buckets = field(init=False)

    def __post_init__(self) -> None:
        self._sent = Together(self._write_sent)
        self._bots = Buckets(BOT_RATE, BOT_BURST, self.monotonic)
        self._chats = Buckets(CHAT_RATE, CHAT_BURST, self.monotonic)
        self._groups = Buckets(GROUP_RATE, GROUP_BURST, self.monotonic)

    def wake(self) -> None:
        self._wake.set()

    async def take_over(self) -> None:
        """Make due what is leased and nobody sends; only the leader may say so.

        A lease and a pause look alike, but a pause has its error beside it and a message put off without one
        has no attempt; what failed before waits for the end of its lease.
        """
        async with self.units.platform(ACTOR) as uow:
            await uow.session.execute(
                update(OutboxMessage)
                .where(
                    OutboxMessage.sent_at.is_(None),
                    OutboxMessage.failed_at.is_(None),
                    OutboxMessage.due_at > uow.now,
                    OutboxMessage.attempts > 0,
                    OutboxMessage.last_error.is_(None),
                    OutboxMessage.id.not_in(self._in_hand),
                )
                .values(due_at=uow.now, attempts=OutboxMessage.attempts - 1)
                .execution_options(synchronize_session=False)
            )

    async def run(self) -> None:
        """Deliver whatever is due, until cancelled."""
        while True:
            self._wake.clear()
            claimed: list[Claimed] = []
            wait = TICK_SECONDS
            try:
                if self._in_doubt:
                    await self.take_over()
                    self._in_doubt = False
                claimed = await self._claim()
                if not claimed:
                    wait = await self._until_next()
            except Exception:  # the queue must outlive whatever the database does
                log.exception("cannot claim messages")
                self._in_doubt = True
            for message in claimed:
                self._sending.spawn(self._deliver(message), name=f"message-{message.id}")
            if not claimed:
                await self._pause(wait)

    async def deliver_due(self) -> int:
        """Deliver what is due now and return how many messages were tried; for tests and tools."""
        claimed = await self._claim()
        await asyncio.gather(*(self._deliver(message) for message in claimed))
        return len(claimed)

    async def drain(self, seconds: float) -> None:
        """Let the calls in flight finish, at most so long."""
        await self._sending.drain(seconds)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _until_next(self) -> float:
        """Seconds until something may be taken, of any bot that runs; asked when nothing could be."""
        async with self.units.platform(ACTOR) as uow:
            due_at: datetime | None = await uow.session.scalar(NEXT, {"shops": self.registry.running()})
        if due_at is None:
            return LONGEST_WAIT
        if due_at <= uow.now:  # its shop or its chat has to be quiet
            return TICK_SECONDS
        return min((due_at - uow.now).total_seconds(), LONGEST_WAIT)

    async def _claim(self) -> list[Claimed]:
        room = AT_ONCE - len(self._sending)
        rooms = {shop: min(PER_BOT, self._bots.room_of(shop)) for shop in self.awake()}
        shops = [shop for shop, free in rooms.items() if free > 0]
        if not shops or room <= 0:
            return []
        # A lease that a crash of the server undoes is one that the next leader would undo as well.
        async with self.units.platform(ACTOR, may_be_lost=True) as uow:
            rows = await uow.session.execute(
                CLAIM,
                {
                    "shops": shops,
                    "rooms": [rooms[shop] for shop in shops],
                    "room": room,
                    "now": uow.now,
                    "lease_until": uow.now + LEASE,
                    "window": WINDOW,
                    "overtaken_after": OVERTAKEN_AFTER,
                    "in_hand": list(self._in_hand),
                },
            )
            claimed = [_claimed(row, uow.now) for row in rows]
            if any(message.kind == BroadcastMessage.kind for message in claimed):
                # What is in hand when all dies is counted as a doubt, so that it is in hand must outlive it.
                await uow.session.execute(KEEP)
        for message in claimed:
            self._bots.of(message.bot_id).take()
            self._in_hand.add(message.id)
        return sorted(claimed, key=lambda message: message.id)

    def awake(self) -> list[int]:
        """Shops whose bot runs and was not asked to be quiet, in turn."""
        now = self.monotonic()
        self._paused = {shop: until for shop, until in self._paused.items() if until > now}
        return [shop for shop in self.registry.in_turn() if shop not in self._paused]

    async def _deliver(self, message: Claimed) -> None:
        try:
            await self._attempt(message)
        finally:
            self._in_hand.discard(message.id)
            # Claiming for each one that is done would be as many claims as messages.
            if len(self._sending) <= AT_ONCE // 2:
                self.wake()

    async def _attempt(self, message: Claimed) -> None:
        bot = self.registry.bot_of(message.bot_id)
        if bot is None:
            await self._put_back(message)
            return
        paces = self._groups if message.chat_id < 0 else self._chats
        await asyncio.sleep(paces.of((message.bot_id, message.chat_id)).take())
        now = self.units.clock
        try:
            kept = await self.senders.get(message.kind, send_text)(bot, message)
        except TelegramRetryAfter as error:
            log.warning("shop %s must be quiet for %s s", message.bot_id, error.retry_after)
            self._paused[message.bot_id] = self.monotonic() + error.retry_after
            await self._put_back(message, after=timedelta(seconds=error.retry_after))
        except (TelegramUnauthorizedError, TelegramNotFound) as error:
            await self._put_back(message, last_error=_short(error))
            self.refused(message.bot_id, str(error))
        except TelegramForbiddenError as error:
            # First, so that whoever sees that it failed sees why.
            await self._unreachable(message)
            await self._note(message, failed_at=now(), last_error=_short(error))
        except TelegramMigrateToChat as error:
            await self._follow(message, error.migrate_to_chat_id)
            await self._put_back(message, chat_id=error.migrate_to_chat_id)
        except (TelegramBadRequest, TelegramEntityTooLarge) as error:
            if message.topic_id is not None and "thread not found" in error.message:
                await self._put_back(message, topic_id=None)  # the topic is gone, the group is not
            else:
                log.warning("message %s cannot be sent: %s", message.id, _short(error))
                await self._note(message, failed_at=now(), last_error=_short(error))
        except Exception as error:  # one bad message must not stop the queue
            log.warning("message %s failed: %s", message.id, _short(error), exc_info=_bug(error))
            await self._try_later(message, error)
        else:
            await self._note_sent(message, kept)

    async def _unreachable(self, message: Claimed) -> None:
        if message.user_id is None:
            return
        async with self.units.begin(message.bot_id, ACTOR) as uow:
            await users.mark_unreachable(uow, message.user_id)

    async def _follow(self, message: Claimed, new_chat_id: int) -> None:
        """A group became a supergroup: the shop's chat is the new one, or no press in it would count."""
        async with self.units.begin(message.bot_id, ACTOR) as uow:
            await bots.move_chat(uow, message.chat_id, new_chat_id)

    async def _try_later(self, message: Claimed, error: Exception) -> None:
        now = self.units.clock()
        if message.attempts >= MOST_ATTEMPTS:
            await self._note(message, failed_at=now, last_error=_short(error))
        else:
            await self._note(message, due_at=now + PAUSES[message.attempts - 1], last_error=_short(error))

    async def _put_back(self, message: Claimed, *, after: timedelta = timedelta(0), **values: Any) -> None:
        """Not the message's fault: due again without losing an attempt."""
        await self._note(message, due_at=self.units.clock() + after, attempts=message.attempts - 1, **values)

    async def _note_sent(self, message: Claimed, kept: Kept) -> None:
        if kept.note is None:
            await self._sent.add((message.id, kept.message_id, self.units.clock()))
            return
        sent = {"sent_at": self.units.clock(), "last_error": None, "telegram_message_id": kept.message_id}
        true_with_it = kept.note

        async def write() -> None:
            async with self.units.begin(message.bot_id, ACTOR) as uow:
                await _write(uow, message, **sent)
                await true_with_it(uow)

        await note(write, what=f"message {message.id}", seconds=NOTE_SECONDS)

    async def _write_sent(self, sent: Sequence[tuple[int, int | None, datetime]]) -> None:
        ids, numbers, times = map(list, zip(*sent, strict=True))

        async def write() -> None:
            async with self.units.platform(ACTOR) as uow:
                values = {"ids": ids, "numbers": numbers, "times": times, "now": uow.now}
                await uow.session.execute(SENT, values)

        await note(write, what=f"{len(sent)} messages", seconds=NOTE_SECONDS)

    async def _note(self, message: Claimed, **values: Any) -> None:
        async def write() -> None:
            async with self.units.platform(ACTOR) as uow:
                await _write(uow, message, **values)

        await note(write, what=f"message {message.id}", seconds=NOTE_SECONDS)


async def _write(uow: UnitOfWork, message: Claimed, **values: Any) -> None:
    await uow.session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message.id)
        .values(updated_at=uow.now, is_going=False, **values)
        .execution_options(synchronize_session=False)
    )


def _claimed(row: Any, now: datetime) -> Claimed:
    features = state_of(now, row.switches or {})
    return Claimed(
        id=row.id,
        bot_id=row.bot_id,
        user_id=row.user_id,
        chat_id=row.chat_id,
        topic_id=row.topic_id,
        kind=row.kind,
        payload=row.payload,
        attempts=row.attempts,
        reader=Reader(
            row.language,
            ZoneInfo(row.timezone),
            row.shop_name,
            row.support_username if features.is_on("support_contact") else None,
            row.calendar,
            texts_of(row.texts or {}),
            has_tickets=features.is_on("support_tickets"),
            is_test=row.is_test,
        ),
    )


async def send_text(bot: Bot, message: Claimed) -> Kept:
    """A message whose words are filled by its own fields."""
    screen = notice(message.kind, message.payload, message.reader)
    sent = await bot.send_message(
        message.chat_id,
        screen.text,
        message_thread_id=message.topic_id,
        reply_markup=screen.keyboard,
    )
    return Kept(sent.message_id)


def _short(error: Exception) -> str:
    return redact(repr(error))[:ERROR_LENGTH]


def _bug(error: Exception) -> Exception | None:
    """The traceback is worth keeping when it is ours; Telegram's troubles have none to tell."""
    return None if type(error).__module__.startswith("aiogram") else error
