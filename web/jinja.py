"""The template environment: strict, escaping, in the reader's language, with the filters the screens share.

Every page is rendered with ``lang``, ``theme``, ``tz``, ``now`` and ``page`` in its context. The filters that
print a number, an amount or a time read them there: they are the only way to print one. A macro file that
uses them is imported ``with context``.
"""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Callable, Hashable, Sequence
from datetime import date, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes, pass_context
from jinja2.compiler import CodeGenerator, Frame
from jinja2.ext import Extension
from jinja2.runtime import Context
from markupsafe import Markup, escape

from shop import formatting
from shop.i18n import LANGUAGE_NAMES, LANGUAGE_WORDS, LANGUAGES, N_, translations
from shop.overview.rows import DaySales
from shop.texts.rules import TAGS
from web import charts
from web.assets import Assets

TEMPLATES = Path(__file__).parent.parent / "templates"

_SHOWN_TAG = re.compile(rf"&lt;(/?)({'|'.join(TAGS)})&gt;")
_OTHER_TAG = re.compile(rf"<(?!/?(?:{'|'.join(TAGS)})>)[^>]*>")
_REFERENCE = re.compile(r"&amp;(lt|gt|amp|quot|#\d{1,7});")

_BLOCK = re.compile(r"\{%.*?%\}")

LTR = Markup('<bdi dir="ltr">{}</bdi>')
AVATAR_TONES = 5
KEPT = 4096
"""How many words, amounts and moments of each kind are remembered as they are shown: the next page shows most
of them again."""
DRAWN = 1024
"""How many sides and bars are remembered, some 5 kB each: for each page and count of those who work now."""
PHONE_COLUMNS = 31
"""More columns than this are too thin to see on a phone; they are summed by week there."""


class _Generator(CodeGenerator):
    """What is markup already is written as it is: ``escape`` would copy it twice to find that out, and half
    of what a page shows comes out of our own filters and macros."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile:
            self.write("(shown if type(shown := ")
        else:
            super()._output_child_pre(node, frame, finalize)

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile:
            self.write(") is Markup else escape(shown))")
        else:
            super()._output_child_post(node, frame, finalize)


class WebEnvironment(Environment):
    code_generator_class = _Generator


class Unindented(Extension):
    """Templates without the spaces before their lines, which were up to a third of what a page weighed."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002  (as Jinja asks)
        lines, is_cut = [], False
        for line in source.split("\n"):
            bare = line.lstrip(" \t")
            # Jinja takes the end of a line away after a block: then a space has to part what stood on both.
            lines.append(f" {bare}" if is_cut and bare != line else bare)
            is_cut = bare.endswith("%}") and _BLOCK.sub("", bare) != ""
        return "\n".join(lines)


def build_environment(assets: Assets) -> Environment:
    """One environment per process; a template is named by its path, as ``web/receipts/index.html``."""
    environment = WebEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        # A misspelt name is a failing test, not an empty cell in the owner's table.
        undefined=StrictUndefined,
        # A page looks templates up some ninety times; each would ask the disk whether it changed.
        auto_reload=False,
        trim_blocks=True,
        extensions=["jinja2.ext.i18n", Unindented],
    )
    environment.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(
        _=_say,
        asset=assets.url,
        languages=[(lang, LANGUAGE_NAMES[lang]) for lang in LANGUAGES],
        language_words=LANGUAGE_WORDS,
        sales_chart=sales_chart,
        sales_methods=METHODS,
        shares=charts.shares,
        spark=spark,
        meter=charts.meter,
        new_once=partial(secrets.token_urlsafe, 16),
    )
    environment.filters.update(FILTERS)
    environment.globals["drawn"] = _keeping(environment)
    return environment


def _keeping(environment: Environment) -> Callable[..., Markup]:
    """``drawn(template, **known)``: a part drawn from ``known`` and the language alone, kept for whoever has
    the same. It is told nothing else, so that nothing of one person can stand on another's page."""

    @lru_cache(maxsize=DRAWN)
    def keep(template: str, lang: str, known: tuple[tuple[str, Hashable], ...]) -> Markup:
        text = environment.get_template(template).render(lang=lang, **dict(known))
        return Markup(text)  # noqa: S704  (it was escaped as it was rendered)

    @pass_context
    def drawn(context: Context, template: str, **known: Hashable) -> Markup:
        return keep(template, context["lang"], tuple(known.items()))

    return drawn


@pass_context
def _gettext(context: Context, message: str) -> str:
    return translations(context["lang"]).gettext(message)


