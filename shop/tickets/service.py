"""Use cases on tickets: ask, answer, note, link, close, open again.

Locks are taken in this order: customer, ticket. A message has a cause, the form or the Telegram message it
came by, so that what arrives twice is said once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from db.models import Order, Ticket, TicketMessage, User
from shop.actors import TICKETS_ANSWER, StaffMember, System, require
from shop.audit import service as audit
from shop.errors import (
    AlreadyExists,
    AnsweredMeanwhile,
    NotFound,
    TicketClosed,
    TooManyQuestions,
    UserBlocked,
)
from shop.features import service as features
from shop.notifications import about_tickets as messages
from shop.notifications.outbox import enqueue, enqueue_for_owner
from shop.orders.service import lock_user
from shop.signals import desk_changed
from shop.tickets import rules
from shop.tickets.answering import list_answerers
from shop.unit_of_work import UnitOfWork
from shop.users.rules import form_key

FEATURE = "support_tickets"


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a customer's message."""

    ticket_id: int
    is_new: bool
    """It opened the ticket."""


async def ask(
    uow: UnitOfWork,
    user_id: int,
    *,
    text: str | None,
    cause: str,
    media_id: int | None = None,
    order_id: int | None = None,
) -> Asked:
    """Put the customer's words into his open ticket, or open one; ``order_id`` is what it is about, unless
    that was said before.

    The same ``cause`` twice is one message. Raises FeatureOff, UserBlocked, NotFound (also for an order of
    somebody else), BadInput (neither words nor a picture), TooManyQuestions.
    """
    features.require_on(await features.load_state(uow), FEATURE)
    user = await lock_user(uow, user_id)
    if user.blocked_at is not None:
        raise UserBlocked
    before = await _said(uow, cause)
    if before is not None:
        return Asked(before, is_new=False)
    words = rules.asked(text, has_picture=media_id is not None)
    ticket = await _open_of(uow, user_id)
    is_new = ticket is None
    if ticket is None:
        ticket = await _open(uow, user, words, order_id)
    elif ticket.unanswered >= rules.MOST_UNANSWERED:
        raise TooManyQuestions(rules.MOST_UNANSWERED)
    elif ticket.order_id is None:
        ticket.order_id = await _order_of(uow, user_id, order_id)
    ticket.status, ticket.unanswered = rules.WAITING, ticket.unanswered + 1
    ticket.waiting_since = ticket.waiting_since or uow.now
    message = await _say(uow, ticket, "customer", words, cause=cause, media_id=media_id)
    posted = messages.TicketPosted(message.id, ticket.id)
    await enqueue_for_owner(uow, posted, event="notify_questions")
    return Asked(ticket.id, is_new)


async def answer(
    uow: UnitOfWork,
    ticket_id: int,
    words: str,
    *,
    cause: str,
    media_id: int | None = None,
    seen: int | None = None,
) -> None:
    """Answer the customer, who reads it in his chat; the same ``cause`` twice is one answer.

    Words may be left out where there is a picture. ``seen``: the newest answer that the writer had before
    him; None is whoever did not look. Whoever answers what nobody has in hand has it from then on.

    Raises NotAllowed, NotFound, BadInput, TicketClosed, AnsweredMeanwhile.
    """
    require(uow.actor, TICKETS_ANSWER)
    kept = rules.answered(words, has_picture=media_id is not None)
    user, ticket = await _lock(uow, ticket_id)
    if await _said(uow, cause) is not None:
        return
    if ticket.status == rules.CLOSED:
        raise TicketClosed(ticket_id)
    if seen is not None:
        await _require_newest(uow, ticket_id, seen)
    ticket.status, ticket.unanswered, ticket.waiting_since = rules.ANSWERED, 0, None
    ticket.reminded = rules.NOT_YET
    ticket.first_answered_at = ticket.first_answered_at or uow.now
    if ticket.assigned_to is None and isinstance(uow.actor, StaffMember):
        ticket.assigned_to = uow.actor.staff_id
    message = await _say(uow, ticket, "staff", kept, cause=cause, media_id=media_id)
    await enqueue(
        uow,
        chat_id=user.telegram_id,
        user_id=user.id,
        message=messages.TicketAnswered(message.id, ticket.id, kept, has_file=media_id is not None),
    )
    if uow.channel != "bot":
        # Who reads along in the chat sees what was answered elsewhere.
        posted = messages.TicketPosted(message.id, ticket.id)
        await enqueue_for_owner(uow, posted, event="notify_answers")


