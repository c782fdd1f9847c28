"""Everything the shop ever says unasked, as data. The words live in templates/telegram/<kind>.html.

Every message has a ``dedupe_key``: a second promise of the same thing is no promise. Times travel as
ISO 8601 strings in UTC; the door writes them in the person's calendar and language.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from shop.notifications.about_tickets import (
    TicketAnswered,
    TicketClosed,
    TicketPosted,
    TicketReminded,
    TicketTopicClosed,
    TicketTopicOpened,
)
from shop.notifications.message import Message


@dataclass(frozen=True, slots=True)
class SubscriptionReady(Message):
    """What was bought is here. ``plan`` is the order's snapshot; ``form``: by which it is sent again."""

    kind: ClassVar[str] = "subscription_ready"
    order_id: int
    subscription_id: int
    plan: dict[str, Any]
    ends_at: str
    access: str
    form: str = ""

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.order_id}" + (f":{self.form}" if self.form else "")


@dataclass(frozen=True, slots=True)
class OrderHeld(Message):
    """The money is booked; what was bought is not on the shelf yet."""

    kind: ClassVar[str] = "order_held"
    order_id: int
    plan: dict[str, Any]

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.order_id}"


@dataclass(frozen=True, slots=True)
class WalletCredited(Message):
    """Money came for an order that needs none any more: it is in the wallet."""

    kind: ClassVar[str] = "wallet_credited"
    payment_id: int
    amount: int
    balance: int

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.payment_id}"


@dataclass(frozen=True, slots=True)
class LateToWallet(Message):
    """Money came too late for its order, which was closed: it is in the wallet, and the shop helps on.

    ``plan`` is the order's snapshot.
    """

    kind: ClassVar[str] = "late_to_wallet"
    payment_id: int
    order_id: int
    plan: dict[str, Any]
    amount: int
    balance: int

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.payment_id}"


@dataclass(frozen=True, slots=True)
class AmountDiffers(Message):
    """Another amount arrived than was asked for, or the order needs more still: what became of the money.

    ``missing`` is what the order needs beyond the wallet's ``balance``; nought when it was served.
    ``plan`` is the order's snapshot.
    """

    kind: ClassVar[str] = "amount_differs"
    payment_id: int
    order_id: int
    plan: dict[str, Any]
    asked: int
    arrived: int
    missing: int
    balance: int

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.payment_id}"


@dataclass(frozen=True, slots=True)
class ReceiptRejected(Message):
    """``turn`` counts this payment's receipts: each rejection is told once."""

    kind: ClassVar[str] = "receipt_rejected"
    payment_id: int
    order_id: int
    turn: int
    tracking_number: str
    reason: str
    text: str
    plan: dict[str, Any]
    amount: int

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.payment_id}:{self.turn}"


@dataclass(frozen=True, slots=True)
class PaymentExpired(Message):
    """Nobody paid in time, as far as we know."""

    kind: ClassVar[str] = "payment_expired"
    payment_id: int
    order_id: int
    plan: dict[str, Any]
    amount: int

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.payment_id}"


@dataclass(frozen=True, slots=True)
class StockLow(Message):
    """To the owner's chat: few ready lines are left of a plan. ``mark`` tells one time from the next."""

    kind: ClassVar[str] = "stock_low"
    plan_id: int
    plan_name: str
    left: int
    mark: int

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.plan_id}:{self.mark}"


@dataclass(frozen=True, slots=True)
class StockEmpty(Message):
    """To the owner's chat: somebody paid and there is nothing to hand out."""

    kind: ClassVar[str] = "stock_empty"
    plan_id: int
    plan_name: str
    order_id: int
    waiting: int

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.order_id}"


@dataclass(frozen=True, slots=True)
class TestMessage(Message):
    """To a chat of the shop: somebody wants to see that it arrives. ``about``: what comes there."""

    kind: ClassVar[str] = "test_message"
    about: Literal["alerts", "receipts"]
    by: str
    mark: str
    """Tells one test from the next."""

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.about}:{self.mark}"


@dataclass(frozen=True, slots=True)
class BooksProved(Message):
    """To the master's chat, every night: whether the books of all shops balance, and the anchor of their
    histories, which proves here what was there. ``differing`` names the shops whose books do not."""

    kind: ClassVar[str] = "books_proved"
    day: str
    """ISO 8601, on the platform's calendar."""
    shops: int
    differing: list[str]
    anchor: str

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.day}"


