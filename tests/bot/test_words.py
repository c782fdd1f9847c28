"""Every word the bot can say exists in both languages and reads in the right direction."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import MISSING, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot import callbacks
from bot.views.menu import commands, menu
from bot.views.notices import notice
from bot.views.refusals import refusal
from bot.views.screen import Reader
from bot.views.words import TEMPLATES, write
from shop import errors
from shop.i18n import LANGUAGES, N_, translations
from shop.money import Currency, Money
from shop.notifications.message import Message
from shop.notifications.messages import MESSAGES, BroadcastMessage
from shop.receipts.rules import RejectReason

PLAN = {"name": "یک‌ماهه ۵۰ گیگ", "translations": {"en": {"name": "1 month, 50 GB"}}}
SAMPLES: dict[str, Any] = {
    "plan": PLAN,
    "ends_at": "2026-12-22T08:30:00+00:00",
    "access": "vless://x@host:443#1",
    "reason": "unreadable",
    "text": "a <word>",
    "tracking_number": "12345678",
    "plan_name": "یک‌ماهه",
    "status": "expired",
    "differing": ["نسیم‌نت"],
    "day": "2026-11-28",
    "anchor": "5f" * 16,
    "ref": "abcdefghABCDEF12",
    "choices": [17, 42, 88],
    "asked_at": "2026-11-22T08:30:00+00:00",
}
REFUSALS = [
    kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.ShopError)
]
COPIED = re.compile(r"^[\u2066-\u2069]*(<code>.*</code>|\d{4}( \d{4}){3})[\u2066-\u2069]*$")


def reader(language: str, *, support: str | None = "help") -> Reader:
    return Reader(language, ZoneInfo("Asia/Tehran"), "نسیم‌نت", support)


def sample(kind: type[Any]) -> dict[str, Any]:
    """Believable fields for a message or a refusal."""
    made = {}
    for item in fields(kind):
        if item.name in SAMPLES:
            made[item.name] = SAMPLES[item.name]
        elif item.default is not MISSING:
            made[item.name] = item.default
        elif item.default_factory is not MISSING:
            made[item.name] = item.default_factory()
        elif "str" in str(item.type):
            made[item.name] = "word"
        elif "datetime" in str(item.type):
            made[item.name] = datetime(2026, 11, 22, tzinfo=UTC)
        else:
            made[item.name] = 3
    return made


def payloads(kind: type[Message]) -> list[dict[str, Any]]:
    base = sample(kind)
    if kind.kind != "receipt_rejected":
        return [base]
    return [
        base | {"reason": reason.value, "text": text} for reason in RejectReason for text in ("", "a <b>")
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.kind)
def test_every_promised_message_has_its_words(kind: type[Message], language: str) -> None:
    for payload in payloads(kind):
        screen = notice(kind.kind, payload, reader(language))

        if kind is BroadcastMessage:  # the shop's own words, as it saw them before it sent them
            assert screen.text == payload["html"]
        else:
            assert_reads_well(screen.text, language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "kind", [k for k in REFUSALS if k is not errors.ShopError], ids=lambda kind: kind.code
)
def test_every_refusal_has_its_words(kind: type[errors.ShopError], language: str) -> None:
    screen = refusal(reader(language), kind(**sample(kind)))

    assert_reads_well(screen.text, language)
    assert screen.keyboard is not None


def assert_reads_well(text: str, language: str) -> None:
    assert text
    assert "%(" not in text
    if language == "en":
        assert not re.search("[\u0600-\u06ff]", re.sub("\u2068[^\u2069]*\u2069", "", text)), text
        return
    for line in filter(None, text.splitlines()):
        plain = re.sub("<[^>]*>", "", line)
        if COPIED.match(line) or not any(character.isalpha() for character in plain):
            continue
        first = next(c for c in plain if unicodedata.bidirectional(c) in ("L", "R", "AL"))
        assert unicodedata.bidirectional(first) != "L", line


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.stem)
def test_a_name_alone_on_its_line_gives_the_line_its_direction(path: Path) -> None:
    """An isolate has no say in it: a Persian name inside one would stand at the wrong edge."""
    for line in path.read_text().splitlines():
        assert not re.fullmatch(r"(<b>)?\{\{ [a-z._]+\|isolate \}\}(</b>)?", line), line


def test_what_comes_from_outside_is_escaped() -> None:
    screen = menu(reader("en"), name="<b>Carol</b> & co", has_orders=False)

    assert "&lt;b&gt;Carol&lt;/b&gt; &amp; co" in screen.text


def test_a_shop_without_support_shows_no_button_for_it() -> None:
    with_support = menu(reader("en"), name="Carol", has_orders=True)
    without = menu(reader("en", support=None), name="Carol", has_orders=True)

    assert "https://t.me/help" in str(with_support.keyboard)
    assert "t.me" not in str(without.keyboard)


def test_amounts_dates_and_digits_are_the_readers() -> None:
    offer = {"name": "X", "description": "", "period_days": 30, "traffic_gb": 0, "device_limit": 2}
    offer |= {"old_price": None, "most_per_person": 0}
    persian = write(
        "review",
        reader("fa"),
        offer=offer | {"price": Money(1_250_000, Currency.IRT)},
        is_payable=True,
        is_bought_up=False,
    )
    english = write(
        "review",
        reader("en"),
        offer=offer | {"price": Money(1250, Currency.USD)},
        is_payable=True,
        is_bought_up=False,
    )

    assert "۱٬۲۵۰٬۰۰۰ تومان" in persian
    assert "مدت: ۳۰ روز" in persian
    assert "12.50 USD" in english


def test_no_button_carries_more_than_telegram_takes() -> None:
    largest = 2**63 - 1
    made = [
        callbacks.Go(place="status", keep=True),
        callbacks.OpenGroup(group_id=largest),
        callbacks.PickPlan(plan_id=largest),
        callbacks.PayByCard(plan_id=largest, price=largest),
        callbacks.ShowCard(order_id=largest),
        callbacks.CancelOrder(order_id=largest, sure=True),
        callbacks.AskReceipt(payment_id=largest),
        callbacks.GiveReceipt(payment_id=largest, message_id=largest),
        callbacks.DropReceipt(message_id=largest),
        callbacks.ConfirmReference(message_id=largest),
        callbacks.ShowSubscription(subscription_id=largest),
        callbacks.SetLanguage(language="en"),
        callbacks.Tap(ref="abcdefghABCDEF12", number=99),
    ]

    assert all(len(one.pack().encode()) <= 64 for one in made)
    assert all(type(one).unpack(one.pack()) == one for one in made)


@pytest.mark.parametrize("data", ["plan:0", "plan:-1", f"plan:{2**63}", "plan:x", "plan:", "plan:1:2"])
def test_a_forged_number_is_no_button_of_ours(data: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        callbacks.PickPlan.unpack(data)


def test_every_template_is_translated() -> None:
    persian = translations("fa")
    sentence = N_("Which plan?")

    assert persian.gettext(sentence) != sentence
    assert len(list(TEMPLATES.glob("*.html"))) > 40
    assert len(commands("fa")) == len(commands("en"))


@pytest.mark.parametrize(("language", "day"), [("fa", "۲۲ دسامبر ۲۰۲۶"), ("en", "22 December 2026")])
def test_a_shop_that_counts_as_the_world_does_says_gregorian_days(language: str, day: str) -> None:
    payload = sample(next(kind for kind in MESSAGES if kind.kind == "subscription_ready"))

    assert day not in notice("subscription_ready", payload, reader(language)).text
    gregorian = replace(reader(language), calendar="gregorian")
    assert day in notice("subscription_ready", payload, gregorian).text
