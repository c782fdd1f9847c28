"""Put the bot's sentences in a shop's own words, and go back to ours."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from db.models import BotConfiguration
from shop.actors import SETTINGS_MANAGE, require
from shop.audit import service as audit
from shop.configurations.registry import TEXTS
from shop.configurations.service import lock_settings
from shop.errors import BadInput
from shop.i18n import LANGUAGES
from shop.seen import require_same
from shop.signals import shop_changed
from shop.texts import catalogue, queries, rules
from shop.texts.writing import Texts, sentences
from shop.unit_of_work import UnitOfWork


def field_of(language: str, sentence: str) -> str:
    """The name of a sentence's field in a form, the same in every release that has the sentence."""
    return f"{language}-{sha256(sentence.encode()).hexdigest()[:12]}"


def read(key: str, typed: Mapping[str, str]) -> Texts:
    """A message in its shop's own words from the fields of a form, in every language.

    What is empty, or the same as ours, is no word of its own; a field that is missing likewise. Raises
    NotFound for a message that is not a shop's to word, BadInput for a place that is missing or unknown,
    for markup that Telegram would refuse, and for a message that could become too long to be sent.
    """
    text = catalogue.find(key)
    made: dict[str, dict[str, Mapping[str, str]]] = {}
    for language in LANGUAGES:
        own = {}
        for sentence in sentences(key):
            ours, field = queries.original(sentence, language), field_of(language, sentence)
            kept = rules.check(field, ours, typed.get(field, ""))
            if kept and kept != ours:
                own[sentence] = kept
        made[language] = {key: own} if own else {}
        if own and queries.longest(text, language, made[language]) > rules.LONGEST:
            longest = max(own, key=lambda sentence: len(own[sentence]))
            raise BadInput(field_of(language, longest), "message_too_long", rules.LONGEST)
    return made


async def save(uow: UnitOfWork, key: str, typed: Mapping[str, str], *, seen: str = "") -> None:
    """Say a message in the shop's own words from the next one on; see ``read`` for what may be said.

    ``seen``: the mark of the words as they were when somebody began to change them. Raises NotAllowed,
    NotFound, BadInput and ChangedMeanwhile.
    """
    require(uow.actor, SETTINGS_MANAGE)
    await _keep(uow, key, read(key, typed), seen)


async def reset(uow: UnitOfWork, key: str) -> None:
    """Say a message in our words again, in every language. Idempotent. Raises NotAllowed and NotFound."""
    require(uow.actor, SETTINGS_MANAGE)
    catalogue.find(key)
    await _keep(uow, key, {})


async def _keep(uow: UnitOfWork, key: str, texts: Texts, seen: str = "") -> None:
    await lock_settings(uow)
    before = await queries.load_texts(uow)
    require_same("bot_text", seen, queries.mark_of(before, key))
    for language in LANGUAGES:
        was = before.get(language, {}).get(key, {})
        now = texts.get(language, {}).get(key, {})
        if was == now:
            continue
        await _write(uow, f"{TEXTS}{language}.{key}", now)
        await audit.record(
            uow,
            "bot_text.set",
            "bot_text",
            None,
            key=key,
            language=language,
            before=dict(was),
            after=dict(now),
        )
    await uow.session.flush()
    await shop_changed(uow, uow.bot_id)


async def _write(uow: UnitOfWork, config_key: str, own: Mapping[str, str]) -> None:
    if not own:
        await uow.session.execute(
            delete(BotConfiguration)
            .where(BotConfiguration.bot_id == uow.bot_id, BotConfiguration.config_key == config_key)
            .execution_options(synchronize_session=False)
        )
        return
    values = {"config_value": dict(own), "updated_at": uow.now}
    await uow.session.execute(
        insert(BotConfiguration)
        .values(bot_id=uow.bot_id, config_key=config_key, created_at=uow.now, **values)
        .on_conflict_do_update(index_elements=["bot_id", "config_key"], set_=values)
    )
