"""A customer writes to the shop and reads the answer where he asked, through the real dispatcher."""

from __future__ import annotations

import secrets
from dataclasses import replace

import asyncpg
import pytest

from bot.app import BotProcess, Place
from bot.handlers.tickets import SUPPORT
from shop.bots import service as bots_of
from shop.configurations.service import set_configuration
from shop.features import service as features
from shop.tickets import service
from shop.tickets.queries import ALL, Sought, list_tickets, load_ticket
from shop.tickets.reminding import QUIET, remind_due
from shop.unit_of_work import UnitsOfWork
from tests.bot.conftest import MakePhone, running
from tests.bot.phone import Phone, Wire, buttons_of, words_of
from tests.bot.team import Team, card_that, says
from tests.bot.updates import message
from tests.factories import Shop, Shops, photo

WORDS = {
    "en": {
        "support": "💬 Support",
        "write": "Write your message",
        "kept": "We have your message",
        "added": "Added to",
        "answer": "An answer to your question",
        "back": "Write back",
        "done": "No answer needed",
        "closed": "is closed",
        "which": "Is this the receipt",
        "to_support": "For support",
    },
    "fa": {
        "support": "💬 پشتیبانی",
        "write": "پیام خود را بنویسید",
        "kept": "پیام شما ثبت شد",
        "added": "اضافه شد",
        "answer": "پاسخ پرسش شما",
        "back": "ادامهٔ گفت‌وگو",
        "done": "پاسخ لازم نیست",
        "closed": "بسته شد",
        "which": "رسید است یا برای پشتیبانی",
        "to_support": "برای پشتیبانی است",
    },
}


@pytest.fixture
async def shop(shops: Shops) -> Shop:
    return await shops.open()


@pytest.fixture(params=sorted(WORDS))
def language(request: pytest.FixtureRequest) -> str:
    return request.param


async def tickets(units: UnitsOfWork, shop: Shop) -> list:
    """Every ticket of the shop with its talk, the newest first."""
    async with units.begin(shop.bot_id, shop.owner) as uow:
        rows = (await list_tickets(uow, Sought(state=ALL))).rows
        return [await load_ticket(uow, row.ticket_id, "en") for row in rows]


async def answer(units: UnitsOfWork, shop: Shop, ticket_id: int, words: str) -> None:
    async with replace(units, channel="web").begin(shop.bot_id, shop.owner) as uow:
        await service.answer(uow, ticket_id, words, cause=f"form:{secrets.token_hex(8)}")


async def begun(make_phone: MakePhone, shop: Shop, language: str = "en") -> Phone:
    """A phone whose next words are for the shop."""
    words = WORDS[language]
    phone = await make_phone(shop, language=language)
    await phone.text("/start")
    await phone.press_when(words["support"], words["write"])
    return phone


async def order(phone: Phone) -> None:
    await phone.text("/start")
    await phone.press_when("Buy", "Which plan")
    await phone.press_when("1 month", "To pay")
    await phone.press_when("Card to card", "Pay")


async def test_a_question_is_asked_answered_and_closed_in_the_customers_language(
    bots: BotProcess, make_phone: MakePhone, shop: Shop, units: UnitsOfWork, language: str
) -> None:
    words = WORDS[language]
    phone = await begun(make_phone, shop, language)

    await phone.text("Where <is> it?")
    await phone.expect(words["kept"])
    (ticket,) = await tickets(units, shop)
    await answer(units, shop, ticket.row.ticket_id, "It is & remains <here>.")
    told = await phone.expect("It is & remains <here>.")
    assert words["answer"] in words_of(told)
    await phone.text("Thanks")
    await phone.expect(words["added"])
    (ticket,) = await tickets(units, shop)
    assert [said.words for said in ticket.talk] == ["Where <is> it?", "It is & remains <here>.", "Thanks"]
    assert ticket.talk[1].delivery == "delivered"
    assert ticket.row.status == "waiting_staff"

    await phone.press_when(words["done"], words["closed"])
    (ticket,) = await tickets(units, shop)
    assert ticket.row.status == "closed"


