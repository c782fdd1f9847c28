"""HTML as Telegram reads it: text, and entities counted in UTF-16 units.

The rules and the words of every refusal follow Telegram's own parser, because bots and libraries look at
them: an unknown tag, a stray ``<`` or a tag left open is refused, never repaired.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.sandbox.protocol import ApiError, JsonObject, bad_request

_TAGS: dict[str, str] = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(lt|gt|amp|quot));?")
_SPACES = " \t\r\n\0\v"
_NAME_TOKEN = re.compile(r"[A-Za-z0-9.-]*")

_LINK = re.compile(r"(?i)(?:https?|tg|ton|tonsite|mailto|tel):|[\w.-]+\.\w{2,}")


@dataclass(slots=True)
class FormattedText:
    text: str
    entities: list[JsonObject] = field(default_factory=list)


def utf16_length(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)


def parse_html(source: str) -> FormattedText:
    return _HtmlParser(source).parse()


@dataclass(slots=True)
class _OpenTag:
    name: str
    argument: str
    offset: int
    first: int
    """Where in the output its text begins."""


class _HtmlParser:
    """One walk over the text; ``at`` is where the reader stands."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.out: list[str] = []
        self.offset = 0
        self.open: list[_OpenTag] = []
        self.entities: list[JsonObject] = []

    def parse(self) -> FormattedText:
        while self.at < len(self.source):
            char = self.source[self.at]
            if char == "<":
                if self.source.startswith("</", self.at):
                    self._end_tag()
                else:
                    self._start_tag()
            elif char == "&":
                self._emit(self._reference())
            else:
                self.at += 1
                self._emit(char)
        if self.open:
            raise self._error(f'Can\'t find end tag corresponding to start tag "{self.open[-1].name}"')
        self.entities.sort(key=lambda e: (e["offset"], -e["length"]))
        return FormattedText("".join(self.out), _merged_code(self.entities))

    def _emit(self, char: str) -> None:
        self.out.append(char)
        self.offset += utf16_length(char)

    def _reference(self) -> str:
        found = _REFERENCE.match(self.source, self.at)
        if found is None:
            self.at += 1
            return "&"
        self.at = found.end()
        decimal, hexadecimal, name = found.groups()
        if name:
            return _NAMED[name]
        code = int(decimal) if decimal else int(hexadecimal, 16)
        is_character = 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF  # noqa: PLR2004  (Unicode)
        return chr(code) if is_character else found.group()

    def _start_tag(self) -> None:
        begin = self.at
        self.at += 1
        name = self._until(_SPACES + ">").lower()
        if self._ended():
            raise self._error("Unclosed start tag", begin)
        if name not in _TAGS:
            raise self._error(f'Unsupported start tag "{name}"', begin)
        argument = ""
        while True:
            self._skip_spaces()
            if self._ended():
                raise self._error("Unclosed start tag", begin)
            if self.source[self.at] == ">":
                break
            argument = self._attribute(name, begin) or argument
        self.at += 1
        if name == "span" and argument != "spoiler":
            raise self._error('Tag "span" must have class "tg-spoiler"', begin)
        self.open.append(_OpenTag(name, argument, self.offset, len(self.out)))

    def _attribute(self, tag: str, begin: int) -> str:
        """Read one attribute; what it means for the tag, or nothing."""
        name = self._until(_SPACES + "=>").lower()
        if not name:
            raise self._error(f'Empty attribute name in the tag "{tag}"', begin)
        self._skip_spaces()
        if not self._ended() and self.source[self.at] != "=":
            if (tag, name) == ("blockquote", "expandable"):
                return "expandable"
            raise self._error(f'Expected equal sign in declaration of an attribute of the tag "{tag}"', begin)
        self.at += 1
        self._skip_spaces()
        if self._ended():
            raise self._error(f'Unclosed start tag "{tag}"', begin)
        value = self._attribute_value()
        match tag, name:
            case ("a", "href") | ("tg-emoji", "emoji-id"):
                return value
            case "code", "class" if value.startswith("language-"):
                return value.removeprefix("language-")
            case "span", "class" if value.startswith("tg-"):
                return value.removeprefix("tg-")
            case "blockquote", "expandable":
                return "expandable"
            case _:
                return ""

    def _attribute_value(self) -> str:
        quote = self.source[self.at]
        if quote not in "'\"":
            begin = self.at
            self.at = _NAME_TOKEN.match(self.source, begin).end()  # type: ignore[union-attr]  # may be empty, never fails
            if not self._ended() and self.source[self.at] not in _SPACES + ">":
                raise self._error("Unexpected end of name token", begin)
            return self.source[begin : self.at].lower()
        self.at += 1
        value: list[str] = []
        while not self._ended() and self.source[self.at] != quote:
            if self.source[self.at] == "&":
                value.append(self._reference())
            else:
                value.append(self.source[self.at])
                self.at += 1
        self.at += 1
        return "".join(value)

    def _end_tag(self) -> None:
        begin = self.at
        if not self.open:
            raise self._error("Unexpected end tag", begin)
        self.at += 2
        name = self._until(_SPACES + ">").lower()
        self._skip_spaces()
        if self._ended() or self.source[self.at] != ">":
            raise self._error("Unclosed end tag", begin)
        self.at += 1
        tag = self.open.pop()
        if name and name != tag.name:
            raise self._error(
                f"Unmatched end tag at byte offset {self._byte(begin)}, "
                f'expected "</{tag.name}>", found "</{name}>"'
            )
        if self.offset > tag.offset:
            self._close(tag)

    def _close(self, tag: _OpenTag) -> None:
        entity: JsonObject = {
            "type": _TAGS[tag.name],
            "offset": tag.offset,
            "length": self.offset - tag.offset,
        }
        match tag.name:
            case "a":
                url = tag.argument or "".join(self.out[tag.first :])
                if not _LINK.match(url):
                    return  # Telegram drops what is no link and keeps the words
                entity["url"] = url
            case "tg-emoji":
                entity["custom_emoji_id"] = tag.argument
            case "code" if tag.argument:
                entity["language"] = tag.argument
            case "blockquote" if tag.argument:
                entity["type"] = "expandable_blockquote"
            case _:
                pass
        self.entities.append(entity)

    def _until(self, stops: str) -> str:
        begin = self.at
        while self.at < len(self.source) and self.source[self.at] not in stops:
            self.at += 1
        return self.source[begin : self.at]

    def _skip_spaces(self) -> None:
        while self.at < len(self.source) and self.source[self.at] in _SPACES:
            self.at += 1

    def _ended(self) -> bool:
        return self.at >= len(self.source)

    def _byte(self, at: int) -> int:
        return len(self.source[:at].encode())

    def _error(self, reason: str, at: int | None = None) -> ApiError:
        where = "" if at is None else f" at byte offset {self._byte(at)}"
        return bad_request(f"can't parse entities: {reason}{where}")


def _merged_code(entities: list[JsonObject]) -> list[JsonObject]:
    """``<pre><code class="language-…">`` is one entity with a language; ``code`` elsewhere has none."""
    blocks = {(e["offset"], e["length"]): e for e in entities if e["type"] == "pre"}
    kept = []
    for entity in entities:
        if entity["type"] == "code":
            language = entity.pop("language", None)
            block = blocks.get((entity["offset"], entity["length"]))
            if block is not None:
                if language:
                    block["language"] = language
                continue
        kept.append(entity)
    return kept
