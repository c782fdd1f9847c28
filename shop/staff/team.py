"""The people of a shop: whom the owner lets in, what each may do, and what happens when one leaves.

Owners are made and unmade by the platform; these verbs concern their colleagues. A person is never deleted,
because the shop's history names him.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from db.models import ApiToken, Staff, StaffSession
from shop.actors import (
    OWNING,
    PLATFORM_MANAGE,
    RECEIPTS_APPROVE,
    SHOP_SEE,
    TOKENS_MANAGE,
    may,
    require,
    staff_id,
)
from shop.audit import service as audit
from shop.errors import NotAllowed, NotFound
from shop.signals import sessions_changed
from shop.staff import challenges, rules, service, sessions
from shop.staff.service import Asked, IssuedToken
from shop.unit_of_work import UnitOfWork

FIRST = "first"
"""What the token is called that a colleague comes in with."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """One person of the shop, as the team's screen shows him."""

    staff_id: int
    name: str
    role: str
    permissions: frozenset[str]
    approve_up_to: int | None
    """The most he may approve of one receipt, in minor units; None is any amount."""
    has_telegram: bool
    is_active: bool
    sessions: int
    """Browsers that are signed in; one that lies idle too long still counts until it is swept."""
    tokens: int
    """Tokens that open the dashboard now."""
    last_seen_at: datetime | None
    is_me: bool
    may_change: bool
    """Whether whoever looks may change him: a colleague of his, and neither an owner nor himself."""