async def note(
    uow: UnitOfWork, ticket_id: int, words: str, *, cause: str, media_id: int | None = None
) -> None:
    """Leave words for colleagues; the customer never reads them. Raises as ``answer``, closed or not."""
    require(uow.actor, TICKETS_ANSWER)
    kept = rules.answered(words, has_picture=media_id is not None)
    _, ticket = await _lock(uow, ticket_id)
    if await _said(uow, cause) is None:
        await _say(uow, ticket, "note", kept, cause=cause, media_id=media_id)


async def link_order(uow: UnitOfWork, ticket_id: int, order_id: int | None) -> None:
    """Say which of the customer's orders it is about; None is none. Raises NotAllowed, NotFound."""
    require(uow.actor, TICKETS_ANSWER)
    user, ticket = await _lock(uow, ticket_id)
    if ticket.order_id == order_id:
        return
    await audit.record(
        uow, "ticket.linked", "ticket", ticket_id, order_id_before=ticket.order_id, order_id=order_id
    )
    ticket.order_id, ticket.updated_at = await _order_of(uow, user.id, order_id), uow.now
    await uow.session.flush()


async def assign(uow: UnitOfWork, ticket_id: int, staff_id: int | None) -> None:
    """Put it into a colleague's hands; None is nobody's.

    Raises NotAllowed, NotFound (also for whoever may not answer, or is not here any more).
    """
    require(uow.actor, TICKETS_ANSWER)
    chosen = None
    if staff_id is not None:
        chosen = next((one for one in await list_answerers(uow) if one.staff_id == staff_id), None)
        if chosen is None:
            raise NotFound("staff", staff_id)
    _, ticket = await _lock(uow, ticket_id)
    if ticket.assigned_to == staff_id:
        return
    name = "" if chosen is None else chosen.name
    await audit.record(uow, "ticket.assigned", "ticket", ticket_id, in_hands_of=name)
    ticket.assigned_to, ticket.updated_at = staff_id, uow.now
    await uow.session.flush()
    await desk_changed(uow)


async def close(uow: UnitOfWork, ticket_id: int, *, quiet_since: datetime | None = None) -> bool:
    """End it, and tell the customer; False where it was closed before.

    ``quiet_since``: only if nobody wrote after that and the shop wrote last. Raises NotAllowed, NotFound.
    """
    require(uow.actor, TICKETS_ANSWER)
    user, ticket = await _lock(uow, ticket_id)
    is_quiet = quiet_since is None or (ticket.status == rules.ANSWERED and ticket.last_at <= quiet_since)
    if ticket.status == rules.CLOSED or not is_quiet:
        return False
    await _close(uow, ticket)
    await enqueue(
        uow,
        chat_id=user.telegram_id,
        user_id=user.id,
        message=messages.TicketClosed(ticket_id, _mark(uow)),
    )
    return True


async def close_own(uow: UnitOfWork, user_id: int, ticket_id: int) -> bool:
    """The customer needs no answer any more; False where it was closed before.

    Raises NotFound, also for somebody else's.
    """
    user, ticket = await _lock(uow, ticket_id)
    if user.id != user_id:
        raise NotFound("ticket", ticket_id)
    if ticket.status == rules.CLOSED:
        return False
    await _close(uow, ticket)
    return True


async def reopen(uow: UnitOfWork, ticket_id: int) -> None:
    """Go on with what was closed. Idempotent.

    Raises NotAllowed, NotFound, and AlreadyExists where the customer has a newer one open.
    """
    require(uow.actor, TICKETS_ANSWER)
    user, ticket = await _lock(uow, ticket_id)
    if ticket.status != rules.CLOSED:
        return
    if await _open_of(uow, user.id) is not None:
        raise AlreadyExists("ticket", "status")
    ticket.status, ticket.waiting_since = rules.WAITING, uow.now
    await _reopen(uow, ticket)


async def reopen_own(uow: UnitOfWork, user_id: int, ticket_id: int) -> int:
    """The customer goes on with what was closed; it waits for the shop once there are words.

    The number of the ticket that takes them: the one that is open already, if there is one. Raises
    FeatureOff, UserBlocked, and NotFound, also for somebody else's.
    """
    features.require_on(await features.load_state(uow), FEATURE)
    user, ticket = await _lock(uow, ticket_id)
    if user.id != user_id:
        raise NotFound("ticket", ticket_id)
    if user.blocked_at is not None:
        raise UserBlocked
    going = await _open_of(uow, user_id)
    if going is not None:
        return going.id
    ticket.status = rules.ANSWERED
    await _reopen(uow, ticket)
    return ticket_id