async def test_the_shop_closes_and_the_customer_is_told_and_asks_anew(
    bots: BotProcess, make_phone: MakePhone, shop: Shop, units: UnitsOfWork, language: str
) -> None:
    words = WORDS[language]
    phone = await begun(make_phone, shop, language)
    await phone.text("Where is it?")
    await phone.expect(words["kept"])
    (ticket,) = await tickets(units, shop)

    async with units.begin(shop.bot_id, shop.owner) as uow:
        await service.close(uow, ticket.row.ticket_id)
    told = await phone.expect(words["closed"])
    await phone.press(words["support"], message=told)
    await phone.expect_count(words["write"], 2)
    await phone.text("One more thing")

    await phone.expect_count(words["kept"], 2)
    assert len(await tickets(units, shop)) == 2


async def test_a_picture_goes_into_the_ticket_with_its_words(
    bots: BotProcess, make_phone: MakePhone, shop: Shop, units: UnitsOfWork
) -> None:
    phone = await begun(make_phone, shop)

    await phone.photo(photo(), caption="Look at this")
    await phone.expect("We have your message")
    await phone.photo(photo())
    await phone.expect("Added to")

    (ticket,) = await tickets(units, shop)
    assert [(said.words, said.file) for said in ticket.talk] == [("Look at this", "picture"), ("", "picture")]


async def test_only_the_person_knows_whether_a_picture_is_the_receipt_or_for_support(
    bots: BotProcess, make_phone: MakePhone, shop: Shop, units: UnitsOfWork, bare: asyncpg.Connection
) -> None:
    phone = await make_phone(shop)
    await order(phone)
    await phone.text("/support")
    await phone.expect("Write your message")
    await phone.photo(photo(), caption="What is this?")
    asked = await phone.expect("Is this the receipt")
    assert [button["text"] for button in buttons_of(asked)] == ["🧾 The receipt", "💬 For support"]

    await phone.press("For support")
    await phone.expect("We have your message")
    await phone.photo(photo())
    await phone.expect_count("Is this the receipt", 2)
    await phone.press("The receipt")
    await phone.expect("We have your receipt")

    (ticket,) = await tickets(units, shop)
    assert [said.words for said in ticket.talk] == ["What is this?"]
    count = "select count(*) from card_to_card_payments where bot_id = $1 and status = 'receipt_submitted'"
    assert await bare.fetchval(count, shop.bot_id) == 1


async def test_what_was_begun_goes_on_after_a_restart(
    place: Place, make_phone: MakePhone, shop: Shop, units: UnitsOfWork
) -> None:
    async with running(place):
        phone = await begun(make_phone, shop)
    async with running(place):
        await phone.text("Where is it?")
        await phone.expect("We have your message")
    (ticket,) = await tickets(units, shop)
    async with running(place):
        await phone.text("Hello?")
        await phone.expect("Added to")
        await answer(units, shop, ticket.row.ticket_id, "Here")
        await phone.expect("Here")


async def test_support_about_an_order_is_about_that_order(
    bots: BotProcess, make_phone: MakePhone, shop: Shop, units: UnitsOfWork, bare: asyncpg.Connection
) -> None:
    phone = await make_phone(shop)
    await order(phone)
    order_id = await bare.fetchval("select id from orders where bot_id = $1", shop.bot_id)
    shown = (await phone.heard())[-1]
    await phone.forge(shown, f"help:{order_id}:1")
    await phone.expect("Write your message")
    await phone.text("I have paid")
    await phone.expect("We have your message")

    (ticket,) = await tickets(units, shop)
    assert ticket.row.order_id == order_id


async def test_a_shop_that_takes_no_questions_shows_no_way_and_refuses_old_buttons(
    bots: BotProcess, make_phone: MakePhone, shop: Shop, units: UnitsOfWork
) -> None:
    phone = await begun(make_phone, shop)
    old = await phone.expect("Write your message")
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await features.disable_feature(uow, "support_tickets")

    await phone.text("/start")
    menu = await phone.expect("Welcome")
    assert not any("Support" in button["text"] for button in buttons_of(menu))
    await phone.forge(old, "help::1")
    await phone.expect("The shop does not offer this")
    await phone.text(f"/{SUPPORT}")
    await phone.expect_count("The shop does not offer this", 2)
    await phone.text("Where is it?")
    await phone.expect_count("The shop does not offer this", 3)
    assert await tickets(units, shop) == []


