"""What is said unasked about tickets: to the customer, and into the shop's own chat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from shop.notifications.message import Message


@dataclass(frozen=True, slots=True)
class TicketAnswered(Message):
    """Somebody of the shop answered. ``words`` are below the picture where the answer has one; then they may
    be missing."""

    kind: ClassVar[str] = "ticket_answered"
    message_id: int
    ticket_id: int
    words: str
    has_file: bool = False

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.message_id}"


@dataclass(frozen=True, slots=True)
class TicketClosed(Message):
    """Somebody of the shop, or time, closed it. ``mark`` tells one time from the next."""

    kind: ClassVar[str] = "ticket_closed"
    ticket_id: int
    mark: str

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.ticket_id}:{self.mark}"


@dataclass(frozen=True, slots=True)
class TicketPosted(Message):
    """To the shop's chat: what the customer wrote, or a colleague answered on the dashboard."""

    kind: ClassVar[str] = "ticket_posted"
    message_id: int
    ticket_id: int

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.message_id}"


@dataclass(frozen=True, slots=True)
class TicketReminded(Message):
    """To the shop's chat: a customer waits. ``part`` of the time that the shop set itself is over, 1 half of
    it and 2 all; ``since`` when he waits, which tells one wait of a ticket from the next."""

    kind: ClassVar[str] = "ticket_reminded"
    ticket_id: int
    part: int
    since: str

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.ticket_id}:{self.since}:{self.part}"


@dataclass(frozen=True, slots=True)
class TicketTopicClosed(Message):
    """The topic of a ticket is to be closed with it. ``mark`` tells one time from the next; ``by`` is who did
    it, empty where nobody did."""

    kind: ClassVar[str] = "ticket_topic_closed"
    ticket_id: int
    mark: str
    by: str

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.ticket_id}:{self.mark}"


@dataclass(frozen=True, slots=True)
class TicketTopicOpened(Message):
    """The topic of a ticket that goes on is to be opened with it; the fields as above."""

    kind: ClassVar[str] = "ticket_topic_opened"
    ticket_id: int
    mark: str
    by: str

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.ticket_id}:{self.mark}"
