"""Promise a Telegram message as part of this transaction. Delivery belongs to ``bot.outbox``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import SQLColumnExpression, func, select

from db.batch import Into
from db.models import Bot, BotConfiguration, OutboxMessage
from shop.actors import SETTINGS_MANAGE, require
from shop.notifications.message import Message
from shop.notifications.messages import TestMessage
from shop.unit_of_work import UnitOfWork

CHANNEL = "outbox"
"""NOTIFY channel; the payload is the shop's id."""
Event = Literal["notify_receipts", "notify_questions", "notify_answers", "notify_handed", "notify_stock_low"]
"""What the team may be spared: keys of settings, each of which is on until the shop says otherwise.

Everything else is always said: a paid order that nothing is on the shelf for, for its money hangs; signing in
and accounts that sign nobody in any more; the proof of the books; reminders of tickets, which have a switch
of their own; and what somebody asked for by a press.
"""
_PROMISES = Into(
    OutboxMessage,
    (
        *("bot_id", "user_id", "chat_id", "topic_id", "kind", "payload", "dedupe_key"),
        *("due_at", "created_at", "updated_at"),
    ),
    unless_there=("bot_id", "dedupe_key"),
)


async def enqueue(
    uow: UnitOfWork,
    *,
    chat_id: int,
    message: Message,
    user_id: int | None = None,
    topic_id: int | None = None,
) -> None:
    """Queue ``message`` for ``chat_id``; a second promise with the same ``dedupe_key`` is a no-op."""
    uow.last.insert(
        _PROMISES,
        uow.bot_id,
        user_id,
        chat_id,
        topic_id,
        message.kind,
        message.payload,
        message.dedupe_key,
        *(uow.now, uow.now, uow.now),
    )
    # NOTIFY is transactional: the bot wakes only if, and only when, we commit.
    uow.last.notify(CHANNEL, str(uow.bot_id))


async def enqueue_for_owner(uow: UnitOfWork, *messages: Message, event: Event | None = None) -> None:
    """Queue them for the shop's own chat; without one, the dashboard alone tells it.

    So it does where the shop switched ``event`` off; None is what is always said.
    """
    await _to_the_team(uow, messages, Bot.notification_topic_id, event)


def wanted(event: Event | None) -> SQLColumnExpression[Any]:
    """What the shop said of ``event``, as a column beside others of ``Bot``; False is no, nothing is yes."""
    return (
        select(BotConfiguration.config_value)
        .where(BotConfiguration.bot_id == Bot.id, BotConfiguration.config_key == event)
        .correlate(Bot)
        .scalar_subquery()
    )


async def send_test(uow: UnitOfWork) -> bool:
    """Say in each chat of the team what comes there; False where no chat is linked.

    A second wish within the minute is the same. Raises NotAllowed.
    """
    require(uow.actor, SETTINGS_MANAGE)
    chats = await get_chats(uow)
    if not chats.is_linked:
        return False
    mark = f"{uow.now:%Y-%m-%dT%H:%M}"
    await enqueue_for_owner(uow, TestMessage("alerts", uow.actor.name, mark))
    await enqueue_for_reviewers(uow, TestMessage("receipts", uow.actor.name, mark))
    return True


@dataclass(frozen=True, slots=True)
class Chats:
    """Where the team reads on Telegram: a group with its topics, or else the chat of one person."""

    group_id: int | None
    alerts_topic_id: int | None
    receipts_topic_id: int | None
    person_id: int | None

    @property
    def is_linked(self) -> bool:
        return self.group_id is not None or self.person_id is not None


async def get_chats(uow: UnitOfWork) -> Chats:
    """The chats of the unit's shop."""
    row = (
        await uow.session.execute(
            select(
                Bot.notification_group_id,
                Bot.notification_topic_id,
                Bot.card_receipt_topic_id,
                Bot.admin_chat_id,
            ).where(Bot.id == uow.bot_id)
        )
    ).one()
    return Chats(*row)


async def enqueue_for_reviewers(uow: UnitOfWork, message: Message, *, event: Event | None = None) -> None:
    """Queue ``message`` for the chat in which receipts are decided; without one, the desk alone has it.

    ``event`` as above.
    """
    topic = func.coalesce(Bot.card_receipt_topic_id, Bot.notification_topic_id)
    await _to_the_team(uow, (message,), topic, event)


async def _to_the_team(
    uow: UnitOfWork,
    messages: Sequence[Message],
    topic: SQLColumnExpression[int | None],
    event: Event | None,
) -> None:
    """The group comes before the chat of one person; ``topic`` is a column of the group's."""
    chat: Any = (
        await uow.session.execute(
            select(
                Bot.notification_group_id,
                topic.label("topic_id"),
                Bot.admin_chat_id,
                Bot.admin_topic_id,
                wanted(event).label("wanted"),
            ).where(Bot.id == uow.bot_id)
        )
    ).one()
    if chat.wanted is False:
        return
    chat_id, topic_id = chat.notification_group_id, chat.topic_id
    if chat_id is None:
        chat_id, topic_id = chat.admin_chat_id, chat.admin_topic_id
    if chat_id is not None:
        for message in messages:
            await enqueue(uow, chat_id=chat_id, topic_id=topic_id, message=message)
