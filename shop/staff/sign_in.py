"""Exchange an API token for a session, and slow down whoever tries many."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from db.models import LoginAttempt
from shop.actors import System
from shop.audit import service as audit
from shop.errors import InvalidToken, TooManyAttempts
from shop.formatting import latin
from shop.staff import rules, sessions
from shop.staff import service as staff
from shop.staff.sessions import Opened, SignedIn
from shop.unit_of_work import UnitOfWork, UnitsOfWork

WINDOW = timedelta(minutes=15)
BAD_PER_TOKEN = 5
BAD_PER_ADDRESS = 20
SWEEP_AT_ONCE = 100
_IPV6_NETWORK = 64
"""One household or one server holds a whole /64: counting single addresses would count nothing."""


@dataclass(frozen=True, slots=True)
class Browser:
    """Who knocks: the peer's address and what the browser calls itself."""

    address: str
    name: str


async def sign_in(
    units: UnitsOfWork, typed: str, *, remember: bool, browser: Browser, known: SignedIn | None = None
) -> Opened:
    """Begin a session for whoever holds the token ``typed``; ``known`` (the browser's session so far) ends.

    Every try is counted before it is looked at, so that a hundred at once are a hundred; a good one is
    taken back. A browser that is signed in already is not counted: nobody can lock the owner out of his
    own. Raises InvalidToken (the same for every reason, a mistyped one costs no query) and
    TooManyAttempts.
    """
    token = rules.parse_api_token(latin(typed))
    if token is None:
        raise InvalidToken
    subjects = [f"address:{network_of(browser.address)}", f"token:{token.key_id}"]
    wait = None
    async with units.platform(System("sign-in")) as uow:
        if known is None:
            wait = await _count_try(uow, subjects)
        holder = await staff.find_api_token(uow, token.text) if wait is None else None
    if wait is not None:
        raise TooManyAttempts(wait)
    if holder is None:
        raise InvalidToken
    if known is not None:
        async with units.begin(known.home_bot_id, known.person) as uow:
            await sessions.end(uow, known.id_hash)
    async with units.begin(holder.bot_id, holder.actor) as uow:
        opened = await sessions.begin(
            uow, holder, remember=remember, address=browser.address, browser=browser.name
        )
        await staff.note_token_use(uow, holder.token_id, address=browser.address)
        await audit.record(uow, "staff.signed_in", "staff", holder.staff_id, address=browser.address)
        await uow.session.flush()
        await _forgive(uow, subjects, counted=known is None)
    return opened


async def confirm(units: UnitsOfWork, who: SignedIn, typed: str) -> Opened:
    """The person behind a session shows one of his own tokens again: it goes on under a new cookie.

    Nothing is counted here: whoever guesses has a session already and 256 bits to guess. Raises
    InvalidToken, the same for every reason: mistyped, another's, revoked, the session ended meanwhile.
    """
    token = rules.parse_api_token(latin(typed))
    if token is None:
        raise InvalidToken
    async with units.platform(System("sign-in")) as uow:
        holder = await staff.find_api_token(uow, token.text)
    if holder is None or (holder.bot_id, holder.staff_id) != (who.home_bot_id, who.staff_id):
        raise InvalidToken
    async with units.begin(who.home_bot_id, who.person) as uow:
        opened = await sessions.renew(uow, who.id_hash)
        if opened is not None:
            await audit.record(uow, "staff.confirmed", "staff", who.staff_id, by="token")
    if opened is None:
        raise InvalidToken
    return opened


def network_of(address: str) -> str:
    """What tries are counted by: an IPv4 address, or the /64 an IPv6 address lies in."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, _IPV6_NETWORK), strict=False).network_address)
    return str(parsed)


async def _count_try(uow: UnitOfWork, subjects: list[str]) -> int | None:
    """Count one try for the address and for the token in one statement; seconds to wait, or None.

    The rows are always taken in this order (address, then token), so that tries never deadlock.
    """
    ends = uow.now + WINDOW
    fresh = insert(LoginAttempt).values(
        [{"subject": subject, "failures": 1, "window_ends_at": ends} for subject in subjects]
    )
    is_past = LoginAttempt.window_ends_at <= uow.now
    rows = await uow.session.execute(
        fresh.on_conflict_do_update(
            index_elements=[LoginAttempt.subject],
            set_={
                # Bounded: what is too much already need not be counted for ever.
                "failures": case(
                    (is_past, 1), else_=func.least(LoginAttempt.failures + 1, 2 * BAD_PER_ADDRESS)
                ),
                "window_ends_at": case((is_past, ends), else_=LoginAttempt.window_ends_at),
            },
        ).returning(LoginAttempt.subject, LoginAttempt.failures, LoginAttempt.window_ends_at)
    )
    waits = [
        window_ends_at - uow.now
        for subject, failures, window_ends_at in rows.tuples()
        if failures > (BAD_PER_TOKEN if subject.startswith("token:") else BAD_PER_ADDRESS)
    ]
    return math.ceil(max(waits).total_seconds()) if waits else None


async def _forgive(uow: UnitOfWork, subjects: list[str], *, counted: bool) -> None:
    """A good try was no bad one; and windows that are over are swept."""
    address, token = subjects
    if counted:
        await uow.session.execute(
            update(LoginAttempt)
            .where(LoginAttempt.subject == address)
            .values(failures=func.greatest(LoginAttempt.failures - 1, 0))
            .execution_options(synchronize_session=False)
        )
    over = (
        select(LoginAttempt.subject)
        .where(LoginAttempt.window_ends_at <= uow.now)
        .limit(SWEEP_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    await uow.session.execute(
        delete(LoginAttempt)
        .where((LoginAttempt.subject == token) | LoginAttempt.subject.in_(over))
        .execution_options(synchronize_session=False)
    )
