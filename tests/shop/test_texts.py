"""A shop's own words: what may be said, and that every message can be sent with them."""

from __future__ import annotations

import json

import pytest

from bot.sandbox.html import parse_html, utf16_length
from bot.views.screen import Reader
from bot.views.words import write
from shop.actors import SEEING, StaffMember
from shop.configurations import queries as configurations
from shop.errors import BadInput, NotAllowed, NotFound
from shop.i18n import LANGUAGES
from shop.texts import catalogue, queries, rules, service
from shop.texts.catalogue import TEXTS
from shop.texts.writing import NONE, sentences

HI = "Hi %(name)s 👋"
FIELD = service.field_of("en", HI)
LIMITS = {"shop_name": "Nasim", "timezone": "Asia/Tehran", "calendar": "jalali"}
EVERY_SENTENCE = [
    (text.key, sentence, language)
    for text in TEXTS
    for sentence in sentences(text.key)
    for language in LANGUAGES
]


@pytest.fixture
async def shop(shops):
    return await shops.open(name="Nasim")


async def saved(units, shop, key, typed):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await service.save(uow, key, typed)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return await queries.load_texts(uow)


def problem_of(typed: str, original: str = HI) -> tuple[str, object]:
    with pytest.raises(BadInput) as refusal:
        rules.check("field", original, typed)
    return refusal.value.problem, refusal.value.limit


def test_the_sentences_of_a_message_are_found_in_its_template():
    assert sentences("start")[0] == HI
    assert all(sentences(text.key) for text in TEXTS)


# What may be said ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Dear {name}", "Dear %(name)s"),
        ("{name}, {name}!", "%(name)s, %(name)s!"),
        ("100% for {name} %s %(shop)s", "100%% for %(name)s %%s %%(shop)s"),
        ("<b>{name}</b> & <code>x</code> > y", "<b>%(name)s</b> & <code>x</code> > y"),
        ("<b><i>{name}</i></b>", "<b><i>%(name)s</i></b>"),
        ("{name}\u202e {{ 7 * 7 }", "%(name)s {{ 7 * 7 }"),
        ("  ", ""),
    ],
)
def test_what_is_typed_is_words_and_places_and_nothing_else(typed, kept):
    if "{{" in typed:
        assert problem_of(typed) == ("unknown_placeholder", "{ 7 * 7 }")
        return
    assert rules.check("field", HI, typed) == kept


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("Hello", ("missing_placeholder", "{name}")),
        ("{name} {shop}", ("unknown_placeholder", "{shop}")),
        ("{name.__class__}", ("unknown_placeholder", "{name.__class__}")),
        ("{ name }", ("unknown_placeholder", "{ name }")),
        ("{name}{{ config }}", ("unknown_placeholder", "{ config }")),
        ("{name} {% include 'x' %}", ("unknown_placeholder", "{% include 'x' %}")),
        ("{name} <a href='x'>", ("markup", "<")),
        ("{name} <script>", ("markup", "<script>")),
        ("{name} <b>", ("markup", "<b>")),
        ("{name} </b>", ("markup", "</b>")),
        ("{name} <b><i></b></i>", ("markup", "</b>")),
        ("{name} <b><b>x</b></b>", ("markup", "<b>")),
        ("{name} <code><b>x</b></code>", ("markup", "<b>")),
        ("{name} 1 < 2", ("markup", "<")),
        ("{name} < b>x", ("markup", "<")),
    ],
)
def test_what_the_bot_could_not_say_is_refused_with_the_place_that_is_wrong(typed, problem):
    assert problem_of(typed) == problem


@pytest.mark.parametrize(("key", "sentence", "language"), EVERY_SENTENCE)
def test_our_own_words_pass_as_they_are_shown(key, sentence, language):
    ours = queries.original(sentence, language)

    assert rules.check("field", ours, rules.as_typed(ours)) == ours


@pytest.mark.parametrize(("key", "sentence", "language"), EVERY_SENTENCE)
def test_every_sentence_that_is_offered_is_said_by_some_way_of_its_message(key, sentence, language):
    ours = queries.original(sentence, language)
    own = {key: {sentence: "MARK" + "".join(f"%({name})s" for name in rules.places(ours))}}

    looks = queries.preview(catalogue.find(key), language, own, **LIMITS)

    assert any("MARK" in look for look in looks)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.key)
