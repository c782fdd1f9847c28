"""Exchange an API token for a session, and slow down whoever tries many."""

from __future__ import annotations

import ipaddress
import math
from datetime import timedelta

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from db.models import LoginAttempt
from shop import security
from shop.actors import System
from shop.audit import service as audit
from shop.errors import InvalidToken, TooManyAttempts
from shop.formatting import latin
from shop.staff import challenges, rules, scopes, sessions
from shop.staff import service as staff
from shop.staff.challenges import Browser, Pending, Purpose, Waiting
from shop.staff.service import TokenHolder
from shop.staff.sessions import Opened, SignedIn
from shop.unit_of_work import UnitOfWork, UnitsOfWork

WINDOW = timedelta(minutes=15)
BAD_PER_TOKEN = 5
BAD_PER_ADDRESS = 20
ASKED_PER_PERSON = 5
LIMITS = {"token": BAD_PER_TOKEN, "address": BAD_PER_ADDRESS, "factor": ASKED_PER_PERSON}
"""How many tries of each kind are looked at in one WINDOW."""
SWEEP_AT_ONCE = 100
DOOR = System("sign-in")
_IPV6_NETWORK = 64
"""One household or one server holds a whole /64: counting single addresses would count nothing."""


async def sign_in(
    units: UnitsOfWork, typed: str, *, remember: bool, browser: Browser, known: SignedIn | None = None
) -> Opened | Pending:
    """Begin a session for whoever holds the token ``typed``, or ask him in his chat first.

    ``known`` (the browser's session so far) ends when another begins. Every try is counted before it is
    looked at, so that a hundred at once are a hundred; a good one is taken back. A browser that is signed
    in already is not counted: nobody can lock the owner out of his own. Raises InvalidToken (the same for
    every reason, a mistyped one costs no query) and TooManyAttempts.
    """
    token = rules.parse_api_token(latin(typed))
    if token is None:
        security.tell("sign_in.failed", channel=units.channel, reason="malformed")
        raise InvalidToken
    subjects = [f"address:{network_of(browser.address)}", f"token:{token.key_id}"]
    wait = None
    async with units.platform(DOOR) as uow:
        if known is None:
            wait = await _count_try(uow, subjects)
        holder = await staff.find_api_token(uow, token.text) if wait is None else None
    if wait is not None:
        security.tell("sign_in.throttled", channel=units.channel, key_id=token.key_id, reason="token")
        raise TooManyAttempts(wait)
    if holder is None:
        security.tell("sign_in.failed", channel=units.channel, key_id=token.key_id, reason="not_valid")
        raise InvalidToken
    if holder.telegram_id is not None:
        async with units.begin(holder.bot_id, holder.actor) as uow:
            await staff.keep_newer_hash(uow, holder)
            is_asked = await challenges.is_wanted(uow, holder)
            if is_asked:
                await _forgive(uow, subjects, counted=known is None)
        if is_asked:
            return await _ask(units, holder, purpose="sign_in", browser=browser, remember=remember)
    return await _begin(units, holder, remember=remember, browser=browser, known=known, subjects=subjects)


async def _begin(
    units: UnitsOfWork,
    holder: TokenHolder,
    *,
    remember: bool,
    browser: Browser,
    known: SignedIn | None,
    subjects: list[str],
) -> Opened:
    if known is not None:
        async with units.begin(known.home_bot_id, known.person) as uow:
            await sessions.end(uow, known.id_hash)
    async with units.begin(holder.bot_id, holder.actor) as uow:
        opened = await sessions.begin(
            uow, holder, remember=remember, address=browser.address, browser=browser.name
        )
        await staff.keep_newer_hash(uow, holder)
        await staff.note_token_use(uow, holder.token_id, address=browser.address)
        await audit.record(uow, "staff.signed_in", "staff", holder.staff_id, address=browser.address)
        await uow.session.flush()
        await _forgive(uow, subjects, counted=known is None)
    return opened


async def _ask(
    units: UnitsOfWork,
    holder: TokenHolder,
    *,
    purpose: Purpose,
    browser: Browser,
    remember: bool = False,
    session_hash: bytes | None = None,
) -> Pending:
    """Counted by person and purpose: nobody's chat is flooded, and asking again does not shut him out."""
    async with units.platform(DOOR) as uow:
        wait = await _count_try(uow, [_factor(holder.staff_id, purpose)])
    if wait is not None:
        security.tell(
            "sign_in.throttled",
            channel=units.channel,
            who=holder.actor.label,
            shop=holder.bot_id,
            reason="factor",
            purpose=purpose,
        )
        raise TooManyAttempts(wait)
    async with units.begin(holder.bot_id, holder.actor) as uow:
        return await challenges.ask(
            uow, holder, purpose=purpose, browser=browser, remember=remember, session_hash=session_hash
        )


