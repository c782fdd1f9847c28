"""The templates of the bot, filled in a reader's language, digits and calendar, in a shop's own words."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.ext import extract_from_ast
from jinja2.runtime import Context

from shop import formatting
from shop.i18n import translations
from shop.money import Currency, Money
from shop.subscriptions.rules import GIGABYTE

TEMPLATES = Path(__file__).parents[2] / "templates" / "telegram"
FIRST_STRONG_ISOLATE, POP_DIRECTIONAL_ISOLATE = "\u2068", "\u2069"
Own = Mapping[str, Mapping[str, str]]
"""A shop's own sentences in one language: by template, by the English sentence they stand for."""
Texts = Mapping[str, Own]
"""The same by language."""
NONE: Texts = {}
_BLANK_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")
_MARKUP = re.compile(r"<[^>]*>")


def fill(template: str, /, *, lang: str, timezone: ZoneInfo, calendar: str, own: Own, **fields: Any) -> str:
    """The text of one template as Telegram's HTML.

    Raises TemplateNotFound for an unknown name and UndefinedError for a missing field.
    """
    page = _environment(lang).get_template(f"{template}.html")
    text = page.render(**fields, lang=lang, timezone=timezone, calendar=calendar, own_sentences=own)
    lines = "\n".join(line.strip() for line in text.strip().splitlines())
    return _BLANK_LINES.sub("\n\n", lines)


def plain(text: str) -> str:
    """The same without its markup: what Telegram counts, and what is read."""
    return html.unescape(_MARKUP.sub("", text))


@cache
def sentences(template: str) -> tuple[str, ...]:
    """The English sentences of one template in their order; those that count things are left out."""
    environment = _environment("en")
    source = (TEMPLATES / f"{template}.html").read_text(encoding="utf-8")
    # What is put into a sentence follows it in the tuple, as nothing.
    said = [
        message if isinstance(message, str) else (message or ("",))[0]
        for _line, function, message in extract_from_ast(environment.parse(source))
        if function == "_"
    ]
    return tuple(dict.fromkeys(sentence for sentence in said if sentence))


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    words = translations(language)

    @pass_context
    def say(context: Context, message: str) -> str:
        own: Own = context["own_sentences"]
        if own and context.name is not None:
            mine = own.get(context.name.removesuffix(".html"), {}).get(message)
            if mine is not None:
                return mine
        return words.gettext(message)

    environment.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        say, words.ngettext, newstyle=True
    )
    environment.filters |= {
        "digits": lambda value: formatting.digits(value, language),
        "number": lambda value: formatting.number(value, language),
        "money": lambda value: money(value, language),
        "amount": lambda value: amount(value, language),
        "toman": lambda value: formatting.money(value, language),
        "rial": lambda value: rial(value, language),
        "minutes": lambda value: formatting.minutes(value, language),
        "gigabytes": lambda value: gigabytes(value, language),
        "card": formatting.card_groups,
        "isolate": isolate,
        "date": _date,
        "clock": _clock,
    }
    return environment


def money(value: Money, language: str) -> str:
    """With its unit: ``۱۲۵٬۰۰۰ تومان``."""
    if value.currency is Currency.IRT:
        return formatting.money(value.amount, language)
    return f"{amount(value, language)} {value.currency}"


def amount(value: Money, language: str) -> str:
    """Without its unit, for buttons under a text that names the unit."""
    return formatting.amount(value, language)


def rial(value: Money, language: str) -> str:
    """What the bank's slip will say."""
    return f"{formatting.number(formatting.rial(value.amount), language)} {formatting.RIAL[language]}"


def gigabytes(count: int, language: str) -> str:
    """Bytes as gigabytes, with one decimal where it says something: ``۴۸`` or ``۴۸٫۵``."""
    tenths = round(count * 10 / GIGABYTE)
    whole, rest = divmod(tenths, 10)
    if not rest:
        return formatting.number(whole, language)
    mark = "٫" if language == "fa" else "."
    return f"{formatting.number(whole, language)}{mark}{formatting.digits(rest, language)}"


def isolate(text: object) -> str:
    """A name or a Latin word inside a sentence: its direction does not spill over."""
    return f"{FIRST_STRONG_ISOLATE}{text}{POP_DIRECTIONAL_ISOLATE}"


@pass_context
def _date(context: Context, moment: datetime | str) -> str:
    day = formatting.gregorian if context["calendar"] == "gregorian" else formatting.jalali
    return day(_instant(moment), context["lang"], _wall(context))


@pass_context
def _clock(context: Context, moment: datetime | str) -> str:
    return formatting.clock(_instant(moment), context["lang"], _wall(context))


def _wall(context: Context) -> ZoneInfo:
    timezone: ZoneInfo = context["timezone"]
    return timezone


def _instant(moment: datetime | str) -> datetime:
    """Messages travel as JSON, so their times are ISO 8601 text."""
    return datetime.fromisoformat(moment) if isinstance(moment, str) else moment
