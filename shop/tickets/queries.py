"""Tickets as the shop's people see them: the list, the count of those that wait, one with its talk."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, and_, cast, func, literal, select

from db.models import (
    CardToCardPayment,
    Media,
    Order,
    OutboxMessage,
    Staff,
    Ticket,
    TicketDraft,
    TicketMessage,
    User,
)
from shop.actors import TICKETS_SEE, require, staff_id
from shop.errors import NotFound
from shop.finding import named
from shop.formatting import latin
from shop.notifications.about_tickets import TicketAnswered
from shop.paging import PAGE_ROWS, Page, Place, filled
from shop.plans import sold
from shop.tickets import rules
from shop.unit_of_work import UnitOfWork

STATES = {"answered": rules.ANSWERED, "closed": rules.CLOSED}
ALL = "all"
MOST_SHOWN = 200
"""Messages of one ticket on its page, the newest."""
ORDERS_OFFERED = 10
ORDERS_IN_CHAT = 3
NEVER_MEANT = ("draft", "cancelled")
"""Orders that nobody asks about."""
_NUMBER = re.compile(r"#([1-9][0-9]{0,17})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sought:
    """Which tickets. ``state`` is one of STATES, or ALL; None is those that wait for the shop."""

    words: str | None = None
    """The beginning of a name, or ``#`` and a ticket's number."""
    state: str | None = None
    user_id: int | None = None
    order_id: int | None = None
    assigned_to: int | None = None
    """In whose hands; 0 is nobody's."""
    about: str | None = None
    """``order``, or ``else``: no order is named."""


@dataclass(frozen=True, slots=True)
class TicketRow:
    ticket_id: int
    user_id: int
    customer_name: str
    username: str | None
    subject: str
    """Empty for a picture without words."""
    status: str
    unanswered: int
    order_id: int | None
    created_at: datetime
    last_at: datetime
    waiting_since: datetime | None
    """Since when the customer waits; None while nobody does."""
    first_answered_at: datetime | None
    assigned_to: int | None
    in_hands_of: str | None
    """The colleague's name."""
    has_draft: bool
    """Whoever asks has begun an answer."""

    @property
    def place(self) -> Place:
        """Where it stands in its list now."""
        return Place(self.last_at, self.ticket_id)

    @property
    def first_answer_minutes(self) -> int | None:
        """From the first question to the first answer, in whole minutes."""
        if self.first_answered_at is None:
            return None
        return max(0, round((self.first_answered_at - self.created_at).total_seconds() / 60))


@dataclass(frozen=True, slots=True)
class OpenTicket:
    ticket_id: int
    unanswered: int
    order_id: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the talk."""

    message_id: int
    sender: rules.Sender
    author: str
    channel: str
    words: str
    at: datetime
    file: str | None
    """``picture`` or ``document``; None without one, or when the shop keeps it no longer."""
    delivery: str | None
    """Of an answer: ``waiting``, ``delivered`` or ``failed``."""


@dataclass(frozen=True, slots=True)
class OfferedOrder:
    order_id: int
    plan_name: str
    amount: int
    status: str
    payment_id: int | None
    """Of its newest receipt."""


@dataclass(frozen=True, slots=True)
class ShownTicket:
    row: TicketRow
    language: str
    """The customer's."""
    is_unreachable: bool
    is_blocked: bool
    closed_at: datetime | None
    talk: Sequence[Said]
    """Oldest first."""
    draft: str
    """What whoever asks has begun to answer; empty where he has not."""
    orders: Sequence[OfferedOrder]
    """The customer's newest, and the one it is about."""

    @property
    def newest_answer(self) -> int:
        """The message's number; nought before the first answer."""
        return max((said.message_id for said in self.talk if said.sender == "staff"), default=0)

    @property
    def order(self) -> OfferedOrder | None:
        return next((one for one in self.orders if one.order_id == self.row.order_id), None)


