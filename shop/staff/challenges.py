"""A second factor: a browser waits until its person taps the right number in his Telegram chat.

The browser holds a cookie whose SHA-256 names the challenge; the buttons in the chat carry another, public
name. So whoever reads the chat cannot go on in the browser, and whoever has the browser cannot tap. A
challenge lives five minutes, is answered once and used once.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import case, delete, select, update

from db.models import ApiToken, Bot, SignInChallenge, Staff, User
from shop.actors import Master, StaffMember
from shop.audit import service as audit
from shop.configurations.queries import get_config_value
from shop.errors import NotFound
from shop.notifications.messages import SignInAsked
from shop.notifications.outbox import enqueue
from shop.staff import rules, sessions
from shop.staff.service import TokenHolder
from shop.unit_of_work import UnitOfWork

SWITCH = "second_factor"
"""The setting by which a shop wants it for everybody who linked Telegram."""

Purpose = Literal["sign_in", "confirm"]
State = Literal["waiting", "approved", "refused"]


@dataclass(frozen=True, slots=True)
class Browser:
    """Who knocks: the caller's address and what the browser calls itself."""

    address: str
    name: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A challenge just made; ``cookie`` is given to the browser and kept nowhere."""

    cookie: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A challenge as its browser sees it."""

    holder: TokenHolder
    purpose: Purpose
    state: State
    number: int
    remember: bool
    session_hash: bytes | None
    bot_username: str | None
    """Whose chat the buttons are in."""
    expires_at: datetime

    @property
    def actor(self) -> StaffMember | Master:
        return self.holder.actor


@dataclass(frozen=True, slots=True)
class Answered:
    """What a tap did; ``over`` when there was nothing left to answer."""

    state: Literal["approved", "refused", "over"]
    purpose: Purpose
    address: str
    browser: str


async def is_wanted(uow: UnitOfWork, holder: TokenHolder) -> bool:
    """Whether this person's sign-in waits for a tap; in the unit of his own shop."""
    if holder.telegram_id is None:
        return False
    switched_on = holder.role == "master" or bool(await get_config_value(uow, SWITCH))
    return rules.asks_in_chat(holder.role, telegram_id=holder.telegram_id, switched_on=switched_on)


async def ask(
    uow: UnitOfWork,
    holder: TokenHolder,
    *,
    purpose: Purpose,
    browser: Browser,
    remember: bool = False,
    session_hash: bytes | None = None,
) -> Pending:
    """Write the numbers into the person's chat, and let the browser wait. Others go on waiting beside it.

    In the unit of his own shop. Raises NotFound for somebody without Telegram.
    """
    if holder.telegram_id is None:
        raise NotFound("telegram_id", holder.staff_id)
    await uow.session.execute(
        delete(SignInChallenge)
        .where(SignInChallenge.expires_at <= uow.now)
        .execution_options(synchronize_session=False)
    )
    cookie, ref = secrets.token_urlsafe(32), secrets.token_urlsafe(12)
    number, choices = rules.numbers_to_match()
    expires_at = uow.now + rules.CHALLENGE_LIVES
    uow.session.add(
        SignInChallenge(
            id_hash=sessions.fingerprint(cookie),
            ref=ref,
            purpose=purpose,
            staff_id=holder.staff_id,
            api_token_id=holder.token_id,
            session_hash=session_hash,
            telegram_id=holder.telegram_id,
            number=number,
            remember=remember,
            address=browser.address,
            browser=browser.name[: sessions.LONGEST_BROWSER],
            created_at=uow.now,
            expires_at=expires_at,
        )
    )
    await uow.session.flush()
    message = SignInAsked(ref, purpose, choices, browser.address, browser.name, uow.now.isoformat())
    # Whoever has started the bot is written to in the language he chose there.
    user_id = await uow.session.scalar(select(User.id).where(User.telegram_id == holder.telegram_id))
    await enqueue(uow, chat_id=holder.telegram_id, message=message, user_id=user_id)
    await audit.record(
        uow, "sign_in.asked", "staff", holder.staff_id, purpose=purpose, address=browser.address
    )
    return Pending(cookie, expires_at)


