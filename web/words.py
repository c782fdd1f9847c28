"""What the columns with known values are called, for every page that shows them."""

from __future__ import annotations

from collections.abc import Mapping

from shop.i18n import N_

KINDS = {
    "deposit": N_("Deposit"),
    "purchase": N_("Purchase"),
    "refund": N_("Refund"),
    "correction": N_("Correction"),
    "reversal": N_("Reversal"),
    "bonus": N_("Bonus"),
}
METHODS = {
    "card_to_card": N_("Card to card"),
    "zarinpal": N_("Gateway"),
    "wallet": N_("Wallet"),
    "staff": N_("By hand"),
    "system": N_("Automatic"),
}
RECEIPT_STATES = {
    "waiting": N_("Waiting"),
    "duplicates": N_("Waiting, seen before"),
    "held": N_("Decided a moment ago"),
    "late": N_("Came after the deadline"),
    "flagged": N_("Seen before"),
    "approved": N_("Approved"),
    "approved_other_amount": N_("Approved with another amount"),
    "to_wallet": N_("Approved, to the wallet"),
    "rejected": N_("Rejected"),
    "reversed": N_("Taken back"),
}
SUBSCRIPTION_STATES = {
    "pending": N_("Not delivered"),
    "active": N_("Active"),
    "limited": N_("Not delivered"),
    "grace": N_("Not delivered"),
    "expired": N_("Expired"),
    "suspended": N_("Not delivered"),
    "disabled": N_("Not delivered"),
    "archived": N_("Not delivered"),
}
"""As the list of subscriptions says them."""
TICKET_STATES = {
    "open": N_("Waits for you"),
    "waiting_staff": N_("Waits for you"),
    "waiting_user": N_("Answered"),
    "resolved": N_("Waits for you"),
    "closed": N_("Closed"),
}
RENEWALS = {
    "extend": N_("Add the days and the volume"),
    "reset": N_("Begin anew: days and volume from now"),
    "reset_volume_keep_time": N_("Volume anew, the end stays"),
}
ACTORS = {
    "staff": N_("colleague"),
    "master": N_("platform admin"),
    "user": N_("customer"),
    "system": N_("Pishkhan"),
}
"""Who a label of the history stands for: its first word."""


def receipt_state(status: str, *, is_held: bool, to_wallet: bool) -> str:
    """The English word for where a receipt stands, as its list shows it."""
    if is_held:
        return RECEIPT_STATES["held"]
    if status == "receipt_submitted":
        return RECEIPT_STATES["waiting"]
    if to_wallet:
        return RECEIPT_STATES["to_wallet"]
    return RECEIPT_STATES.get(status, N_("Closed"))


CHANGED: Mapping[str, str] = {
    "active_from": N_("from the hour"),
    "active_until": N_("up to the hour"),
    "daily_limit_amount": N_("most a day"),
    "daily_limit_count": N_("most receipts a day"),
    "description": N_("description"),
    "device_limit": N_("devices at the same time"),
    "group_id": N_("group"),
    "holder_name": N_("holder"),
    "low_stock_at": N_("from when low stock is told"),
    "max_amount": N_("largest amount"),
    "min_amount": N_("smallest amount"),
    "most_per_person": N_("how often one customer may buy it"),
    "name": N_("name"),
    "old_price": N_("price before"),
    "period_days": N_("days"),
    "position": N_("place in the turns"),
    "price": N_("price"),
    "renewal_policy": N_("what a renewal does"),
    "sort_order": N_("place on the list"),
    "traffic_limit_gb": N_("volume"),
    "translations": N_("words in other languages"),
    "weight": N_("weight"),
}
"""What is changed in a plan or a card, as the history says it. A house test finds a field without a word."""
