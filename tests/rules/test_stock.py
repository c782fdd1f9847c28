"""Reading what owners paste and upload, and when a shelf counts as low."""

from __future__ import annotations

import pytest

from shop.provisioning.rules import LONGEST_LINE, decode, shelf_state, split_lines


@pytest.mark.parametrize(
    ("pasted", "lines"),
    [
        ("", []),
        (" \n\t\r\n", []),
        ("one", ["one"]),
        ("one\r\ntwo\rthree\n", ["one", "two", "three"]),
        ("  one  \n\n\n two", ["one", "two"]),
        ("\ufeffone\n\ufefftwo\ufeff", ["one", "two"]),
        ("o\x00ne", ["one"]),
        ("one two", ["one two"]),
        ("vless://x@h:443#نام", ["vless://x@h:443#نام"]),
        ("x" * LONGEST_LINE, ["x" * LONGEST_LINE]),
    ],
)
def test_a_line_is_what_stands_between_two_breaks(pasted, lines):
    assert split_lines(pasted) == lines


@pytest.mark.parametrize("before", [0, 1, 7])
def test_a_line_too_long_is_named_by_its_number_blank_ones_counted(before):
    with pytest.raises(ValueError, match=str(before + 1)):
        split_lines("\n" * before + "x" * (LONGEST_LINE + 1))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_is_read_however_an_editor_saved_it(encoding):
    assert decode("خط\r\none\t#1".encode(encoding)) == "خط\r\none\t#1"


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n",
        b"PK\x03\x04",
        b"%PDF-1.7\n\xe2\xe3",
        b"one\x00",
        b"\xff\xfex",
        b"\x1b[0m",
        b"\xd8",
    ],
)
def test_what_is_no_text_is_refused(content):
    with pytest.raises(ValueError):  # noqa: PT011  (whoever asks tells it in words of its own)
        decode(content)


@pytest.mark.parametrize(
    ("free", "low_at", "state"),
    [(0, 3, "empty"), (0, 0, "empty"), (1, 3, "low"), (3, 3, "low"), (4, 3, "enough"), (1, 0, "enough")],
)
def test_a_shelf_is_low_from_the_owners_mark_on(free, low_at, state):
    assert shelf_state(free, low_at) == state
