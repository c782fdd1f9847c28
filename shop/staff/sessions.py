"""Signed-in browsers: who a cookie belongs to, whether that still holds, and how it ends.

The cookie's value is 256 random bits and never stored; the table knows its SHA-256. A value that is not in
the table is nobody's, wherever it came from: it is never adopted.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import Text, bindparam, delete, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY

from db.models import ApiToken, Staff, StaffSession
from shop.actors import Master, StaffMember
from shop.errors import NotFound
from shop.signals import sessions_changed
from shop.staff import lifetimes, rules
from shop.staff import service as staff
from shop.unit_of_work import UnitOfWork

_COOKIE_BYTES = 32
_REF_LENGTH = 32
_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
LONGEST_BROWSER = 80

CardsShut = Literal["off", "full"]
"""Why no card can take money: none takes turns, or caps, hours and bounds leave room for no plan's price."""


@dataclass(frozen=True, slots=True)
class ShopOnScreen:
    """The shop whose pages a person sees."""

    bot_id: int
    name: str
    username: str | None
    language: str
    timezone: str
    """IANA name."""
    currency: str
    has_sold: bool
    """Until the first sale the list of what is missing is among its pages."""
    rehearsal_id: int | None = None
    """In which it was tried last, and not cleared away since."""
    cards_shut: CardsShut | None = None
    """While card-to-card is offered; never in a shop that had no card yet, which its list guides."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person at a browser, as every request finds him."""

    id_hash: bytes
    home_bot_id: int
    """The shop he belongs to; the master's is the platform's own."""
    staff_id: int
    name: str
    role: str
    permissions: frozenset[str]
    api_token_id: int
    csrf_secret: bytes = field(repr=False)
    last_seen_at: datetime
    proved_at: datetime
    """When he last proved who he is."""
    telegram_id: int | None
    bot_lives: bool
    """Whether the bot of his own shop could write to him."""
    shop: ShopOnScreen
    scope: frozenset[str] | None = None
    """The part of his rights that the token opens by which he came in; None is all."""
    token_ends_at: datetime | None = None
    """When that token ends, and with it this session."""
    viewing_until: datetime | None = None
    """When the shop that the master looks at leaves his screen."""

    @property
    def is_master(self) -> bool:
        return self.role == "master"

    @property
    def is_viewing(self) -> bool:
        """True while the master looks at a tenant's shop, where he changes nothing."""
        return self.shop.bot_id != self.home_bot_id

    @property
    def confirms_in_chat(self) -> bool:
        """How he proves again who he is: by a tap where he linked Telegram, otherwise by his token.

        Also by the token while the bot is out of order: to give it a new one he must be able to prove.
        """
        return self.telegram_id is not None and self.bot_lives

    @property
    def actor(self) -> StaffMember | Master:
        """Who acts in the shop on the screen."""
        return self._actor(viewing=self.is_viewing)

    @property
    def person(self) -> StaffMember | Master:
        """Who acts at home, whatever is on the screen: on one's own sessions, on the platform."""
        return self._actor(viewing=False)

    def _actor(self, *, viewing: bool) -> StaffMember | Master:
        return rules.actor_for(
            self.role,
            staff_id=self.staff_id,
            name=self.name,
            permissions=self.permissions,
            scope=self.scope,
            viewing=viewing,
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """A session just begun; ``cookie`` is given to the browser and kept nowhere."""

    cookie: str = field(repr=False)
    is_master: bool
    expires_at: datetime
    remember: bool


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One browser in the list of signed-in devices."""

    ref: str
    """Names it in a form; nobody gets in by it."""
    browser: str
    address: str
    token_name: str
    """The token it came in by."""
    created_at: datetime
    last_seen_at: datetime
    is_current: bool


def fingerprint(cookie: str) -> bytes:
    """What the table knows of a cookie: the SHA-256 of its value."""
    return sha256(cookie.encode()).digest()


def ref_of(id_hash: bytes) -> str:
    """What a form calls a session: a hash of what the table knows, which is a hash of the cookie already."""
    return sha256(b"session|" + id_hash).hexdigest()[:_REF_LENGTH]


async def find(uow: UnitOfWork, cookie: str) -> SignedIn | None:
    """Whose session ``cookie`` is; None for every way of not being one. Needs no unit but a glance.

    Unknown, expired, idle too long, of a revoked token, of a person who left or of a closed shop: asked
    again for every request, so that a revocation counts from the next one on.
    """
    if _COOKIE.fullmatch(cookie) is None:
        return None
    row = (
        await uow.session.execute(_WHO_ASKS, {"id_hash": fingerprint(cookie), "now": uow.now})
    ).one_or_none()
    if row is None or lifetimes.is_over(
        row.role,
        now=uow.now,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
    ):
        return None
    return _signed_in(row)


# The question itself is a function of the database (migration 0014), which says whose rows it may see.
_WHO_ASKS = text("SELECT * FROM who_asks(:id_hash, :now, :open_shops, :speechless)").bindparams(
    bindparam("id_hash", type_=StaffSession.id_hash.type),
    bindparam("now", type_=StaffSession.expires_at.type),
    bindparam("open_shops", list(rules.OPENS_DASHBOARD), type_=ARRAY(Text)),
    bindparam("speechless", list(rules.SPEECHLESS), type_=ARRAY(Text)),
)


def _signed_in(row: Any) -> SignedIn:
    return SignedIn(
        id_hash=row.id_hash,
        home_bot_id=row.bot_id,
        staff_id=row.staff_id,
        name=row.staff_name,
        role=row.role,
        permissions=frozenset(row.permissions),
        api_token_id=row.api_token_id,
        csrf_secret=row.csrf_secret,
        last_seen_at=row.last_seen_at,
        proved_at=row.proved_at,
        telegram_id=row.telegram_id,
        bot_lives=row.bot_lives,
        shop=ShopOnScreen(
            bot_id=row.shown_id,
            name=row.shop_name,
            username=row.username,
            language=row.default_language,
            timezone=row.timezone,
            currency=row.currency,
            has_sold=row.has_sold,
            rehearsal_id=row.rehearsal_id,
            cards_shut=row.cards_shut,
        ),
        scope=None if row.scope is None else frozenset(row.scope),
        token_ends_at=row.token_ends_at,
        viewing_until=row.viewing_until,
    )


async def begin(
    uow: UnitOfWork, holder: staff.TokenHolder, *, remember: bool, address: str, browser: str
) -> Opened:
    """Sign a browser in, in the holder's shop: always a new cookie, and the shop's dead sessions go."""
    await uow.session.execute(
        delete(StaffSession)
        .where(StaffSession.expires_at <= uow.now)
        .execution_options(synchronize_session=False)
    )
    cookie = secrets.token_urlsafe(_COOKIE_BYTES)
    is_remembered = remember and holder.role != "master"
    expires_at = lifetimes.end_of(holder.role, now=uow.now, remember=is_remembered)
    uow.session.add(
        StaffSession(
            id_hash=fingerprint(cookie),
            staff_id=holder.staff_id,
            api_token_id=holder.token_id,
            csrf_secret=secrets.token_bytes(32),
            address=address,
            browser=browser[:LONGEST_BROWSER],
            created_at=uow.now,
            last_seen_at=uow.now,
            proved_at=uow.now,
            expires_at=expires_at,
        )
    )
    await uow.session.flush()
    return Opened(cookie, holder.role == "master", expires_at, is_remembered)


async def renew(uow: UnitOfWork, id_hash: bytes) -> Opened | None:
    """The person proved again who he is: the session goes on under a new cookie, the old one is nobody's.

    None when the session has ended meanwhile. In the unit of his own shop.
    """
    cookie = secrets.token_urlsafe(_COOKIE_BYTES)
    row = (
        await uow.session.execute(
            update(StaffSession)
            .where(
                StaffSession.id_hash == id_hash,
                Staff.bot_id == StaffSession.bot_id,
                Staff.id == StaffSession.staff_id,
            )
            .values(id_hash=fingerprint(cookie), proved_at=uow.now, last_seen_at=uow.now)
            .returning(Staff.role, StaffSession.created_at, StaffSession.expires_at)
            .execution_options(synchronize_session=False)
        )
    ).one_or_none()
    if row is None:
        return None
    is_remembered = lifetimes.is_remembered(created_at=row.created_at, expires_at=row.expires_at)
    return Opened(cookie, row.role == "master", row.expires_at, is_remembered)


async def touch(uow: UnitOfWork, who: SignedIn, *, address: str) -> None:
    """Note that a session is in use, and its token with it; in the unit of his own shop."""
    await uow.session.execute(
        update(StaffSession)
        .where(StaffSession.id_hash == who.id_hash, StaffSession.last_seen_at < uow.now)
        .values(last_seen_at=uow.now, address=address)
        .execution_options(synchronize_session=False)
    )
    await staff.note_token_use(uow, who.api_token_id, address=address)


async def end(uow: UnitOfWork, id_hash: bytes) -> None:
    """Sign one browser out. Idempotent."""
    await uow.session.execute(
        delete(StaffSession)
        .where(StaffSession.id_hash == id_hash)
        .execution_options(synchronize_session=False)
    )
    await sessions_changed(uow)


async def end_one(uow: UnitOfWork, staff_id: int, ref: str) -> bytes:
    """Sign a member of staff out at one of his browsers; answers which. Raises NotFound."""
    known = await uow.session.scalars(
        select(StaffSession.id_hash).where(StaffSession.staff_id == staff_id).with_for_update()
    )
    for id_hash in known:
        if ref_of(id_hash) == ref:
            await end(uow, id_hash)
            return id_hash
    raise NotFound("session", ref)


async def end_all(uow: UnitOfWork, staff_id: int) -> None:
    """Sign a member of staff out everywhere. Idempotent."""
    await uow.session.execute(
        delete(StaffSession)
        .where(StaffSession.staff_id == staff_id)
        .execution_options(synchronize_session=False)
    )
    await sessions_changed(uow)


async def list_sessions(uow: UnitOfWork, staff_id: int, *, role: str, current: bytes) -> list[SessionRow]:
    """Where a member of staff is signed in now: this browser first, then the last used."""
    rows = await uow.session.execute(
        select(
            StaffSession.id_hash,
            StaffSession.browser,
            StaffSession.address,
            StaffSession.created_at,
            StaffSession.last_seen_at,
            StaffSession.expires_at,
            ApiToken.name,
        )
        .join(ApiToken, (ApiToken.bot_id == StaffSession.bot_id) & (ApiToken.id == StaffSession.api_token_id))
        .where(
            StaffSession.staff_id == staff_id,
            # What a request would be refused for is no signed-in browser.
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at.is_(None) | (ApiToken.expires_at > uow.now),
        )
    )
    living = [
        SessionRow(
            ref_of(row.id_hash),
            row.browser,
            row.address,
            row.name,
            row.created_at,
            row.last_seen_at,
            row.id_hash == current,
        )
        for row in rows
        if not lifetimes.is_over(
            role,
            now=uow.now,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
        )
    ]
    return sorted(living, key=lambda session: (session.is_current, session.last_seen_at), reverse=True)
