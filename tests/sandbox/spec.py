"""The Bot API's own description, as a judge of what the sandbox answers and of what our bot asks.

``tests/data/telegram-bot-api.json`` holds every method and type with its fields. Problems come back as
sentences with the path to the place, so that a test can simply demand that there are none.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data" / "telegram-bot-api.json"
TEXTUAL = ("true", "false")


@cache
def spec() -> dict[str, Any]:
    return json.loads(DATA.read_text(encoding="utf-8"))


def problems_of_reply(method: str, result: Any) -> list[str]:
    """What is wrong with the ``result`` of this method; nothing when all is well."""
    return _union(spec()["methods"][method]["returns"], result, method)


def problems_of_answer(method: str, body: Any) -> list[str]:
    """What is wrong with a whole answer, be it a result or a refusal."""
    if body.get("ok") is True:
        unknown = [f"{method}: {name} beside the result" for name in body.keys() - _GOOD]
        return unknown or problems_of_reply(method, body.get("result"))
    return _fields(_REFUSAL, body, method)


def problems_of_type(name: str, value: Any) -> list[str]:
    """What is wrong with an object that should be of this type."""
    return _named(name, value, name)


def problems_of_update(update: Any) -> list[str]:
    """What is wrong with an update; it carries one event, and of one kind."""
    kinds = [name for name in update if name != "update_id"]
    surplus = [] if len(kinds) == 1 else [f"Update: one event is expected, not {kinds}"]
    return surplus + _named("Update", update, "Update")


def problems_of_request(method: str, params: dict[str, Any]) -> list[str]:
    """What is wrong with a call: unknown or missing arguments, or arguments of a wrong kind.

    Numbers, truth values and structures may be texts, as forms carry them; uploads are what the call log
    makes of them.
    """
    known = spec()["methods"].get(method)
    if known is None:
        return [f"{method}: no such method"]
    attached = {
        value.removeprefix("attach://")
        for value in params.values()
        if isinstance(value, str) and value.startswith("attach://")
    }
    # https://core.telegram.org/bots/api#inputfile: an upload may have any name that a field refers to.
    arguments = {name: value for name, value in params.items() if name not in attached}
    return _fields(known["fields"], arguments, method, lenient=True)


def _union(types: list[str], value: Any, where: str, *, lenient: bool = False) -> list[str]:
    attempts = [_typed(name, value, where, lenient=lenient) for name in types]
    return min(attempts, key=len)


def _typed(name: str, value: Any, where: str, *, lenient: bool) -> list[str]:
    if lenient and isinstance(value, str) and name not in _SIMPLE and name != "InputFile":
        try:
            return _typed(name, json.loads(value), where, lenient=False)
        except ValueError:
            return [f"{where}: {name} is expected, not {value!r}"]
    if name.startswith("Array of "):
        if not isinstance(value, list):
            return [f"{where}: a list is expected, not {value!r}"]
        inner = name.removeprefix("Array of ")
        return [
            problem
            for index, item in enumerate(value)
            for problem in _typed(inner, item, f"{where}[{index}]", lenient=lenient)
        ]
    if name in _SIMPLE:
        good = _SIMPLE[name](value) or (lenient and _is_textual(name, value))
        return [] if good else [f"{where}: {name} is expected, not {value!r}"]
    return _named(name, value, where, lenient=lenient)


def _named(name: str, value: Any, where: str, *, lenient: bool = False) -> list[str]:
    described = spec()["types"][name]
    if "subtypes" in described:
        return _union(described["subtypes"], value, where, lenient=lenient)
    if name == "InputFile":
        return (
            [] if isinstance(value, dict) and set(value) == {"file_name", "size"} else [f"{where}: no file"]
        )
    if not isinstance(value, dict):
        return [f"{where}: {name} is expected, not {value!r}"]
    return _fields(described["fields"], value, where, lenient=lenient) + _of_one_kind(name, value, where)


def _of_one_kind(name: str, value: dict[str, Any], where: str) -> list[str]:
    """What the description says in words alone: a button does exactly one thing, a type names itself."""
    if name == "InlineKeyboardButton":
        deeds = value.keys() - _DRESS
        return [] if len(deeds) == 1 else [f"{where}: a button does one thing, not {sorted(deeds)}"]
    proper = NAMED_BY.get(name)
    if proper is None or value.get(proper[0]) in (None, proper[1]):
        return []
    return [f"{where}.{proper[0]}: {proper[1]!r} is expected, not {value[proper[0]]!r}"]


def _fields(fields: dict[str, Any], value: dict[str, Any], where: str, *, lenient: bool = False) -> list[str]:
    missing = [
        f"{where}.{name}: missing" for name, f in fields.items() if f.get("required") and name not in value
    ]
    unknown = [f"{where}.{name}: no such field" for name in value if name not in fields]
    wrong = [
        problem
        for name, item in value.items()
        if name in fields
        for problem in _union(fields[name]["types"], item, f"{where}.{name}", lenient=lenient)
    ]
    return missing + unknown + wrong


_GOOD = frozenset({"ok", "result", "description"})
_REFUSAL = {
    "ok": {"types": ["Boolean"], "required": True},
    "error_code": {"types": ["Integer"], "required": True},
    "description": {"types": ["String"], "required": True},
    "parameters": {"types": ["ResponseParameters"]},
}
"""https://core.telegram.org/bots/api#making-requests"""

_DRESS = frozenset({"text", "style", "icon_custom_emoji_id"})
NAMED_BY = {
    "ChatMemberOwner": ("status", "creator"),
    "ChatMemberAdministrator": ("status", "administrator"),
    "ChatMemberMember": ("status", "member"),
    "ChatMemberRestricted": ("status", "restricted"),
    "ChatMemberLeft": ("status", "left"),
    "ChatMemberBanned": ("status", "kicked"),
    "MenuButtonCommands": ("type", "commands"),
    "MenuButtonWebApp": ("type", "web_app"),
    "MenuButtonDefault": ("type", "default"),
    "InputMediaAnimation": ("type", "animation"),
    "InputMediaAudio": ("type", "audio"),
    "InputMediaDocument": ("type", "document"),
    "InputMediaPhoto": ("type", "photo"),
    "InputMediaVideo": ("type", "video"),
    "MessageOriginUser": ("type", "user"),
    "MessageOriginHiddenUser": ("type", "hidden_user"),
    "MessageOriginChat": ("type", "chat"),
    "MessageOriginChannel": ("type", "channel"),
}
"""By what a type of several tells itself from the others, which the description says in words alone."""

_SIMPLE = {
    "Integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "Float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "String": lambda value: isinstance(value, str),
    "Boolean": lambda value: isinstance(value, bool),
}


def _is_textual(name: str, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if name == "Boolean":
        return value.lower() in TEXTUAL
    return name in ("Integer", "Float") and value.removeprefix("-").replace(".", "", 1).isdecimal()