async def find(uow: UnitOfWork, cookie: str) -> Waiting | None:
    """What the browser with this cookie waits for, in a platform unit; None when it waits for nothing."""
    row = (
        await uow.session.execute(
            select(SignInChallenge, Staff.name, Staff.role, Staff.permissions, Bot.username, ApiToken.scope)
            .join(
                Staff,
                (Staff.bot_id == SignInChallenge.bot_id) & (Staff.id == SignInChallenge.staff_id),
            )
            .join(
                ApiToken,
                (ApiToken.bot_id == SignInChallenge.bot_id) & (ApiToken.id == SignInChallenge.api_token_id),
            )
            .join(Bot, Bot.id == SignInChallenge.bot_id)
            .where(
                SignInChallenge.id_hash == sessions.fingerprint(cookie),
                SignInChallenge.expires_at > uow.now,
                ApiToken.revoked_at.is_(None),
                ApiToken.expires_at.is_(None) | (ApiToken.expires_at > uow.now),
                Staff.is_active,
                Bot.deleted_at.is_(None),
                Bot.status.in_(rules.OPENS_DASHBOARD),
            )
        )
    ).one_or_none()
    if row is None:
        return None
    kept, name, role, permissions, username, scope = row
    return Waiting(
        holder=TokenHolder(
            kept.api_token_id,
            kept.bot_id,
            kept.staff_id,
            name,
            role,
            frozenset(permissions),
            kept.telegram_id,
            None if scope is None else frozenset(scope),
        ),
        purpose=kept.purpose,
        state=kept.answer or "waiting",
        number=kept.number,
        remember=kept.remember,
        session_hash=kept.session_hash,
        bot_username=username,
        expires_at=kept.expires_at,
    )


async def use(uow: UnitOfWork, cookie: str) -> bool:
    """Take an approved challenge away, so that it opens one session; in the unit of its shop."""
    gone = await uow.session.scalar(
        delete(SignInChallenge)
        .where(
            SignInChallenge.id_hash == sessions.fingerprint(cookie),
            SignInChallenge.answer == "approved",
            SignInChallenge.expires_at > uow.now,
        )
        .returning(SignInChallenge.staff_id)
        .execution_options(synchronize_session=False)
    )
    return gone is not None


async def answer(uow: UnitOfWork, ref: str, *, number: int, telegram_id: int) -> Answered:
    """A tap in the chat: the right number lets the browser go on, any other ends its waiting.

    Said once; a later tap changes nothing. Raises NotFound unless the tap comes from the account that the
    challenge was sent to and that is still its person's.
    """
    is_theirs = (SignInChallenge.ref == ref) & (SignInChallenge.telegram_id == telegram_id)
    known = (
        await uow.session.execute(
            select(
                SignInChallenge.staff_id,
                SignInChallenge.purpose,
                SignInChallenge.address,
                SignInChallenge.browser,
            )
            .join(Staff, Staff.id == SignInChallenge.staff_id)
            .where(is_theirs, Staff.telegram_id == telegram_id, Staff.is_active)
        )
    ).one_or_none()
    if known is None:
        raise NotFound("sign_in", ref)
    said = await uow.session.scalar(
        update(SignInChallenge)
        .where(is_theirs, SignInChallenge.answer.is_(None), SignInChallenge.expires_at > uow.now)
        .values(answer=case((SignInChallenge.number == number, "approved"), else_="refused"))
        .returning(SignInChallenge.answer)
        .execution_options(synchronize_session=False)
    )
    if said is not None:
        await audit.record(
            uow, f"sign_in.{said}", "staff", known.staff_id, purpose=known.purpose, address=known.address
        )
    return Answered(
        cast("Literal['approved', 'refused'] | None", said) or "over",
        known.purpose,
        known.address,
        known.browser,
    )


async def forget(uow: UnitOfWork, staff_id: int) -> None:
    """Nobody waits for this person any more. Idempotent."""
    await uow.session.execute(
        delete(SignInChallenge)
        .where(SignInChallenge.staff_id == staff_id)
        .execution_options(synchronize_session=False)
    )
