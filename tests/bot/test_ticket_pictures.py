"""What the shop answers with a picture, from the page or its chat, and who closes and opens where."""

from __future__ import annotations

import secrets
from dataclasses import replace

import asyncpg
import pytest

from bot.app import BotProcess
from shop.media import picture
from shop.media import service as media
from shop.media.shelf import Shelf
from shop.tickets import service
from shop.unit_of_work import UnitsOfWork
from tests.bot.conftest import MakePhone
from tests.bot.phone import Phone, Wire, buttons_of, words_of
from tests.bot.team import Team, card_that, labels, says
from tests.bot.test_tickets import WORDS, begun, tickets
from tests.factories import Shop, Shops, photo


@pytest.fixture
async def shop(shops: Shops) -> Shop:
    return await shops.open()


@pytest.fixture
async def team(shop: Shop, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection) -> Team:
    return await Team.gather(shop, units, wire, bare)


async def asked(make_phone: MakePhone, shop: Shop, language: str = "en") -> Phone:
    phone = await begun(make_phone, shop, language)
    await phone.text("Where is it?")
    await phone.expect(WORDS[language]["kept"])
    return phone


async def send(units: UnitsOfWork, shelf: Shelf, shop: Shop, ticket_id: int, words: str) -> int:
    """As the page does; the number of the file."""
    prepared = await picture.prepare(photo())
    async with units.begin(shop.bot_id, shop.owner) as uow:
        media_id = await media.store(uow, shelf, prepared)
    await answer_with(units, shop, ticket_id, media_id, words)
    return media_id


async def answer_with(units: UnitsOfWork, shop: Shop, ticket_id: int, media_id: int, words: str) -> None:
    async with replace(units, channel="web").begin(shop.bot_id, shop.owner) as uow:
        await service.answer(uow, ticket_id, words, cause=f"form:{secrets.token_hex(8)}", media_id=media_id)


async def close(units: UnitsOfWork, shop: Shop, ticket_id: int) -> None:
    async with replace(units, channel="web").begin(shop.bot_id, shop.owner) as uow:
        await service.close(uow, ticket_id)


async def test_a_picture_from_the_page_reaches_the_customer_and_the_shops_chat_and_is_uploaded_once(
    bots: BotProcess,
    make_phone: MakePhone,
    shop: Shop,
    units: UnitsOfWork,
    shelf: Shelf,
    team: Team,
    bare: asyncpg.Connection,
) -> None:
    alice, phone = await team.owner(), await asked(make_phone, shop)
    (ticket,) = await tickets(units, shop)

    media_id = await send(units, shelf, shop, ticket.row.ticket_id, "Like & this")

    told = await phone.expect("Like & this")
    assert "An answer to your question" in words_of(told)
    assert told["photo"]
    assert any("Write back" in button["text"] for button in buttons_of(told))
    posted = await card_that(alice, lambda one: "photo" in one and "Like & this" in words_of(one))
    assert posted["message_thread_id"] == (await card_that(alice, says("Where is it?")))["message_thread_id"]
    kept = await bare.fetchval("select telegram_file_id from media where id = $1", media_id)
    assert kept
    await bare.execute("update media set telegram_file_id = 'another-bots-id' where id = $1", media_id)
    await answer_with(units, shop, ticket.row.ticket_id, media_id, "Once more")
    assert (await phone.expect("Once more"))["photo"]
    await card_that(alice, says("Once more"))
    assert (
        await bare.fetchval("select telegram_file_id from media where id = $1", media_id) != "another-bots-id"
    )


async def test_a_picture_without_words_says_whose_answer_it_is(
    bots: BotProcess, make_phone: MakePhone, shop: Shop, units: UnitsOfWork, shelf: Shelf
) -> None:
    phone = await asked(make_phone, shop)
    (ticket,) = await tickets(units, shop)

    await send(units, shelf, shop, ticket.row.ticket_id, "")

    told = await phone.expect("An answer to your question")
    assert told["photo"]
    (ticket,) = await tickets(units, shop)
    assert (ticket.talk[-1].file, ticket.talk[-1].words) == ("picture", "")


async def test_the_owner_answers_with_a_photo_in_the_topic_and_it_stands_on_the_page(
    bots: BotProcess, make_phone: MakePhone, shop: Shop, units: UnitsOfWork, team: Team
) -> None:
    alice, mallory = await team.owner(), await team.stranger()
    phone = await asked(make_phone, shop)
    post = await card_that(alice, says("Where is it?"))
    there = {"reply_to": post["message_id"], "message_thread_id": post["message_thread_id"]}

    await mallory.photo(b"nothing is fetched for strangers", **there)
    await card_that(mallory, says("Only the shop's people"))
    await alice.document(b"x" * 20, kind="voice", **there)
    await card_that(alice, says("this was not sent"))
    await alice.photo(b"no picture at all", **there)
    await card_that(alice, says("cannot be read"))
    await alice.photo(photo(), caption="Press here", **there)

    assert (await phone.expect("Press here"))["photo"]
    await card_that(alice, says("✅ Sent"))
    (ticket,) = await tickets(units, shop)
    assert [(said.sender, said.words, said.file) for said in ticket.talk] == [
        ("customer", "Where is it?", None),
        ("staff", "Press here", "picture"),
    ]


