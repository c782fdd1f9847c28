"""Which language a person gets, and that the words are there."""

from __future__ import annotations

import gettext

import pytest

from shop import i18n


@pytest.mark.parametrize(
    ("candidates", "chosen"),
    [
        (("en",), "en"),
        (("fa-IR",), "fa"),
        (("en_US",), "en"),
        ((None, "", "en"), "en"),
        (("ru", "en"), "en"),
        (("de-DE,de;q=0.9,en;q=0.8",), "en"),
        (("english",), "fa"),
        ((), "fa"),
    ],
)
def test_the_first_language_we_speak_among_the_wishes_is_chosen(candidates, chosen):
    assert i18n.pick_language(*candidates) == chosen


def test_every_language_has_a_name_and_its_words():
    assert set(i18n.LANGUAGE_NAMES) == set(i18n.LANGUAGES)
    assert all(isinstance(i18n.translations(lang), gettext.GNUTranslations) for lang in i18n.LANGUAGES)


def test_an_unknown_language_gets_the_sentences_as_they_are_written():
    assert i18n.gettext_for("xx")("A sentence nobody wrote.") == "A sentence nobody wrote."


def test_marking_a_sentence_changes_nothing():
    assert i18n.N_("Approve") == "Approve"
