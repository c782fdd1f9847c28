"""A shop's own sentences, and messages as they look with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from db.models import BotConfiguration
from shop.configurations.registry import TEXTS
from shop.i18n import LANGUAGES, translations
from shop.seen import mark
from shop.texts import catalogue, rules, writing
from shop.texts.catalogue import BotText
from shop.texts.writing import Own, Texts
from shop.unit_of_work import UnitOfWork

UTC = ZoneInfo("UTC")


def texts_of(kept: Mapping[str, Any]) -> Texts:
    """The sentences among what a shop set; ``kept`` may hold settings as well."""
    texts: dict[str, dict[str, Mapping[str, str]]] = {}
    for key, own in kept.items():
        if key.startswith(TEXTS):
            language, _, template = key.removeprefix(TEXTS).partition(".")
            texts.setdefault(language, {})[template] = own
    return texts


async def load_texts(uow: UnitOfWork) -> Texts:
    """Every sentence the unit's shop has put in its own words, in one indexed query."""
    rows = await uow.session.execute(
        select(BotConfiguration.config_key, BotConfiguration.config_value).where(
            BotConfiguration.bot_id == uow.bot_id, BotConfiguration.config_key.startswith(TEXTS)
        )
    )
    return texts_of(dict(rows.tuples().all()))


def mark_of(texts: Texts, key: str) -> str:
    """What somebody has before him who begins to word a message; see ``shop.seen``."""
    return mark(*(sorted(texts.get(language, {}).get(key, {}).items()) for language in LANGUAGES))


def original(sentence: str, language: str) -> str:
    """Our own words for an English sentence, in the form of the catalogues."""
    return translations(language).gettext(sentence)


def preview(
    text: BotText, language: str, own: Own, *, shop_name: str, timezone: str, calendar: str
) -> list[str]:
    """How a message looks with usual values, as Telegram's HTML: once for every way that differs."""
    looks = [
        _filled(text, language, own, way, {}, shop_name=shop_name, tz=ZoneInfo(timezone), calendar=calendar)
        for way in text.ways
    ]
    return list(dict.fromkeys(looks))


def longest(text: BotText, language: str, own: Own) -> int:
    """How long a message can become with these sentences, as Telegram counts."""
    return max(
        rules.length(
            writing.plain(
                _filled(
                    text,
                    language,
                    own,
                    way,
                    text.longest,
                    shop_name=catalogue.LONGEST_SHOP_NAME,
                    tz=UTC,
                    calendar="jalali",
                )
            )
        )
        for way in text.ways
    )


def _filled(
    text: BotText,
    language: str,
    own: Own,
    *more: Mapping[str, Any],
    shop_name: str,
    tz: ZoneInfo,
    calendar: str,
) -> str:
    fields = {
        name: value[language] if isinstance(value, dict) else value for name, value in text.usual.items()
    }
    for one in reversed(more):
        fields |= one
    return writing.fill(
        text.key,
        **fields,
        lang=language,
        timezone=tz,
        calendar=calendar,
        own=own,
        shop_name=shop_name,
        support_username=None,
    )
