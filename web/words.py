"""What the columns with known values are called, for every page that shows them."""

from __future__ import annotations

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
    "rejected": N_("Rejected"),
    "reversed": N_("Taken back"),
}
