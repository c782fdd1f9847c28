"""Frozen rows of shops: for the fleet, for the bot's context, for the platform's lists."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from db.crypto import SecretUnreadable
from db.models import Bot
from shop.bots import rules
from shop.bots.telegram_token import TOKEN_PURPOSE, unseal_token, webhook_secrets
from shop.errors import BadInput, NotFound
from shop.staff import service as staff
from shop.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BotRow:
    """A shop as the platform lists it."""

    bot_id: int
    public_id: str
    name: str
    username: str | None
    telegram_bot_id: int | None
    is_master: bool
    is_active: bool
    status: str
    token_state: str
    token_error: str | None
    default_language: str
    currency: str
    timezone: str
    calendar: str
    support_username: str | None
    created_at: datetime
    last_update_at: datetime | None
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class FleetBot:
    """What the bot process needs to put one shop's bot on duty."""

    bot_id: int
    public_id: str
    telegram_bot_id: int
    token: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    """Newest first; see ``shop.bots.telegram_token``."""
    name: str
    default_language: str
    is_master: bool
    sealed: str = field(repr=False)
    """The token as it is kept: while this is the same, it need not be opened again."""
    rehearsal_id: int | None = None
    """The rehearsal that its bot speaks for besides."""


@dataclass(frozen=True, slots=True)
class BotContext:
    """What every handler of a shop's bot may want to know about its shop."""

    bot_id: int
    name: str
    username: str | None
    is_master: bool
    is_active: bool
    status: str
    default_language: str
    currency: str
    timezone: str
    calendar: str
    support_username: str | None
    admin_chat_id: int | None
    admin_topic_id: int | None


def row_of(bot: Bot) -> BotRow:
    return BotRow(
        bot_id=bot.id,
        public_id=bot.public_id,
        name=bot.name,
        username=bot.username,
        telegram_bot_id=bot.telegram_bot_id,
        is_master=bot.is_master,
        is_active=bot.is_active,
        status=bot.status,
        token_state=bot.token_state,
        token_error=bot.token_error,
        default_language=bot.default_language,
        currency=bot.currency,
        timezone=bot.timezone,
        calendar=bot.calendar,
        support_username=bot.support_username,
        created_at=bot.created_at,
        last_update_at=bot.last_update_at,
        deleted_at=bot.deleted_at,
    )


async def _one(uow: UnitOfWork, *conditions: ColumnElement[bool]) -> BotRow | None:
    bot = await uow.session.scalar(select(Bot).where(*conditions))
    return None if bot is None else row_of(bot)


async def get_bot_by_id(uow: UnitOfWork, bot_id: int) -> BotRow | None:
    """A shop, deleted ones too. In a shop's own unit every other shop is None."""
    return await _one(uow, Bot.id == bot_id)


async def get_bot_by_token(uow: UnitOfWork, telegram_bot_token: str) -> BotRow | None:
    """The shop whose bot has this Telegram token; None for anything that is no token."""
    try:
        token = rules.parse_telegram_token(telegram_bot_token)
    except BadInput:
        return None
    known = uow.vault.fingerprints(token.text, purpose=TOKEN_PURPOSE)
    return await _one(uow, Bot.token_fingerprint.in_(known))


async def get_bot_by_api_token(uow: UnitOfWork, api_token: str) -> BotRow | None:
    """The shop a valid API token opens, in a platform unit; None for every other token."""
    holder = await staff.find_api_token(uow, api_token)
    return None if holder is None else await get_bot_by_id(uow, holder.bot_id)


async def get_master_bot(uow: UnitOfWork) -> BotRow | None:
    """The platform's own shop, in a platform unit."""
    return await _one(uow, Bot.is_master.is_(True))


async def get_active_bots(uow: UnitOfWork) -> list[BotRow]:
    """Shops that are on duty, oldest first: switched on, not suspended, not deleted."""
    bots = await uow.session.scalars(select(Bot).where(*_in_status(rules.OPEN)).order_by(Bot.id))
    return [row_of(bot) for bot in bots]


