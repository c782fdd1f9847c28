"""What a card number is, and which card a customer is told to pay to. Pure: no database, no clock.

Every strategy is a function of what it is given; chance comes in as an argument.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from shop.errors import BadInput
from shop.formatting import latin, normalise_text

NUMBER_LENGTH = 16
LONGEST_HOLDER = 64
LARGEST_WEIGHT = 100
LARGEST_AMOUNT = 10**15
"""Minor units; far above every bank's limit and far below what a BIGINT holds."""

Outcome = Literal["approved", "rejected", "released", "reopened"]
_BETWEEN_DIGITS = frozenset(
    " -\t\u00a0\u200c\u200e\u200f\u2066\u2067\u2068\u2069\u202a\u202b\u202c\u2011\u2013"
)


def card_number(typed: str) -> str:
    """The sixteen digits in what a person typed, in any script and grouping. Raises BadInput."""
    digits = digits_of(typed)
    if len(digits) != NUMBER_LENGTH or not (digits.isascii() and digits.isdigit()):
        raise BadInput("card_number", "not_sixteen_digits", NUMBER_LENGTH)
    if not passes_luhn(digits):
        raise BadInput("card_number", "wrong_check_digit")
    return digits


def digits_of(typed: str) -> str:
    """What a person typed so far, in Latin digits and without what stands between them."""
    return latin("".join(c for c in typed.strip() if c not in _BETWEEN_DIGITS))


