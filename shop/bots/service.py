"""Open a shop, connect its bot, pause it, close it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypedDict, Unpack

from sqlalchemy import func, or_, select, update

from db.models import Bot
from shop.actors import PLATFORM_MANAGE, SETTINGS_MANAGE, require
from shop.audit import service as audit
from shop.bots import rules
from shop.bots.queries import BotRow, row_of
from shop.bots.rules import TelegramToken
from shop.bots.telegram_token import TOKEN_PURPOSE, keep_token
from shop.cards.rotation import ensure_rotation
from shop.errors import AlreadyExists, NotFound, StillInUse
from shop.seen import mark, require_same
from shop.signals import shop_changed
from shop.staff import service as staff
from shop.unit_of_work import UnitOfWork

ONE_AT_A_TIME = 7_205_759_403
"""Key of the advisory lock; any number, as long as nobody else uses it."""

FIRST_TOKEN = "First token"  # noqa: S105  (a name, not a secret)


@dataclass(frozen=True, slots=True)
class CreatedBot:
    """A shop just opened. ``api_token`` is shown now and never again."""

    bot_id: int
    public_id: str
    api_token: str = field(repr=False)
    owner_staff_id: int


class BotChanges(TypedDict, total=False):
    """What may change in a shop that is open. Its currency may not: its books are kept in it; and its token
    only by ``shop.bots.replacing``, which asks Telegram first."""

    name: str
    username: str | None
    default_language: str
    timezone: str
    calendar: str
    support_username: str | None
    admin_chat_id: int | None
    admin_topic_id: int | None
    notification_group_id: int | None
    notification_topic_id: int | None
    card_receipt_topic_id: int | None


CLEAN: Mapping[str, Callable[[Any], Any]] = {
    "name": rules.name,
    "username": rules.username,
    "default_language": rules.language,
    "timezone": rules.timezone,
    "calendar": rules.calendar,
    "support_username": partial(rules.username, field="support_username"),
    "notification_topic_id": partial(rules.topic, field="notification_topic_id"),
    "card_receipt_topic_id": partial(rules.topic, field="card_receipt_topic_id"),
}
"""Chats are Telegram's numbers, said by Telegram itself, and need none."""


async def create_bot(
    uow: UnitOfWork,
    *,
    name: str,
    telegram_bot_token: str,
    username: str | None = None,
    default_language: str = "fa",
    currency: str = "IRT",
    timezone: str = "Asia/Tehran",
    calendar: str = "jalali",
    support_username: str | None = None,
    owner_name: str | None = None,
    created_by: str | None = None,
) -> CreatedBot:
    """Open a shop, in a platform unit: its row, its owner, the owner's API token, all or nothing.

    The unit goes on in the new shop's name (``UnitOfWork.enter``). ``owner_name`` is the shop's name
    unless given; ``created_by`` is the actor. Raises NotAllowed, BadInput, AlreadyExists (the token is
    some shop's already, a deleted one's included).
    """
    require(uow.actor, PLATFORM_MANAGE)
    token = rules.parse_telegram_token(telegram_bot_token)
    await wait_for_turn(uow)
    await refuse_known(uow, token)
    bot = Bot(
        public_id=rules.new_public_id(),
        name=rules.name(name),
        username=rules.username(username),
        default_language=rules.language(default_language),
        currency=rules.currency(currency),
        timezone=rules.timezone(timezone),
        calendar=rules.calendar(calendar),
        support_username=rules.username(support_username, field="support_username"),
        created_by=created_by or uow.actor.label,
        created_at=uow.now,
        updated_at=uow.now,
    )
    return await open_shop(uow, bot, token, role="owner", owner_name=owner_name or bot.name)


async def wait_for_turn(uow: UnitOfWork) -> None:
    """Whoever gives a token to a shop does so alone until his transaction ends.

    The second of two finds what the first one did, instead of meeting it at a constraint.
    """
    await uow.session.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))


async def open_shop(
    uow: UnitOfWork, bot: Bot, token: TelegramToken, *, role: Literal["master", "owner"], owner_name: str
) -> CreatedBot:
    """Write a new shop and everything it cannot be without. The token is not taken (the caller looked)."""
    keep_token(uow.vault, bot, token, uow.now)
    uow.session.add(bot)
    await uow.session.flush()
    inside = await uow.enter(bot.id)
    await audit.record(inside, "bot.created", "bot", bot.id, name=bot.name, is_master=bot.is_master)
    owner_id, api_token = await install_owner(inside, role=role, name=owner_name)
    await ensure_rotation(inside)
    await shop_changed(uow, bot.id)
    return CreatedBot(bot.id, bot.public_id, api_token, owner_id)


async def install_owner(uow: UnitOfWork, *, role: Literal["master", "owner"], name: str) -> tuple[int, str]:
    """Give a shop its first person and that person's API token: ``(staff_id, token)``."""
    staff_id = await staff.create_staff(uow, name=name, role=role)
    issued = await staff.issue_api_token(uow, staff_id, name=FIRST_TOKEN)
    return staff_id, issued.token


