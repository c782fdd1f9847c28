"""The words on the screens: complete, alike in both languages, and written as Persian is written."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from shop import i18n

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%%|%(?!\()")
TAG = re.compile(r"</?(\w+)")
# "می" and the plural "ها" are joined to their word by a ZWNJ, never set apart by a space.
LOOSE_PREFIX = re.compile(r"(?<!\w)ن?می [\u0600-\u06ff]")
LOOSE_PLURAL = re.compile(r"\w ها(?:ی|یی|یم|یت|یش)?(?!\w)")
FOREIGN_LETTERS = re.compile(r"[يكة٠-٩]|[0-9]")


def catalogue(lang: str, domain: str = "web") -> Catalog:
    with i18n.catalogue_path(domain, lang).open("rb") as file:
        return read_po(file, locale=lang)


def strings(value) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


FA = [m for m in catalogue("fa") if m.id]
EN = [m for m in catalogue("en") if m.id]


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_the_catalogue_holds_exactly_the_sentences_of_the_sources(lang):
    written = {(m.context, m.id) for m in i18n.extract("web") if m.id}

    assert {(m.context, m.id) for m in catalogue(lang) if m.id} == written


def test_every_sentence_has_its_persian_words():
    assert [m.id for m in FA if not all(strings(m.string)) or m.fuzzy] == []


def test_an_english_sentence_is_its_own_translation():
    assert [m.id for m in EN if strings(m.string) != strings(m.id)] == []


def test_both_languages_carry_the_same_placeholders_and_tags():
    for message in FA:
        given = strings(message.id)[-1]
        for translated in strings(message.string):
            assert set(PLACEHOLDER.findall(given)) == set(PLACEHOLDER.findall(translated)), given
            assert sorted(TAG.findall(given)) == sorted(TAG.findall(translated)), given


def test_persian_is_joined_by_zero_width_non_joiners_where_it_should():
    loose = [s for m in FA for s in strings(m.string) if LOOSE_PREFIX.search(s) or LOOSE_PLURAL.search(s)]

    assert loose == []


def test_persian_has_persian_letters_digits_and_marks():
    text = [re.sub(r"%\(\w+\)[sd]|<[^>]+>", "", s) for m in FA for s in strings(m.string)]

    assert [s for s in text if FOREIGN_LETTERS.search(s) or "," in s or ";" in s or "!" in s] == []


@pytest.mark.parametrize(
    ("sentence", "is_loose"),
    [("می شود", True), ("می‌شود", False), ("پلن ها", True), ("پلن‌ها", False), ("قدیمی است", False)],
)
def test_the_lint_finds_what_it_is_for(sentence, is_loose):
    assert bool(LOOSE_PREFIX.search(sentence) or LOOSE_PLURAL.search(sentence)) == is_loose
