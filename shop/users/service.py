"""Register on first contact, remember the language, know who can be reached."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Text, and_, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from db.models import Bot, User
from db.prepared import compiled_once
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


@dataclass(frozen=True, slots=True)
class Known:
    """What the shop's record says about a person."""

    id: int
    telegram_id: int
    first_name: str
    last_name: str | None
    username: str | None
    language: str
    blocked_at: datetime | None
    unreachable_at: datetime | None
    last_seen_at: datetime | None

    @property
    def card(self) -> UserCard:
        name = f"{self.first_name} {self.last_name or ''}".strip()
        return UserCard(self.id, self.telegram_id, name, self.language, self.blocked_at is not None)


@dataclass(frozen=True, slots=True)
class Told:
    """What Telegram says about a person, as we keep it."""

    telegram_id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None

    @property
    def names(self) -> tuple[str, str | None, str | None]:
        """First, last and short."""
        first = rules.clean_name(self.first_name) or self.username or str(self.telegram_id)
        return first, rules.clean_name(self.last_name) or None, self.username


_COLUMNS = [getattr(User, column.name) for column in fields(Known)]
_FIND = compiled_once(
    select(Bot.default_language, *_COLUMNS)
    .select_from(Bot)
    .outerjoin(
        User, and_(User.bot_id == Bot.id, User.telegram_id == bindparam("telegram_id", type_=BigInteger))
    )
    .where(Bot.id == bindparam("shop", type_=BigInteger))
)
_NEWS = insert(User).values(
    bot_id=bindparam("shop", type_=BigInteger),
    telegram_id=bindparam("telegram_id", type_=BigInteger),
    first_name=bindparam("first_name", type_=Text),
    last_name=bindparam("last_name", type_=Text),
    username=bindparam("username", type_=Text),
    language=bindparam("language", type_=Text),
    balance=0,
    last_seen_at=bindparam("now", type_=DateTime(timezone=True)),
    created_at=bindparam("now", type_=DateTime(timezone=True)),
    updated_at=bindparam("now", type_=DateTime(timezone=True)),
)
# A second first contact at the same instant finds the row of the first. Whoever writes can be written to.
_KEEP = compiled_once(
    _NEWS.on_conflict_do_update(
        index_elements=["bot_id", "telegram_id"],
        set_={
            "unreachable_at": None,
            **{
                name: _NEWS.excluded[name]
                for name in ("first_name", "last_name", "username", "last_seen_at", "updated_at")
            },
        },
    ).returning(*_COLUMNS)
)


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
    told = Told(telegram_id, first_name, last_name, username, language_code)
    found = await uow.session.execute(_FIND, {"shop": uow.bot_id, "telegram_id": telegram_id})
    shop_language, *known = found.one()
    person = recognise(None if known[0] is None else Known(*known), told, uow.now)
    return person or await keep(uow, told, shop_language)


def recognise(known: Known | None, told: Told, now: datetime) -> UserCard | None:
    """The person, if the record says all there is to know; None where ``keep`` has something to write."""
    if known is None or known.unreachable_at is not None or rules.seen_long_ago(known.last_seen_at, now):
        return None
    return known.card if told.names == (known.first_name, known.last_name, known.username) else None


async def keep(uow: UnitOfWork, told: Told, shop_language: str) -> UserCard:
    """Write down what Telegram says about a person, known or not. Idempotent; one statement."""
    first, last, username = told.names
    written = await uow.session.execute(
        _KEEP,
        {
            "shop": uow.bot_id,
            "telegram_id": told.telegram_id,
            "first_name": first,
            "last_name": last,
            "username": username,
            "language": rules.first_language(told.language_code, shop_language),
            "now": uow.now,
        },
    )
    return Known(*written.one()).card


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
