"""Tickets in the shop's own chat: whose answer counts there, and what a post says when it is sent.

Whose the chat is and who wrote is asked in the transaction that answers, at every message.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select, update
from sqlalchemy.dialects.postgresql import insert

from db.models import Media, Staff, Ticket, TicketMessage, TicketPost, User
from shop.actors import TICKETS_ANSWER
from shop.configurations.queries import get_config_value
from shop.errors import NotFound
from shop.media.service import Located
from shop.receipts.chat import reviewer
from shop.tickets import rules, service
from shop.tickets.answering import WITHIN
from shop.unit_of_work import UnitOfWork

TOPICS = "ticket_topics"


@dataclass(frozen=True, slots=True)
class Posting:
    """One message of a ticket, as it is to be told in the shop's chat."""

    ticket_id: int
    customer_name: str
    username: str | None
    subject: str
    sender: rules.Sender
    author: str
    words: str
    located: Located | None
    is_closed: bool
    topic_chat_id: int | None
    topic_id: int | None
    wants_topic: bool


@dataclass(frozen=True, slots=True)
class Reminder:
    """Somebody who waits, as it is to be told in the shop's chat."""

    ticket_id: int
    customer_name: str
    subject: str
    in_hands_of: str | None
    is_over: bool
    """All of the time that the shop set itself, not half of it."""
    waited_minutes: int
    within_hours: int
    topic_chat_id: int | None
    topic_id: int | None


async def answer(
    uow: UnitOfWork,
    *,
    telegram_id: int,
    chat_id: int,
    replied_to: int,
    topic_id: int | None,
    message_id: int,
    text: str,
    media_id: int | None = None,
) -> int | None:
    """Answer the ticket whose post, or in whose topic, somebody of the shop wrote; the ticket's number.

    None when it is about no ticket. Raises NotAllowed (a stranger, or a chat that is not the shop's), and
    what ``service.answer`` does.
    """
    ticket_id = await find_ticket(uow, chat_id=chat_id, replied_to=replied_to, topic_id=topic_id)
    if ticket_id is None:
        return None
    uow = await reviewer(uow, telegram_id=telegram_id, chat_id=chat_id, right=TICKETS_ANSWER)
    await service.answer(uow, ticket_id, text, cause=f"chat:{chat_id}:{message_id}", media_id=media_id)
    return ticket_id


async def may_answer(
    uow: UnitOfWork, *, telegram_id: int, chat_id: int, replied_to: int, topic_id: int | None
) -> bool:
    """Whether it is about a ticket, before a file is fetched for it.

    Raises NotAllowed where it is, and the person may not answer it.
    """
    ticket_id = await find_ticket(uow, chat_id=chat_id, replied_to=replied_to, topic_id=topic_id)
    if ticket_id is not None:
        await reviewer(uow, telegram_id=telegram_id, chat_id=chat_id, right=TICKETS_ANSWER)
    return ticket_id is not None


async def turn(uow: UnitOfWork, ticket_id: int, *, telegram_id: int, chat_id: int, is_closed: bool) -> None:
    """Close the ticket whose button was pressed, or go on with it; pressed twice is pressed once.

    Raises NotAllowed (a stranger, or a chat that is not the shop's), and what ``service.reopen`` does.
    """
    uow = await reviewer(uow, telegram_id=telegram_id, chat_id=chat_id, right=TICKETS_ANSWER)
    if is_closed:
        await service.close(uow, ticket_id)
    else:
        await service.reopen(uow, ticket_id)


async def find_ticket(uow: UnitOfWork, *, chat_id: int, replied_to: int, topic_id: int | None) -> int | None:
    """The ticket of a post, or of a topic; None for whatever else stands in the chat."""
    found: int | None = await uow.session.scalar(
        select(TicketPost.ticket_id).where(TicketPost.chat_id == chat_id, TicketPost.message_id == replied_to)
    )
    if found is None and topic_id is not None:
        found = await uow.session.scalar(
            select(Ticket.id).where(Ticket.topic_chat_id == chat_id, Ticket.topic_id == topic_id)
        )
    return found