def test_every_message_can_be_sent_at_its_longest_and_is_counted_as_telegram_counts(text, language):
    assert queries.longest(text, language, {}) <= rules.LONGEST
    for look in queries.preview(text, language, {}, **LIMITS):
        assert utf16_length(parse_html(look).text) <= rules.LONGEST


def test_a_message_that_could_become_too_long_is_refused_at_its_longest_sentence():
    # The words alone would fit; with the longest line of the shelf they do not.
    sentence = "3. Paste it in the app, and connect."
    field = service.field_of("en", sentence)

    assert service.read("subscription_ready", {field: "x" * 100})["en"]
    with pytest.raises(BadInput) as refusal:
        service.read("subscription_ready", {field: "x" * 600})
    assert (refusal.value.field, refusal.value.problem) == (field, "message_too_long")


# What is said ----------------------------------------------------------------------------------------------


async def test_own_words_are_said_in_their_language_and_message_and_nowhere_else(units, shop):
    texts = await saved(units, shop, "start", {FIELD: "Dear {name}, 100%"})

    def hello(language, kept):
        reader = Reader(language, queries.UTC, "Nasim", None, texts=kept)
        return write("start", reader, name="<Carol>").splitlines()[0]

    assert hello("en", texts) == "Dear \u2068&lt;Carol&gt;\u2069, 100%"
    assert hello("fa", texts) == hello("fa", NONE)
    assert set(texts) == {"en"}


async def test_our_own_words_are_not_kept_and_an_emptied_field_takes_them_back(units, shop, everything):
    await saved(units, shop, "start", {FIELD: "Dear {name}"})

    assert await saved(units, shop, "start", {FIELD: " "}) == {}
    assert await saved(units, shop, "start", {FIELD: rules.as_typed(HI)}) == {}
    left = "SELECT count(*) FROM bot_configurations WHERE bot_id = $1 AND config_key LIKE 'texts.%'"
    assert await everything.fetchval(left, shop.bot_id) == 0


async def test_the_original_comes_back_in_every_language_and_history_has_both(units, shop, everything):
    await saved(units, shop, "start", {FIELD: "Dear {name}", service.field_of("fa", HI): "درود {name}"})

    async with units.begin(shop.bot_id, shop.owner) as uow:
        await service.reset(uow, "start")
        assert await queries.load_texts(uow) == {}

    rows = await everything.fetch(
        "SELECT data FROM audit_log WHERE bot_id = $1 AND action = 'bot_text.set' ORDER BY id", shop.bot_id
    )
    last = json.loads(rows[-1]["data"])
    assert len(rows) == 4
    assert (last["before"], last["after"]) == ({HI: "Dear %(name)s"}, {})


async def test_texts_are_no_settings_and_settings_are_no_texts(units, shop):
    await saved(units, shop, "start", {FIELD: "Dear {name}"})

    async with units.begin(shop.bot_id, shop.owner) as uow:
        assert not [key for key in await configurations.get_all_configurations_dict(uow) if "texts" in key]


async def test_whoever_may_not_change_settings_words_nothing(units, shop):
    bob = StaffMember(1, "Bob", SEEING)
    async with units.begin(shop.bot_id, bob) as uow:
        with pytest.raises(NotAllowed):
            await service.save(uow, "start", {FIELD: "Dear {name}"})
        with pytest.raises(NotAllowed):
            await service.reset(uow, "start")


@pytest.mark.parametrize("key", ["nonsense", "../web/error", "error_general", "sign_in_asked"])
async def test_what_is_not_a_shops_to_word_is_not_found(units, shop, key):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        with pytest.raises(NotFound):
            await service.save(uow, key, {})


async def test_one_shops_words_are_not_anothers(units, shop, shops):
    await saved(units, shop, "start", {FIELD: "Dear {name}"})
    other = await shops.open(name="Other")

    async with units.begin(other.bot_id, other.owner) as uow:
        assert await queries.load_texts(uow) == {}
