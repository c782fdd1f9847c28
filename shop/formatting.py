"""How numbers, money, dates and names read, in Persian and in English.

Everything here is pure and answers plain text: the dashboard wraps it in markup, the bot in a message.
``lang`` is ``"fa"`` or ``"en"``; instants are aware, ``tz`` says whose wall clock they are shown on.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from persiantools.jdatetime import JalaliDate

from shop.money import Money

MONTHS: dict[str, tuple[str, ...]] = {
    "fa": (
        *("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور"),
        *("مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"),
    ),
    "en": (
        *("Farvardin", "Ordibehesht", "Khordad", "Tir", "Mordad", "Shahrivar"),
        *("Mehr", "Aban", "Azar", "Dey", "Bahman", "Esfand"),
    ),
}
GREGORIAN_MONTHS: dict[str, tuple[str, ...]] = {
    "fa": (
        *("ژانویه", "فوریه", "مارس", "آوریل", "مه", "ژوئن"),
        *("ژوئیه", "اوت", "سپتامبر", "اکتبر", "نوامبر", "دسامبر"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
WEEKDAYS: dict[str, tuple[str, ...]] = {
    "fa": ("دوشنبه", "سه‌شنبه", "چهارشنبه", "پنجشنبه", "جمعه", "شنبه", "یکشنبه"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
TOMAN = {"fa": "تومان", "en": "Toman"}
RIAL = {"fa": "ریال", "en": "Rial"}
RIAL_PER_TOMAN = 10
MINUS = "\u2212"
ZWNJ = "\u200c"

_TO_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_TO_LATIN = {ord(c): str(i % 10) for i, c in enumerate("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩")}
_TO_PERSIAN_LETTERS = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک"})
MOST_MARKS = 4
"""On one letter: more than any writing needs, too few to cover the lines around it."""
# Not of Unicode's category of invisible marks (Cf), and yet nothing is seen of them.
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_JOINERS = re.compile("([\u200c\u200d])[\u200c\u200d]+")
_EDGES = re.compile(r"\A[\s\u200c\u200d]+|[\s\u200c\u200d]+\Z")
_SHORT_STEPS = (
    (1_000_000_000, {"fa": " میلیارد", "en": "B"}),
    (1_000_000, {"fa": " میلیون", "en": "M"}),
    (1_000, {"fa": " هزار", "en": "K"}),
)

MINUTE, HOUR, DAY = 60, 3600, 86400


# Numbers ----------------------------------------------------------------------------------------------------


def digits(value: object, lang: str) -> str:
    """The same text with the digits of the language: ``#1043`` reads ``#۱۰۴۳`` in Persian."""
    return str(value).translate(_TO_PERSIAN) if lang == "fa" else str(value)


def latin(value: object) -> str:
    """What a person typed, with Latin digits, for parsing: Persian and Arabic-Indic digits are accepted."""
    return str(value).translate(_TO_LATIN)


_GROUPING = frozenset(" \t\r\n,\u066c\u060c\u00a0\u200c\u200e\u200f\u202f'_")
_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_DAY = re.compile(r"(1[3-9][0-9]{2}|2[01][0-9]{2})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})", re.ASCII)
FIRST_GREGORIAN_YEAR = 1700


def whole_number(typed: str) -> int | None:
    """A whole number as people type it: digits of any script, grouped or not; None for nothing.

    Raises ValueError for everything else.
    """
    compact = latin("".join(c for c in typed if c not in _GROUPING))
    if not compact:
        return None
    if _WHOLE.fullmatch(compact) is None:
        raise ValueError("not a whole number")
    return int(compact)


def typed_day(typed: str) -> date | None:
    """A day as people type it, year first, digits of any script: ``۱۴۰۵/۹/۷`` or ``2026-11-28``.

    A year before 1700 is one of the Solar Hijri calendar. None for nothing; raises ValueError for
    everything else.
    """
    compact = latin(typed.strip())
    if not compact:
        return None
    found = _DAY.fullmatch(compact)
    if found is None:
        raise ValueError("not a day")
    year, month, day = (int(part) for part in found.groups())
    if year < FIRST_GREGORIAN_YEAR:
        # The types of persiantools are left open.
        day_of: date = JalaliDate(year, month, day).to_gregorian()  # type: ignore[no-untyped-call]
        return day_of
    return date(year, month, day)


