"""Move everything that was made with an older key of SECRET_KEY to the newest, while the shops go on.

Every value has a transaction of its own and is replaced only if it is still the one that was read: nobody
waits, nothing is lost to whoever changes it meanwhile, and after a kill one simply begins again.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement, LargeBinary, func, select
from sqlalchemy.orm import InstrumentedAttribute

from db.crypto import KEY_ID_AT, SecretUnreadable
from db.models import ApiToken, AuditSeal, Bot, SecretReplacement, TenantPaymentCard
from shop.actors import PLATFORM_MANAGE, System, require
from shop.audit import chain
from shop.audit import service as audit
from shop.bots.replacing import reseal_candidate
from shop.bots.telegram_token import reseal_token
from shop.cards.keeping import reseal_number
from shop.unit_of_work import UnitOfWork, UnitsOfWork

log = logging.getLogger(__name__)

ACTOR = System("keys")
MOVED, LEFT, UNREADABLE = "moved", "left", "unreadable"
UNKNOWN = ""
"""Of API tokens made before keys were noted: their key is found out at the next sign-in."""


@dataclass(frozen=True, slots=True)
class KeyUse:
    """How many values one key has. ``key`` is its id in hex, UNKNOWN where nobody noted it."""

    key: str
    is_newest: bool
    is_here: bool
    """SECRET_KEY still has it. Without it, its values cannot be read."""
    bot_tokens: int = 0
    """Those that wait to be checked among them."""
    card_numbers: int = 0
    api_tokens: int = 0
    histories: int = 0
    """Shops whose newest link it made."""

    @property
    def is_needed(self) -> bool:
        return bool(self.bot_tokens or self.card_numbers or self.api_tokens or self.histories)


@dataclass(frozen=True, slots=True)
class Rotated:
    """How much was moved. API tokens move by themselves, each at its next sign-in."""

    bot_tokens: int
    card_numbers: int
    histories: int
    unreadable: int
    """Values that none of our keys opens where they stand; they were left as they are."""


def _key_of(
    sealed: InstrumentedAttribute[bytes] | InstrumentedAttribute[bytes | None],
) -> ColumnElement[bytes]:
    return func.substring(sealed, KEY_ID_AT.start + 1, KEY_ID_AT.stop - KEY_ID_AT.start, type_=LargeBinary)


async def count_uses(uow: UnitOfWork) -> list[KeyUse]:
    """Every key with what it is needed for, newest first, in a platform unit. Raises NotAllowed."""
    require(uow.actor, PLATFORM_MANAGE)
    newest_links = (
        select(AuditSeal.key_id).distinct(AuditSeal.bot_id).order_by(AuditSeal.bot_id, AuditSeal.seq.desc())
    ).subquery()
    columns = (
        ("bot_tokens", _key_of(Bot.telegram_bot_token)),
        ("bot_tokens", _key_of(SecretReplacement.candidate)),
        ("card_numbers", _key_of(TenantPaymentCard.card_number)),
        ("api_tokens", ApiToken.hashed_under),
        ("histories", newest_links.c.key_id),
    )
    known = [key_id.hex() for key_id in uow.vault.key_ids]
    counts: dict[str, dict[str, int]] = {key: {} for key in known}
    for name, column in columns:
        statement = select(column, func.count()).group_by(column)
        if name == "api_tokens":
            statement = statement.where(ApiToken.revoked_at.is_(None))
        else:
            statement = statement.where(column.is_not(None))
        for key_id, number in await uow.session.execute(statement):
            of_key = counts.setdefault(UNKNOWN if key_id is None else key_id.hex(), {})
            of_key[name] = of_key.get(name, 0) + number
    return [
        KeyUse(key, is_newest=key == known[0], is_here=key in known, **numbers)
        for key, numbers in counts.items()
    ]


async def rotate(units: UnitsOfWork) -> Rotated:
    """Move every bot token, card number and history to the newest key. Safe to repeat, to run twice at once,
    and to kill."""
    newest = units.vault.key_id
    tokens: Counter[str] = Counter()
    numbers: Counter[str] = Counter()
    histories = 0
    for bot_id in await _shops(units):
        moves = Counter([await _move(units, bot_id, one) for one in (reseal_token, reseal_candidate)])
        cards = Counter(
            [
                await _move(units, bot_id, partial(reseal_number, card_id=card_id))
                for card_id in await _cards(units, bot_id, newest)
            ]
        )
        async with units.begin(bot_id, ACTOR) as uow:
            histories += await _anew(uow, moved_token=moves[MOVED] > 0, moved_numbers=cards[MOVED])
        tokens += moves
        numbers += cards
    return Rotated(tokens[MOVED], numbers[MOVED], histories, tokens[UNREADABLE] + numbers[UNREADABLE])


async def _move(units: UnitsOfWork, bot_id: int, reseal: Callable[[UnitOfWork], Awaitable[bool]]) -> str:
    """One value, in a transaction of its own."""
    try:
        async with units.begin(bot_id, ACTOR) as uow:
            return MOVED if await reseal(uow) else LEFT
    except SecretUnreadable:
        log.exception("a secret of shop %s cannot be read", bot_id)
        return UNREADABLE


async def _shops(units: UnitsOfWork) -> list[int]:
    async with units.platform(ACTOR) as uow:
        return list(await uow.session.scalars(select(Bot.id).order_by(Bot.id)))


async def _cards(units: UnitsOfWork, bot_id: int, newest: bytes) -> list[int]:
    async with units.begin(bot_id, ACTOR) as uow:
        old = select(TenantPaymentCard.id).where(_key_of(TenantPaymentCard.card_number) != newest)
        return list(await uow.session.scalars(old.order_by(TenantPaymentCard.id)))


async def _anew(uow: UnitOfWork, *, moved_token: bool, moved_numbers: int) -> bool:
    """Let the history end in a link of the newest key, which covers all before it."""
    last = select(AuditSeal.key_id).order_by(AuditSeal.seq.desc()).limit(1)
    key_id = await uow.session.scalar(last)
    is_old = key_id is not None and key_id != uow.vault.key_id
    if not (is_old or moved_token or moved_numbers):
        return False
    await audit.record(
        uow, "secrets.rotated", "bot", uow.bot_id, bot_token=moved_token, card_numbers=moved_numbers
    )
    await uow.last.write(uow.session)
    await chain.seal(uow)
    return is_old
