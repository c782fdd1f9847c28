"""The judge itself: it knows every method, type and field of the description, and nothing slips by it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.spec import (
    NAMED_BY,
    problems_of_answer,
    problems_of_reply,
    problems_of_request,
    problems_of_type,
    problems_of_update,
    spec,
)

OF_ONE_KIND = {"InlineKeyboardButton": {"callback_data": "x"}}
"""What the least object of a type needs beside its required fields."""


def least(name: str) -> Any:
    """The smallest good value of a type."""
    if name.startswith("Array of "):
        return [least(name.removeprefix("Array of "))]
    simple = {"Integer": 1, "Float": 1.5, "String": "x", "Boolean": True}
    if name in simple:
        return simple[name]
    if name == "InputFile":
        return {"file_name": "x", "size": 1}
    described = spec()["types"][name]
    if "subtypes" in described:
        return least(described["subtypes"][0])
    return _named(name, required_of(described["fields"])) | OF_ONE_KIND.get(name, {})


def _named(name: str, value: dict[str, Any]) -> dict[str, Any]:
    """With the word by which a type of several names itself, where the judge knows it."""
    proper = NAMED_BY.get(name)
    return value | {proper[0]: proper[1]} if proper and proper[0] in value else value


def required_of(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: least(f["types"][0]) for name, f in fields.items() if f.get("required")}


BUTTON = "sendMessage.reply_markup.inline_keyboard[0][0]"
METHODS = sorted(spec()["methods"])
TYPES = sorted(name for name, described in spec()["types"].items() if "subtypes" not in described)


def test_it_knows_every_method_every_argument_and_every_result() -> None:
    for method in METHODS:
        described = spec()["methods"][method]
        good = required_of(described["fields"])

        assert problems_of_request(method, good) == []
        assert problems_of_request(method, good | {"no_such": 1}) == [f"{method}.no_such: no such field"]
        for name in good:
            without = {key: value for key, value in good.items() if key != name}
            assert problems_of_request(method, without) == [f"{method}.{name}: missing"]
        for returned in described["returns"]:
            assert problems_of_reply(method, least(returned)) == []
        assert problems_of_reply(method, None) != []


def test_as_text_in_a_form_an_argument_is_as_good_as_itself() -> None:
    for method in METHODS:
        good = required_of(spec()["methods"][method]["fields"])

        as_form = {k: v if isinstance(v, str) else json.dumps(v) for k, v in good.items() if not is_file(v)}

        files = {key: value for key, value in good.items() if is_file(value)}
        assert problems_of_request(method, as_form | files) == []


def is_file(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"file_name", "size"}


@pytest.mark.parametrize(
    "kind", [name for name in spec()["types"]["Update"]["fields"] if name != "update_id"]
)
def test_it_knows_every_kind_of_update_to_the_bottom(kind: str) -> None:
    (name,) = spec()["types"]["Update"]["fields"][kind]["types"]
    good = least(name)

    assert problems_of_update({"update_id": 1, kind: good}) == []
    assert problems_of_update({"update_id": "1", kind: good}) != []
    assert problems_of_update({kind: good}) != []
    for field in good:
        assert problems_of_update({"update_id": 1, kind: good | {field: object()}}) != []
        assert problems_of_update({"update_id": 1, kind: {k: v for k, v in good.items() if k != field}}) != []


def test_it_reads_every_field_of_every_type_and_of_what_is_inside() -> None:
    for name in TYPES:
        for field, described in spec()["types"][name].get("fields", {}).items():
            if field == NAMED_BY.get(name, ("",))[0]:
                continue
            for kind in described["types"]:
                holder = least(name) | {field: least(kind)}
                assert [p for p in problems_of_type(name, holder) if "does one thing" not in p] == []
            assert problems_of_type(name, least(name) | {field: object()}) != [], (name, field)


def test_an_update_brings_one_event() -> None:
    message = least("Message")

    assert problems_of_update({"update_id": 1}) == ["Update: one event is expected, not []"]
    assert problems_of_update({"update_id": 1, "message": message, "edited_message": message}) == [
        "Update: one event is expected, not ['message', 'edited_message']"
    ]


@pytest.mark.parametrize(
    ("button", "problems"),
    [
        ({"text": "x", "url": "https://a.example"}, []),
        ({"text": "x", "callback_data": "y", "style": "primary"}, []),
        ({"text": "x"}, [f"{BUTTON}: a button does one thing, not []"]),
        (
            {"text": "x", "url": "https://a.example", "callback_data": "y"},
            [f"{BUTTON}: a button does one thing, not ['callback_data', 'url']"],
        ),
    ],
)
def test_a_button_does_exactly_one_thing(button: dict[str, Any], problems: list[str]) -> None:
    markup = {"inline_keyboard": [[button]]}

    for given in (markup, json.dumps(markup)):
        asked = {"chat_id": 1, "text": "x", "reply_markup": given}
        assert problems_of_request("sendMessage", asked) == problems


def test_one_of_several_types_names_itself_rightly() -> None:
    person = least("User")

    assert problems_of_reply("getChatMember", {"status": "left", "user": person}) == []
    assert problems_of_reply("getChatMember", {"status": "lost", "user": person}) != []
    assert problems_of_reply("getChatMember", {"status": "creator", "user": person}) != []


@pytest.mark.parametrize(
    ("body", "is_good"),
    [
        ({"ok": True, "result": True}, True),
        ({"ok": True}, False),
        ({"ok": True, "result": True, "retry_after": 1}, False),
        ({"ok": False, "error_code": 400, "description": "Bad Request: x"}, True),
        ({"ok": False, "error_code": 400}, False),
        ({"ok": False, "error_code": "400", "description": "x"}, False),
        ({"ok": False, "error_code": 429, "description": "x", "parameters": {"retry_after": 3}}, True),
        ({"ok": False, "error_code": 429, "description": "x", "parameters": {"retry_after": "3"}}, False),
        ({"ok": False, "error_code": 429, "description": "x", "parameters": {"wait": 3}}, False),
        ({"ok": False, "error_code": 429, "description": "x", "retry_after": 3}, False),
    ],
)
def test_refusals_are_judged_as_results_are(body: dict[str, Any], is_good: bool) -> None:
    assert (problems_of_answer("deleteMessage", body) == []) is is_good