async def load_team(uow: UnitOfWork) -> list[Colleague]:
    """Everybody of the shop: who is there before who left, oldest first. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)
    signed_in = (
        select(
            StaffSession.staff_id,
            func.count().label("number"),
            func.max(StaffSession.last_seen_at).label("last_seen_at"),
        )
        .where(StaffSession.expires_at > uow.now)
        .group_by(StaffSession.staff_id)
        .subquery()
    )
    keys = (
        select(ApiToken.staff_id, func.count().label("number"))
        .where(ApiToken.revoked_at.is_(None), ApiToken.expires_at.is_(None) | (ApiToken.expires_at > uow.now))
        .group_by(ApiToken.staff_id)
        .subquery()
    )
    rows = await uow.session.execute(
        select(
            Staff,
            func.coalesce(signed_in.c.number, 0),
            func.coalesce(keys.c.number, 0),
            signed_in.c.last_seen_at,
        )
        .outerjoin(signed_in, signed_in.c.staff_id == Staff.id)
        .outerjoin(keys, keys.c.staff_id == Staff.id)
        .order_by(Staff.is_active.desc(), Staff.id)
    )
    return [_colleague(uow, *row) for row in rows.tuples()]


def _colleague(
    uow: UnitOfWork, person: Staff, sessions: int, tokens: int, last_seen_at: datetime | None
) -> Colleague:
    is_me = person.id == staff_id(uow.actor)
    held = frozenset(person.permissions) if person.role == "staff" else OWNING
    return Colleague(
        staff_id=person.id,
        name=person.name,
        role=person.role,
        permissions=held,
        approve_up_to=person.approve_up_to,
        has_telegram=person.telegram_id is not None,
        is_active=person.is_active,
        sessions=sessions,
        tokens=tokens,
        last_seen_at=last_seen_at,
        is_me=is_me,
        may_change=may(uow.actor, TOKENS_MANAGE) and person.role == "staff" and not is_me,
    )


async def add_colleague(
    uow: UnitOfWork,
    *,
    name: str,
    permissions: Iterable[str],
    approve_up_to: int | None = None,
    asked: Asked | None = None,
    once: str = "",
) -> IssuedToken:
    """Let a person into the dashboard; answers the token he comes in with, which is shown once.

    ``approve_up_to``: the most he may approve of one receipt, in minor units; None is any amount. ``asked``
    and ``once`` as in ``issue_api_token``: the same form lets one person in. Raises NotAllowed (also for a
    permission or a limit that the actor does not hold himself), BadInput and TokenAlreadyMade.
    """
    held = _given(uow, permissions)
    limit = await _limit(uow, held, approve_up_to)
    person = await service.create_staff(uow, name=name, role="staff", permissions=held, approve_up_to=limit)
    return await service.issue_api_token(uow, person, name=FIRST, asked=asked, once=once)


async def issue_token(
    uow: UnitOfWork, colleague: int, *, name: str, asked: Asked | None = None, once: str = ""
) -> IssuedToken:
    """One more token, for who lost his or uses another device; ``asked`` as in ``issue_api_token``.

    Raises as ``let_go`` does, BadInput and TokenAlreadyMade (``once``).
    """
    person = await _lock(uow, colleague)
    return await service.issue_api_token(uow, person.id, name=name, asked=asked, once=once)


async def change_colleague(
    uow: UnitOfWork,
    colleague: int,
    *,
    name: str,
    permissions: Iterable[str],
    approve_up_to: int | None = None,
) -> None:
    """Another name, other rights; they count from his next request on, in the dashboard and in the chat.

    Raises NotAllowed (an owner, oneself, or a right or a limit that the actor does not hold), NotFound and
    BadInput.
    """
    given = _given(uow, permissions)
    person = await _lock(uow, colleague)
    # What he holds beyond the actor's own rights is not the actor's to take either.
    held = given | {one for one in person.permissions if not may(uow.actor, one)}
    before, clean = sorted(person.permissions), service.clean_name(name)
    limit_before, limit = person.approve_up_to, await _limit(uow, held, approve_up_to, person)
    if (clean, sorted(held), limit) == (person.name, before, limit_before):
        return
    person.approve_up_to = limit
    person.name, person.permissions, person.updated_at = clean, sorted(held), uow.now
    await sessions_changed(uow)
    limits = {} if limit == limit_before else {"approve_up_to": limit, "approve_up_to_before": limit_before}
    await audit.record(
        uow,
        "staff.changed",
        "staff",
        colleague,
        name=person.name,
        before=before,
        after=person.permissions,
        **limits,
    )
    await uow.session.flush()


async def let_go(uow: UnitOfWork, colleague: int) -> None:
    """Signed out everywhere: none of his tokens opens anything, his presses in the chat count no more.

    What he decided stays decided. Idempotent. Raises NotAllowed (an owner, or oneself) and NotFound.
    """
    person = await _lock(uow, colleague, even_if_gone=True)
    if not person.is_active:
        return
    await sessions.end_all(uow, colleague)
    await challenges.forget(uow, colleague)
    await uow.session.execute(
        update(ApiToken)
        .where(ApiToken.staff_id == colleague, ApiToken.revoked_at.is_(None))
        .values(revoked_at=uow.now, updated_at=uow.now)
        .execution_options(synchronize_session=False)
    )
    person.is_active, person.telegram_id, person.updated_at = False, None, uow.now
    await audit.record(uow, "staff.left", "staff", colleague, name=person.name)
    await uow.session.flush()


async def take_back(uow: UnitOfWork, colleague: int, *, once: str = "") -> IssuedToken:
    """He is one of the team again, with the rights he had; answers a new token.

    Raises as ``let_go`` does, and TokenAlreadyMade (``once``).
    """
    person = await _lock(uow, colleague, even_if_gone=True)
    _require_all(uow, frozenset(person.permissions))
    if not person.is_active:
        person.is_active, person.updated_at = True, uow.now
        await audit.record(uow, "staff.returned", "staff", colleague, name=person.name)
        await uow.session.flush()
    return await service.issue_api_token(uow, colleague, name=FIRST, once=once)


def _given(uow: UnitOfWork, permissions: Iterable[str]) -> frozenset[str]:
    require(uow.actor, TOKENS_MANAGE)
    held = rules.chosen(permissions)
    _require_all(uow, held)
    return held


async def _limit(
    uow: UnitOfWork, held: Iterable[str], wanted: int | None, person: Staff | None = None
) -> int | None:
    """Up to which amount a colleague may approve who will hold ``held``.

    Nobody gives more than he has himself, nor changes what ``person`` has beyond that.
    """
    if RECEIPTS_APPROVE not in held:
        return None
    limit = rules.limit(wanted)
    own = select(Staff.approve_up_to).where(Staff.id == staff_id(uow.actor), Staff.role == "staff")
    mine = await uow.session.scalar(own)
    if mine is None:
        return limit
    if (
        person is not None
        and RECEIPTS_APPROVE in person.permissions
        and _is_above(person.approve_up_to, mine)
    ):
        return person.approve_up_to
    if _is_above(limit, mine):
        raise NotAllowed(RECEIPTS_APPROVE)
    return limit


def _is_above(limit: int | None, mine: int) -> bool:
    return limit is None or limit > mine


def _require_all(uow: UnitOfWork, permissions: frozenset[str]) -> None:
    """Nobody gives, or takes, what he does not hold himself."""
    for permission in sorted(permissions):
        require(uow.actor, permission)


async def _lock(uow: UnitOfWork, colleague: int, *, even_if_gone: bool = False) -> Staff:
    require(uow.actor, TOKENS_MANAGE)
    person = await uow.session.scalar(select(Staff).where(Staff.id == colleague).with_for_update())
    if person is None or not (person.is_active or even_if_gone):
        raise NotFound("staff", colleague)
    if person.role != "staff" or person.id == staff_id(uow.actor):
        raise NotAllowed(PLATFORM_MANAGE)
    return person