async def list_tickets(
    uow: UnitOfWork,
    sought: Sought,
    *,
    after: Place | None = None,
    newest_first: bool = True,
    rows: int = PAGE_ROWS,
) -> Page[TicketRow]:
    """A page of tickets by their last word, in one statement. Raises NotAllowed."""
    require(uow.actor, TICKETS_SEE)
    statement = filled(
        _tickets(uow),
        _chosen(Ticket.id, sought),
        Ticket.last_at,
        Ticket.id,
        after=after,
        newest_first=newest_first,
        rows=rows,
    )
    found = await uow.session.execute(statement)
    tickets = found.tuples().all()
    shown = tickets[:rows]
    last = shown[-1][0] if len(tickets) > rows else None
    return Page(
        [_row(*found) for found in shown],
        None if last is None else Place(last.last_at, last.id),
    )


async def count_tickets(uow: UnitOfWork, sought: Sought) -> int:
    """How many fit. Raises NotAllowed."""
    require(uow.actor, TICKETS_SEE)
    return await uow.session.scalar(_chosen(func.count(), sought)) or 0


async def count_waiting(uow: UnitOfWork) -> int:
    """How many wait for the shop; no names, so nobody is asked for a right."""
    statement = select(func.count()).select_from(Ticket).where(Ticket.status == rules.WAITING)
    return await uow.session.scalar(statement) or 0


async def find_open(uow: UnitOfWork, user_id: int) -> OpenTicket | None:
    """The customer's own open ticket, for his bot."""
    row = (
        await uow.session.execute(
            select(Ticket.id, Ticket.unanswered, Ticket.order_id).where(
                Ticket.user_id == user_id, Ticket.status != rules.CLOSED
            )
        )
    ).one_or_none()
    return None if row is None else OpenTicket(row.id, row.unanswered, row.order_id)


async def list_own_orders(uow: UnitOfWork, user_id: int, language: str) -> list[OfferedOrder]:
    """The customer's newest orders, for his bot: what he may say that he asks about."""
    rows = await uow.session.scalars(
        select(Order)
        .where(Order.user_id == user_id, Order.status.not_in(NEVER_MEANT))
        .order_by(Order.id.desc())
        .limit(ORDERS_IN_CHAT)
    )
    return [
        OfferedOrder(row.id, sold.name(row.snapshot, language), row.amount, row.status, None) for row in rows
    ]


async def load_ticket(uow: UnitOfWork, ticket_id: int, language: str) -> ShownTicket:
    """One ticket with its talk and the customer's orders, in four statements. Raises NotAllowed, NotFound."""
    require(uow.actor, TICKETS_SEE)
    found = (await uow.session.execute(_tickets(uow).where(Ticket.id == ticket_id))).one_or_none()
    if found is None:
        raise NotFound("ticket", ticket_id)
    ticket, user, name, draft = found
    return ShownTicket(
        row=_row(ticket, user, name, draft),
        language=user.language,
        is_unreachable=user.unreachable_at is not None,
        is_blocked=user.blocked_at is not None,
        closed_at=ticket.closed_at,
        talk=await _talk(uow, ticket_id),
        draft=draft or "",
        orders=await _orders(uow, ticket, language),
    )


async def find_file(uow: UnitOfWork, ticket_id: int, message_id: int) -> int:
    """The file that came with one message of a ticket. Raises NotAllowed, NotFound."""
    require(uow.actor, TICKETS_SEE)
    media_id = await uow.session.scalar(
        select(TicketMessage.media_id).where(
            TicketMessage.id == message_id, TicketMessage.ticket_id == ticket_id
        )
    )
    if media_id is None:
        raise NotFound("ticket_file", message_id)
    return int(media_id)


async def _talk(uow: UnitOfWork, ticket_id: int) -> list[Said]:
    promised = literal(f"{TicketAnswered.kind}:").concat(cast(TicketMessage.id, String))
    rows = await uow.session.execute(
        select(TicketMessage, Media.state, Media.size_bytes, OutboxMessage)
        .outerjoin(Media, Media.id == TicketMessage.media_id)
        .outerjoin(
            OutboxMessage,
            and_(
                TicketMessage.sender == "staff",
                OutboxMessage.bot_id == uow.bot_id,
                OutboxMessage.dedupe_key == promised,
            ),
        )
        .where(TicketMessage.ticket_id == ticket_id)
        .order_by(TicketMessage.id.desc())
        .limit(MOST_SHOWN)
    )
    talk = [
        Said(
            message_id=message.id,
            sender=message.sender,  # type: ignore[arg-type]  # the table's own check knows three
            author=message.author,
            channel=message.channel,
            words=message.words,
            at=message.created_at,
            file=state if size else None,
            delivery=_delivery(promise),
        )
        for message, state, size, promise in rows.tuples()
    ]
    return talk[::-1]


