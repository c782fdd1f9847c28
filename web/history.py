"""The words of the history: what each action is called, and what the values beside it mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from shop.audit.queries import HistoryRow
from shop.i18n import N_
from shop.staff import rules
from web.broadcasts import AUDIENCES
from web.words import CHANGED

ACTIONS: Mapping[str, str] = {
    "bot.activated": N_("switched the bot on"),
    "bot.became_master": N_("made this the platform's own bot"),
    "bot.created": N_("opened the shop"),
    "bot.deactivated": N_("switched the bot off"),
    "bot.deleted": N_("closed the shop"),
    "bot.left_master": N_("made this an ordinary bot"),
    "bot.token_asked": N_("gave a new token of the bot, to be checked"),
    "bot.token_refused": N_("refused a new token of the bot"),
    "bot.token_replaced": N_("replaced the token of the bot"),
    "bot.token_state": N_("noticed a change of the bot's token"),
    "bot.updated": N_("changed the shop's particulars"),
    "bot_text.set": N_("changed a text of the bot"),
    "broadcast.changed": N_("changed a broadcast"),
    "broadcast.created": N_("wrote a broadcast"),
    "broadcast.paused": N_("paused a broadcast"),
    "broadcast.resumed": N_("let a broadcast go on"),
    "broadcast.scheduled": N_("sent a broadcast off"),
    "broadcast.stopped": N_("stopped a broadcast"),
    "broadcast.taken_back": N_("took a broadcast back before it began"),
    "card.activated": N_("switched a card on"),
    "card.archived": N_("archived a card"),
    "card.created": N_("added a card"),
    "card.deactivated": N_("switched a card off"),
    "card.deleted": N_("deleted a card"),
    "card.moved": N_("moved a card in the turns"),
    "card.quarantine_ended": N_("ended a card's rest"),
    "card.quarantined": N_("let a card rest"),
    "card.restored": N_("took a card back that was put away"),
    "card.updated": N_("changed a card"),
    "card.usage_reset": N_("set a card's counter back"),
    "configuration.deleted": N_("set a setting back"),
    "configuration.deleted_all": N_("set all settings back"),
    "configuration.set": N_("changed a setting"),
    "feature.granted": N_("changed what the shop may have"),
    "feature.killed": N_("used the emergency switch of a feature"),
    "feature.reset": N_("set a feature back"),
    "feature.switched": N_("switched a feature"),
    "order.cancelled": N_("cancelled an order"),
    "order.expired": N_("let an unpaid order end"),
    "order.tried_again": N_("tried again to deliver paid orders"),
    "order.held": N_("kept a paid order waiting for stock"),
    "plan.activated": N_("put a plan on sale"),
    "plan.archived": N_("archived a plan"),
    "plan.created": N_("added a plan"),
    "plan.deactivated": N_("took a plan off sale"),
    "plan.deleted": N_("deleted a plan"),
    "plan.repriced": N_("changed a plan's price with others"),
    "plan.restored": N_("brought a plan back"),
    "plan.regrouped": N_("put a plan into another group"),
    "plan.reordered": N_("changed the order of the plans"),
    "plan.updated": N_("changed a plan"),
    "plan_group.archived": N_("archived a group of plans"),
    "plan_group.created": N_("added a group of plans"),
    "plan_group.renamed": N_("renamed a group of plans"),
    "plan_group.reordered": N_("changed the order of the groups"),
    "plan_group.restored": N_("brought a group of plans back"),
    "receipt.approved": N_("approved a receipt"),
    "receipt.handed_on": N_("handed a receipt to a colleague"),
    "receipt.taken_over": N_("took a receipt over from a colleague"),
    "receipt.held": N_("decided on a receipt"),
    "receipt.hold_voided": N_("ended a decision because a new receipt came"),
    "receipt.noted": N_("noted on a receipt"),
    "receipt.rejected": N_("rejected a receipt"),
    "receipt.submitted": N_("sent a receipt"),
    "receipt.undone": N_("took a decision back"),
    "receipt.warnings_overruled": N_("approved despite warnings"),
    "reject_reason.added": N_("wrote a reason to reject receipts"),
    "reject_reason.changed": N_("changed a reason to reject receipts"),
    "reject_reason.deleted": N_("deleted a reason to reject receipts"),
    "reject_reason.moved": N_("changed the order of the reasons to reject receipts"),
    "reject_reason.switched": N_("switched a reason to reject receipts"),
    "rehearsal.begun": N_("began a test purchase"),
    "rehearsal.cleared": N_("cleared the test purchases away"),
    "secrets.rotated": N_("changed the installation's key"),
    "shop.exported": N_("exported the shop"),
    "shop.signed_out": N_("signed everybody out"),
    "shop.view_ended": N_("stopped looking at the shop"),
    "shop.viewed": N_("looked at the shop"),
    "sign_in.approved": N_("let a browser in by a tap"),
    "sign_in.asked": N_("asked in the chat who signs in"),
    "sign_in.refused": N_("refused a browser"),
    "staff.changed": N_("changed a colleague's rights"),
    "staff.chat_linked": N_("linked a chat"),
    "staff.confirmed": N_("confirmed to be the person"),
    "staff.created": N_("added a person"),
    "staff.left": N_("let a colleague go"),
    "staff.link_code_asked": N_("asked for a code to link a chat"),
    "staff.returned": N_("took a colleague back"),
    "staff.signed_in": N_("signed in"),
    "staff.signed_out": N_("signed out"),
    "staff.signed_out_everywhere": N_("signed out everywhere"),
    "staff.telegram_linked": N_("linked a Telegram account"),
    "staff.telegram_unlinked": N_("unlinked a Telegram account"),
    "stock.added": N_("filled the stock"),
    "subscription.extended": N_("gave days or volume"),
    "subscription.sent_again": N_("sent an access line again"),
    "canned_reply.created": N_("kept an answer ready"),
    "canned_reply.changed": N_("changed an answer kept ready"),
    "canned_reply.deleted": N_("deleted an answer kept ready"),
    "ticket.opened": N_("asked a question"),
    "ticket.closed": N_("closed a ticket"),
    "ticket.reopened": N_("opened a ticket again"),
    "ticket.assigned": N_("put a ticket into somebody's hands"),
    "ticket.linked": N_("said which order a ticket is about"),
    "token.issued": N_("made a token"),
    "token.replaced": N_("replaced a token"),
    "token.revoked": N_("revoked a token"),
    "user.blocked": N_("blocked a customer"),
    "user.noted": N_("noted on a customer"),
    "user.unblocked": N_("unblocked a customer"),
    "wallet.corrected": N_("corrected a customer's wallet"),
}
"""Said after a name: "Maryam approved a receipt". A house test finds an action that has no words."""
TO_WALLET: Mapping[str, str] = {
    "receipt.approved": N_("approved a receipt, to the wallet"),
    "receipt.held": N_("decided on a receipt: to the wallet"),
}
"""The same where the money was kept for the customer, and bought nothing."""

KIND_WORDS: Mapping[str, str] = {
    "receipts": N_("Receipts and orders"),
    "plans": N_("Plans and stock"),
    "cards": N_("Cards"),
    "settings": N_("Settings"),
    "team": N_("Team and sign-ins"),
    "platform": N_("Platform"),
    "broadcasts": N_("Broadcasts"),
    "tickets": N_("Tickets"),
    "customers": N_("Customers and wallets"),
}
SINCE_WORDS: Mapping[str, str] = {"day": N_("24 hours"), "week": N_("7 days"), "month": N_("30 days")}
DOORS: Mapping[str, str] = {
    "web": N_("dashboard"),
    "bot": N_("bot"),
    "cli": N_("command line"),
    "job": N_("by itself"),
}
NAMES: Mapping[str, str] = {
    "action": N_("what"),
    "added": N_("added"),
    "address": N_("address"),
    "alike": N_("looks the same as receipt"),
    "amount": N_("amount"),
    "approve_up_to": N_("approves up to"),
    "asked": N_("asked for"),
    "audience": N_("to whom"),
    "bank": N_("bank"),
    "bot_token": N_("bot token"),
    "by": N_("by"),
    "card_numbers": N_("card numbers"),
    "days": N_("days"),
    "decision": N_("decision"),
    "difference": N_("grey levels between them"),
    "duplicates": N_("known already"),
    "enabled": N_("on"),
    "fields": N_("what changed"),
    "gigabytes": N_("gigabytes"),
    "granted": N_("allowed"),
    "group": N_("group"),
    "group_ids": N_("order of the groups"),
    "hours": N_("hours"),
    "is_active": N_("active"),
    "is_master": N_("platform's own"),
    "key": N_("which"),
    "key_id": N_("token"),
    "keys": N_("which"),
    "killed": N_("emergency switch"),
    "last_four": N_("last four digits"),
    "language": N_("language"),
    "late": N_("late"),
    "name": N_("name"),
    "new_key_id": N_("new token"),
    "order_id": N_("order"),
    "in_hands_of": N_("in the hands of"),
    "order_status": N_("state of the order"),
    "other_bot": N_("another bot"),
    "old_price": N_("price before"),
    "percent": N_("per cent"),
    "plan_ids": N_("order of the plans"),
    "price": N_("price"),
    "purpose": N_("for what"),
    "reason": N_("reason"),
    "replaced": N_("in the place of another"),
    "to_wallet": N_("into the customer's wallet"),
    "role": N_("role"),
    "rows": N_("rows"),
    "scope": N_("it opens"),
    "seconds": N_("seconds to undo"),
    "served": N_("orders delivered"),
    "starts_at": N_("begins at"),
    "state": N_("state"),
    "step": N_("rounded to"),
    "text": N_("words"),
    "to": N_("to"),
    "until": N_("until"),
    "value": N_("value"),
    "warnings": N_("warnings"),
    "works_until": N_("works until"),
}
"""What the values beside an entry are. One without a word here is shown under its own name."""
PLACES: Mapping[str, str] = {
    "payment": "/receipts/{}",
    "receipt": "/receipts/{}",
    "staff": "/team#person-{}",
    "plan": "/stock/{}",
    "plan_group": "/plans/groups/{}",
    "broadcast": "/broadcasts/{}",
    "ticket": "/tickets/{}",
    "user": "/customers/{}",
}
"""Where the thing an entry tells of is shown."""


SUBJECTS: Mapping[str, str] = {
    "api_token": N_("token"),
    "bot": N_("shop"),
    "bot_text": N_("text of the bot"),
    "broadcast": N_("broadcast"),
    "canned_reply": N_("answer kept ready"),
    "card": N_("card"),
    "configuration": N_("setting"),
    "feature": N_("feature"),
    "order": N_("order"),
    "payment": N_("receipt"),
    "plan": N_("plan"),
    "plan_group": N_("group of plans"),
    "reject_reason": N_("reason to reject receipts"),
    "staff": N_("person of the team"),
    "subscription": N_("subscription"),
    "ticket": N_("ticket"),
    "user": N_("customer"),
}
"""What an entry is about."""


VALUES: Mapping[str, Mapping[str, str]] = {
    "audience": AUDIENCES,
    "fields": CHANGED,
    "decision": {"approve": N_("approve"), "reject": N_("reject")},
    "order_status": {
        "awaiting_payment": N_("waits for payment"),
        "partially_paid": N_("paid in part"),
        "paid": N_("paid"),
        "provisioning": N_("being prepared"),
        "fulfilled": N_("delivered"),
        "expired": N_("expired"),
        "cancelled": N_("cancelled"),
    },
    "reason": {
        "duplicate_image": N_("The image was used before"),
        "amount_too_low": N_("The amount is too low"),
        "not_arrived": N_("The money has not arrived"),
        "unreadable": N_("Unreadable or unrelated image"),
        "other": N_("Another reason…"),
    },
    "role": {"master": N_("platform admin"), "owner": N_("owner"), "staff": N_("colleague")},
    "state": {
        "new": N_("not tried yet"),
        "live": N_("works"),
        "broken": N_("Telegram refuses it"),
        "conflict": N_("in use elsewhere too"),
    },
    "warnings": {
        "same_image": N_("This same image was sent before."),
        "same_reference": N_("This tracking code was used before."),
        "order_closed": N_("This order is no longer open: it was paid or canceled."),
        "payer_blocked": N_("This customer is blocked."),
    },
}
"""What a value of a known set is called; any other is shown as it was kept."""
RIGHTS: Mapping[str, str] = rules.ABOUT
"""Permissions stand in entries as they are asked for, under several names."""
MONEY = frozenset(
    {
        *("amount", "approve_up_to", "daily_limit_amount", "max_amount", "min_amount"),
        *("price", "original_price", "old_price", "step"),
    }
)
"""Whole Toman, as people read an amount."""
SILENT_UNLESS = frozenset({"late", "replaced", "to_wallet"})
"""Said only of the one receipt in many of which it is true."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Told:
    """One value, and how a page says it."""

    form: Literal["text", "words", "money", "number", "moment", "flag", "nothing"]
    value: Any
    name: str = ""
    """Of a value that lies within another."""