@pass_context
def _say(context: Context, message: str, **values: object) -> Markup:
    """What ``_`` of the extension does, without its four calls a word: a page says three hundred."""
    lang: str = context["lang"]
    return _pattern(message, lang) % values if values else _sentence(message, lang)


@lru_cache(maxsize=KEPT)
def _pattern(message: str, lang: str) -> Markup:
    return Markup(translations(lang).gettext(message))  # noqa: S704  (ours, as the translators wrote it)


@lru_cache(maxsize=KEPT)
def _sentence(message: str, lang: str) -> Markup:
    return _pattern(message, lang) % {}  # a pattern even without values, as the extension has it


@pass_context
def _ngettext(context: Context, singular: str, plural: str, n: int) -> str:
    return translations(context["lang"]).ngettext(singular, plural, n)


# Numbers and money ------------------------------------------------------------------------------------------


@pass_context
def num(context: Context, value: int) -> str:
    return formatting.number(value, context["lang"])


@pass_context
def short(context: Context, value: float) -> str:
    return formatting.short_number(value, context["lang"])


@pass_context
def digits(context: Context, value: object) -> str:
    return formatting.digits(value, context["lang"])


@pass_context
def minutes(context: Context, value: int) -> str:
    return formatting.minutes(value, context["lang"])


@pass_context
def money(context: Context, toman: int) -> Markup:
    """The amount and its unit, never broken across lines."""
    return _money_in_full(toman, context["lang"])


@lru_cache(maxsize=KEPT, typed=True)
def _money_in_full(toman: int, lang: str) -> Markup:
    return _money(formatting.number(toman, lang), lang)


@pass_context
def money_short(context: Context, toman: int) -> Markup:
    lang = context["lang"]
    return _money(formatting.short_number(toman, lang), lang)


def _html(pattern: str, *values: object) -> Markup:
    """``pattern`` is ours, ``values`` are escaped. Five times as quick as ``Markup.format``."""
    return Markup(pattern % tuple(escape(value) for value in values))  # noqa: S704  (escaped here)


def _money(amount: str, lang: str) -> Markup:
    return _html(
        '<span class="money"><bdi>%s</bdi> <span class="unit">%s</span></span>',
        amount,
        formatting.TOMAN[lang],
    )


@pass_context
def money_plain(context: Context, toman: int) -> str:
    """The same as words alone, for titles and labels."""
    return formatting.money(toman, context["lang"])


@pass_context
def rial(context: Context, toman: int) -> Markup:
    """What the bank's slip shows for a price in Toman, with its unit."""
    lang = context["lang"]
    return Markup('<span class="nowrap"><bdi>{}</bdi> {}</span>').format(
        formatting.number(formatting.rial(toman), lang), formatting.RIAL[lang]
    )


@pass_context
def pct(context: Context, value: float, *, signed: bool = False) -> Markup:
    return LTR.format(formatting.percent(value, context["lang"], signed=signed))


@pass_context
def card(context: Context, card_number: str) -> Markup:
    """A card number in groups; without the isolate Persian text would show the groups in reverse."""
    groups = formatting.card_groups(card_number)
    return Markup('<bdi dir="ltr" class="cardno">{}</bdi>').format(formatting.digits(groups, context["lang"]))


@pass_context
def masked_card(context: Context, card_number: str) -> Markup:
    """The first six and last four digits, enough to recognise a card and no more."""
    compact = formatting.card_groups(card_number).replace(" ", "")
    return card(context, f"{compact[:6]}{'•' * max(len(compact) - 10, 0)}{compact[-4:]}")


# Times ------------------------------------------------------------------------------------------------------


@pass_context
def rel(context: Context, moment: datetime) -> Markup:
    """How long ago, with the full moment in the title."""
    lang, tz = context["lang"], context["tz"]
    return _time(moment, lang, tz, formatting.relative(moment, context["now"], lang, tz))


@pass_context
def jdate(context: Context, moment: datetime | date, *, year: bool = True) -> str:
    lang: str = context["lang"]
    if isinstance(moment, datetime):
        return formatting.jalali(moment, lang, context["tz"], year=year)
    return formatting.jalali_day(moment, lang, year=year)


@pass_context
def jdatetime(context: Context, moment: datetime) -> Markup:
    return _full_time(moment, context["lang"], context["tz"])


@pass_context
def clock(context: Context, moment: datetime) -> str:
    return formatting.clock(moment, context["lang"], context["tz"])