def number(value: int, lang: str) -> str:
    """``1250000`` reads ``۱٬۲۵۰٬۰۰۰`` or ``1,250,000``; the minus is a real minus sign."""
    text = f"{abs(value):,}"
    sign = MINUS if value < 0 else ""
    return sign + (text.replace(",", "٬").translate(_TO_PERSIAN) if lang == "fa" else text)


def short_number(value: float, lang: str) -> str:
    """``4200000`` reads ``۴٫۲ میلیون`` or ``4.2M``. For charts and small cells, never in a decision."""
    for step, words in _SHORT_STEPS:
        # Rounded first: 999 960 is "1M", not "1000K".
        if round(abs(value) * 1000 / step, 1) >= 1000:  # noqa: PLR2004  (a thousand of the step below)
            return f"{_one_decimal(value / step, lang)}{words[lang]}"
    return number(round(value), lang)


def percent(value: float, lang: str, *, signed: bool = False) -> str:
    """``12.5`` reads ``۱۲٫۵٪`` or ``12.5%``; ``signed`` shows a plus too. One decimal at most."""
    plus = "+" if signed and value > 0 else ""
    return f"{plus}{_one_decimal(value, lang)}{'٪' if lang == 'fa' else '%'}"


def _one_decimal(value: float, lang: str) -> str:
    text = f"{abs(value):.1f}".removesuffix(".0")
    sign = MINUS if value < 0 and text != "0" else ""
    return sign + digits(text.replace(".", "٫") if lang == "fa" else text, lang)


def rial(toman: int) -> int:
    """What the bank's slip says: banks count in Rial, our prices are in Toman."""
    return toman * RIAL_PER_TOMAN


def money(toman: int, lang: str) -> str:
    """``۱۲۵٬۰۰۰ تومان`` or ``125,000 Toman``: the amount with its unit, never without."""
    return f"{number(toman, lang)} {TOMAN[lang]}"


def amount(value: Money, lang: str) -> str:
    """An amount without its unit, for buttons under a text that names the unit."""
    places = value.currency.minor_digits
    if not places:
        return number(value.amount, lang)
    whole, rest = divmod(value.amount, 10**places)
    return f"{number(whole, lang)}{'٫' if lang == 'fa' else '.'}{digits(f'{rest:0{places}}', lang)}"


def card_groups(card_number: str) -> str:
    """``6219861900004421`` reads ``6219 8619 0000 4421``; masked numbers keep their dots. Latin digits."""
    compact = "".join(c for c in latin(card_number).replace("*", "•") if c.isdigit() or c == "•")
    return " ".join(compact[i : i + 4] for i in range(0, len(compact), 4))


# Times ------------------------------------------------------------------------------------------------------


def jalali(moment: datetime, lang: str, tz: ZoneInfo, *, year: bool = True) -> str:
    """The day of a moment in the Persian calendar: ``۱ آذر ۱۴۰۵`` or ``1 Azar 1405``."""
    return jalali_day(moment.astimezone(tz).date(), lang, year=year)


def jalali_day(day: date, lang: str, *, year: bool = True) -> str:
    """The same for a day that is one already, as in a table of days."""
    shown = _jalali(day)
    text = f"{shown.day} {MONTHS[lang][shown.month - 1]}"
    return digits(f"{text} {shown.year}" if year else text, lang)


def gregorian(moment: datetime, lang: str, tz: ZoneInfo) -> str:
    """The day of a moment as the rest of the world counts: ``۲۲ نوامبر ۲۰۲۶`` or ``22 November 2026``."""
    return gregorian_day(moment.astimezone(tz).date(), lang)


def gregorian_day(day: date, lang: str, *, year: bool = True) -> str:
    """The same for a day that is one already."""
    text = f"{day.day} {GREGORIAN_MONTHS[lang][day.month - 1]}"
    return digits(f"{text} {day.year}" if year else text, lang)


def jalali_month_begins(day: date) -> date:
    """The first day of the Persian month that ``day`` lies in."""
    days_in: int = _jalali(day).day - 1
    return day - timedelta(days=days_in)


@lru_cache(maxsize=4096)
def _jalali(day: date) -> JalaliDate:
    return JalaliDate(day)  # type: ignore[no-untyped-call]