async def load_posting(uow: UnitOfWork, message_id: int) -> Posting:
    """What a post says now. Raises NotFound."""
    found = (
        await uow.session.execute(
            select(TicketMessage, Ticket, User)
            .join(Ticket, Ticket.id == TicketMessage.ticket_id)
            .join(User, User.id == Ticket.user_id)
            .where(TicketMessage.id == message_id)
        )
    ).one_or_none()
    if found is None:
        raise NotFound("ticket_message", message_id)
    message, ticket, user = found
    media = await uow.session.get(Media, message.media_id) if message.media_id is not None else None
    return Posting(
        ticket_id=ticket.id,
        customer_name=user.full_name,
        username=user.username,
        subject=ticket.subject,
        sender=message.sender,
        author=message.author,
        words=message.words,
        located=None if media is None else Located.of(media),
        is_closed=ticket.status == rules.CLOSED,
        topic_chat_id=ticket.topic_chat_id,
        topic_id=ticket.topic_id,
        wants_topic=await get_config_value(uow, TOPICS),
    )


async def load_reminder(uow: UnitOfWork, ticket_id: int, *, part: int, since: datetime) -> Reminder | None:
    """What is true of it now; None where somebody answered meanwhile, or more was told already."""
    found = (
        await uow.session.execute(
            select(Ticket, User, Staff.name)
            .join(User, User.id == Ticket.user_id)
            .outerjoin(Staff, and_(Staff.bot_id == Ticket.bot_id, Staff.id == Ticket.assigned_to))
            .where(
                Ticket.id == ticket_id,
                Ticket.status == rules.WAITING,
                Ticket.waiting_since == since,
                Ticket.reminded <= part,
            )
        )
    ).one_or_none()
    if found is None:
        return None
    ticket, user, in_hands_of = found
    return Reminder(
        ticket_id=ticket.id,
        customer_name=user.full_name,
        subject=ticket.subject,
        in_hands_of=in_hands_of,
        is_over=part == rules.WHOLE,
        waited_minutes=int((uow.now - since).total_seconds() // 60),
        within_hours=int(await get_config_value(uow, WITHIN)),
        topic_chat_id=ticket.topic_chat_id,
        topic_id=ticket.topic_id,
    )


async def load_topic(uow: UnitOfWork, ticket_id: int, *, is_closed: bool) -> tuple[int, int] | None:
    """The chat and the topic of a ticket; None where it has none, or it stands otherwise meanwhile."""
    row = (
        await uow.session.execute(
            select(Ticket.topic_chat_id, Ticket.topic_id).where(
                Ticket.id == ticket_id, (Ticket.status == rules.CLOSED) == is_closed
            )
        )
    ).one_or_none()
    if row is None or row.topic_chat_id is None or row.topic_id is None:
        return None
    return row.topic_chat_id, row.topic_id


async def posted(uow: UnitOfWork, ticket_id: int, *, chat_id: int, message_id: int) -> None:
    """Note that this message of the chat is about that ticket. Idempotent."""
    await uow.session.execute(
        insert(TicketPost)
        .values(
            bot_id=uow.bot_id,
            ticket_id=ticket_id,
            chat_id=chat_id,
            message_id=message_id,
            created_at=uow.now,
            updated_at=uow.now,
        )
        .on_conflict_do_nothing()
    )


async def keep_topic(uow: UnitOfWork, ticket_id: int, *, chat_id: int | None, topic_id: int | None) -> None:
    """The ticket's own topic from now on; None where it is gone."""
    await uow.session.execute(
        update(Ticket)
        .where(Ticket.id == ticket_id)
        .values(topic_chat_id=chat_id, topic_id=topic_id, updated_at=uow.now)
        .execution_options(synchronize_session=False)
    )
