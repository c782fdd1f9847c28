"""Frozen rows of dashboard people and their tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from db.models import ApiToken, Staff
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
    revoked_at: datetime | None


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


async def list_api_tokens(uow: UnitOfWork) -> list[TokenRow]:
    """Every token of the shop, newest first, the revoked ones too."""
    rows = await uow.session.execute(
        select(ApiToken, Staff.name).join(Staff, Staff.id == ApiToken.staff_id).order_by(ApiToken.id.desc())
    )
    return [
        TokenRow(
            token_id=token.id,
            staff_id=token.staff_id,
            staff_name=staff_name,
            name=token.name,
            key_id=token.key_id,
            created_at=token.created_at,
            last_used_at=token.last_used_at,
            last_used_address=token.last_used_address,
            expires_at=token.expires_at,
            revoked_at=token.revoked_at,
        )
        for token, staff_name in rows.tuples()
    ]
