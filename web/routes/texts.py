"""The bot's sentences in the shop's own words: typed, looked at, kept, taken back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from shop.actors import SETTINGS_MANAGE, SHOP_SEE, may, require
from shop.bots import queries as bots
from shop.errors import BadInput, ChangedMeanwhile
from shop.formatting import number
from shop.i18n import LANGUAGE_WORDS, LANGUAGES, N_
from shop.receipts.desk import count_waiting
from shop.texts import catalogue, queries, rules, service
from shop.texts.catalogue import BotText
from shop.texts.writing import Texts, sentences
from shop.unit_of_work import UnitOfWork
from web.auth import signed_in
from web.deps import Uow
from web.errors import ANSWERS, sentence_for
from web.forms import read_form
from web.meanwhile import Field, differences
from web.parts import WebRequest, parts_of
from web.rendering import NOTICES, Screen, see_other, wants_part
from web.routes.settings import tab_bar

TEXTS = "/settings/texts"
SENTENCE = N_("Sentence %(n)s")
LOOK = "look"
"""What the form says when it only wants to be looked at."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One field of the form."""

    field: str
    original: str
    typed: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """A message in one language."""

    language: str
    sentences: tuple[Sentence, ...]
    bubbles: tuple[str, ...]
    length: int
    is_own: bool


class TextController(Controller):
    path = TEXTS

    @get()
    async def index(self, request: WebRequest, uow: Uow) -> Response[str]:
        """Every message that a shop may word, and which of them it has worded."""
        require(uow.actor, SHOP_SEE)
        screen, own = Screen.of(request), await queries.load_texts(uow)
        return screen.page(
            "texts/index.html",
            active="settings",
            waiting=await count_waiting(uow),
            tabs=tab_bar(screen),
            texts=catalogue.TEXTS,
            worded={key for texts in own.values() for key in texts},
        )

    @get("/{text_key:str}")
    async def one(self, request: WebRequest, uow: Uow, text_key: FromPath[str]) -> Response[str]:
        """One message in both languages, with its preview."""
        return await _show(Screen.of(request), uow, catalogue.find(text_key))

    @post("/{text_key:str}")
    async def save(self, request: WebRequest, text_key: FromPath[str]) -> Response[str]:
        """Keep the words, or only show what they look like."""
        fields, who, screen = await read_form(request), signed_in(request), Screen.of(request)
        text = catalogue.find(text_key)
        units = parts_of(request).units
        try:
            async with units.begin(who.shop.bot_id, who.actor) as uow:
                if fields.get("act") == LOOK:
                    require(uow.actor, SETTINGS_MANAGE)
                    texts = service.read(text_key, fields)
                    return await _show(screen, uow, text, texts=texts, seen=fields.get("seen", ""))
                await service.save(uow, text_key, fields, seen=fields.get("seen", ""))
                if wants_part(request):
                    return await _show(screen, uow, text, told="settings_saved")
        except (BadInput, ChangedMeanwhile) as refusal:
            async with units.begin(who.shop.bot_id, who.actor) as uow:
                return await _show(screen, uow, text, typed=fields, refusal=refusal)
        return _done(screen, text_key, "settings_saved")

    @post("/{text_key:str}/reset")
    async def reset(self, request: WebRequest, text_key: FromPath[str]) -> Response[str]:
        """The original words again."""
        who, screen = signed_in(request), Screen.of(request)
        async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
            await service.reset(uow, text_key)
            if wants_part(request):
                return await _show(screen, uow, catalogue.find(text_key), told="text_reset")
        return _done(screen, text_key, "text_reset")


def _done(screen: Screen, key: str, notice: str) -> Response[str]:
    return see_other(f"{TEXTS}/{key}", send_cookies=[screen.parts.cookies.keep_notice(notice)])


async def _show(
    screen: Screen,
    uow: UnitOfWork,
    text: BotText,
    *,
    texts: Texts | None = None,
    typed: Mapping[str, str] | None = None,
    refusal: BadInput | ChangedMeanwhile | None = None,
    told: str | None = None,
    seen: str | None = None,
) -> Response[str]:
    """``texts``: what is only looked at, in place of what is kept; ``seen``: what its form had seen."""
    require(uow.actor, SHOP_SEE)
    kept = await queries.load_texts(uow)
    shop = await bots.get_context(uow)
    context: dict[str, Any] = {
        "text": text,
        "tabs": tab_bar(screen),
        "versions": [
            _version(text, language, kept if texts is None else texts, typed, shop) for language in LANGUAGES
        ],
        "is_kept": any(text.key in own for own in kept.values()),
        "is_looked_at": texts is not None,
        "most": rules.LONGEST,
        "wrong_field": refusal.field if isinstance(refusal, BadInput) else None,
        # After a look and after any other refusal it is still that of what was seen at first.
        "seen": typed.get("seen", "")
        if typed is not None and isinstance(refusal, BadInput)
        else queries.mark_of(kept, text.key)
        if seen is None
        else seen,
        "differences": await differences(
            uow, refusal, _compared(screen, text, kept, typed or {}), ("bot_text.set",)
        ),
        "is_meanwhile": isinstance(refusal, ChangedMeanwhile),
        "error": sentence_for(screen, refusal) if refusal else None,
        "may_set": may(uow.actor, SETTINGS_MANAGE),
    }
    code = 200 if refusal is None else ANSWERS[type(refusal)][0]
    if not wants_part(screen.request):
        waiting = await count_waiting(uow)
        return screen.page("texts/text.html", code=code, active="settings", waiting=waiting, **context)
    if told is None:
        return screen.part("texts/_text.html", code=code, **context)
    toast = screen.toast(screen.say(NOTICES[told]), tone="ok")
    return screen.answer(screen.text("texts/_text.html", **context) + toast)


def _compared(screen: Screen, text: BotText, kept: Texts, typed: Mapping[str, str]) -> Iterator[Field]:
    """Every sentence in every language as it is kept and as it was typed, to be told apart."""
    for language in LANGUAGES:
        own = kept.get(language, {}).get(text.key, {})
        for n, sentence in enumerate(sentences(text.key), 1):
            place = screen.say(SENTENCE) % {"n": number(n, screen.lang)}
            label = f"{place} {screen.say(LANGUAGE_WORDS[language])}"
            ours = queries.original(sentence, language)
            now = typed.get(service.field_of(language, sentence), "")
            yield Field(text.key, label, rules.as_typed(own.get(sentence, ours)), now or rules.as_typed(ours))


def _version(
    text: BotText, language: str, texts: Texts, typed: Mapping[str, str] | None, shop: bots.BotContext
) -> Version:
    own = texts.get(language, {})
    mine = own.get(text.key, {})
    fields = []
    for sentence in sentences(text.key):
        ours, field = queries.original(sentence, language), service.field_of(language, sentence)
        shown = rules.as_typed(mine.get(sentence, ours))
        fields.append(
            Sentence(
                field,
                rules.as_typed(ours),
                shown if typed is None else typed.get(field, ""),
                rules.places(ours),
            )
        )
    looks = queries.preview(
        text, language, own, shop_name=shop.name, timezone=shop.timezone, calendar=shop.calendar
    )
    return Version(
        language,
        tuple(fields),
        tuple(looks),
        queries.longest(text, language, own),
        bool(mine),
    )