async def test_every_old_button_is_answered_and_nobody_closes_anothers(
    bots: BotProcess, make_phone: MakePhone, shop: Shop, units: UnitsOfWork, shops: Shops
) -> None:
    other = await shops.ticket(shop)
    phone = await begun(make_phone, shop)
    await phone.text("Where is it?")
    kept = await phone.expect("We have your message")

    await phone.forge(kept, f"done:{other.ticket_id}")
    await phone.expect("That is not here")
    for _ in range(2):
        await phone.press("No answer needed", message=kept)
    await phone.expect_count("is closed", 2)
    await phone.forge(kept, "tosup:77")
    await phone.expect("Welcome")

    states = {ticket.row.ticket_id: ticket.row.status for ticket in await tickets(units, shop)}
    assert states.pop(other.ticket_id) == "waiting_staff"
    assert list(states.values()) == ["closed"]


async def test_what_cannot_be_shown_is_said_clearly(
    bots: BotProcess, make_phone: MakePhone, shop: Shop
) -> None:
    phone = await begun(make_phone, shop)

    await phone.document(b"x" * 20, kind="voice")

    await phone.expect("I cannot read that. Write it in words")


async def test_the_same_update_twice_is_one_message(
    bots: BotProcess, make_phone: MakePhone, shop: Shop, units: UnitsOfWork
) -> None:
    phone = await begun(make_phone, shop)
    assert bots.crew is not None
    same = message(phone.user_id, text="Where is it?")
    await bots.crew.inbox.store(shop.bot_id, [same, {**same, "update_id": same["update_id"] + 500_000}])

    await phone.expect_count("We have your message", 1)
    await phone.expect("Added to")
    (ticket,) = await tickets(units, shop)
    assert len(ticket.talk) == 1


# The shop's own chat ----------------------------------------------------------------------------------------


async def test_each_ticket_has_a_topic_and_an_answer_in_it_reaches_the_customer(
    bots: BotProcess,
    make_phone: MakePhone,
    shop: Shop,
    units: UnitsOfWork,
    wire: Wire,
    bare: asyncpg.Connection,
) -> None:
    team = await Team.gather(shop, units, wire, bare)
    alice = await team.owner()
    phone = await begun(make_phone, shop)
    await phone.text("Where is it?")

    post = await card_that(alice, says("Where is it?"))
    assert "Carol wrote" in words_of(post)
    topic = post["message_thread_id"]
    await alice.reply(post, "On its way")
    await phone.expect("On its way")
    await card_that(alice, says("✅ Sent"))
    await phone.photo(photo(), caption="Like this?")
    again = await card_that(alice, says("Like this?"))

    assert again["message_thread_id"] == topic
    assert "photo" in again
    (ticket,) = await tickets(units, shop)
    assert [(said.sender, said.author) for said in ticket.talk[:2]] == [
        ("customer", "Carol"),
        ("staff", "Shop"),
    ]
    await answer(units, shop, ticket.row.ticket_id, "From the dashboard")
    told = await card_that(alice, says("From the dashboard"))
    assert told["message_thread_id"] == topic


async def test_whoever_is_not_of_the_shop_answers_nobody_and_another_chat_neither(
    bots: BotProcess,
    make_phone: MakePhone,
    shop: Shop,
    units: UnitsOfWork,
    wire: Wire,
    bare: asyncpg.Connection,
) -> None:
    team = await Team.gather(shop, units, wire, bare)
    mallory, sara = await team.stranger(), await team.colleague(may_approve=True)
    phone = await begun(make_phone, shop)
    await phone.text("Where is it?")
    post = await card_that(mallory, says("Where is it?"))

    for nobody in (mallory, sara):
        await nobody.reply(post, "Send me the money")
        await card_that(nobody, says("Only the shop's people"))

    (ticket,) = await tickets(units, shop)
    assert [said.sender for said in ticket.talk] == ["customer"]
    await phone.expect_count("Send me the money", 0)


