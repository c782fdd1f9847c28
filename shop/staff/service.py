"""Dashboard people and the API tokens they sign in with."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from db.crypto import Vault
from db.models import ApiToken, Bot, SignInChallenge, Staff, StaffSession
from shop.actors import PLATFORM_MANAGE, TOKENS_MANAGE, Master, StaffMember, require
from shop.audit import service as audit
from shop.errors import BadInput, NotFound, TokenAlreadyMade, TokenEnded
from shop.formatting import normalise_text
from shop.signals import sessions_changed
from shop.staff import rules, scopes
from shop.unit_of_work import UnitOfWork

PURPOSE = "api-token"
"""Separates these hashes from every other keyed hash we store."""
ONCE = "api-token-form"

_NO_SUCH_HASH = bytes(32)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A fresh token: ``token`` is shown now and never again."""

    token: str = field(repr=False)
    key_id: str
    token_id: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wishes of a new token."""

    way: str = scopes.EVERYTHING
    """One of ``scopes.WAYS``."""
    ticked: frozenset[str] = frozenset()
    """For ``scopes.CHOSEN``: the permissions."""
    days: int = 0
    """One of ``scopes.LASTING``, or 0: without an end, or with ``last_day``."""
    last_day: date | None = None
    """The last day that it works through, where no length was chosen."""


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """Whom a valid API token belongs to."""

    token_id: int
    bot_id: int
    staff_id: int
    name: str
    role: str
    permissions: frozenset[str]
    telegram_id: int | None = None
    """His account there, where he linked one."""
    scope: frozenset[str] | None = None
    """The part of his rights that this token opens; None is all."""
    newer_hash: bytes | None = field(default=None, repr=False)
    """To be kept in place of the hash we have, which an older key of the installation made."""

    @property
    def actor(self) -> StaffMember | Master:
        return rules.actor_for(
            self.role,
            staff_id=self.staff_id,
            name=self.name,
            permissions=self.permissions,
            scope=self.scope,
        )


def hash_api_token(vault: Vault, token: str) -> bytes:
    """What is kept of a token: a keyed SHA-256 (32 bytes).

    A fast hash is right here: nobody guesses 256 random bits, and a slow one would be a gift to whoever
    wants to keep us busy.
    """
    return vault.fingerprint(token, purpose=PURPOSE)


async def create_staff(
    uow: UnitOfWork,
    *,
    name: str,
    role: Literal["master", "owner", "staff"],
    permissions: frozenset[str] | None = None,
    telegram_id: int | None = None,
    approve_up_to: int | None = None,
) -> int:
    """Let a person into the shop's dashboard, with the role's usual permissions unless given others.

    Answers the key of the new member. A token is issued separately. Raises NotAllowed and BadInput.
    """
    require(uow.actor, PLATFORM_MANAGE if role == "master" else TOKENS_MANAGE)
    person = Staff(
        name=clean_name(name),
        role=role,
        permissions=sorted(rules.PERMISSIONS[role] if permissions is None else permissions),
        telegram_id=telegram_id,
        approve_up_to=approve_up_to,
        created_at=uow.now,
        updated_at=uow.now,
    )
    uow.session.add(person)
    await uow.session.flush()
    await audit.record(uow, "staff.created", "staff", person.id, name=person.name, role=role)
    return person.id


def clean_name(name: str) -> str:
    """A person's or a token's name as it is kept. Raises BadInput."""
    clean = normalise_text(name)
    if not clean:
        raise BadInput("name", "required")
    if len(clean) > rules.LONGEST_NAME:
        raise BadInput("name", "too_long", rules.LONGEST_NAME)
    return clean


async def issue_api_token(
    uow: UnitOfWork, staff_id: int, *, name: str, asked: Asked | None = None, once: str = ""
) -> IssuedToken:
    """Make a key to the dashboard for one member of staff. Only its hash stays with us.

    ``asked``: what it shall open and for how long; everything that its person may do, without an end, unless
    it says otherwise. ``once``: random words of the form that asks. From one person they make one token of a
    name, however often they come and however closely together. Raises NotAllowed (also for a token that would
    open more than the actor may), NotFound (no such person in this shop, or switched off), BadInput and
    TokenAlreadyMade.
    """
    require(uow.actor, TOKENS_MANAGE)
    person = (
        await uow.session.execute(
            select(Staff.role, Staff.permissions, Bot.timezone)
            .join(Bot, Bot.id == Staff.bot_id)
            .where(Staff.id == staff_id, Staff.is_active)
        )
    ).one_or_none()
    if person is None:
        raise NotFound("staff", staff_id)
    clean, asked = clean_name(name), asked or Asked()
    scope = _scope(person.role, rules.held(person.role, person.permissions), asked)
    require_as_much(uow, person.role, person.permissions, scope)
    expires_at = scopes.end_of(asked.days, asked.last_day, now=uow.now, tz=ZoneInfo(person.timezone))
    cause = uow.vault.fingerprint(f"{uow.bot_id}|{uow.actor.label}|{once}|{clean}", purpose=ONCE)
    try:
        issued, row = await _keep_new(
            *(uow, staff_id),
            name=clean,
            scope=scope,
            expires_at=expires_at,
            cause=cause if once else b"",
        )
    except IntegrityError as error:
        if not once or "uq_api_tokens_key_id" not in str(error.orig):
            raise
        raise TokenAlreadyMade from None
    await audit.record(
        *(uow, "token.issued", "api_token", row.id),
        name=row.name,
        key_id=row.key_id,
        scope=row.scope,
        works_until=None if expires_at is None else expires_at.isoformat(),
    )
    return issued


def _scope(role: str, held: frozenset[str], asked: Asked) -> frozenset[str] | None:
    scope = scopes.scope_of(asked.way, asked.ticked, held)
    if scope is not None and role == "master":
        # What he may do on the platform comes with his role, and no list of the shop's rights bounds it.
        raise BadInput("scope", "unknown")
    return scope


def require_as_much(
    uow: UnitOfWork, role: str, permissions: Iterable[str], scope: Iterable[str] | None = None
) -> None:
    """Nobody makes a key that opens more than what he himself may do: not to another's rights, and not to all
    of his own while he is in by a token that opens a part of them. Raises NotAllowed."""
    if role == "master":
        require(uow.actor, PLATFORM_MANAGE)
    held = rules.held(role, permissions)
    for permission in sorted(held if scope is None else held & frozenset(scope)):
        require(uow.actor, permission)


async def _keep_new(
    uow: UnitOfWork,
    staff_id: int,
    *,
    name: str,
    scope: Iterable[str] | None,
    expires_at: datetime | None,
    cause: bytes = b"",
) -> tuple[IssuedToken, ApiToken]:
    fresh = rules.generate_api_token(cause=cause)
    row = ApiToken(
        staff_id=staff_id,
        name=name,
        key_id=fresh.key_id,
        token_hash=hash_api_token(uow.vault, fresh.text),
        hashed_under=uow.vault.key_id,
        scope=None if scope is None else sorted(scope),
        expires_at=expires_at,
        created_at=uow.now,
        updated_at=uow.now,
    )
    uow.session.add(row)
    await uow.session.flush()
    return IssuedToken(fresh.text, fresh.key_id, row.id), row


async def replace_api_token(
    uow: UnitOfWork, token_id: int, *, at_once: bool, session: bytes | None = None
) -> IssuedToken:
    """A new key in the place of an old one, of the same person, name and scope and with the same end.

    The old one stops ``at_once``, and with it every session it opened, or works for AFTER_REPLACEMENT more.
    ``session``: that of the browser that asks, which goes on with the new key. Raises NotAllowed (another's
    token wants the right to manage tokens, and every one all that it opens), NotFound and TokenEnded
    (replaced, revoked or over already).
    """
    old, role, permissions = await _lock_token(uow, token_id)
    require_as_much(uow, role, permissions, old.scope)
    if old.revoked_at or old.replaced_at or (old.expires_at and old.expires_at <= uow.now):
        raise TokenEnded(token_id)
    issued, fresh = await _keep_new(
        uow, old.staff_id, name=old.name, scope=old.scope, expires_at=old.expires_at
    )
    if session is not None:
        await uow.session.execute(
            update(StaffSession)
            .where(StaffSession.id_hash == session, StaffSession.api_token_id == token_id)
            .values(api_token_id=fresh.id)
            .execution_options(synchronize_session=False)
        )
    old.replaced_at = old.updated_at = uow.now
    ends = uow.now + rules.AFTER_REPLACEMENT
    old.expires_at = ends if old.expires_at is None else min(old.expires_at, ends)
    await audit.record(
        uow,
        "token.replaced",
        "api_token",
        token_id,
        name=old.name,
        key_id=old.key_id,
        new_key_id=fresh.key_id,
        works_until=None if at_once else old.expires_at.isoformat(),
    )
    await uow.session.flush()
    if at_once:
        await _revoke(uow, old)
    return issued


async def revoke_api_token(uow: UnitOfWork, token_id: int) -> None:
    """Make a token worthless and end every session that was opened with it. Idempotent.

    Raises NotAllowed and NotFound.
    """
    token, _, _ = await _lock_token(uow, token_id)
    await _revoke(uow, token)


async def _lock_token(uow: UnitOfWork, token_id: int) -> tuple[ApiToken, str, list[str]]:
    """One's own token, anybody's for whoever manages them, but the master's; with its person's role and
    rights."""
    found = (
        await uow.session.execute(
            select(ApiToken, Staff.role, Staff.permissions)
            .join(Staff, Staff.id == ApiToken.staff_id)
            .where(ApiToken.id == token_id)
            .with_for_update(of=ApiToken)
        )
    ).one_or_none()
    is_own = found is not None and getattr(uow.actor, "staff_id", None) == found[0].staff_id
    if not is_own:
        require(uow.actor, TOKENS_MANAGE)
    if found is None:
        raise NotFound("api_token", token_id)
    if found.role == "master" and not is_own:
        require(uow.actor, PLATFORM_MANAGE)
    return found[0], found.role, found.permissions


async def _revoke(uow: UnitOfWork, token: ApiToken) -> None:
    for waiting in (StaffSession, SignInChallenge):
        await uow.session.execute(
            delete(waiting)
            .where(waiting.api_token_id == token.id)
            .execution_options(synchronize_session=False)
        )
    await sessions_changed(uow)
    if token.revoked_at is None:
        token.revoked_at = token.updated_at = uow.now
        await uow.session.flush()
        await audit.record(uow, "token.revoked", "api_token", token.id, name=token.name, key_id=token.key_id)


async def find_api_token(uow: UnitOfWork, typed: str) -> TokenHolder | None:
    """Whose key ``typed`` is, in a platform unit; None for every way of not being valid.

    Unknown, revoked, expired, of a person who left or of a closed shop: the same answer, after the same
    work. A mistyped token fails its check sum and costs no query.
    """
    token = rules.parse_api_token(typed)
    if token is None:
        return None
    row = (
        await uow.session.execute(
            select(ApiToken.id, ApiToken.bot_id, ApiToken.token_hash, ApiToken.hashed_under)
            .add_columns(ApiToken.scope)
            .add_columns(Staff.id.label("staff_id"), Staff.name, Staff.role, Staff.permissions)
            .add_columns(Staff.telegram_id, _is_valid(uow.now).label("is_valid"))
            .join(Staff, (Staff.bot_id == ApiToken.bot_id) & (Staff.id == ApiToken.staff_id))
            .join(Bot, Bot.id == ApiToken.bot_id)
            .where(ApiToken.key_id == token.key_id)
        )
    ).one_or_none()
    kept = _NO_SUCH_HASH if row is None else row.token_hash
    # No early exit: every key of ours is tried, whether the token is known or not.
    candidates = uow.vault.fingerprints(token.text, purpose=PURPOSE)
    matches = [hmac.compare_digest(kept, candidate) for candidate in candidates]
    if row is None or not any(matches) or not row.is_valid:
        return None
    return TokenHolder(
        token_id=row.id,
        bot_id=row.bot_id,
        staff_id=row.staff_id,
        name=row.name,
        role=row.role,
        permissions=frozenset(row.permissions),
        telegram_id=row.telegram_id,
        scope=None if row.scope is None else frozenset(row.scope),
        newer_hash=None if matches[0] and row.hashed_under == uow.vault.key_id else candidates[0],
    )


def _is_valid(now: datetime) -> ColumnElement[bool]:
    return (
        ApiToken.revoked_at.is_(None)
        & or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now)
        & Staff.is_active
        & Bot.deleted_at.is_(None)
        & Bot.status.in_(rules.OPENS_DASHBOARD)
    )


async def keep_newer_hash(uow: UnitOfWork, holder: TokenHolder) -> None:
    """Only the token itself can be hashed under a newer key, so it is done while somebody shows it."""
    if holder.newer_hash is None:
        return
    await uow.session.execute(
        update(ApiToken)
        .where(ApiToken.id == holder.token_id)
        .values(token_hash=holder.newer_hash, hashed_under=uow.vault.key_id)
        .execution_options(synchronize_session=False)
    )


async def note_token_use(uow: UnitOfWork, token_id: int, *, address: str) -> None:
    """Remember when and from where a token was last used, to the minute."""
    minute = uow.now.replace(second=0, microsecond=0)
    await uow.session.execute(
        update(ApiToken)
        .where(
            ApiToken.id == token_id,
            or_(
                ApiToken.last_used_at.is_(None),
                ApiToken.last_used_at < minute,
                ApiToken.last_used_address != address,
            ),
        )
        .values(last_used_at=minute, last_used_address=address)
        .execution_options(synchronize_session=False)
    )
