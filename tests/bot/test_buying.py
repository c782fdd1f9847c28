"""From the first word to the receipt in the queue, through the real process and real HTTP."""

from __future__ import annotations

import asyncpg
import pytest

from bot.app import BotProcess
from shop.actors import Customer, System
from shop.bots import service as bot_service
from shop.features import service as features
from shop.notifications.messages import OrderHeld
from shop.notifications.outbox import enqueue
from shop.plans import service as plans
from shop.receipts import service as receipts
from shop.receipts.rules import RejectReason
from shop.texts import service as texts
from shop.unit_of_work import UnitsOfWork
from shop.users import service as users
from tests.bot.conftest import MakePhone
from tests.bot.phone import Phone, buttons_of, words_of
from tests.factories import Person, Shop, Shops, photo

ENGLISH = {
    "language": "en",
    "hello": "Hi Carol",
    "buy": "Buy a subscription",
    "which": "Which plan?",
    "plan": "1 month, 50 GB",
    "review": "To pay: 125,000 Toman",
    "pay": "Card to card",
    "card": "Pay 125,000 Toman (1,250,000 Rial)",
    "received": "We have your receipt",
    "ready": "Your subscription is ready",
    "status": "Status",
    "checked": "being checked",
}
PERSIAN = {
    "language": "fa",
    "hello": "سلام Carol",
    "buy": "خرید اشتراک",
    "which": "کدام پلن؟",
    "plan": "یک‌ماهه ۵۰ گیگ",
    "review": "قابل پرداخت: ۱۲۵٬۰۰۰ تومان",
    "pay": "کارت‌به‌کارت",
    "card": "مبلغ ۱۲۵٬۰۰۰ تومان (۱٬۲۵۰٬۰۰۰ ریال)",
    "received": "رسید شما رسید",
    "ready": "اشتراک شما آماده است",
    "status": "وضعیت رسید",
    "checked": "در حال بررسی",
}


@pytest.mark.parametrize("words", [ENGLISH, PERSIAN], ids=["en", "fa"])
async def test_a_person_buys_by_photo_and_gets_the_line(
    words: dict[str, str],
    bots: BotProcess,
    shops: Shops,
    units: UnitsOfWork,
    make_phone: MakePhone,
    bare: asyncpg.Connection,
) -> None:
    shop = await shops.open(name="Nasim")
    phone = await make_phone(shop, language=words["language"])

    await phone.text("/start")
    await phone.expect(words["hello"])
    await phone.press(words["buy"])
    await phone.expect(words["which"])
    await phone.press(words["plan"])
    await phone.expect(words["review"])
    await phone.press(words["pay"])
    card = await phone.expect(words["card"])
    await phone.photo(photo(), caption="here <b>it</b> is")
    await phone.expect(words["received"])
    await phone.press(words["status"])
    await phone.expect(words["checked"])
    payment = await bare.fetchrow(
        "select id, receipt_text, receipt_media_id from card_to_card_payments where bot_id = $1", shop.bot_id
    )
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, payment["id"])
    ready = await phone.expect(words["ready"], within=5)

    copied = [b["copy_text"]["text"] for b in buttons_of(card) if "copy_text" in b]
    number = copied[0]
    assert len(number) == 16
    assert copied[1] == "1250000"
    groups = " ".join(number[i : i + 4] for i in range(0, 16, 4))
    assert groups in words_of(card).splitlines()
    assert payment["receipt_text"] == "here <b>it</b> is"
    assert payment["receipt_media_id"] is not None
    assert "vless://" in words_of(ready)


async def test_a_plan_shows_what_it_cost_and_says_when_a_person_may_not_buy_it_again(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, make_phone: MakePhone
) -> None:
    shop = await shops.open()
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await plans.update_plan(uow, shop.plan_id, old_price=150_000, most_per_person=1)
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")
    await phone.press("Buy a subscription")
    await phone.expect("Which plan?")
    await phone.press("1 month, 50 GB")
    review = await phone.expect("To pay: 125,000 Toman")
    words = words_of(review)
    assert "150,000 Toman" in words
    assert "Per person: 1 time" in words

    await shops.receipt(shop, await known(shop, phone, units))
    await phone.press("Card to card")
    await phone.expect("This plan can be bought 1 time per person")
    await phone.text(f"/start plan_{shop.plan_id}")
    again = await phone.expect("You have bought or ordered this plan as often as one person may.")

    assert not any("Card to card" in button["text"] for button in buttons_of(again))


async def test_what_was_bought_is_found_again(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, make_phone: MakePhone
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")
    sent = await shops.receipt(shop, await known(shop, phone, units))
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, sent.payment_id)
    await phone.expect("Your subscription is ready", within=5)

    await phone.text("/my")
    await phone.expect("0 of 50 GB used, 30 d left")
    await phone.press("sub-")

    detail = await phone.expect("Ends on")
    (link,) = [b["copy_text"]["text"] for b in buttons_of(detail) if "copy_text" in b]
    assert link in words_of(detail)