async def get_all_bots(
    uow: UnitOfWork, *, with_deleted: bool = False, with_rehearsals: bool = False
) -> list[BotRow]:
    """Every shop, oldest first; the deleted ones, and those that only rehearse one, when asked for."""
    statement = select(Bot).order_by(Bot.id)
    if not with_rehearsals:
        statement = statement.where(is_real())
    if not with_deleted:
        statement = statement.where(Bot.deleted_at.is_(None))
    return [row_of(bot) for bot in await uow.session.scalars(statement)]


_MAY_CHANGE = (Bot.name, Bot.default_language, Bot.is_master, Bot.rehearsal_id)
_FLEET = (Bot.id, Bot.public_id, Bot.telegram_bot_token, *_MAY_CHANGE)


async def list_fleet(uow: UnitOfWork, known: Mapping[int, FleetBot] | None = None) -> list[FleetBot]:
    """The bots that should be running now, oldest first, with their tokens in the clear.

    ``known`` (by shop) is what an earlier look found: opening the tokens of a large fleet anew takes most of
    a second, and everybody asks whenever a switch moves. Left out: a bot whose token Telegram refused; it
    comes back when its owner gives a new one.
    """
    bots = await uow.session.execute(
        select(*_FLEET)
        .where(*_in_status(rules.ANSWERS), Bot.token_state != "broken")  # noqa: S105  (a state, not a secret)
        .order_by(Bot.id)
    )
    fleet = []
    for bot in bots:
        before = (known or {}).get(bot.id)
        try:
            fleet.append(_again(before, bot) or _opened(uow, bot))
        except SecretUnreadable:
            # Another row's value, or a key that was removed too early: not the other shops' misfortune.
            log.exception("the Telegram token of shop %s cannot be read; its bot stays off", bot.id)
    return fleet


def _again(before: FleetBot | None, bot: Any) -> FleetBot | None:
    if before is None or (before.sealed, before.public_id) != (bot.telegram_bot_token, bot.public_id):
        return None
    now = {column.key: getattr(bot, column.key) for column in _MAY_CHANGE}
    if all(getattr(before, name) == value for name, value in now.items()):
        return before
    return replace(before, **now)


def _opened(uow: UnitOfWork, bot: Any) -> FleetBot:
    token = rules.parse_telegram_token(unseal_token(uow.vault, bot))
    return FleetBot(
        bot_id=bot.id,
        public_id=bot.public_id,
        telegram_bot_id=token.telegram_bot_id,
        token=token.text,
        webhook_secrets=webhook_secrets(uow.vault, bot, token),
        name=bot.name,
        default_language=bot.default_language,
        is_master=bot.is_master,
        sealed=bot.telegram_bot_token,
        rehearsal_id=bot.rehearsal_id,
    )


def _in_status(statuses: tuple[str, ...]) -> tuple[ColumnElement[bool], ...]:
    return (Bot.is_active.is_(True), Bot.deleted_at.is_(None), Bot.status.in_(statuses), is_real())


def is_real() -> ColumnElement[bool]:
    """A shop, and no rehearsal of one: for every list of the platform's."""
    return Bot.rehearsal_of.is_(None)


async def get_context(uow: UnitOfWork) -> BotContext:
    """The unit's own shop. Raises NotFound when it does not exist."""
    bot = await uow.session.scalar(select(Bot).where(Bot.id == uow.bot_id))
    if bot is None:
        raise NotFound("bot", uow.bot_id)
    return context_of(bot)


def context_of(bot: Any) -> BotContext:
    """From a row with the columns of ``bots`` by their names."""
    return BotContext(
        bot_id=bot.id,
        name=bot.name,
        username=bot.username,
        is_master=bot.is_master,
        is_active=bot.is_active,
        status=bot.status,
        default_language=bot.default_language,
        currency=bot.currency,
        timezone=bot.timezone,
        calendar=bot.calendar,
        support_username=bot.support_username,
        admin_chat_id=bot.admin_chat_id,
        admin_topic_id=bot.admin_topic_id,
    )