def _factor(staff_id: int, purpose: Purpose) -> str:
    return f"factor:{purpose}:{staff_id}"


async def waiting(units: UnitsOfWork, cookie: str, purpose: Purpose) -> Waiting | None:
    """What the browser with this cookie waits for, or None: nothing, another thing, or not any more."""
    async with units.platform(DOOR) as uow:
        found = await challenges.find(uow, cookie)
    return found if found is not None and found.purpose == purpose else None


async def finish(
    units: UnitsOfWork, cookie: str, *, browser: Browser, known: SignedIn | None = None
) -> Opened | None:
    """Begin the session that a tap has allowed; None when none did, or it was used or is over."""
    found = await waiting(units, cookie, "sign_in")
    if found is None:
        return None
    async with units.begin(found.holder.bot_id, found.actor) as uow:
        is_allowed = await challenges.use(uow, cookie)
    if not is_allowed:
        return None
    return await _begin(
        units,
        found.holder,
        remember=found.remember,
        browser=browser,
        known=known,
        subjects=[_factor(found.holder.staff_id, "sign_in")],
    )


async def confirm(units: UnitsOfWork, who: SignedIn, typed: str) -> Opened:
    """The person behind a session shows one of his own tokens again: it goes on under a new cookie.

    Nothing is counted here: whoever guesses has a session already and 256 bits to guess. Raises
    InvalidToken, the same for every reason: mistyped, another's, revoked, the session ended meanwhile, or
    he confirms in his chat and not by a token.
    """
    opened = None
    if await _is_own_token(units, who, typed):
        opened = await _renew(units, who, by="token")
    if opened is None:
        security.tell(
            "confirm.failed", channel=units.channel, who=who.person.label, shop=who.home_bot_id, by="token"
        )
        raise InvalidToken
    return opened


async def _is_own_token(units: UnitsOfWork, who: SignedIn, typed: str) -> bool:
    token = rules.parse_api_token(latin(typed))
    if token is None or who.confirms_in_chat:
        return False
    async with units.platform(DOOR) as uow:
        holder = await staff.find_api_token(uow, token.text)
    if holder is None or (holder.bot_id, holder.staff_id) != (who.home_bot_id, who.staff_id):
        return False
    # A token that opens less proves nothing for a session that may do more.
    return scopes.covers(holder.actor, who.person)


async def ask_to_confirm(units: UnitsOfWork, who: SignedIn, *, browser: Browser) -> Pending:
    """Ask the person behind a session in his chat. Raises TooManyAttempts and NotFound (no Telegram)."""
    holder = TokenHolder(
        who.api_token_id,
        who.home_bot_id,
        who.staff_id,
        who.name,
        who.role,
        who.permissions,
        who.telegram_id,
        who.scope,
    )
    return await _ask(units, holder, purpose="confirm", browser=browser, session_hash=who.id_hash)


async def finish_confirming(units: UnitsOfWork, who: SignedIn, cookie: str) -> Opened | None:
    """The session goes on under a new cookie once a tap has allowed it; None when none did."""
    found = await waiting(units, cookie, "confirm")
    if found is None or found.session_hash != who.id_hash:
        return None
    async with units.begin(who.home_bot_id, who.person) as uow:
        is_allowed = await challenges.use(uow, cookie)
    return await _renew(units, who, by="telegram") if is_allowed else None


async def _renew(units: UnitsOfWork, who: SignedIn, *, by: str) -> Opened | None:
    async with units.begin(who.home_bot_id, who.person) as uow:
        opened = await sessions.renew(uow, who.id_hash)
        if opened is not None:
            await audit.record(uow, "staff.confirmed", "staff", who.staff_id, by=by)
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
        if failures > LIMITS[subject.partition(":")[0]]
    ]
    return math.ceil(max(waits).total_seconds()) if waits else None


async def _forgive(uow: UnitOfWork, subjects: list[str], *, counted: bool) -> None:
    """A good try was no bad one; and windows that are over are swept."""
    addresses = [subject for subject in subjects if subject.startswith("address:")]
    others = [subject for subject in subjects if subject not in addresses]
    if counted and addresses:
        await uow.session.execute(
            update(LoginAttempt)
            .where(LoginAttempt.subject.in_(addresses))
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
        .where(LoginAttempt.subject.in_(others) | LoginAttempt.subject.in_(over))
        .execution_options(synchronize_session=False)
    )