def jalali_numbers(moment: datetime, tz: ZoneInfo) -> str:
    """Day and clock in the Persian calendar with Latin digits, for files: ``1405-09-01 14:05:09``."""
    local = moment.astimezone(tz)
    day = _jalali(local.date())
    return f"{day.year:04}-{day.month:02}-{day.day:02} {local:%H:%M:%S}"


def weekday(moment: datetime, lang: str, tz: ZoneInfo) -> str:
    return WEEKDAYS[lang][moment.astimezone(tz).weekday()]


def clock(moment: datetime, lang: str, tz: ZoneInfo) -> str:
    """``۱۴:۰۵``, 24 hours."""
    return digits(moment.astimezone(tz).strftime("%H:%M"), lang)


def full_moment(moment: datetime, lang: str, tz: ZoneInfo) -> str:
    """Day, year and clock, for titles and where the exact time matters."""
    comma = "،" if lang == "fa" else ","
    return f"{jalali(moment, lang, tz)}{comma} {clock(moment, lang, tz)}"


def relative(moment: datetime, now: datetime, lang: str, tz: ZoneInfo) -> str:
    """How long ago, while that is what one asks; then yesterday with the clock; then the day.

    The year is left out in the current (Jalali) year. A moment ahead reads as its clock or its day.
    """
    seconds = int((now - moment).total_seconds())
    day, today = moment.astimezone(tz).date(), now.astimezone(tz).date()
    fa = lang == "fa"
    if abs(seconds) < MINUTE:
        return "همین حالا" if fa else "just now"
    if 0 < seconds < HOUR:
        return f"{minutes(seconds // MINUTE, lang)} {'پیش' if fa else 'ago'}"
    if seconds > 0 and day == today:
        hours = seconds // HOUR
        return f"{digits(hours, lang)} ساعت پیش" if fa else f"{hours} h ago"
    if day == today:
        return clock(moment, lang, tz)
    if (today - day).days == 1:
        return f"{'دیروز' if fa else 'yesterday'} {clock(moment, lang, tz)}"
    return jalali(moment, lang, tz, year=_jalali(day).year != _jalali(today).year)


def minutes(count: int, lang: str) -> str:
    """A length of time: ``۴۲ دقیقه``, from two hours on ``۳ ساعت``, from two days on ``۲ روز``."""
    fa = lang == "fa"
    hours, days = count // 60, count // (60 * 24)
    if hours < 2:  # noqa: PLR2004  (ninety minutes say more than one hour)
        return f"{digits(count, lang)} دقیقه" if fa else f"{count} min"
    if days < 2:  # noqa: PLR2004  (likewise)
        return f"{digits(hours, lang)} ساعت" if fa else f"{hours} h"
    return f"{digits(days, lang)} روز" if fa else f"{days} d"


# Names ------------------------------------------------------------------------------------------------------


def initials(name: str) -> str:
    """Two letters for an avatar; a ZWNJ keeps Persian letters from joining."""
    words = [letters for word in name.split() if (letters := [c for c in word if c.isalnum()])]
    return ZWNJ.join(word[0] for word in words[:2]) or "?"


def normalise_text(text: str) -> str:
    """Free text as we keep it: one form of every letter, nothing invisible that could mislead.

    Arabic yeh and kaf become the Persian ones. Marks of direction, control and zero-width characters go; line
    breaks stay, and ZWNJ and ZWJ one at a time between two others, for Persian and for emoji. A letter keeps
    MOST_MARKS of the marks piled on it. Composed (NFC), trimmed. Idempotent.
    """
    visible = "".join(c for c in text.replace("\r\n", "\n").replace("\t", " ") if _is_visible(c))
    composed = unicodedata.normalize("NFC", visible.translate(_TO_PERSIAN_LETTERS))
    bare = _JOINERS.sub(r"\1", "".join(_without_piles(composed)))
    return _EDGES.sub("", unicodedata.normalize("NFC", bare))


def _is_visible(character: str) -> bool:
    if character in "\n\u200c\u200d":
        return True
    return character not in _BLANKS and unicodedata.category(character) not in {"Cc", "Cf", "Cs"}


def _without_piles(text: str) -> Iterator[str]:
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if marks <= MOST_MARKS:
            yield character
