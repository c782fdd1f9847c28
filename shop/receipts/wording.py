"""Change the list of reasons: write one, word it anew, put it in its place, switch it, take it away."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from db.models import Bot, BotConfiguration
from shop.actors import SETTINGS_MANAGE, require
from shop.audit import service as audit
from shop.errors import BadInput, NotFound
from shop.i18n import LANGUAGES
from shop.receipts.reasons import CONFIG_KEY, LONGEST, MOST, OWN, Reason, as_kept, load_reasons
from shop.seen import require_same
from shop.unit_of_work import UnitOfWork
from shop.users.rules import written


def field_of(part: str, language: str) -> str:
    """The name of a field of the form: ``part`` is ``words`` or ``step``."""
    return f"{part}_{language}"


async def add(uow: UnitOfWork, typed: Mapping[str, str]) -> str:
    """One more reason, offered after the others; its code. Raises NotAllowed and BadInput."""
    reasons = await _begin(uow)
    if len(reasons) >= MOST:
        raise BadInput(field_of("words", LANGUAGES[0]), "too_many", MOST)
    made = _read(Reason(f"{OWN}{secrets.token_hex(3)}"), typed)
    await _keep(uow, [*reasons, made])
    await audit.record(
        uow, "reject_reason.added", "reject_reason", None, key=made.code, after=_both(made), before={}
    )
    return made.code


async def change(uow: UnitOfWork, code: str, typed: Mapping[str, str]) -> None:
    """Word one of the shop's own anew; what was said before stays.

    ``typed`` may hold the mark of the reason as it was seen. Raises NotAllowed, NotFound, BadInput and
    ChangedMeanwhile.
    """
    reasons = await _begin(uow)
    at, old = _find(reasons, code)
    if old.is_ours:
        raise NotFound("reject_reason", code)
    made = _read(old, typed)
    require_same("reject_reason", typed.get("seen", ""), old.mark)
    if made == old:
        return
    reasons[at] = made
    await _keep(uow, reasons)
    await audit.record(
        uow, "reject_reason.changed", "reject_reason", None, key=code, before=_both(old), after=_both(made)
    )


async def move(uow: UnitOfWork, code: str, *, up: bool) -> None:
    """Change places with the one before or after it; at the end of the list nothing happens.

    Raises NotAllowed and NotFound.
    """
    reasons = await _begin(uow)
    at, _ = _find(reasons, code)
    to = at - 1 if up else at + 1
    if not 0 <= to < len(reasons):
        return
    reasons[at], reasons[to] = reasons[to], reasons[at]
    await _keep(uow, reasons)
    await audit.record(uow, "reject_reason.moved", "reject_reason", None, key=code)


async def switch(uow: UnitOfWork, code: str, *, is_on: bool) -> None:
    """Offer it, or offer it no more. Idempotent. Raises NotAllowed and NotFound."""
    reasons = await _begin(uow)
    at, old = _find(reasons, code)
    if old.is_on == is_on:
        return
    reasons[at] = replace(old, is_on=is_on)
    await _keep(uow, reasons)
    await audit.record(uow, "reject_reason.switched", "reject_reason", None, key=code, enabled=is_on)


async def delete(uow: UnitOfWork, code: str, *, seen: str = "") -> None:
    """Take one of the shop's own away; ours can only be switched off.

    ``seen``: the mark of the one somebody wants to delete. Raises NotAllowed, NotFound and ChangedMeanwhile.
    """
    reasons = await _begin(uow)
    at, old = _find(reasons, code)
    require_same("reject_reason", seen, old.mark)
    if old.is_ours:
        raise NotFound("reject_reason", code)
    del reasons[at]
    await _keep(uow, reasons)
    await audit.record(
        uow, "reject_reason.deleted", "reject_reason", None, key=code, before=_both(old), after={}
    )


async def _begin(uow: UnitOfWork) -> list[Reason]:
    """The list, which nobody else changes until the end of this transaction."""
    require(uow.actor, SETTINGS_MANAGE)
    await uow.session.execute(select(Bot.id).where(Bot.id == uow.bot_id).with_for_update(key_share=True))
    return list(await load_reasons(uow))


def _find(reasons: Sequence[Reason], code: str) -> tuple[int, Reason]:
    for at, reason in enumerate(reasons):
        if reason.code == code:
            return at, reason
    raise NotFound("reject_reason", code[:20])


def _read(reason: Reason, typed: Mapping[str, str]) -> Reason:
    words, steps = _written(typed, "words"), _written(typed, "step")
    if not words:
        raise BadInput(field_of("words", LANGUAGES[0]), "required")
    return replace(reason, words=words, steps=steps)


def _written(typed: Mapping[str, str], part: str) -> dict[str, str]:
    """On one line each; a language that was left empty is left out."""
    kept: dict[str, str] = {}
    for language in LANGUAGES:
        name = field_of(part, language)
        if typed.get(name, "").strip():
            kept[language] = " ".join(written(name, typed[name], longest=LONGEST).split())
    return kept


def _both(reason: Reason) -> dict[str, str]:
    """Of one reason, as the history shows it."""
    return {language: reason.said(language) for language in LANGUAGES}


async def _keep(uow: UnitOfWork, reasons: Sequence[Reason]) -> None:
    values = {"config_value": as_kept(reasons), "updated_at": uow.now}
    await uow.session.execute(
        insert(BotConfiguration)
        .values(bot_id=uow.bot_id, config_key=CONFIG_KEY, created_at=uow.now, **values)
        .on_conflict_do_update(index_elements=["bot_id", "config_key"], set_=values)
    )