async def update_bot(
    uow: UnitOfWork, bot_id: int, *, seen: str = "", **changes: Unpack[BotChanges]
) -> BotRow:
    """Change a shop's particulars: the owner in his shop's unit, the master in a platform unit.

    ``seen``: the mark (``shop.seen``) of the same particulars, in the order of their names, as they were when
    somebody began to change them. Raises NotAllowed, NotFound, BadInput and ChangedMeanwhile.
    """
    bot = await lock_bot(uow, bot_id, SETTINGS_MANAGE)
    # All of it or nothing, also for a caller who goes on after a refusal.
    after = {name: CLEAN[name](value) if name in CLEAN else value for name, value in changes.items()}
    require_same("settings", seen, mark(*(getattr(bot, name) for name in sorted(after))))
    before = {column: getattr(bot, column) for column in after}
    for column, value in after.items():
        setattr(bot, column, value)
    await bot_changed(uow, bot, "bot.updated", fields=sorted(changes), before=before, after=after)
    return row_of(bot)


async def refuse_known(uow: UnitOfWork, token: TelegramToken, *, but: int | None = None) -> None:
    """In a platform unit, in one's turn. Raises AlreadyExists: a shop other than ``but`` has this bot."""
    known = uow.vault.fingerprints(token.text, purpose=TOKEN_PURPOSE)
    taken = select(Bot.id).where(
        # A bot of Telegram serves one shop, also after its token was made anew.
        or_(Bot.token_fingerprint.in_(known), Bot.telegram_bot_id == token.telegram_bot_id)
    )
    if but is not None:
        taken = taken.where(Bot.id != but)
    if await uow.session.scalar(taken.limit(1)) is not None:
        raise AlreadyExists("bot", "telegram_bot_token")


async def activate_bot(uow: UnitOfWork, bot_id: int) -> BotRow:
    """Put a shop's bot on duty. Idempotent. Raises NotAllowed and NotFound (also when deleted)."""
    return await _switch(uow, bot_id, is_active=True, action="bot.activated")


async def deactivate_bot(uow: UnitOfWork, bot_id: int) -> BotRow:
    """Take a shop's bot off duty; its dashboard stays open. Idempotent. Raises NotAllowed and NotFound."""
    return await _switch(uow, bot_id, is_active=False, action="bot.deactivated")


async def _switch(uow: UnitOfWork, bot_id: int, *, is_active: bool, action: str) -> BotRow:
    bot = await lock_bot(uow, bot_id, PLATFORM_MANAGE)
    if bot.is_active is not is_active:
        bot.is_active = is_active
        await bot_changed(uow, bot, action)
    return row_of(bot)


async def delete_bot(uow: UnitOfWork, bot_id: int) -> None:
    """Close a shop for good. Its books stay, and so does the mark of its token.

    Raises NotAllowed, NotFound (also when deleted already), StillInUse (the master's shop).
    """
    bot = await lock_bot(uow, bot_id, PLATFORM_MANAGE)
    if bot.is_master:
        raise StillInUse("bot", bot_id)
    bot.deleted_at, bot.status, bot.is_active = uow.now, "deleted", False
    await bot_changed(uow, bot, "bot.deleted")


async def note_token_state(
    uow: UnitOfWork,
    *,
    state: Literal["live", "broken", "conflict"],
    error: str | None = None,
    username: str | None = None,
) -> None:
    """Keep what Telegram says about the unit's own bot: works, refused (401), or used elsewhere (409).

    ``username`` as ``getMe`` answered. Writes, and signals, only when something is new.
    """
    bot = await lock_bot(uow, uow.bot_id, SETTINGS_MANAGE)
    before = (bot.token_state, bot.token_error, bot.username)
    bot.token_state, bot.token_error = state, error
    bot.username = username or bot.username
    if before != (bot.token_state, bot.token_error, bot.username):
        await bot_changed(uow, bot, "bot.token_state", state=state)


async def lock_bot(uow: UnitOfWork, bot_id: int, permission: str) -> Bot:
    """The shop's row, locked, for someone who holds ``permission`` (on the platform: all of them)."""
    of_platform = uow.scope.platform
    require(uow.actor, PLATFORM_MANAGE if of_platform else permission)
    bot = await uow.session.scalar(
        select(Bot)
        .where(Bot.id == bot_id, Bot.deleted_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if bot is None:
        raise NotFound("bot", bot_id)
    return bot


async def bot_changed(uow: UnitOfWork, bot: Bot, action: str, **data: object) -> None:
    """Into the shop's history, and let the bot process look at it."""
    bot.updated_at = uow.now
    await uow.session.flush()
    inside = await uow.enter(bot.id) if uow.scope.platform else uow
    await audit.record(inside, action, "bot", bot.id, **data)
    await shop_changed(uow, bot.id)


async def move_chat(uow: UnitOfWork, old_chat_id: int, new_chat_id: int) -> None:
    """Telegram gave a chat of the shop another number: a group that became a supergroup. Idempotent."""
    for column in (Bot.notification_group_id, Bot.admin_chat_id):
        await uow.session.execute(
            update(Bot)
            .where(Bot.id == uow.bot_id, column == old_chat_id)
            .values({column.key: new_chat_id, "updated_at": uow.now})
            .execution_options(synchronize_session=False)
        )
