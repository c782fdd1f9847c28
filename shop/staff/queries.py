"""Frozen rows of dashboard people and their tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from db.models import ApiToken, Staff
from shop.staff import scopes
from shop.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class StaffRow:
    staff_id: int
    name: str
    role: str
    permissions: frozenset[str]
    telegram_id: int | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as its owner sees it later: never the token itself."""

    token_id: int
    staff_id: int
    staff_name: str
    name: str
    key_id: str
    created_at: datetime
    last_used_at: datetime | None
    """Minute-grained."""
    last_used_address: str | None
    expires_at: datetime | None
    replaced_at: datetime | None
    revoked_at: datetime | None
    scope: frozenset[str] | None
    """The part of its person's rights that it opens; None is all."""
    is_ending: bool
    """It ends within ``scopes.WARNED``."""
    is_over: bool
    """Revoked, or past its end: it opens nothing."""


async def list_staff(uow: UnitOfWork) -> list[StaffRow]:
    """The shop's people, oldest first."""
    rows = await uow.session.scalars(select(Staff).order_by(Staff.id))
    return [
        StaffRow(
            person.id,
            person.name,
            person.role,
            frozenset(person.permissions),
            person.telegram_id,
            person.is_active,
        )
        for person in rows
    ]


async def list_api_tokens(uow: UnitOfWork, *, staff_id: int | None = None) -> list[TokenRow]:
    """Every token of the shop, or of one person; those in use first, then the newest first."""
    statement = select(ApiToken, Staff.name).join(Staff, Staff.id == ApiToken.staff_id)
    if staff_id is not None:
        statement = statement.where(ApiToken.staff_id == staff_id)
    rows = await uow.session.execute(statement.order_by(ApiToken.id.desc()))
    return sorted((_token(*row, uow.now) for row in rows.tuples()), key=lambda token: token.is_over)


def _token(token: ApiToken, staff_name: str, now: datetime) -> TokenRow:
    return TokenRow(
        token_id=token.id,
        staff_id=token.staff_id,
        staff_name=staff_name,
        name=token.name,
        key_id=token.key_id,
        created_at=token.created_at,
        last_used_at=token.last_used_at,
        last_used_address=token.last_used_address,
        expires_at=token.expires_at,
        replaced_at=token.replaced_at,
        revoked_at=token.revoked_at,
        scope=None if token.scope is None else frozenset(token.scope),
        is_ending=scopes.is_ending(token.expires_at, now=now),
        is_over=token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= now),
    )