async def test_without_topics_a_reply_in_the_group_or_in_the_owners_own_chat_reaches_the_customer(
    bots: BotProcess,
    make_phone: MakePhone,
    shop: Shop,
    units: UnitsOfWork,
    wire: Wire,
    bare: asyncpg.Connection,
) -> None:
    team = await Team.gather(shop, units, wire, bare)
    alice = await team.owner()
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await set_configuration(uow, "ticket_topics", value=False)
    phone = await begun(make_phone, shop)
    await phone.text("Where is it?")
    post = await card_that(alice, says("Where is it?"))
    assert "message_thread_id" not in post
    await alice.photo(photo(), caption="A picture from the group", reply_to=post["message_id"])
    assert (await phone.expect("A picture from the group"))["photo"]
    await alice.reply(post, "From the group")
    await phone.expect("From the group")

    own = Phone(wire, shop.telegram_token, alice.user_id)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await bots_of.update_bot(uow, shop.bot_id, notification_group_id=None, admin_chat_id=alice.user_id)
    await own.text("/start")
    await phone.text("And now?")
    post = await card_that(own, says("And now?"))
    await own.reply(post, "From my own chat")
    await phone.expect("From my own chat")
    await phone.expect_count("From the group", 1)


REMINDED = {
    "en": ("has waited 7 h for an answer", "half of them is over", "has waited 13 h", "they are over"),
    "fa": ("۷ ساعت منتظر پاسخ است", "نیمی از آن گذشت", "۱۳ ساعت منتظر پاسخ است", "آن هم گذشت"),
}


async def test_the_chat_is_reminded_of_who_waits_and_an_answer_to_that_reaches_him(
    bots: BotProcess,
    make_phone: MakePhone,
    shop: Shop,
    units: UnitsOfWork,
    wire: Wire,
    bare: asyncpg.Connection,
    language: str,
) -> None:
    team = await Team.gather(shop, units, wire, bare, language=language)
    alice = await team.owner()
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await features.enable_feature(uow, "ticket_sla")
        for key in QUIET:
            await set_configuration(uow, key, value=0)
    phone = await begun(make_phone, shop)
    await phone.text("Where is it?")
    post = await card_that(alice, says("Where is it?"))
    half, half_is_over, whole, all_is_over = REMINDED[language]

    reminders = []
    for waited, first, second in ((7, half, half_is_over), (13, whole, all_is_over)):
        since = "update tickets set waiting_since = now() - make_interval(hours => $1) where bot_id = $2"
        await bare.execute(since, waited, shop.bot_id)
        assert await remind_due(units) >= 1
        reminders.append(await card_that(alice, says(first)))
        assert second in words_of(reminders[-1])
    assert {one["message_thread_id"] for one in reminders} == {post["message_thread_id"]}

    await alice.reply(reminders[-1], "On its way")
    await phone.expect("On its way")
    assert bots.crew is not None
    assert "ticket reminders" in [job.name for job in bots.crew.jobs.jobs]


async def test_who_was_answered_before_the_reminder_is_not_told_of_and_without_topics_it_takes_answers(
    place: Place,
    make_phone: MakePhone,
    shop: Shop,
    shops: Shops,
    units: UnitsOfWork,
    wire: Wire,
    bare: asyncpg.Connection,
) -> None:
    team = await Team.gather(shop, units, wire, bare)
    alice = await team.owner()
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await features.enable_feature(uow, "ticket_sla")
        await set_configuration(uow, "ticket_topics", value=False)
        for key in QUIET:
            await set_configuration(uow, key, value=0)
    answered, waits = await shops.ticket(shop), await shops.ticket(shop)
    since = "update tickets set waiting_since = now() - interval '13 hours' where bot_id = $1"
    await bare.execute(since, shop.bot_id)
    assert await remind_due(units) >= 1
    await answer(units, shop, answered.ticket_id, "Here")

    async with running(place):
        # Promised after the other one, and a chat hears in the order of the promises.
        told = await card_that(alice, says(f"has waited 13 h for an answer, #{waits.ticket_id}"))
        await alice.reply(told, "On its way")
        await card_that(alice, says(f"✅ Sent, #{waits.ticket_id}"))

    reminders = [words_of(one) for one in await alice.heard() if "has waited" in words_of(one)]
    assert [f"#{waits.ticket_id}" in words for words in reminders] == [True]
