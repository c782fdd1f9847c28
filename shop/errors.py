"""Every refusal a use case can give, and nothing about HTTP or Telegram.

Each error carries data, not prose: ``web.errors`` and ``templates/telegram/error_<code>.html`` own
the words. A house test demands that each has both.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar


class ShopError(Exception):
    """A refusal the person can understand. Anything else that escapes is a bug."""

    code: ClassVar[str]

    def __init_subclass__(cls) -> None:
        if "code" not in cls.__dict__:
            raise TypeError(f"{cls.__name__} must declare its code")

    def __str__(self) -> str:
        return f"{self.code} {self.details()}"

    def details(self) -> dict[str, Any]:
        """The refusal's own data, for the sentence that tells it."""
        return {item.name: getattr(self, item.name) for item in fields(self)}  # type: ignore[arg-type]


@dataclass(eq=False)
class NotFound(ShopError):
    """No such thing *in this shop*: the same answer whether it is absent or someone else's."""

    code = "not_found"
    what: str
    id: int | str


@dataclass(eq=False)
class NotAllowed(ShopError):
    """The actor may not do this."""

    code = "not_allowed"
    permission: str


@dataclass(eq=False)
class BadInput(ShopError):
    """A value that cannot be accepted. ``problem`` is a key of the doors' tables of sentences."""

    code = "bad_input"
    field: str
    problem: str
    limit: int | str | None = None


@dataclass(eq=False)
class FeatureOff(ShopError):
    """The shop does not offer this now; ``reason`` names the first layer that says no."""

    code = "feature_off"
    feature: str
    reason: str = "disabled"


@dataclass(eq=False)
class ShopClosed(ShopError):
    """The shop is suspended or paused; existing subscriptions go on."""

    code = "shop_closed"


@dataclass(eq=False)
class UserBlocked(ShopError):
    """The shop blocked this person."""

    code = "user_blocked"


@dataclass(eq=False)
class PlanUnavailable(ShopError):
    """The plan was switched off, archived or deleted since the button was shown."""

    code = "plan_unavailable"
    plan_id: int


@dataclass(eq=False)
class PriceChanged(ShopError):
    """The plan costs something else now: show it and ask again, never charge silently."""

    code = "price_changed"
    plan_id: int
    shown: int
    price: int


@dataclass(eq=False)
class NoCardAvailable(ShopError):
    """Every card is off, out of hours or at its cap for this amount."""

    code = "no_card_available"
    amount: int


@dataclass(eq=False)
class TooManyOpenOrders(ShopError):
    """One person holds as many unpaid orders as the shop allows."""

    code = "too_many_open_orders"
    limit: int


@dataclass(eq=False)
class PlanLimitReached(ShopError):
    """One person bought or ordered this plan as often as its owner allows."""

    code = "plan_limit_reached"
    plan_id: int
    limit: int


@dataclass(eq=False)
class OrderClosed(ShopError):
    """The order is paid, cancelled or gone: nothing more can happen to it."""

    code = "order_closed"
    order_id: int
    status: str


@dataclass(eq=False)
class NoOpenPayment(ShopError):
    """A receipt came, but no order waits for one."""

    code = "no_open_payment"


@dataclass(eq=False)
class TooManyReceipts(ShopError):
    """This payment was given as many receipts as the shop allows."""

    code = "too_many_receipts"
    limit: int


@dataclass(eq=False)
class FileTooLarge(ShopError):
    """The file is larger than the shop takes. Sizes in bytes."""

    code = "file_too_large"
    size: int
    limit: int


@dataclass(eq=False)
class UnreadableFile(ShopError):
    """The file is neither a picture we can decode nor a document we keep."""

    code = "unreadable_file"


@dataclass(eq=False)
class ReceiptAlreadyReviewed(ShopError):
    """Somebody decided first."""

    code = "receipt_already_reviewed"
    payment_id: int
    status: str
    decided_by: str
    decided_at: datetime | None
    to_wallet: bool = False
    """Approved, and the money was kept for the customer."""


@dataclass(eq=False)
class ReceiptNotSubmitted(ShopError):
    """The payment has no receipt to decide on yet, or was closed before one came."""

    code = "receipt_not_submitted"
    payment_id: int
    status: str


@dataclass(eq=False)
class WarningsStand(ShopError):
    """Grave warnings stand against this receipt; whoever approves it all the same has to say so.

    ``warnings`` are their codes, in the order of ``shop.receipts.warnings``.
    """

    code = "warnings_stand"
    payment_id: int
    warnings: tuple[str, ...]


