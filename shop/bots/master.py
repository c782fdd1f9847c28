"""The platform's own shop: made from ``BOT_TOKEN`` at every start, and only one at any time."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import select, update

from db.models import Bot, Staff
from shop.actors import PLATFORM_MANAGE, require
from shop.audit import service as audit
from shop.bots import rules
from shop.bots.rules import TelegramToken
from shop.bots.service import install_owner, open_shop, wait_for_turn
from shop.bots.telegram_token import TOKEN_PURPOSE, keep_token
from shop.signals import shop_changed
from shop.unit_of_work import UnitOfWork

MASTER_NAME = "Pishkhan"


@dataclass(frozen=True, slots=True)
class EnsuredMaster:
    """``api_token`` only when the master was made just now: it is shown once."""

    bot_id: int
    api_token: str | None = field(repr=False)


async def ensure_master_bot(uow: UnitOfWork, token: str, *, name: str = MASTER_NAME) -> EnsuredMaster:
    """Make sure that the bot of ``token`` is the master's, in a platform unit. Idempotent.

    A shop that has this bot already becomes the master's (and an earlier master's shop an ordinary one);
    otherwise the master's shop takes the token, or is opened. ``name`` counts only then. Raises BadInput
    for what is no Telegram token, NotAllowed for anybody but the platform.
    """
    require(uow.actor, PLATFORM_MANAGE)
    telegram = rules.parse_telegram_token(token)
    await wait_for_turn(uow)
    master = await uow.session.scalar(select(Bot).where(Bot.is_master).with_for_update())
    known = await _shop_of(uow, telegram)
    if known is not None:
        return await _crown(uow, known, telegram, instead_of=master)
    if master is not None:
        return await _take_token(uow, master, telegram)
    bot = Bot(
        public_id=rules.new_public_id(),
        name=rules.name(name),
        is_master=True,
        created_by=uow.actor.label,
        created_at=uow.now,
        updated_at=uow.now,
    )
    created = await open_shop(uow, bot, telegram, role="master", owner_name=bot.name)
    return EnsuredMaster(created.bot_id, created.api_token)


async def _shop_of(uow: UnitOfWork, token: TelegramToken) -> Bot | None:
    rows = await uow.session.scalars(
        select(Bot).where(Bot.telegram_bot_id == token.telegram_bot_id).with_for_update()
    )
    return rows.one_or_none()


async def _crown(uow: UnitOfWork, bot: Bot, token: TelegramToken, *, instead_of: Bot | None) -> EnsuredMaster:
    if bot.is_master:
        return await _take_token(uow, bot, token)
    if instead_of is not None:
        await _dethrone(uow, instead_of)
    bot.is_master = bot.is_active = True
    bot.status, bot.status_reason, bot.deleted_at, bot.updated_at = "active", None, None, uow.now
    await _take_token(uow, bot, token)
    await uow.session.flush()
    inside = await uow.enter(bot.id)
    await audit.record(inside, "bot.became_master", "bot", bot.id)
    _, api_token = await install_owner(inside, role="master", name=bot.name)
    await shop_changed(uow, bot.id)
    return EnsuredMaster(bot.id, api_token)


async def _dethrone(uow: UnitOfWork, bot: Bot) -> None:
    """An earlier master's shop goes on as an ordinary one: its people own it, and no more than it."""
    bot.is_master, bot.updated_at = False, uow.now
    # Flushed before another shop gets the mark: at no instant may there be two.
    await uow.session.flush()
    inside = await uow.enter(bot.id)
    await inside.session.execute(
        update(Staff)
        .where(Staff.role == "master")
        .values(role="owner", updated_at=uow.now)
        .execution_options(synchronize_session=False)
    )
    await audit.record(inside, "bot.left_master", "bot", bot.id)
    await inside.session.flush()
    await shop_changed(uow, bot.id)


async def _take_token(uow: UnitOfWork, bot: Bot, token: TelegramToken) -> EnsuredMaster:
    if bot.token_fingerprint not in uow.vault.fingerprints(token.text, purpose=TOKEN_PURPOSE):
        keep_token(uow.vault, bot, token, uow.now)
        bot.updated_at = uow.now
        await uow.session.flush()
        inside = await uow.enter(bot.id)
        await audit.record(inside, "bot.updated", "bot", bot.id, fields=["telegram_bot_token"])
        await shop_changed(uow, bot.id)
    return EnsuredMaster(bot.id, None)
