"""Formatted text, as Telegram reads it."""

from __future__ import annotations

import pytest

from bot.sandbox.entities import formatted
from bot.sandbox.protocol import ApiError


def read(text: str) -> tuple[str, list[tuple[str, int, int]]]:
    parsed = formatted(text, parse_mode="HTML")
    return parsed.text, [(e["type"], e["offset"], e["length"]) for e in parsed.entities]


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<b>x</b> <code>6037</code>", "x 6037", [("bold", 0, 1), ("code", 2, 4)]),
        (
            "<strong>a</strong><em>b</em><del>c</del>",
            "abc",
            [("bold", 0, 1), ("italic", 1, 1), ("strikethrough", 2, 1)],
        ),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("👋 <b>سلام</b>", "👋 سلام", [("bold", 3, 4)]),
        ("&lt;b&gt; &amp; &quot;q&quot; &#1593;&#x2705;", '<b> & "q" ع✅', []),
        ("&nbsp; &copy", "&nbsp; &copy", []),
        ("a < b", None, "Unsupported start tag"),
        ("<b></b>x", "x", []),
        ("\n <b>x</b> \n", "x", [("bold", 0, 1)]),
        ("<B>x</B>", "x", [("bold", 0, 1)]),
        ("<b>x</>", "x", [("bold", 0, 1)]),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1)]),
        ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", 0, 1)]),
        ("<blockquote>x</blockquote>", "x", [("blockquote", 0, 1)]),
        (
            "see /start and https://a.example/b?c=1.",
            "see /start and https://a.example/b?c=1.",
            [("bot_command", 4, 6), ("url", 15, 23)],
        ),
        ("<code>/start @carol_x</code>", "/start @carol_x", [("code", 0, 15)]),
        (
            "mail a@b.example, ask @carol_x #وی‌پی‌ان",
            "mail a@b.example, ask @carol_x #وی‌پی‌ان",
            [("email", 5, 11), ("mention", 22, 8), ("hashtag", 31, 3)],
        ),
    ],
)
def test_html_becomes_text_with_entities_in_utf16_units(source, text, entities):
    if text is None:
        with pytest.raises(ApiError, match=entities):
            read(source)
        return

    assert read(source) == (text, entities)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("سلام <foo>x</foo>", 'Unsupported start tag "foo" at byte offset 9'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<a href=x!>y</a>", "Unexpected end of name token at byte offset 8"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("3 <5", "Unclosed start tag at byte offset 2"),
    ],
)
def test_broken_html_is_refused_in_telegrams_words(source, words):
    with pytest.raises(ApiError) as refused:
        read(source)

    assert refused.value.description == f"Bad Request: can't parse entities: {words}"


def test_a_link_keeps_its_address_and_a_block_of_code_its_language():
    link = formatted('<a href="https://a.example/?x=1&amp;y=2">here</a>', parse_mode="HTML").entities
    block = formatted('<pre><code class="language-python">x = 1</code></pre>', parse_mode="HTML").entities

    assert link == [{"type": "text_link", "offset": 0, "length": 4, "url": "https://a.example/?x=1&y=2"}]
    assert block == [{"type": "pre", "offset": 0, "length": 5, "language": "python"}]
