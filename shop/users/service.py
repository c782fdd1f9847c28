"""Register on first contact, remember the language, know who can be reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Text, and_, bindparam, column, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY

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
_KEEP = (
    text(
        """
        INSERT INTO users (bot_id, telegram_id, first_name, last_name, username, language, balance,
            last_seen_at, created_at, updated_at)
        SELECT :shop, told.telegram_id, told.first_name, told.last_name, told.username, told.language, 0,
            :now, :now, :now
        FROM unnest(:telegram_ids, :first_names, :last_names, :usernames, :languages)
            AS told(telegram_id, first_name, last_name, username, language)
        -- In one order: two who write the same people at once wait for each other, and not in a circle.
        ORDER BY told.telegram_id
        -- A second first contact at the same instant finds the row of the first.
        ON CONFLICT (bot_id, telegram_id) DO UPDATE
        SET first_name = excluded.first_name, last_name = excluded.last_name, username = excluded.username,
            last_seen_at = excluded.last_seen_at, updated_at = excluded.updated_at,
            unreachable_at = NULL  -- whoever writes can be written to
        RETURNING id, users.telegram_id, users.first_name, users.last_name, users.username, users.language,
            blocked_at, unreachable_at, users.last_seen_at
        """
    )
    .bindparams(
        bindparam("shop", type_=BigInteger),
        bindparam("now", type_=DateTime(timezone=True)),
        bindparam("telegram_ids", type_=ARRAY(BigInteger)),
        *(
            bindparam(name, type_=ARRAY(Text))
            for name in ("first_names", "last_names", "usernames", "languages")
        ),
    )
    .columns(*(column(one.key, one.type) for one in _COLUMNS))
)
"""Its text does not depend on how many there are, so that it is prepared once."""


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
    return (await keep_all(uow, [(told, shop_language)]))[told.telegram_id]


async def keep_all(uow: UnitOfWork, people: Sequence[tuple[Told, str]]) -> dict[int, UserCard]:
    """Write down what Telegram says about some people, each with the shop's language; by Telegram's number.

    Of somebody who is there twice the last word counts. Idempotent; one statement.
    """
    told = {one.telegram_id: (*one.names, one.language_code, language) for one, language in people}
    firsts, lasts, usernames, codes, languages = map(list, zip(*told.values(), strict=True))
    written = await uow.session.execute(
        _KEEP,
        {
            "shop": uow.bot_id,
            "telegram_ids": list(told),
            "first_names": firsts,
            "last_names": lasts,
            "usernames": usernames,
            "languages": [rules.first_language(*pair) for pair in zip(codes, languages, strict=True)],
            "now": uow.now,
        },
    )
    return {row.telegram_id: Known(*row).card for row in written}


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
