"""The text a message ends up with, and the entities in it."""

from __future__ import annotations

import re

from bot.sandbox.html import FormattedText, parse_html, utf16_length
from bot.sandbox.protocol import JsonObject, bad_request

_FOUND_IN_TEXT = re.compile(
    r"(?P<bot_command>(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/]))"
    r"|(?P<email>(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]*\w)"
    r"|(?P<mention>(?<![\w@/.])@[A-Za-z0-9_]{4,32}(?!\w))"
    r"|(?P<hashtag>(?<![\w#])#(?=\w*[^\W\d])\w{1,255})"
    r"|(?P<url>(?<![\w/])(?:https?://|tg://|www\.|t\.me/)[^\s<>\"]*[^\s<>\".,;:!?)\]}»،؛؟])"
)
_OPAQUE = frozenset({"code", "pre", "text_link", "text_mention", "custom_emoji"})
"""Inside these nothing else is recognised."""


def formatted(text: str, *, parse_mode: str, entities: list[JsonObject] | None = None) -> FormattedText:
    """The text a message will have: parsed, trimmed, with commands, links and mentions recognised."""
    if parse_mode:
        if parse_mode.lower() != "html":
            raise bad_request("unsupported parse_mode")
        parsed = parse_html(text)
    else:
        parsed = FormattedText(text, list(entities or ()))
    return _with_found(_trimmed(parsed))


def _trimmed(parsed: FormattedText) -> FormattedText:
    """Without the white space around it, which Telegram never keeps."""
    left = len(parsed.text) - len(parsed.text.lstrip())
    text = parsed.text.strip()
    if len(text) == len(parsed.text):
        return parsed
    end = utf16_length(text)
    kept = []
    for entity in parsed.entities:
        first = max(0, entity["offset"] - left)
        last = min(end, entity["offset"] + entity["length"] - left)
        if last > first:
            kept.append(entity | {"offset": first, "length": last - first})
    return FormattedText(text, kept)


def _with_found(parsed: FormattedText) -> FormattedText:
    closed = [(e["offset"], e["offset"] + e["length"]) for e in parsed.entities if e["type"] in _OPAQUE]
    found_any = False
    for found in _FOUND_IN_TEXT.finditer(parsed.text):
        offset = utf16_length(parsed.text[: found.start()])
        length = utf16_length(found.group())
        if found.lastgroup and all(offset + length <= first or offset >= last for first, last in closed):
            parsed.entities.append({"type": found.lastgroup, "offset": offset, "length": length})
            found_any = True
    if found_any:
        parsed.entities.sort(key=lambda e: (e["offset"], -e["length"]))
    return parsed