@pass_context
def weekday(context: Context, moment: datetime) -> str:
    return formatting.weekday(moment, context["lang"], context["tz"])


def _time(moment: datetime, lang: str, tz: ZoneInfo, shown: str) -> Markup:
    exact, full = _exactly(moment, lang, tz)
    return _html('<time datetime="%s" title="%s">%s</time>', exact, full, shown)


@lru_cache(maxsize=KEPT)
def _full_time(moment: datetime, lang: str, tz: ZoneInfo) -> Markup:
    return _time(moment, lang, tz, _exactly(moment, lang, tz)[1])


@lru_cache(maxsize=KEPT)
def _exactly(moment: datetime, lang: str, tz: ZoneInfo) -> tuple[str, str]:
    """For machines and for people."""
    exact = moment.astimezone(tz).isoformat(timespec="seconds")
    return exact, formatting.full_moment(moment, lang, tz)


# Names ------------------------------------------------------------------------------------------------------


def ltr(value: object) -> Markup:
    """An identifier, an address, an @name: left to right whatever stands around it."""
    return LTR.format(value)


def tone(key: int) -> int:
    """The colour of an avatar, the same for the same row every time."""
    return key % AVATAR_TONES + 1


# Charts -----------------------------------------------------------------------------------------------------


@pass_context
def spark(context: Context, values: Sequence[float]) -> Markup:
    label = translations(context["lang"]).gettext("Trend of the last days")
    return charts.spark(values, rtl=context["lang"] == "fa", label=label)


METHODS = (N_("Card to card"), N_("Gateway"), N_("Wallet"))
"""As ``shop.overview.rows.DaySales`` has them, from the bottom of a column up."""


@pass_context
def sales_chart(
    context: Context, days: Sequence[DaySales], calendar: str = "jalali", *, narrow: bool = False
) -> Markup:
    """Sales by day, the ways to pay stacked; ``narrow`` is drawn for a phone, not scaled to it."""
    lang: str = context["lang"]
    _ = translations(lang).gettext
    by_week = narrow and len(days) > PHONE_COLUMNS
    rows = _weeks(days) if by_week else list(days)
    columns = []
    for left, (day, *amounts) in enumerate(rows, start=1 - len(rows)):
        name = shop_day(context, day, calendar)
        tip = "\n".join(
            [
                name,
                *(
                    f"{_(way)}: {formatting.number(n, lang)}"
                    for way, n in zip(METHODS, amounts, strict=True)
                    if n
                ),
            ]
        )
        label = "" if left % _label_every(len(rows), narrow=narrow) else name
        if left == 0:
            label = _("This week") if by_week else _("Today")
        columns.append(charts.Bar(tuple(amounts), tip, label))
    return charts.bars(
        columns,
        tick=lambda value: formatting.short_number(value, lang),
        label=_("Bar chart of sales by day, in Toman"),
        rtl=lang == "fa",
        **({"width": 320, "height": 210} if narrow else {}),
    )


@pass_context
def shop_day(context: Context, day: date, calendar: str) -> str:
    """A day without its year, in the calendar the shop reads."""
    named = formatting.gregorian_day if calendar == "gregorian" else formatting.jalali_day
    return named(day, context["lang"], year=False)


def _label_every(count: int, *, narrow: bool) -> int:
    room = 3 if narrow else 6
    return max(1, math.ceil(count / room))


def _weeks(days: Sequence[DaySales]) -> list[DaySales]:
    """Sums of seven days, counted back from the last so that the newest week ends today."""
    weeks = []
    for end in range(len(days), 0, -7):
        part = days[max(end - 7, 0) : end]
        weeks.append(DaySales(part[0].day, *(sum(amounts) for amounts in list(zip(*part, strict=True))[1:])))
    return weeks[::-1]


def bubble(message: str) -> Markup:
    """Telegram's HTML as a page may show it: all of it escaped, a few harmless tags let through."""
    shown = _REFERENCE.sub(r"&\1;", str(escape(_OTHER_TAG.sub("", message))))
    return Markup(_SHOWN_TAG.sub(r"<\1\2>", shown))  # noqa: S704  (escaped here)


FILTERS: dict[str, Any] = {
    f.__name__: f
    for f in (
        *(num, short, digits, minutes, money, money_short, money_plain, rial, pct, card, masked_card),
        *(rel, jdate, shop_day, jdatetime, clock, weekday, ltr, tone, bubble),
    )
} | {"initials": formatting.initials}
