"""Register on first contact, remember the language, know who can be reached."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from db.models import Bot, User
from shop.errors import BadInput, NotFound
from shop.unit_of_work import UnitOfWork
from shop.users import rules


@dataclass(frozen=True, slots=True)
class UserCard:
    """The person a handler speaks with."""

    id: int
    telegram_id: int
    name: str
    language: str
    is_blocked: bool
    """By the shop."""


async def register(
    uow: UnitOfWork,
    *,
    telegram_id: int,
    first_name: str,
    last_name: str | None = None,
    username: str | None = None,
    language_code: str | None = None,
) -> UserCard:
    """The shop's record of a person, made on first contact and kept up to date. Idempotent.

    Costs one SELECT when nothing is new. The language is chosen once; later only the person changes it.
    """
    first = rules.clean_name(first_name) or username or str(telegram_id)
    names = {
        "first_name": first,
        "last_name": rules.clean_name(last_name) or None,
        "username": username,
    }
    user = await uow.session.scalar(select(User).where(User.telegram_id == telegram_id))
    if user is None:
        user = await _insert(uow, telegram_id, names, language_code)
    elif _is_news(user, names) or rules.seen_long_ago(user.last_seen_at, uow.now):
        user.first_name, user.last_name, user.username = first, names["last_name"], username
        user.last_seen_at, user.unreachable_at, user.updated_at = uow.now, None, uow.now
        await uow.session.flush()
    return UserCard(user.id, user.telegram_id, user.full_name, user.language, user.blocked_at is not None)


def _is_news(user: User, names: dict[str, str | None]) -> bool:
    # Whoever writes to us can be written to.
    return user.unreachable_at is not None or any(
        getattr(user, name) != value for name, value in names.items()
    )


async def _insert(
    uow: UnitOfWork, telegram_id: int, names: dict[str, str | None], language_code: str | None
) -> User:
    shop_language = await uow.session.scalar(select(Bot.default_language).where(Bot.id == uow.bot_id))
    statement = insert(User).values(
        bot_id=uow.bot_id,
        telegram_id=telegram_id,
        **names,
        language=rules.first_language(language_code, shop_language or ""),
        last_seen_at=uow.now,
        created_at=uow.now,
        updated_at=uow.now,
    )
    # A second first contact at the same instant finds the row of the first.
    written = statement.on_conflict_do_update(
        index_elements=["bot_id", "telegram_id"], set_={"last_seen_at": uow.now}
    ).returning(User)
    return (await uow.session.execute(written)).scalar_one()


async def set_language(uow: UnitOfWork, user_id: int, language: str) -> None:
    """What the person chose to read. Raises BadInput for a language we do not speak, and NotFound."""
    if not rules.is_spoken(language):
        raise BadInput("language", "unknown")
    await _write(uow, user_id, language=language)


async def mark_unreachable(uow: UnitOfWork, user_id: int) -> None:
    """Telegram will not deliver to this person; the first time counts. Raises NotFound."""
    user = await uow.session.scalar(select(User).where(User.id == user_id).with_for_update())
    if user is None:
        raise NotFound("user", user_id)
    if user.unreachable_at is None:
        user.unreachable_at, user.updated_at = uow.now, uow.now
        await uow.session.flush()


async def mark_reachable(uow: UnitOfWork, user_id: int) -> None:
    """The person unblocked the bot. Raises NotFound."""
    await _write(uow, user_id, unreachable_at=None)


async def _write(uow: UnitOfWork, user_id: int, **values: object) -> None:
    found = await uow.session.scalar(
        update(User)
        .where(User.id == user_id)
        .values(**values, updated_at=uow.now)
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    if found is None:
        raise NotFound("user", user_id)
