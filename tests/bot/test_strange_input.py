"""Names and words as strange as they come: kept without what misleads, told literally, never a failure."""

from __future__ import annotations

import asyncpg
import pytest

from bot.app import BotProcess
from shop.plans import service as plans
from tests.bot import updates
from tests.bot.conftest import MakePhone
from tests.bot.phone import words_of
from tests.factories import Shop, Shops, photo

pytestmark = pytest.mark.usefixtures("bots")

NUL, HALF = "Ca\x00rolina", "Ca\ud800rolina\udfff"
WORDS = [
    NUL,
    HALF,
    "\x00",
    "\ud800",
    "a" * 4096,
    "e" + "\u0301" * 4000,
    "\u202e\u2066\u200b\ufeff",
    "9" * 4000,
    "۹" * 30,
    "/start " + "\x00" * 64,
    "/" + "x" * 4000,
    "{0.__class__}{{7*7}}{% raw %}%s%(name)s<b>",
]
PLACEHOLDERS = ["{0.__class__}", "{{7*7}}", "%s %(price)s", "{% if x %}", "<b>bold</b>", "${7*7}"]


async def say(bots: BotProcess, shop: Shop, *stored: dict) -> None:
    """Updates no phone of the sandbox can make."""
    assert bots.crew is not None
    await bots.crew.inbox.store(shop.bot_id, list(stored))


async def failures(bare: asyncpg.Connection, shop: Shop) -> list[str]:
    rows = await bare.fetch(
        "select last_error from telegram_updates where bot_id = $1 and last_error is not null", shop.bot_id
    )
    return [row["last_error"] for row in rows]


async def test_no_words_of_a_person_make_us_fail_and_the_next_message_is_answered(
    bots: BotProcess, shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")

    for words in WORDS:
        await say(bots, shop, updates.message(phone.user_id, text=words, caption=words))
        pressed = updates.press(phone.user_id, words[:64])
        await say(bots, shop, pressed)
    await phone.photo(photo())

    await phone.expect("You have no open order")
    assert await failures(bare, shop) == []


@pytest.mark.parametrize("name", [NUL, HALF])
async def test_a_name_that_no_database_keeps_silences_nobody(
    name: str, bots: BotProcess, shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    """Stored as it came, such an update would be fetched again for ever and hide every later one."""
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")
    strange = updates.message(phone.user_id, text="hello")
    strange["message"]["from"]["first_name"] = name

    await say(bots, shop, strange)

    await phone.expect("Hi Carolina")
    assert await failures(bare, shop) == []


@pytest.mark.parametrize("text", PLACEHOLDERS)
async def test_what_looks_like_a_placeholder_is_told_as_it_was_written(
    text: str, bots: BotProcess, shops: Shops, make_phone: MakePhone
) -> None:
    """In a customer's name and in an owner's plan: words, never a pattern to fill in."""
    shop = await shops.open()
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await plans.update_plan(uow, shop.plan_id, name=text, translations={})
    phone = await make_phone(shop, name=text)

    await phone.text("/start")
    said = await phone.expect("Hi ")
    await phone.text("/buy")
    shown = await phone.expect("Which plan?")

    assert text in words_of(said)
    assert text in str(shown)