def passes_luhn(digits: str) -> bool:
    """Whether the last digit fits the others: one mistyped digit never does."""
    doubled = (int(digit) * (1 + (place % 2)) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0  # noqa: PLR2004  (one digit)


def holder_name(typed: str) -> str:
    """The name on the card as we keep it. Raises BadInput."""
    clean = normalise_text(typed).replace("\n", " ")
    if not clean:
        raise BadInput("holder_name", "required")
    if len(clean) > LONGEST_HOLDER:
        raise BadInput("holder_name", "too_long", LONGEST_HOLDER)
    return clean


def position(value: int) -> int:
    """Raises BadInput."""
    return _between("position", value, least=0, most=10_000)


def weight(value: int) -> int:
    """Raises BadInput."""
    return _between("weight", value, least=1, most=LARGEST_WEIGHT)


def daily_limit_count(value: int | None) -> int | None:
    """None is no limit. Raises BadInput."""
    return None if value is None else _between("daily_limit_count", value, least=1, most=1_000_000)


def optional_amount(field: str, value: int | None) -> int | None:
    """Minor units, or None for no bound. Raises BadInput."""
    return None if value is None else _between(field, value, least=1, most=LARGEST_AMOUNT)


def hour(value: time | None) -> time | None:
    """A wall clock time of the shop, to the minute."""
    return None if value is None else value.replace(second=0, microsecond=0, tzinfo=None)


def _between(field: str, value: int, *, least: int, most: int) -> int:
    if value < least:
        raise BadInput(field, "too_small", least)
    if value > most:
        raise BadInput(field, "too_large", most)
    return value


def check_bounds(least: int | None, most: int | None) -> None:
    """Raises BadInput where no amount lies between them."""
    if least is not None and most is not None and least > most:
        raise BadInput("max_amount", "too_small", least)


ENOUGH_DECISIONS = 10
OUT_OF_LINE_SHARE = 0.3
OUT_OF_LINE_TIMES = 3


def is_out_of_line(mine: tuple[int, int], others: Sequence[tuple[int, int]]) -> bool:
    """Whether far more of a card is rejected than of the shop's others; each is (approved, rejected).

    At least ten decisions, three in ten of them rejections, and three times the share of the others
    together, which is smoothed by four imagined approvals: a shop that rejects much rests no card.
    """
    approved, rejected = mine
    if approved + rejected < ENOUGH_DECISIONS:
        return False
    share = rejected / (approved + rejected)
    theirs = sum(one for _, one in others)
    usual = theirs / (sum(one for one, _ in others) + theirs + 4)
    return share >= OUT_OF_LINE_SHARE and share >= OUT_OF_LINE_TIMES * usual


def times_rejected(mine: tuple[int, int], others: Sequence[tuple[int, int]]) -> int | None:
    """How many times the share of the others a card out of line has rejected; None for one that is not.

    Rounded down, by the counts alone; 0 where nothing of the others was rejected, which no number tells.
    """
    if not others or not is_out_of_line(mine, others):
        return None
    theirs = sum(rejected for _, rejected in others)
    decided = sum(approved for approved, _ in others) + theirs
    return int(mine[1] * decided / (sum(mine) * theirs)) if theirs else 0


@dataclass(frozen=True, slots=True)
class CardLoad:
    """A card and what it has to do today. Amounts in minor units of the shop's currency."""

    card_id: int
    position: int = 0
    weight: int = 1
    success_count: int = 0
    failure_count: int = 0
    reserved_count: int = 0
    """Today's open and approved payments: what counts against the caps."""
    reserved_amount: int = 0
    daily_limit_count: int | None = None
    daily_limit_amount: int | None = None
    min_amount: int | None = None
    max_amount: int | None = None
    active_from: time | None = None
    active_until: time | None = None

    @property
    def place(self) -> tuple[int, int]:
        """Where the owner put it; the older card first among equals."""
        return (self.position, self.card_id)


@dataclass(frozen=True, slots=True)
class Turn:
    """What a strategy may know besides the cards that have room."""

    ring: tuple[CardLoad, ...]
    """Every active card, those without room too, in the owner's order: what turns are counted on."""
    last: tuple[int, int] | None
    """``place`` of the card shown last."""
    now: datetime
    minutes: int
    """How long one card stays with ``time_based``."""
    chance: random.Random


Obstacle = Literal["daily_count", "daily_amount", "too_small", "too_large", "hours"]


def obstacle(card: CardLoad, amount: int, at: time) -> Obstacle | None:
    """Why the card cannot take ``amount`` now; None when it can. A cap may be filled exactly."""
    if card.daily_limit_count is not None and card.reserved_count + 1 > card.daily_limit_count:
        return "daily_count"
    if card.daily_limit_amount is not None and card.reserved_amount + amount > card.daily_limit_amount:
        return "daily_amount"
    if card.min_amount is not None and amount < card.min_amount:
        return "too_small"
    if card.max_amount is not None and amount > card.max_amount:
        return "too_large"
    return None if is_in_hours(at, card.active_from, card.active_until) else "hours"


def has_room(card: CardLoad, amount: int, at: time) -> bool:
    """Whether the card can take ``amount`` now."""
    return obstacle(card, amount, at) is None


def fullness(card: CardLoad) -> float | None:
    """The share of the day's caps that is taken, of two caps the fuller; None without a cap."""
    shares = []
    if card.daily_limit_count is not None:
        shares.append(card.reserved_count / card.daily_limit_count)
    if card.daily_limit_amount is not None:
        shares.append(card.reserved_amount / card.daily_limit_amount)
    return max(shares, default=None)


def unbounded(card: CardLoad) -> CardLoad:
    """The same card, whatever amount is asked of it."""
    return replace(card, min_amount=None, max_amount=None)


def is_in_hours(at: time, start: time | None, end: time | None) -> bool:
    """Whether ``at`` is in [start, end). A missing side is midnight; hours may run past midnight."""
    opens = start or time.min
    if end is None or end == time.min:
        return at >= opens
    if opens <= end:
        return opens <= at < end
    return at >= opens or at < end


def steps(outcome: Outcome, amount: int, *, arrived: int | None = None) -> dict[str, int]:
    """By how much the counters of a card's day move; in minor units, with what ``arrived`` instead."""
    match outcome:
        case "approved":
            came = amount if arrived is None else arrived
            return {"approved_count": 1, "approved_amount": came, "reserved_amount": came - amount}
        case "rejected":
            return {"rejected_count": 1, "reserved_count": -1, "reserved_amount": -amount}
        case "released":
            return {"reserved_count": -1, "reserved_amount": -amount}
        case "reopened":
            return {"reserved_count": 1, "reserved_amount": amount}


def round_robin(cards: Sequence[CardLoad], turn: Turn) -> CardLoad:
    """The next one after the last, and from the end back to the first."""
    last = turn.last
    return next((card for card in cards if last is not None and card.place > last), cards[0])


def at_random(cards: Sequence[CardLoad], turn: Turn) -> CardLoad:
    """Any of them, each as likely as the other."""
    return turn.chance.choice(cards)


def time_based(cards: Sequence[CardLoad], turn: Turn) -> CardLoad:
    """One card for ``minutes``, then the next; where it has no room, the first after it that has."""
    slot = int(turn.now.timestamp()) // (turn.minutes * 60)
    start = turn.ring[slot % len(turn.ring)].place
    return next((card for card in cards if card.place >= start), cards[0])


def weighted(cards: Sequence[CardLoad], turn: Turn) -> CardLoad:
    """By chance, the more likely the better it worked and the heavier the owner made it."""
    return turn.chance.choices(cards, weights=[score(card) for card in cards])[0]


def score(card: CardLoad) -> float:
    """Success, smoothed by four imagined payments of which two succeeded, times the owner's weight."""
    tried = card.success_count + card.failure_count
    return (card.success_count + 2) / (tried + 4) * card.weight


Strategy = Callable[[Sequence[CardLoad], Turn], CardLoad]
STRATEGIES: Mapping[str, Strategy] = {
    "round_robin": round_robin,
    "random": at_random,
    "time_based": time_based,
    "weighted": weighted,
}
FORESEEABLE = frozenset({"round_robin", "time_based"})
"""Strategies in which no chance has a part."""
NO_CHANCE = random.Random(0)  # noqa: S311  (asked by no foreseeable strategy)


def choose(strategy: str, turn: Turn, *, amount: int, at: time) -> CardLoad | None:
    """The card to show for ``amount`` at the shop's own time ``at``; None when none has room."""
    open_cards = [card for card in turn.ring if has_room(card, amount, at)]
    return STRATEGIES[strategy](open_cards, turn) if open_cards else None


def day_of(moment: datetime, zone: str) -> date:
    """The shop's own calendar day of an instant: caps and counters live by it."""
    return moment.astimezone(ZoneInfo(zone)).date()


def time_of(moment: datetime, zone: str) -> time:
    """The shop's own wall clock at an instant."""
    return moment.astimezone(ZoneInfo(zone)).time()
