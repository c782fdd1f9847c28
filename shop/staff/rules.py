"""What an API token looks like and what its holder may do. Pure: no database, no clock."""

from __future__ import annotations

import re
import secrets
import string
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from shop.actors import (
    BROADCASTS_MANAGE,
    CARDS_MANAGE,
    CUSTOMERS_MANAGE,
    FEATURES_MANAGE,
    MONEY_MANAGE,
    OWNING,
    PLANS_MANAGE,
    RECEIPTS_APPROVE,
    RECEIPTS_SEE,
    SEEING,
    SETTINGS_MANAGE,
    SHOP_SEE,
    STOCK_MANAGE,
    TICKETS_ANSWER,
    TICKETS_SEE,
    TOKENS_MANAGE,
    Master,
    StaffMember,
)
from shop.errors import BadInput
from shop.i18n import N_

ROLES = ("master", "owner", "staff")
ABOUT: Mapping[str, str] = {
    SHOP_SEE: N_("See the overview and the lists"),
    RECEIPTS_SEE: N_("See receipts"),
    RECEIPTS_APPROVE: N_("Approve and reject receipts"),
    TICKETS_SEE: N_("See tickets"),
    TICKETS_ANSWER: N_("Answer and close tickets"),
    PLANS_MANAGE: N_("Change plans and prices"),
    CARDS_MANAGE: N_("Change payment cards"),
    STOCK_MANAGE: N_("Fill the stock"),
    CUSTOMERS_MANAGE: N_("Write to customers, block them, give days and volume, export lists"),
    BROADCASTS_MANAGE: N_("Write to many customers at once"),
    MONEY_MANAGE: N_("Correct wallets and export the ledger"),
    FEATURES_MANAGE: N_("Switch features"),
    SETTINGS_MANAGE: N_("Change settings"),
    TOKENS_MANAGE: N_("Manage the team and its tokens"),
}
"""Everything that a person of a shop may be let do, said in a few words, in the order of the screen."""
PERMISSIONS: dict[str, frozenset[str]] = {"master": OWNING, "owner": OWNING, "staff": SEEING}
"""What each role starts with. The master's rights on the platform come with the role itself."""

OPENS_DASHBOARD = ("active", "past_due", "restricted")
"""Statuses of a shop whose people may sign in."""

SPEECHLESS = ("broken",)
"""States of a bot's token in which Telegram lets it say nothing."""

LONGEST_NAME = 64
HIGHEST_LIMIT = 10**12
"""Minor units; whoever may approve more has no limit."""
CHALLENGE_LIVES = timedelta(minutes=5)
SMALLEST_NUMBER, LARGEST_NUMBER = 10, 99
CHOICES = 3
"""Buttons with numbers in the chat; one of them carries that of the browser."""
AFTER_REPLACEMENT = timedelta(hours=24)
"""For so long a replaced token may go on working, until every program has the new one."""

_KEY_ID_ALPHABET = string.ascii_lowercase + string.digits
_KEY_ID_LENGTH = 8
_SECRET_BYTES = 32
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CHECK_LENGTH = 6
_TOKEN = re.compile(r"(pk_(?:live|test)_([a-z0-9]{8})_[A-Za-z0-9_-]{43})([0-9A-Za-z]{6})", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class ApiToken:
    """A well-formed token. ``repr`` shows its public part only."""

    text: str
    key_id: str
    """The eight characters after the prefix; public, they find the token in the books."""

    def __repr__(self) -> str:
        return f"ApiToken({self.key_id})"


def generate_api_token(*, cause: bytes = b"", test: bool = False) -> ApiToken:
    """A fresh key to the dashboard: ``pk_live_<8>_<43><6>``, 256 random bits and a check sum.

    The same ``cause`` (32 bytes that nobody can choose) gives the same public part, so that the books refuse
    a second token of it; the rest is random all the same. ``test`` marks a key of a shop in test mode. The
    check sum lets typing errors and scanners of leaked secrets be told from real tokens without asking.
    """
    number, key_id = int.from_bytes(cause or secrets.token_bytes(32)), ""
    for _ in range(_KEY_ID_LENGTH):
        number, letter = divmod(number, len(_KEY_ID_ALPHABET))
        key_id += _KEY_ID_ALPHABET[letter]
    mode = "test" if test else "live"
    body = f"pk_{mode}_{key_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    return ApiToken(body + _check_sum(body), key_id)


def parse_api_token(typed: str) -> ApiToken | None:
    """The token in what a person pasted, or None when it cannot be one."""
    match = _TOKEN.fullmatch(typed.strip())
    if match is None or _check_sum(match[1]) != match[3]:
        return None
    return ApiToken(match[0], match[2])


def _check_sum(body: str) -> str:
    rest, letters = zlib.crc32(body.encode()), ""
    for _ in range(_CHECK_LENGTH):
        rest, digit = divmod(rest, len(_BASE62))
        letters = _BASE62[digit] + letters
    return letters


def actor_for(
    role: str,
    *,
    staff_id: int,
    name: str,
    permissions: Iterable[str],
    scope: frozenset[str] | None = None,
    viewing: bool = False,
) -> StaffMember | Master:
    """Who acts when a member of staff is signed in. ``viewing``: the master looks at a tenant's shop.

    ``scope``: the part of it that his token opens; None is all. The master's tokens have none.
    """
    if role == "master":
        return Master(staff_id, name, viewing=viewing)
    all_of_it = held(role, permissions)
    return StaffMember(staff_id, name, all_of_it if scope is None else all_of_it & scope)


def held(role: str, permissions: Iterable[str]) -> frozenset[str]:
    """What a person may do: an owner what was kept for him and whatever came to exist since."""
    return frozenset(permissions) | (frozenset() if role == "staff" else OWNING)


def chosen(permissions: Iterable[str]) -> frozenset[str]:
    """What a colleague is let do, complete: whoever decides on receipts sees them, and whoever answers
    tickets reads them. Raises BadInput."""
    wanted = frozenset(permissions)
    if wanted - OWNING:
        raise BadInput("permissions", "unknown")
    if not wanted:
        raise BadInput("permissions", "required")
    for act, sight in ((RECEIPTS_APPROVE, RECEIPTS_SEE), (TICKETS_ANSWER, TICKETS_SEE)):
        if act in wanted:
            wanted |= {sight}
    return wanted


def limit(amount: int | None) -> int | None:
    """Up to which amount a colleague may approve, in minor units; None is any. Raises BadInput."""
    if amount is not None and amount < 1:
        raise BadInput("up_to", "too_small", 1)
    if amount is not None and amount > HIGHEST_LIMIT:
        raise BadInput("up_to", "too_large", HIGHEST_LIMIT)
    return amount


def numbers_to_match() -> tuple[int, list[int]]:
    """The number for the browser, and those for the buttons: it and others, in any order."""
    span = range(SMALLEST_NUMBER, LARGEST_NUMBER + 1)
    choices = secrets.SystemRandom().sample(span, CHOICES)
    return secrets.choice(choices), choices


def asks_in_chat(role: str, *, telegram_id: int | None, switched_on: bool) -> bool:
    """Whether a sign-in waits for a tap: always the master's, others' where the shop wishes it."""
    return telegram_id is not None and (role == "master" or switched_on)
