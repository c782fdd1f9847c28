"""Why a receipt is refused: our reasons in the shop's order, and those it wrote itself.

A reason of the shop's own is only a way to choose words: with the decision they are copied, in the customer's
language, so that what is changed or deleted here later changes nothing that was ever said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from db.models import BotConfiguration, CardToCardPayment, User
from shop.errors import BadInput
from shop.i18n import LANGUAGES
from shop.receipts.rules import RejectReason
from shop.seen import mark
from shop.unit_of_work import UnitOfWork

CONFIG_KEY = "reject_reasons"
"""Under which a shop keeps its list, where it has changed ours."""
OWN = "own-"
MOST = 8
"""Of the list; with the reviewer's own words as the last, one digit of the keyboard chooses any."""
LONGEST = 140
"""Characters of the words, and of the next step: together they are no longer than what a reviewer types."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of the list. Ours have no words here: the catalogues and the bot's texts have them."""

    code: str
    words: Mapping[str, str] = field(default_factory=dict)
    """By language; at least one, for a reason of the shop's own."""
    steps: Mapping[str, str] = field(default_factory=dict)
    """What the customer is to do next, by language; none where the bot's usual sentence does."""
    is_on: bool = True

    @property
    def is_ours(self) -> bool:
        return not self.code.startswith(OWN)

    @property
    def mark(self) -> str:
        """Of its words, for ``seen``; its place and its switch are changed apart from them."""
        return mark(sorted(self.words.items()), sorted(self.steps.items()))

    def label(self, language: str) -> str:
        """For the reviewer."""
        return _spoken(self.words, language)

    def said(self, language: str) -> str:
        """To the customer: why, and what to do next."""
        return " ".join(part for part in (self.label(language), _spoken(self.steps, language)) if part)


OURS = tuple(Reason(one.value) for one in RejectReason if one is not RejectReason.OTHER)


def listed(kept: Any) -> tuple[Reason, ...]:
    """The list from what a shop keeps; ours that it does not know yet come last. None: ours."""
    if not kept:
        return OURS
    ours = {reason.code for reason in OURS}
    known = [_reason(entry) for entry in kept]
    chosen = [reason for reason in known if not reason.is_ours or reason.code in ours]
    missing = ours - {reason.code for reason in chosen}
    return (*chosen, *(reason for reason in OURS if reason.code in missing))


def offered(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """Those a reviewer may choose, in their order."""
    return tuple(reason for reason in reasons if reason.is_on)


def as_kept(reasons: Sequence[Reason]) -> list[dict[str, Any]]:
    return [
        {"code": reason.code, "on": reason.is_on, "words": dict(reason.words), "steps": dict(reason.steps)}
        for reason in reasons
    ]


async def load_reasons(uow: UnitOfWork) -> tuple[Reason, ...]:
    """The list of the unit's shop, those switched off too."""
    kept = await uow.session.scalar(
        select(BotConfiguration.config_value).where(
            BotConfiguration.bot_id == uow.bot_id, BotConfiguration.config_key == CONFIG_KEY
        )
    )
    return listed(kept)


async def choose(uow: UnitOfWork, payment_id: int, code: str, text: str = "") -> tuple[RejectReason, str]:
    """What ``holding.hold_rejection`` takes, for a reason of the list or the reviewer's own ``text``.

    Raises BadInput for a code that is none of the shop's (any more).
    """
    if code in set(RejectReason):
        return RejectReason(code), text
    reason = next((one for one in await load_reasons(uow) if one.code == code), None)
    if reason is None:
        raise BadInput("reason_code", "unknown")
    language = await uow.session.scalar(
        select(User.language)
        .join(CardToCardPayment, CardToCardPayment.user_id == User.id)
        .where(CardToCardPayment.id == payment_id)
    )
    return RejectReason.OTHER, reason.said(language or LANGUAGES[0])


def _spoken(said: Mapping[str, str], language: str) -> str:
    """In the other language, where nobody wrote it in this one."""
    return said.get(language) or next((said[one] for one in LANGUAGES if said.get(one)), "")


def _reason(entry: Mapping[str, Any]) -> Reason:
    return Reason(entry["code"], entry.get("words", {}), entry.get("steps", {}), entry.get("on", True))
