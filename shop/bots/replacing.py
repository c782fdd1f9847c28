"""A shop's bot token is replaced: asked for at one of our doors, decided by what Telegram says of it.

What was asked for waits sealed beside the token in force, which goes on working until the bot process has
shown the new one to Telegram (``getMe``, outside of any transaction) and comes back with the answer. Taken or
refused, the candidate is wiped; nobody ever reads it back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, select, update

from db.crypto import SecretUnreadable
from db.models import Bot, Media, SecretReplacement, TelegramUpdate
from shop.actors import SETTINGS_MANAGE, require
from shop.audit import service as audit
from shop.bots import rules
from shop.bots.rules import TelegramToken
from shop.bots.service import bot_changed, lock_bot, refuse_known, wait_for_turn
from shop.bots.telegram_token import TOKEN_PURPOSE, keep_token
from shop.configurations.registry import BOT_TOKEN
from shop.errors import AlreadyExists, BadInput, NotFound
from shop.seen import mark, require_same
from shop.signals import shop_changed
from shop.unit_of_work import UnitOfWork

FIELD = "telegram_bot_token"
State = Literal["checking", "taken", "refused"]
Reason = Literal["unknown", "anothers", "unreadable"]
"""Telegram does not know it; another shop has this bot, or had it; our key for it is gone."""


@dataclass(frozen=True, slots=True)
class TokenStanding:
    """A shop's token as its people may know it: everything about it but itself."""

    username: str | None
    telegram_bot_id: int | None
    token_state: str
    set_at: datetime | None
    is_master: bool
    """Its token comes from the server's BOT_TOKEN."""
    replacement: State | None
    """How the last attempt to replace it stands; None where there never was one."""
    reason: str | None
    asked_at: datetime | None
    decided_at: datetime | None
    seen: str
    """The mark for ``ask``."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A token that waits to be shown to Telegram."""

    bot_id: int
    sealed: bytes = field(repr=False)
    token: TelegramToken | None
    """None: sealed with a key that is gone."""


async def load_standing(uow: UnitOfWork) -> TokenStanding:
    """Of the unit's shop. Raises NotFound."""
    row = (
        await uow.session.execute(
            select(
                Bot.username,
                Bot.telegram_bot_id,
                Bot.token_state,
                Bot.token_set_at,
                Bot.is_master,
                SecretReplacement.state,
                SecretReplacement.reason,
                SecretReplacement.asked_at,
                SecretReplacement.decided_at,
            )
            .outerjoin(
                SecretReplacement,
                (SecretReplacement.bot_id == Bot.id) & (SecretReplacement.secret_key == BOT_TOKEN.key),
            )
            .where(Bot.id == uow.bot_id)
        )
    ).one_or_none()
    if row is None:
        raise NotFound("bot", uow.bot_id)
    return TokenStanding(
        username=row.username,
        telegram_bot_id=row.telegram_bot_id,
        token_state=row.token_state,
        set_at=row.token_set_at,
        is_master=row.is_master,
        replacement=row.state,
        reason=row.reason,
        asked_at=row.asked_at,
        decided_at=row.decided_at,
        seen=mark(row.token_set_at, row.state, row.asked_at),
    )


async def ask(uow: UnitOfWork, typed: str, *, seen: str = "", to_other_bot: bool = False) -> None:
    """Let the bot process try a token in the place of the one in force; an earlier candidate is forgotten.

    ``seen``: the mark of what stood there when somebody began to type. ``to_other_bot``: he knows that it is
    another bot than before, which no customer has started yet. Raises NotAllowed, NotFound, ChangedMeanwhile
    and BadInput (no token, the one in force already, another bot's without ``to_other_bot``, or the master's
    shop, whose token is the server's).
    """
    require(uow.actor, SETTINGS_MANAGE)
    bot = await lock_bot(uow, uow.bot_id, SETTINGS_MANAGE)
    require_same("bot_token", seen, (await load_standing(uow)).seen)
    token = rules.parse_telegram_token(typed)
    if bot.is_master:
        raise BadInput(FIELD, "of_the_server")
    if bot.token_fingerprint in uow.vault.fingerprints(token.text, purpose=TOKEN_PURPOSE):
        raise BadInput(FIELD, "same_token")
    is_other = token.telegram_bot_id != bot.telegram_bot_id
    if is_other and not to_other_bot:
        raise BadInput(FIELD, "another_bot")
    row = await _row(uow)
    if row is None:
        row = SecretReplacement(bot_id=bot.id, secret_key=BOT_TOKEN.key, created_at=uow.now)
        uow.session.add(row)
    row.state, row.reason, row.decided_at = "checking", None, None
    row.candidate = uow.vault.seal(token.text, context=_context(bot))
    row.to_other_bot, row.asked_at, row.updated_at = is_other, uow.now, uow.now
    await audit.record(uow, "bot.token_asked", "bot", bot.id, other_bot=is_other)
    await uow.session.flush()
    await shop_changed(uow, bot.id)