def _delivery(promise: OutboxMessage | None) -> str | None:
    if promise is None:
        return None
    if promise.sent_at is not None:
        return "delivered"
    return "waiting" if promise.failed_at is None else "failed"


async def _orders(uow: UnitOfWork, ticket: Ticket, language: str) -> list[OfferedOrder]:
    newest = (
        select(Order.id)
        .where(Order.user_id == ticket.user_id)
        .order_by(Order.id.desc())
        .limit(ORDERS_OFFERED)
    )
    receipt = (
        select(func.max(CardToCardPayment.id))
        .where(
            CardToCardPayment.bot_id == uow.bot_id,
            CardToCardPayment.user_id == ticket.user_id,
            CardToCardPayment.order_id == Order.id,
            CardToCardPayment.receipt_submitted_at.is_not(None),
        )
        .scalar_subquery()
    )
    rows = await uow.session.execute(
        select(Order, receipt)
        .where(
            Order.user_id == ticket.user_id,
            (Order.id.in_(newest)) | (Order.id == ticket.order_id),
        )
        .order_by(Order.id.desc())
    )
    return [
        OfferedOrder(order.id, sold.name(order.snapshot, language), order.amount, order.status, payment_id)
        for order, payment_id in rows.tuples()
    ]


def _tickets(uow: UnitOfWork) -> Select[Any]:
    """A ticket, its customer, the name of the colleague who has it in hand, and the asker's own draft."""
    mine = and_(
        TicketDraft.bot_id == Ticket.bot_id,
        TicketDraft.ticket_id == Ticket.id,
        TicketDraft.staff_id == (staff_id(uow.actor) or 0),
    )
    return (
        select(Ticket, User, Staff.name, TicketDraft.words)
        .join(User, User.id == Ticket.user_id)
        .outerjoin(Staff, and_(Staff.bot_id == Ticket.bot_id, Staff.id == Ticket.assigned_to))
        .outerjoin(TicketDraft, mine)
    )


def _row(ticket: Ticket, user: User, in_hands_of: str | None, draft: str | None) -> TicketRow:
    return TicketRow(
        ticket_id=ticket.id,
        user_id=user.id,
        customer_name=user.full_name,
        username=user.username,
        subject=ticket.subject,
        status=ticket.status,
        unanswered=ticket.unanswered,
        order_id=ticket.order_id,
        created_at=ticket.created_at,
        last_at=ticket.last_at,
        # What waited before this was noted has its last word.
        waiting_since=(ticket.waiting_since or ticket.last_at) if ticket.status == rules.WAITING else None,
        first_answered_at=ticket.first_answered_at,
        assigned_to=ticket.assigned_to,
        in_hands_of=in_hands_of,
        has_draft=draft is not None,
    )


def _chosen(what: Any, sought: Sought) -> Select[Any]:
    found = select(what).select_from(Ticket)
    if sought.state != ALL:
        found = found.where(Ticket.status == STATES.get(sought.state or "", rules.WAITING))
    number = _NUMBER.fullmatch(latin(sought.words or ""))
    if number is not None:
        found = found.where(Ticket.id == int(number[1]))
    elif sought.words:
        found = found.join(User, User.id == Ticket.user_id).where(named(sought.words))
    if sought.order_id is not None:
        found = found.where(Ticket.order_id == sought.order_id)
    if sought.assigned_to is not None:
        found = found.where(Ticket.assigned_to == (sought.assigned_to or None))
    if sought.about is not None:
        has_order = Ticket.order_id.is_not(None)
        found = found.where(has_order if sought.about == "order" else ~has_order)
    if sought.user_id is not None:
        found = found.where(Ticket.user_id == sought.user_id)
    return found
