"""What buttons carry: typed, short (Telegram takes 64 bytes), and never trusted.

Old buttons live for ever and their data comes back from the person's side: every handler asks the shop
again whether what the button says is still so, and whose it is.
"""

from __future__ import annotations

from typing import Annotated, Literal

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

Id = Annotated[int, Field(gt=0, lt=2**63)]
"""A key of ours; what the database cannot hold is no button of ours."""

LINK = "link"
"""The command by which a chat becomes the shop's own."""

Place = Literal["menu", "plans", "status", "my", "lang"]


class Go(CallbackData, prefix="go"):
    """Open one of the places of the menu. ``keep``: the message under the button stays as it is."""

    place: Place
    keep: bool = False


class OpenGroup(CallbackData, prefix="group"):
    """The plans of one group."""

    group_id: Id


class PickPlan(CallbackData, prefix="plan"):
    """``keep``: the message under the button stays as it is."""

    plan_id: Id
    keep: bool = False


class PayByCard(CallbackData, prefix="pay"):
    """Order at the price that was shown, and pay by transfer."""

    plan_id: Id
    price: Annotated[int, Field(ge=0, lt=2**63)]


class ShowCard(CallbackData, prefix="card"):
    order_id: Id


class CancelOrder(CallbackData, prefix="cancel"):
    order_id: Id
    sure: bool = False


class AskReceipt(CallbackData, prefix="ask"):
    """The next file is the receipt of this payment."""

    payment_id: Id


class GiveReceipt(CallbackData, prefix="give"):
    """The file (or text) in message ``message_id`` is the receipt of this payment."""

    payment_id: Id
    message_id: Id


class DropReceipt(CallbackData, prefix="drop"):
    """It is not a receipt, or shall not take the place of the one before."""

    message_id: Id


class ConfirmReference(CallbackData, prefix="ref"):
    """The text in message ``message_id`` is a tracking code."""

    message_id: Id


class ShowSubscription(CallbackData, prefix="sub"):
    subscription_id: Id


class SetLanguage(CallbackData, prefix="lang"):
    language: Literal["fa", "en"]


class AskSupport(CallbackData, prefix="help"):
    """Write to the shop, perhaps about an order. ``keep``: the message under the button stays as it is."""

    order_id: Id | None = None
    keep: bool = False


class ToSupport(CallbackData, prefix="tosup"):
    """The picture in message ``message_id`` is no receipt but for the shop's people."""

    message_id: Id


class CloseTicket(CallbackData, prefix="done"):
    ticket_id: Id


class ReopenTicket(CallbackData, prefix="more"):
    """What was closed is not solved."""

    ticket_id: Id


class TurnTicket(CallbackData, prefix="tt"):
    """Under a ticket's post in the shop's own chat: close it, or go on with it."""

    ticket_id: Id
    is_closed: bool


class Tap(CallbackData, prefix="tap"):
    """A number of a browser that waits; 0 says that nobody of ours is there."""

    ref: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{16}$")]
    number: Annotated[int, Field(ge=0, le=99)]


class Review(CallbackData, prefix="rv"):
    """Under a receipt's card in the shop's own chat. ``turn``: which of the payment's receipts it shows."""

    act: Literal[
        "approve",
        "sure",
        "amount",
        "amount_sure",
        "wallet",
        "wallet_sure",
        "reasons",
        "reject",
        "other",
        "undo",
        "back",
    ]
    payment_id: Id
    turn: Annotated[int, Field(gt=0, lt=2**31)]
    reason: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,20}$")] | None = None
    """The code of a reason of the shop's list."""