@dataclass(eq=False)
class DecisionHeld(ShopError):
    """Somebody decided just now and may still take it back: ``decision`` is ``approve`` or ``reject``."""

    code = "decision_held"
    payment_id: int
    decision: str
    by: str
    commit_at: datetime
    to_wallet: bool = False
    """Approved, and the money is to be kept for the customer."""


@dataclass(eq=False)
class ClaimedByColleague(ShopError):
    """A colleague reviews the receipt now; whoever wants to decide takes it over first."""

    code = "claimed_by_colleague"
    payment_id: int
    by: str
    until: datetime


@dataclass(eq=False)
class TooLate(ShopError):
    """The hold is over: the decision counts and cannot be taken back any more."""

    code = "too_late"
    payment_id: int
    decision: str


@dataclass(eq=False)
class NothingHeld(ShopError):
    """There is no decision to take back: none was made, or somebody took it back already."""

    code = "nothing_held"
    payment_id: int


@dataclass(eq=False)
class OwnReceipt(ShopError):
    """Nobody decides on his own payment."""

    code = "own_receipt"
    payment_id: int


@dataclass(eq=False)
class AboveYourLimit(ShopError):
    """This person may approve receipts up to ``limit`` minor units, and this one is above it."""

    code = "above_your_limit"
    payment_id: int
    limit: int


@dataclass(eq=False)
class ReceiptReplaced(ShopError):
    """The customer sent a newer receipt than the one that was looked at."""

    code = "receipt_replaced"
    payment_id: int


@dataclass(eq=False)
class TicketClosed(ShopError):
    """The ticket is closed: open it again before you answer."""

    code = "ticket_closed"
    ticket_id: int


@dataclass(eq=False)
class AnsweredMeanwhile(ShopError):
    """A colleague answered while this answer was written: read it first."""

    code = "answered_meanwhile"
    ticket_id: int
    by: str


@dataclass(eq=False)
class TooManyQuestions(ShopError):
    """The customer wrote so many messages that nobody has answered yet."""

    code = "too_many_questions"
    limit: int


@dataclass(eq=False)
class BroadcastMoved(ShopError):
    """The broadcast is in another state by now than the one this was meant for."""

    code = "broadcast_moved"
    broadcast_id: int
    status: str


@dataclass(eq=False)
class AlreadyExists(ShopError):
    """The shop already has one of these."""

    code = "already_exists"
    what: str
    field: str


@dataclass(eq=False)
class ListChanged(ShopError):
    """What was sent was made from a list grown old: something came to it or left it meanwhile."""

    code = "list_changed"
    what: str


@dataclass(eq=False)
class ChangedMeanwhile(ShopError):
    """A form was filled in over values that somebody else has changed since; nothing of it is kept."""

    code = "changed_meanwhile"
    what: str


@dataclass(eq=False)
class StillInUse(ShopError):
    """It has a history, so it cannot be deleted; archive or switch it off instead."""

    code = "still_in_use"
    what: str
    id: int


@dataclass(eq=False)
class InvalidToken(ShopError):
    """Unknown, revoked, expired or mistyped: the same answer for all of them."""

    code = "invalid_token"


@dataclass(eq=False)
class InvalidLinkCode(ShopError):
    """Unknown, used or too old: the same answer for all of them."""

    code = "invalid_link_code"


@dataclass(eq=False)
class OtherAccount(ShopError):
    """The person has another Telegram account already, or the account belongs to another person."""

    code = "other_account"


@dataclass(eq=False)
class TokenEnded(ShopError):
    """This token was replaced or revoked before; there is nothing to replace."""

    code = "token_ended"
    token_id: int


@dataclass(eq=False)
class TokenAlreadyMade(ShopError):
    """The same form came a second time; the token it made was shown then, and never again."""

    code = "token_already_made"


@dataclass(eq=False)
class TooManyAttempts(ShopError):
    """Signing in is closed for this address or token until the window ends."""

    code = "too_many_attempts"
    retry_after: int
    """Seconds."""


@dataclass(eq=False)
class InsufficientBalance(ShopError):
    """The wallet holds less than ``needed`` (minor units)."""

    code = "insufficient_balance"
    user_id: int
    needed: int


@dataclass(eq=False)
class RehearsalNotReady(ShopError):
    """A shop cannot be tried yet: ``missing`` is ``telegram``, ``bot``, ``card`` or ``plan``."""

    code = "rehearsal_not_ready"
    missing: str