async def list_candidates(uow: UnitOfWork) -> list[Candidate]:
    """Of every shop that is open, in a platform unit."""
    rows = await uow.session.execute(
        select(Bot, SecretReplacement.candidate)
        .join(SecretReplacement, SecretReplacement.bot_id == Bot.id)
        .where(
            SecretReplacement.secret_key == BOT_TOKEN.key,
            SecretReplacement.state == "checking",
            Bot.deleted_at.is_(None),
        )
        .order_by(SecretReplacement.asked_at)
    )
    return [Candidate(bot.id, sealed, _opened(uow, bot, sealed)) for bot, sealed in rows]


async def settle(
    uow: UnitOfWork, candidate: Candidate, *, username: str | None, refusal: Reason | None = None
) -> State | None:
    """Take the candidate over, or refuse it, in a platform unit. None: it is not the one that waits any more.

    ``username``: as ``getMe`` answered. A bot that another shop has, or had, is refused here.
    """
    await wait_for_turn(uow)
    bot = await lock_bot(uow, candidate.bot_id, SETTINGS_MANAGE)
    inside = await uow.enter(bot.id)
    row = await _row(inside)
    if row is None or row.candidate != candidate.sealed:
        return None
    reason = refusal or await _known_elsewhere(inside, candidate)
    row.candidate, row.decided_at, row.updated_at = None, uow.now, uow.now
    if reason is not None or candidate.token is None:
        row.state, row.reason = "refused", reason
        await bot_changed(inside, bot, "bot.token_refused", reason=reason)
        return "refused"
    row.state = "taken"
    if row.to_other_bot:
        await _forget_the_other(inside)
    keep_token(uow.vault, bot, candidate.token, uow.now)
    bot.username = username or bot.username
    await bot_changed(inside, bot, "bot.token_replaced", other_bot=row.to_other_bot)
    return "taken"


async def reseal_candidate(uow: UnitOfWork) -> bool:
    """Move what waits in the unit's shop to the newest key; whether there was something to move."""
    row = await _row(uow)
    if row is None or row.candidate is None or uow.vault.is_newest(row.candidate):
        return False
    bot = (await uow.session.scalars(select(Bot).where(Bot.id == uow.bot_id))).one()
    text = uow.vault.unseal(row.candidate, context=_context(bot))
    row.candidate = uow.vault.seal(text, context=_context(bot))
    await uow.session.flush()
    return True


async def _known_elsewhere(uow: UnitOfWork, candidate: Candidate) -> Reason | None:
    if candidate.token is None:
        return "unreadable"
    try:
        await refuse_known(uow, candidate.token, but=candidate.bot_id)
    except AlreadyExists:
        return "anothers"
    return None


async def _forget_the_other(uow: UnitOfWork) -> None:
    """What Telegram gave the bot before means nothing to its successor: numbers of files and of updates.

    The updates' numbers of two bots may meet, and one that was handled is never handled again.
    """
    await uow.session.execute(
        update(Media)
        .where(Media.bot_id == uow.bot_id, Media.telegram_file_id.is_not(None))
        .values(telegram_file_id=None, updated_at=uow.now)
        .execution_options(synchronize_session=False)
    )
    await uow.session.execute(
        delete(TelegramUpdate)
        .where(TelegramUpdate.bot_id == uow.bot_id, TelegramUpdate.done_at.is_not(None))
        .execution_options(synchronize_session=False)
    )


async def _row(uow: UnitOfWork) -> SecretReplacement | None:
    found: SecretReplacement | None = await uow.session.scalar(
        select(SecretReplacement)
        .where(SecretReplacement.bot_id == uow.bot_id, SecretReplacement.secret_key == BOT_TOKEN.key)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found


def _opened(uow: UnitOfWork, bot: Bot, sealed: bytes) -> TelegramToken | None:
    try:
        return rules.parse_telegram_token(uow.vault.unseal(sealed, context=_context(bot)))
    except SecretUnreadable:
        return None


def _context(bot: Bot) -> str:
    return f"secret_replacements.candidate|{bot.public_id}|{BOT_TOKEN.key}"