def form_cause(form: str) -> str:
    """The cause of what a form of the dashboard says. Raises BadInput."""
    return f"form:{form_key(form)}"


async def _close(uow: UnitOfWork, ticket: Ticket) -> None:
    ticket.status, ticket.unanswered, ticket.waiting_since = rules.CLOSED, 0, None
    ticket.reminded = rules.NOT_YET
    ticket.closed_at = uow.now
    ticket.last_at = ticket.updated_at = uow.now
    await uow.session.flush()
    await audit.record(uow, "ticket.closed", "ticket", ticket.id)
    if ticket.topic_id is not None:
        await enqueue_for_owner(uow, messages.TicketTopicClosed(ticket.id, _mark(uow), _by(uow)))
    await desk_changed(uow)


async def _reopen(uow: UnitOfWork, ticket: Ticket) -> None:
    ticket.closed_at, ticket.last_at, ticket.updated_at = None, uow.now, uow.now
    await uow.session.flush()
    await audit.record(uow, "ticket.reopened", "ticket", ticket.id)
    if ticket.topic_id is not None:
        await enqueue_for_owner(uow, messages.TicketTopicOpened(ticket.id, _mark(uow), _by(uow)))
    await desk_changed(uow)


def _mark(uow: UnitOfWork) -> str:
    return uow.now.isoformat()


def _by(uow: UnitOfWork) -> str:
    return "" if isinstance(uow.actor, System) else uow.actor.name


async def _open(uow: UnitOfWork, user: User, words: str, order_id: int | None) -> Ticket:
    ticket = Ticket(
        user_id=user.id,
        order_id=await _order_of(uow, user.id, order_id),
        subject=rules.subject_of(words),
        status=rules.WAITING,
        last_at=uow.now,
        unanswered=0,
        created_at=uow.now,
        updated_at=uow.now,
    )
    uow.session.add(ticket)
    await uow.session.flush()
    await audit.record(uow, "ticket.opened", "ticket", ticket.id)
    return ticket


async def _say(
    uow: UnitOfWork, ticket: Ticket, sender: rules.Sender, words: str, **more: Any
) -> TicketMessage:
    message = TicketMessage(
        ticket_id=ticket.id,
        sender=sender,
        author=uow.actor.name,
        channel=uow.channel,
        words=words,
        created_at=uow.now,
        updated_at=uow.now,
        **more,
    )
    uow.session.add(message)
    if sender != "note":
        ticket.last_at = uow.now
    ticket.updated_at = uow.now
    await uow.session.flush()
    await desk_changed(uow)
    return message


async def _said(uow: UnitOfWork, cause: str) -> int | None:
    """The ticket of the message that came by this cause before."""
    known: int | None = await uow.session.scalar(
        select(TicketMessage.ticket_id).where(TicketMessage.cause == cause)
    )
    return known


async def _require_newest(uow: UnitOfWork, ticket_id: int, seen: int) -> None:
    other = await uow.session.scalar(
        select(TicketMessage.author)
        .where(TicketMessage.ticket_id == ticket_id, TicketMessage.sender == "staff", TicketMessage.id > seen)
        .order_by(TicketMessage.id.desc())
        .limit(1)
    )
    if other is not None:
        raise AnsweredMeanwhile(ticket_id, other)


async def _open_of(uow: UnitOfWork, user_id: int) -> Ticket | None:
    found: Ticket | None = await uow.session.scalar(
        select(Ticket)
        .where(Ticket.user_id == user_id, Ticket.status != rules.CLOSED)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found


async def require_own_order(uow: UnitOfWork, user_id: int, order_id: int) -> None:
    """Raises NotFound for an order that is not this customer's."""
    await _order_of(uow, user_id, order_id)


async def _order_of(uow: UnitOfWork, user_id: int, order_id: int | None) -> int | None:
    if order_id is None:
        return None
    own = select(Order.id).where(Order.id == order_id, Order.user_id == user_id)
    if await uow.session.scalar(own) is None:
        raise NotFound("order", order_id)
    return order_id


async def _lock(uow: UnitOfWork, ticket_id: int) -> tuple[User, Ticket]:
    owner = await uow.session.scalar(select(Ticket.user_id).where(Ticket.id == ticket_id))
    if owner is None:
        raise NotFound("ticket", ticket_id)
    user = await lock_user(uow, owner)
    ticket = (
        await uow.session.scalars(
            select(Ticket)
            .where(Ticket.id == ticket_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).one()
    return user, ticket