async def test_after_a_rejection_a_new_receipt_is_one_button_away(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")
    sent = await shops.receipt(shop, await known(shop, phone, units))
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.reject(uow, sent.payment_id, reason=RejectReason.UNREADABLE)

    await phone.press_when("Send a new receipt", "Send the receipt of")
    await phone.photo(photo())

    await phone.expect("We have your receipt")
    status = "select status from card_to_card_payments where id = $1"
    assert await bare.fetchval(status, sent.payment_id) == "receipt_submitted"


async def test_a_late_receipt_is_taken_after_the_deadline_was_told(
    bots: BotProcess, shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/buy")
    await phone.press_when("1 month", "To pay")
    await phone.press_when("Card to card", "to this card")
    await bare.execute("update orders set expires_at = now() where bot_id = $1", shop.bot_id)
    await bare.execute("update card_to_card_payments set expires_at = now() where bot_id = $1", shop.bot_id)

    await phone.expect("Time for this order has run out")
    await phone.press("I have paid")
    await phone.expect("Send the receipt of")
    await phone.photo(photo())

    await phone.expect("It came after the deadline")


async def test_a_link_leads_straight_to_a_plan(bots: BotProcess, shops: Shops, make_phone: MakePhone) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)

    await phone.text(f"/start plan_{shop.plan_id}")

    await phone.expect("To pay: 125,000 Toman")


async def test_the_support_button_leads_to_the_shops_own_person(
    bots: BotProcess, shops: Shops, make_phone: MakePhone, units: UnitsOfWork
) -> None:
    shop = await shops.open()
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await bot_service.update_bot(uow, shop.bot_id, support_username="nasim_help")
    phone = await make_phone(shop)

    await phone.text("/start")

    await phone.press_when("Support", "Write your message")
    screen = await phone.expect("Write your message")
    assert "https://t.me/nasim_help" in [button.get("url") for button in buttons_of(screen)]
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await features.disable_feature(uow, "support_tickets")
    await phone.text("/start")
    menu = await phone.expect("Hi Carol")
    assert "https://t.me/nasim_help" in [button.get("url") for button in buttons_of(menu)]


async def test_a_switched_off_support_button_is_gone_from_the_next_message_and_from_what_is_told_unasked(
    bots: BotProcess, shops: Shops, make_phone: MakePhone, units: UnitsOfWork
) -> None:
    shop = await shops.open()
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await bot_service.update_bot(uow, shop.bot_id, support_username="nasim_help")
        await features.disable_feature(uow, "support_tickets")
    phone, carol = await greeted(make_phone, shop, units)

    async with units.begin(shop.bot_id, shop.owner) as uow:
        await features.disable_feature(uow, "support_contact")
        held = OrderHeld(1, {"name": "Plan"})
        await enqueue(uow, chat_id=phone.user_id, user_id=carol.user_id, message=held)
    told = await phone.expect("takes a little longer")
    await phone.text("/start")
    await phone.expect_count("Hi Carol", 2)

    menu = await phone.expect("Hi Carol")
    for message in (menu, told):
        assert buttons_of(message)
        assert "https://t.me/nasim_help" not in [button.get("url") for button in buttons_of(message)]


async def greeted(make_phone: MakePhone, shop: Shop, units: UnitsOfWork) -> tuple[Phone, Person]:
    """Carol, whom the bot has said hello to."""
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")
    return phone, await known(shop, phone, units)


async def known(shop: Shop, phone: Phone, units: UnitsOfWork) -> Person:
    """The person behind a phone, as the shop knows it."""
    async with units.begin(shop.bot_id, System("test")) as uow:
        card = await users.register(uow, telegram_id=phone.user_id, first_name="Carol")
    return Person(card.id, phone.user_id, Customer(card.id, card.name))


async def test_the_bot_says_what_the_shop_worded_when_asked_and_unasked(
    bots: BotProcess, shops: Shops, make_phone: MakePhone, units: UnitsOfWork
) -> None:
    shop = await shops.open()
    phone, carol = await greeted(make_phone, shop, units)
    hello = texts.field_of("en", "Hi %(name)s 👋")
    confirmed = texts.field_of("en", "✅ Your payment is confirmed.")

    async with units.begin(shop.bot_id, shop.owner) as uow:
        await texts.save(uow, "start", {hello: "Dear <i>{name}</i>, 100% welcome"})
        await texts.save(uow, "order_held", {confirmed: "Money came."})
        held = OrderHeld(1, {"name": "Plan"})
        await enqueue(uow, chat_id=phone.user_id, user_id=carol.user_id, message=held)
    await phone.text("/start")

    await phone.expect("Dear Carol, 100% welcome")
    await phone.expect("Money came.")
