"""How numbers, times and names read in both languages."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop import formatting as f

TEHRAN = ZoneInfo("Asia/Tehran")
# 14:05 in Tehran, 1 Azar 1405.
NOW = datetime(2026, 11, 22, 10, 35, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "fa", "en"),
    [
        (0, "۰", "0"),
        (999, "۹۹۹", "999"),
        (125_000, "۱۲۵٬۰۰۰", "125,000"),
        (1_250_000, "۱٬۲۵۰٬۰۰۰", "1,250,000"),
        (-120_000, "−۱۲۰٬۰۰۰", "−120,000"),
    ],
)
def test_numbers_carry_the_digits_and_separators_of_the_language(value, fa, en):
    assert (f.number(value, "fa"), f.number(value, "en")) == (fa, en)


@pytest.mark.parametrize(
    ("value", "fa", "en"),
    [
        (0, "۰", "0"),
        (950, "۹۵۰", "950"),
        (1_500, "۱٫۵ هزار", "1.5K"),
        (960_000, "۹۶۰ هزار", "960K"),
        (999_960, "۱ میلیون", "1M"),
        (4_200_000, "۴٫۲ میلیون", "4.2M"),
        (2_840_000_000, "۲٫۸ میلیارد", "2.8B"),
        (-4_200_000, "−۴٫۲ میلیون", "−4.2M"),
    ],
)
def test_short_numbers_keep_one_decimal_and_move_up_when_rounding_does(value, fa, en):
    assert (f.short_number(value, "fa"), f.short_number(value, "en")) == (fa, en)


@pytest.mark.parametrize(
    ("value", "signed", "fa", "en"),
    [
        (12, False, "۱۲٪", "12%"),
        (12.54, True, "+۱۲٫۵٪", "+12.5%"),
        (-5, True, "−۵٪", "−5%"),
        (0, True, "۰٪", "0%"),
        (-0.01, True, "۰٪", "0%"),
    ],
)
def test_percents_have_the_sign_first_and_the_mark_last(value, signed, fa, en):
    assert f.percent(value, "fa", signed=signed) == fa
    assert f.percent(value, "en", signed=signed) == en


def test_what_a_person_types_is_read_in_any_digits():
    assert f.latin("۱۴۰۵/۰۹/٠١") == "1405/09/01"


@pytest.mark.parametrize(
    ("given_number", "shown"),
    [
        ("6219861900004421", "6219 8619 0000 4421"),
        ("6219-8619-0000-4421", "6219 8619 0000 4421"),
        ("۶۲۱۹۸۶۱۹۰۰۰۰۴۴۲۱", "6219 8619 0000 4421"),
        ("621986******4421", "6219 86•• •••• 4421"),
    ],
)
def test_card_numbers_stand_in_groups_of_four_latin_digits(given_number, shown):
    assert f.card_groups(given_number) == shown


def test_the_slip_of_the_bank_counts_in_rial():
    assert f.rial(290_000) == 2_900_000


def test_days_are_jalali_in_both_languages_without_a_leading_zero():
    assert f.jalali(NOW, "fa", TEHRAN) == "۱ آذر ۱۴۰۵"
    assert f.jalali(NOW, "en", TEHRAN, year=False) == "1 Azar"
    assert f.weekday(NOW, "fa", TEHRAN) == "یکشنبه"
    assert f.full_moment(NOW, "fa", TEHRAN) == "۱ آذر ۱۴۰۵، ۱۴:۰۵"
    assert f.full_moment(NOW, "en", TEHRAN) == "1 Azar 1405, 14:05"


def test_a_day_begins_at_midnight_in_the_shops_time_zone_not_in_utc():
    just_after_midnight = datetime(2026, 11, 21, 20, 45, tzinfo=UTC)

    assert f.jalali(just_after_midnight, "fa", TEHRAN) == "۱ آذر ۱۴۰۵"
    assert f.clock(just_after_midnight, "en", TEHRAN) == "00:15"


@pytest.mark.parametrize(
    ("ago", "fa", "en"),
    [
        (timedelta(seconds=-30), "همین حالا", "just now"),
        (timedelta(seconds=59), "همین حالا", "just now"),
        (timedelta(seconds=60), "۱ دقیقه پیش", "1 min ago"),
        (timedelta(minutes=42), "۴۲ دقیقه پیش", "42 min ago"),
        (timedelta(hours=3), "۳ ساعت پیش", "3 h ago"),
        (timedelta(hours=15), "دیروز ۲۳:۰۵", "yesterday 23:05"),
        (timedelta(days=1, hours=14), "دیروز ۰۰:۰۵", "yesterday 00:05"),
        (timedelta(days=2), "۲۹ آبان", "29 Aban"),
        (timedelta(days=400), "۲۶ مهر ۱۴۰۴", "26 Mehr 1404"),
        (timedelta(hours=-2), "۱۶:۰۵", "16:05"),
        (timedelta(days=-3), "۴ آذر", "4 Azar"),
    ],
)
def test_times_are_relative_while_that_is_what_one_asks(ago, fa, en):
    assert f.relative(NOW - ago, NOW, "fa", TEHRAN) == fa
    assert f.relative(NOW - ago, NOW, "en", TEHRAN) == en


@pytest.mark.parametrize(
    ("count", "fa", "en"),
    [
        (6, "۶ دقیقه", "6 min"),
        (119, "۱۱۹ دقیقه", "119 min"),
        (120, "۲ ساعت", "2 h"),
        (2_880, "۲ روز", "2 d"),
    ],
)
def test_lengths_of_time_change_their_unit_when_it_stops_saying_less(count, fa, en):
    assert (f.minutes(count, "fa"), f.minutes(count, "en")) == (fa, en)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("نیما قاسمی", "ن\u200cق"),
        ("Reza K.", "R\u200cK"),
        ("🌙 Mahsa", "M"),
        ("علی", "ع"),
        ("🌙", "?"),
        ("", "?"),
    ],
)
def test_initials_are_letters_that_do_not_join(name, shown):
    assert f.initials(name) == shown


def test_kept_text_has_one_form_of_every_letter_and_nothing_that_turns_its_direction():
    assert f.normalise_text(" علي كريمي\u202e\x00 ") == "علی کریمی"
    assert f.normalise_text("می\u200cشود\r\nبله") == "می\u200cشود\nبله"


@pytest.mark.parametrize(
    "hidden", ["\u200b", "\u2060", "\ufeff", "\u00ad", "\u180e", "\u2063", "\u3164", "\u2800", "\U000e0041"]
)
def test_nothing_of_no_width_is_kept(hidden):
    assert f.normalise_text(f"{hidden}Ad{hidden}min{hidden}") == "Admin"
    assert f.normalise_text(hidden * 3) == ""


def test_joiners_stay_between_two_others_and_never_more_than_one():
    assert f.normalise_text("\u200cمی\u200c\u200c\u200dشود\u200c") == "می\u200cشود"
    assert f.normalise_text("\u200c \u200d") == ""
    assert f.normalise_text("👩\u200d💻 ❤\ufe0f 1\ufe0f\u20e3") == "👩\u200d💻 ❤\ufe0f 1\ufe0f\u20e3"


def test_a_letter_carries_what_writing_needs_and_no_pile_of_marks():
    for word in ("مُحَمَّد", "שָׁלוֹם", "Việt", "น้ำ"):
        assert unicodedata.normalize("NFD", f.normalise_text(word)) == unicodedata.normalize("NFD", word)
    assert len(f.normalise_text("Z" + "\u0335" * 200 + "a")) == 2 + f.MOST_MARKS


@given(st.text() | st.text("aZ\u200b\u200c\u200d \u0301\u0335\u0327é\n\u064e\ufe0f"))
def test_normalising_twice_changes_nothing_more(text):
    once = f.normalise_text(text)

    assert f.normalise_text(once) == once
    once.encode()