@dataclass(frozen=True, slots=True)
class Detail:
    """What stands beside an entry under one name; with a ``before``, what changed."""

    name: str
    value: tuple[Told, ...]
    before: tuple[Told, ...] | None = None


def act(row: HistoryRow) -> str | None:
    """The English words for what was done, as they follow a name; None where there are none."""
    if row.data.get("to_wallet"):
        return TO_WALLET.get(row.action) or ACTIONS.get(row.action)
    return ACTIONS.get(row.action)


def details(row: HistoryRow) -> Iterator[Detail]:
    """What the entry holds besides its action, each value with the way to say it. What is nested is flat."""
    data = dict(row.data)
    if "before" in data and "after" in data:
        before, after = data.pop("before"), data.pop("after")
        if isinstance(before, dict) and isinstance(after, dict):
            for name in sorted({*before, *after}):
                yield Detail(name, _told(name, after.get(name)), _told(name, before.get(name)))
        else:
            yield Detail("value", _told("value", after), _told("value", before))
    for name, value in data.items():
        if f"{name}_before" in data:
            yield Detail(name, _told(name, value), _told(name, data[f"{name}_before"]))
        elif not name.endswith("_before") and (value or name not in SILENT_UNLESS):
            yield Detail(name, _told(name, value))


def _told(name: str, value: Any) -> tuple[Told, ...]:
    match value:
        case list():
            return tuple(one for inner in value for one in _told(name, inner)) or _NOTHING
        case dict():
            inside = [replace(one, name=key) for key, inner in value.items() for one in _told(key, inner)]
            return tuple(inside) or _NOTHING
        case _:
            return (_one(name, value),)


def _one(name: str, value: Any) -> Told:
    match value:
        case None | "":
            return _NOTHING[0]
        case bool():
            return Told("flag", value)
        case int():
            return Told("money" if name in MONEY else "number", value)
        case str():
            return _text(name, value)
        case _:
            return Told("text", str(value))


def _text(name: str, value: str) -> Told:
    words = VALUES.get(name, {}).get(value) or RIGHTS.get(value)
    if words is not None:
        return Told("words", words)
    moment = _moment(value) if _MOMENT.match(value) else None
    return Told("text", value) if moment is None else Told("moment", moment)


def _moment(text: str) -> datetime | None:
    """None of what only looks like one, or tells no zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


_NOTHING = (Told("nothing", None),)
