"""Settings as a form shows them and as it posts them: what was typed, made into values of their kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time

from shop.configurations.registry import Setting, Value, find
from shop.errors import BadInput
from shop.formatting import digits, jalali_numbers, latin, number, typed_day
from shop.i18n import N_
from web.meanwhile import Field
from web.rendering import Screen

ON = "on"
SWITCHED = {True: N_("On"), False: N_("Off")}
_APART = re.compile(r"(?<=[0-9])[,٬،' \u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))")
_NUMBER = re.compile(r"-?[0-9]{1,15}", re.ASCII)


def read_settings(settings: Iterable[Setting], fields: Mapping[str, str]) -> dict[str, object]:
    """What a form says about each of ``settings``; whether it may be so is the registry's to say.

    A box that is not ticked is not posted at all, so an absent switch is off. Digits may be Persian.
    Raises BadInput for what is no number.
    """
    return {setting.key: _read(setting, fields.get(setting.key, "")) for setting in settings}


def _read(setting: Setting, text: str) -> object:
    if setting.kind == "bool":
        return text == ON
    if setting.kind == "choice":
        return next((choice for choice in setting.choices if str(choice) == text), text)
    return read_number(setting.key, text)


def read_number(field: str, text: str, *, empty: int | None = None) -> int:
    """A whole number as people write it: Persian digits, and thousands set apart by any usual sign.

    Nothing typed is ``empty``, where that is a number. Raises BadInput for what is no number.
    """
    number = _APART.sub("", latin(text).strip())
    if not number and empty is not None:
        return empty
    if _NUMBER.fullmatch(number) is None:
        raise BadInput(field, "not_a_number")
    return int(number)


def read_day(field: str, text: str) -> date | None:
    """A day as people write it, of either calendar; None for nothing. Raises BadInput for what is no day."""
    try:
        return typed_day(text)
    except ValueError:
        raise BadInput(field, "not_a_day") from None


def written_day(screen: Screen, day: date) -> str:
    """A day as an example of what may be typed."""
    noon = datetime.combine(day, time(12), screen.tz)
    return digits(jalali_numbers(noon, screen.tz)[:10].replace("-", "/"), screen.lang)


def as_typed(values: Mapping[str, Value]) -> dict[str, str]:
    """The same values as a form that was never posted would hold them."""
    return {key: _as_typed(key, value) for key, value in values.items()}


def _as_typed(key: str, value: Value) -> str:
    if isinstance(value, bool):
        return ON if value else ""
    # What a choice posts is its value as it is; only what is typed is set apart in thousands.
    return f"{value:,}" if isinstance(value, int) and find(key).kind == "int" else str(value)


def compared(
    screen: Screen, settings: Iterable[Setting], kept: Mapping[str, str], typed: Mapping[str, str]
) -> Iterator[Field]:
    """Settings as they are kept and as they were typed, in the reader's words, to be told apart."""
    for setting in settings:
        said = [_said(screen, setting, text) for text in (kept[setting.key], typed.get(setting.key, ""))]
        yield Field(setting.key, screen.say(setting.label), *said)


def _said(screen: Screen, setting: Setting, text: str) -> str:
    if setting.kind == "bool":
        return screen.say(SWITCHED[text == ON])
    if setting.kind == "choice" and setting.words:
        chosen = dict(zip(map(str, setting.choices), setting.words, strict=True))
        return screen.say(chosen[text]) if text in chosen else text
    bare = _APART.sub("", latin(text).strip())
    return number(int(bare), screen.lang) if _NUMBER.fullmatch(bare) else text
