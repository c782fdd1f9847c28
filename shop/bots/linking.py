"""How a chat on Telegram becomes a shop's own: by a code from the dashboard, said in that chat.

The code lives ten minutes, works once and belongs to the person who asked for it. Whoever says it in a chat
is that person on Telegram from then on, and where he may manage the shop, the chat gets its receipts.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import delete, or_, select

from db.models import LinkCode, Staff
from shop.actors import RECEIPTS_APPROVE, SETTINGS_MANAGE, may, require, staff_id
from shop.audit import service as audit
from shop.bots import service
from shop.bots.service import BotChanges
from shop.errors import InvalidLinkCode, NotAllowed, OtherAccount
from shop.formatting import latin
from shop.staff import challenges
from shop.staff import service as staff
from shop.staff.rules import actor_for
from shop.unit_of_work import UnitOfWork

LIFETIME = timedelta(minutes=10)
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Thirty-two that nobody takes for another."""
LENGTH = 8


@dataclass(frozen=True, slots=True)
class Linked:
    """What a code did: whose account this is, and whether this chat gets the shop's receipts now."""

    name: str
    gets_receipts: bool


async def ask_code(uow: UnitOfWork) -> str:
    """A code for the person who acts, shown now and never again; an earlier one of his works no more.

    Raises NotAllowed: somebody who may not decide on receipts, is nobody of this shop, or is in by a token
    that opens a part of his rights, while whoever presses in the chat has all of them.
    """
    require(uow.actor, RECEIPTS_APPROVE)
    me = staff_id(uow.actor)
    if me is None:
        raise NotAllowed(RECEIPTS_APPROVE)
    person = (
        await uow.session.execute(select(Staff.role, Staff.permissions).where(Staff.id == me))
    ).one_or_none()
    if person is not None:
        staff.require_as_much(uow, person.role, person.permissions)
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    await uow.session.execute(
        delete(LinkCode)
        .where(or_(LinkCode.staff_id == me, LinkCode.expires_at <= uow.now))
        .execution_options(synchronize_session=False)
    )
    uow.session.add(
        LinkCode(code_hash=_digest(code), staff_id=me, created_at=uow.now, expires_at=uow.now + LIFETIME)
    )
    await audit.record(uow, "staff.link_code_asked", "staff", me)
    await uow.session.flush()
    return f"{code[:4]}-{code[4:]}"


async def use_code(
    uow: UnitOfWork, typed: str, *, telegram_id: int, chat_id: int, topic_id: int | None
) -> Linked:
    """Somebody said a code in a chat; ``telegram_id`` and the chat are what Telegram vouches for.

    Raises InvalidLinkCode (unknown, used, too old: the same answer for all) and OtherAccount (the person has
    another account already, or the account another person: the platform's admin alone takes it away).
    """
    person = await _person_of(uow, typed)
    if person.telegram_id not in (None, telegram_id) or await _is_anothers(uow, person, telegram_id):
        raise OtherAccount
    actor = actor_for(person.role, staff_id=person.id, name=person.name, permissions=person.permissions)
    uow = replace(uow, actor=actor)
    if person.telegram_id is None:
        person.telegram_id, person.updated_at = telegram_id, uow.now
        await challenges.forget(uow, person.id)
        await audit.record(uow, "staff.telegram_linked", "staff", person.id, name=person.name)
        await uow.session.flush()
    is_manager = may(actor, SETTINGS_MANAGE)
    if is_manager:
        await service.update_bot(uow, uow.bot_id, **_chat(telegram_id, chat_id, topic_id))
    return Linked(person.name, is_manager)


def _chat(telegram_id: int, chat_id: int, topic_id: int | None) -> BotChanges:
    if chat_id == telegram_id:
        return {"admin_chat_id": chat_id, "admin_topic_id": topic_id}
    return {
        "notification_group_id": chat_id,
        "notification_topic_id": topic_id,
        "card_receipt_topic_id": topic_id,
    }


async def _person_of(uow: UnitOfWork, typed: str) -> Staff:
    """Whose code it is; using it deletes it."""
    owner = await uow.session.scalar(
        delete(LinkCode)
        .where(LinkCode.code_hash == _digest(typed), LinkCode.expires_at > uow.now)
        .returning(LinkCode.staff_id)
        .execution_options(synchronize_session=False)
    )
    person = await uow.session.scalar(
        select(Staff).where(Staff.bot_id == uow.bot_id, Staff.id == owner, Staff.is_active).with_for_update()
    )
    if person is None:
        raise InvalidLinkCode
    return person


async def _is_anothers(uow: UnitOfWork, person: Staff, telegram_id: int) -> bool:
    found = await uow.session.scalar(
        select(Staff.id)
        .where(Staff.telegram_id == telegram_id, Staff.id != person.id, Staff.is_active)
        .limit(1)
    )
    return found is not None


def _digest(typed: str) -> bytes:
    """Of what a person typed: in small letters, with or without its dash, with Persian digits."""
    plain = "".join(letter for letter in latin(typed).upper() if letter in LETTERS)
    return hashlib.sha256(plain.encode()).digest()
