from __future__ import annotations

import re

import pytest

from shop.actors import OWNING, RECEIPTS_SEE, Master, StaffMember
from shop.bots.rules import new_public_id, parse_telegram_token, timezone, username
from shop.errors import BadInput
from shop.staff.rules import actor_for, generate_api_token, parse_api_token

SHAPE = re.compile(r"pk_live_[a-z0-9]{8}_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}")
TELEGRAM = "7123456789:AAF0abcDEF-_0123456789abcdefghijklm"


def test_ten_thousand_tokens_are_well_formed_and_all_different():
    tokens = [generate_api_token() for _ in range(10_000)]

    assert all(SHAPE.fullmatch(token.text) for token in tokens)
    assert len({token.text for token in tokens}) == len({token.key_id for token in tokens}) == 10_000


def test_a_token_is_read_back_from_what_a_person_pastes():
    token = generate_api_token()

    assert parse_api_token(f" {token.text}\n") == token


def test_a_token_of_test_mode_says_so():
    token = generate_api_token(test=True)

    assert token.text.startswith("pk_test_")
    assert parse_api_token(token.text) == token


def test_one_wrong_character_fails_the_check_sum():
    text = generate_api_token().text

    for place in range(len(text)):
        wrong = text[:place] + ("a" if text[place] != "a" else "b") + text[place + 1 :]
        assert parse_api_token(wrong) is None


@pytest.mark.parametrize("typed", ["", "pk_live_", "x" * 66, "pk_live_" + "ａ" * 58, "\x00", TELEGRAM])
def test_anything_else_is_no_token(typed):
    assert parse_api_token(typed) is None


def test_a_tokens_repr_shows_its_public_part_only():
    token = generate_api_token()

    assert repr(token) == f"ApiToken({token.key_id})"
    assert TELEGRAM not in repr(parse_telegram_token(TELEGRAM))


def test_a_role_becomes_an_actor():
    assert actor_for("master", staff_id=1, name="M", permissions=()) == Master(1, "M")
    assert actor_for("master", staff_id=1, name="M", permissions=(), viewing=True) == Master(1, "M", True)
    assert actor_for("owner", staff_id=2, name="A", permissions=OWNING) == StaffMember(2, "A", OWNING)
    # What came to exist after he was made is his too.
    assert actor_for("owner", staff_id=2, name="A", permissions=[RECEIPTS_SEE]).permissions == OWNING
    assert actor_for("staff", staff_id=3, name="B", permissions=[RECEIPTS_SEE]) == StaffMember(
        3, "B", frozenset({RECEIPTS_SEE})
    )


def test_a_telegram_token_carries_the_bots_own_number():
    token = parse_telegram_token(f" {TELEGRAM} ")

    assert (token.text, token.telegram_bot_id) == (TELEGRAM, 7123456789)


@pytest.mark.parametrize(
    "typed",
    ["", "7123456789", TELEGRAM[:-1], TELEGRAM + "x", TELEGRAM.replace("7", "٧", 1), "x" + TELEGRAM, "1:x"],
)
def test_what_is_no_telegram_token_is_refused(typed):
    with pytest.raises(BadInput) as refusal:
        parse_telegram_token(typed)

    assert refusal.value.field == "telegram_bot_token"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (None, None),
        ("", None),
        ("@nasim", "nasim"),
        ("https://t.me/nasim_net", "nasim_net"),
        ("nasim", "nasim"),
    ],
)
def test_a_telegram_name_is_kept_without_its_sign(typed, kept):
    assert username(typed) == kept


@pytest.mark.parametrize("typed", ["نسیم", "a b c d", "<b>abc</b>", "abc", "1abcd"])
def test_a_name_telegram_would_not_take_is_refused(typed):
    with pytest.raises(BadInput):
        username(typed)


@pytest.mark.parametrize("typed", ["Asia/Teheran", "../../etc/passwd", "", "/etc/localtime"])
def test_a_time_zone_that_does_not_exist_is_refused(typed):
    with pytest.raises(BadInput):
        timezone(typed)


def test_public_ids_are_opaque_and_readable():
    assert re.fullmatch(r"[a-z2-9]{16}", new_public_id())
    assert len({new_public_id() for _ in range(1_000)}) == 1_000