@dataclass(frozen=True, slots=True)
class SignInAsked(Message):
    """To a person of the dashboard: a browser waits for a tap. ``choices``: the numbers on the buttons."""

    kind: ClassVar[str] = "sign_in_asked"
    ref: str
    purpose: str
    choices: list[int]
    address: str
    browser: str
    asked_at: str

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.ref}"


@dataclass(frozen=True, slots=True)
class ReceiptHanded(Message):
    """To a colleague: somebody handed him a receipt. ``mark`` tells one time from the next."""

    kind: ClassVar[str] = "receipt_handed"
    payment_id: int
    by: str
    customer: str
    amount: int
    text: str
    mark: str

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.payment_id}:{self.mark}"


@dataclass(frozen=True, slots=True)
class TelegramUnlinked(Message):
    """To an account that signs nobody in any more. ``mark`` tells one time from the next."""

    kind: ClassVar[str] = "telegram_unlinked"
    staff_id: int
    mark: str

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.staff_id}:{self.mark}"


@dataclass(frozen=True, slots=True)
class ReceiptCard(Message):
    """To the shop's receipt chat: a receipt with its picture and the buttons to decide on it.

    ``turn`` counts this payment's receipts. What it says is read when it is sent.
    """

    kind: ClassVar[str] = "receipt_card"
    payment_id: int
    turn: int

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.payment_id}:{self.turn}"


@dataclass(frozen=True, slots=True)
class ReceiptCardChanged(Message):
    """A copy of such a card is to show what is true when it is edited. ``mark`` tells the times apart."""

    kind: ClassVar[str] = "receipt_card_changed"
    note_id: int
    mark: str

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.note_id}:{self.mark}"


@dataclass(frozen=True, slots=True)
class WalletCorrected(Message):
    """Somebody of the shop put ``amount`` into the wallet, or took it where it is negative."""

    kind: ClassVar[str] = "wallet_corrected"
    transaction_id: int
    amount: int
    balance: int
    reason: str

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.transaction_id}"


@dataclass(frozen=True, slots=True)
class SubscriptionExtended(Message):
    """A gift of days and gigabytes; ``form`` is the form it came by, ``plan`` the order's snapshot."""

    kind: ClassVar[str] = "subscription_extended"
    form: str
    subscription_id: int
    plan: dict[str, Any]
    days: int
    gigabytes: int
    ends_at: str

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.form}"


@dataclass(frozen=True, slots=True)
class FromTheShop(Message):
    """What somebody of the shop wrote to one customer; ``form`` is the form it came by."""

    kind: ClassVar[str] = "from_the_shop"
    form: str
    words: str

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.form}"


@dataclass(frozen=True, slots=True)
class BroadcastMessage(Message):
    """One broadcast to one person, in the person's language and with the person's name in it.

    ``mark`` names the recipient, and the turn where the promise was taken back before; or one look of the
    shop's own people.
    """

    kind: ClassVar[str] = "broadcast"
    broadcast_id: int
    mark: str
    html: str
    """Telegram's HTML, ready."""
    button: dict[str, Any] = field(default_factory=dict)
    """``label`` and ``url``, ``plan_id`` or ``place``; empty for none."""
    media_id: int | None = None
    photo: str | None = None
    """The picture's name at Telegram, where it has one by now."""

    @property
    def dedupe_key(self) -> str:
        return f"{self.kind}:{self.broadcast_id}:{self.mark}"


MESSAGES: tuple[type[Message], ...] = (
    SubscriptionReady,
    OrderHeld,
    WalletCredited,
    AmountDiffers,
    LateToWallet,
    WalletCorrected,
    FromTheShop,
    BroadcastMessage,
    SubscriptionExtended,
    ReceiptRejected,
    PaymentExpired,
    TicketAnswered,
    TicketClosed,
    StockLow,
    StockEmpty,
    TestMessage,
    BooksProved,
    SignInAsked,
    TelegramUnlinked,
)
"""Those whose words are filled by their own fields."""

READ_WHEN_SENT: tuple[type[Message], ...] = (
    ReceiptCard,
    ReceiptCardChanged,
    TicketPosted,
    TicketReminded,
    TicketTopicClosed,
    TicketTopicOpened,
)
"""Those that only name what they are about: the newest truth wins, however long they waited."""
