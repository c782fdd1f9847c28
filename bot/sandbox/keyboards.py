"""Reply markup: what a bot may put under a message, checked as Telegram checks it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bot.sandbox.protocol import CALLBACK_DATA_LIMIT, COPY_TEXT_LIMIT, JsonObject, bad_request

_ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)
_LOOKS = ("icon_custom_emoji_id", "style")
_REPLY_BUTTON = (
    *_LOOKS,
    "request_users",
    "request_chat",
    "request_managed_bot",
    "request_contact",
    "request_location",
    "request_poll",
    "web_app",
)
_REPLY_OPTIONS = (
    "is_persistent",
    "resize_keyboard",
    "one_time_keyboard",
    "input_field_placeholder",
    "selective",
)
STYLES = ("primary", "success", "danger")
_LINK = re.compile(r"(?i)(?:https?|tg|ton|tonsite|mailto|tel):\S+|[\w.-]+\.\w{2,}\S*")


@dataclass(frozen=True, slots=True)
class Markup:
    """``inline`` belongs to the message; ``reply`` to the chat, in place of the person's own keyboard."""

    inline: JsonObject | None = None
    reply: JsonObject | None = None


def parse_markup(raw: Any) -> Markup:
    if raw in (None, "", {}):
        return Markup()
    if not isinstance(raw, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in raw:
        rows = [[_inline_button(b) for b in row] for row in _rows(raw["inline_keyboard"], "inline keyboard")]
        rows = [row for row in rows if row]
        return Markup(inline={"inline_keyboard": rows} if rows else None)
    if "keyboard" in raw:
        rows = [[_reply_button(b) for b in row] for row in _rows(raw["keyboard"], "keyboard")]
        options = {name: raw[name] for name in _REPLY_OPTIONS if name in raw}
        return Markup(reply={"keyboard": [row for row in rows if row], **options})
    if raw.get("remove_keyboard"):
        return Markup(reply={"remove_keyboard": True})
    if raw.get("force_reply"):
        return Markup(reply={"force_reply": True, **_kept(raw, ("input_field_placeholder", "selective"))})
    return Markup()


def find_callback(markup: JsonObject | None, data: str) -> JsonObject | None:
    """The button that sends ``data``, if it is under the message."""
    for row in (markup or {}).get("inline_keyboard", ()):
        for button in row:
            if button.get("callback_data") == data:
                return dict(button)
    return None


def _rows(raw: Any, name: str) -> list[list[Any]]:
    if not isinstance(raw, list) or not all(isinstance(row, list) for row in raw):
        raise bad_request(f"can't parse {name}: array of arrays of buttons expected")
    return raw


def _inline_button(raw: Any) -> JsonObject:
    where = "can't parse inline keyboard button: "
    if not isinstance(raw, dict) or not isinstance(raw.get("text"), str):
        raise bad_request(f'{where}Can\'t find field "text"')
    actions = _kept(raw, _ACTIONS)
    if not raw["text"].strip() or not actions or actions == {"callback_data": ""}:
        raise bad_request(f"{where}Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request(f"{where}exactly one action is expected")
    _check_callback_data(actions.get("callback_data"))
    copied = actions.get("copy_text")
    if copied is not None and not 1 <= len(copied.get("text", "")) <= COPY_TEXT_LIMIT:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    link = actions.get("url")
    if link is not None and not _LINK.fullmatch(link):
        raise bad_request(f"inline keyboard button URL '{link}' is invalid: Wrong HTTP URL")
    app = actions.get("web_app")
    if app is not None and not str(app.get("url", "")).startswith("https://"):
        raise bad_request(
            f"inline keyboard button Web App URL '{app.get('url')}' is invalid: Only HTTPS links are allowed"
        )
    return {"text": raw["text"], **_looks(raw), **actions}


def _check_callback_data(data: Any) -> None:
    if data is None:
        return
    if not isinstance(data, str) or not 1 <= len(data.encode()) <= CALLBACK_DATA_LIMIT:
        raise bad_request("BUTTON_DATA_INVALID")


def _reply_button(raw: Any) -> JsonObject:
    if isinstance(raw, str):
        raw = {"text": raw}
    if not isinstance(raw, dict) or not str(raw.get("text", "")).strip():
        raise bad_request("can't parse keyboard button: text must be non-empty")
    return {"text": str(raw["text"]), **_looks(raw), **_kept(raw, _REPLY_BUTTON[len(_LOOKS) :])}


def _looks(raw: JsonObject) -> JsonObject:
    looks = _kept(raw, _LOOKS)
    if looks.get("style", "primary") not in STYLES:
        raise bad_request("can't parse keyboard button: invalid button style specified")
    return looks


def _kept(raw: JsonObject, names: tuple[str, ...]) -> JsonObject:
    return {name: raw[name] for name in names if raw.get(name) is not None}