async def test_the_topic_closes_and_opens_with_its_ticket_and_a_button_turns_it(
    bots: BotProcess, make_phone: MakePhone, shop: Shop, units: UnitsOfWork, team: Team
) -> None:
    alice, mallory = await team.owner(), await team.stranger()
    phone = await asked(make_phone, shop)
    post = await card_that(alice, says("Where is it?"))
    (ticket,) = await tickets(units, shop)

    await mallory.press("Close the ticket", message=post)
    assert "Only the shop's people" in (await team_answer(mallory, 1))
    await alice.press("Close the ticket", message=post)
    told = await phone.expect("is closed")
    line = await card_that(alice, says("🔒 Shop closed"))
    assert labels(line) == ["↩️ Open again"]
    await card_that(alice, lambda one: "forum_topic_closed" in one)
    await alice.forge(post, f"tt:{ticket.row.ticket_id}:1")
    assert "is closed" in (await team_answer(alice, 3))

    await alice.press("Open again", message=line)
    await card_that(alice, lambda one: "forum_topic_reopened" in one)
    await card_that(alice, says("🔓 Shop opened"))
    await close(units, shop, ticket.row.ticket_id)
    await phone.expect_count("is closed", 2)
    await phone.press("It is not solved", message=told)
    await phone.expect("Write your message")
    await card_that(alice, says("🔓 Carol opened"))
    await phone.text("Still nothing")
    again = await card_that(alice, says("Still nothing"))

    assert again["message_thread_id"] == post["message_thread_id"]
    (ticket,) = await tickets(units, shop)
    assert ticket.row.status == "waiting_staff"


@pytest.mark.parametrize("language", sorted(WORDS))
async def test_what_is_not_solved_goes_on_in_the_customers_language_and_nobody_opens_anothers(
    bots: BotProcess, make_phone: MakePhone, shop: Shop, units: UnitsOfWork, shops: Shops, language: str
) -> None:
    words, other = WORDS[language], await shops.ticket(shop)
    await close(units, shop, other.ticket_id)
    phone = await asked(make_phone, shop, language)
    ticket, _ = await tickets(units, shop)
    await close(units, shop, ticket.row.ticket_id)
    told = await phone.expect(words["closed"])

    await phone.forge(told, f"more:{other.ticket_id}")
    await phone.expect({"en": "That is not here", "fa": "اینجا نیست"}[language])
    await phone.press({"en": "It is not solved", "fa": "حل نشد"}[language], message=told)
    await phone.expect_count(words["write"], 2)
    await phone.press({"en": "It is not solved", "fa": "حل نشد"}[language], message=told)
    await phone.text("Still nothing")

    await phone.expect(words["added"])
    states = {one.row.ticket_id: one.row.status for one in await tickets(units, shop)}
    assert states == {other.ticket_id: "closed", ticket.row.ticket_id: "waiting_staff"}


async def team_answer(phone: Phone, count: int) -> str:
    """The newest of so many answers to presses."""
    while len(answers := await phone.answers()) < count:
        await phone.expect_total(1)
    return answers[-1]


@pytest.mark.parametrize("language", sorted(WORDS))
async def test_a_customer_says_which_of_his_orders_he_asks_about_and_of_nobody_elses(
    bots: BotProcess, make_phone: MakePhone, shop: Shop, units: UnitsOfWork, shops: Shops, language: str
) -> None:
    words, others = WORDS[language], await shops.receipt(shop)
    phone = await make_phone(shop, language=language)
    await phone.text("/start")
    await phone.press_when(
        {"en": "Buy", "fa": "خرید"}[language], {"en": "Which plan", "fa": "کدام پلن"}[language]
    )
    await phone.press_when(
        {"en": "1 month", "fa": "یک‌ماهه"}[language], {"en": "To pay", "fa": "قابل پرداخت"}[language]
    )
    await phone.press_when(
        {"en": "Card to card", "fa": "کارت‌به‌کارت"}[language], {"en": "Pay", "fa": "واریز"}[language]
    )
    await phone.text("/support")
    asked = await phone.expect(words["write"])
    (order, *_) = [button for button in buttons_of(asked) if "📦" in button["text"]]

    await phone.forge(asked, f"help:{others.order_id}:0")
    await phone.expect({"en": "That is not here", "fa": "اینجا نیست"}[language])
    await phone.press("📦", message=asked)
    told = await phone.expect({"en": "It is about order", "fa": "دربارهٔ سفارش"}[language])
    assert not [button for button in buttons_of(told) if "📦" in button["text"]]
    await phone.text("I have paid")
    await phone.expect(words["kept"])

    (ticket,) = await tickets(units, shop)
    assert f"help:{ticket.row.order_id}:" in order["callback_data"]
    assert ticket.order is not None
