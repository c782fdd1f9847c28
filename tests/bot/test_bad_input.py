"""Whatever a person does, there is one clear sentence, and nothing is lost or changed."""

from __future__ import annotations

import asyncpg
import pytest

from bot.app import BotProcess
from bot.callbacks import (
    AskReceipt,
    CancelOrder,
    GiveReceipt,
    PayByCard,
    PickPlan,
    ShowCard,
    ShowSubscription,
)
from shop.configurations import service as configurations
from shop.features import service as features
from shop.plans import service as plans
from shop.unit_of_work import UnitsOfWork
from tests.bot import updates
from tests.bot.conftest import MakePhone
from tests.bot.phone import Phone, buttons_of, words_of
from tests.factories import Shop, Shops, photo

pytestmark = pytest.mark.usefixtures("bots")


async def at_the_card(phone: Phone) -> None:
    """A person who has just been shown the card."""
    await phone.text("/buy")
    await phone.expect("Which plan?")
    await phone.press("1 month")
    await phone.expect("To pay")
    await phone.press("Card to card")
    await phone.expect("to this card")


async def statuses(bare: asyncpg.Connection, shop: Shop) -> list[str]:
    rows = await bare.fetch(
        "select status from card_to_card_payments where bot_id = $1 order by id", shop.bot_id
    )
    return [row["status"] for row in rows]


async def forge(bots: BotProcess, shop: Shop, update: dict) -> None:
    """An update no phone of the sandbox can make."""
    assert bots.crew is not None
    await bots.crew.inbox.store(shop.bot_id, [update])


async def test_a_photo_without_an_order_is_told_so(shops: Shops, make_phone: MakePhone) -> None:
    phone = await make_phone(await shops.open())

    await phone.photo(photo())

    said = await phone.expect("You have no open order")
    assert any("Plans" in button["text"] for button in buttons_of(said))


async def test_a_picture_that_is_none_is_refused_and_the_next_is_taken(
    shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await at_the_card(phone)

    await phone.document(b"GIF89a no picture at all", name="slip.jpg", mime="image/jpeg")
    await phone.expect("I cannot read that")
    assert await statuses(bare, shop) == ["created"]
    await phone.document(photo(), name="slip.jpg", mime="image/jpeg")

    await phone.expect("We have your receipt")
    assert await statuses(bare, shop) == ["receipt_submitted"]


async def test_a_file_that_cannot_be_a_receipt_is_not_even_fetched(
    shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await at_the_card(phone)

    await phone.document(b"PK\x03\x04", name="slip.zip", mime="application/zip")

    await phone.expect("I cannot read that")
    calls = await phone.wire.act("calls", token=shop.telegram_token)
    assert "getFile" not in {call["method"] for call in calls["calls"]}
    assert await statuses(bare, shop) == ["created"]


@pytest.mark.parametrize(("language", "said"), [("en", "larger than 1 MB"), ("fa", "بزرگ‌تر از ۱ مگابایت")])
async def test_a_file_too_large_is_said_with_the_limit_and_not_fetched(
    shops: Shops,
    make_phone: MakePhone,
    units: UnitsOfWork,
    bare: asyncpg.Connection,
    language: str,
    said: str,
) -> None:
    shop = await shops.open()
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await configurations.set_configuration(uow, "receipt_max_mb", value=1)
    phone = await make_phone(shop)
    await at_the_card(phone)

    await bare.execute("update users set language = $1 where telegram_id = $2", language, phone.user_id)
    await phone.document(b"%PDF-1.4" + b" " * 2**20, name="slip.pdf", mime="application/pdf")

    await phone.expect(said)
    calls = await phone.wire.act("calls", token=shop.telegram_token)
    assert "getFile" not in {call["method"] for call in calls["calls"]}


async def test_thirty_megabytes_are_refused_in_one_sentence_and_the_order_still_takes_a_receipt(
    shops: Shops, make_phone: MakePhone
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await at_the_card(phone)

    await phone.document(b"%PDF-1.4" + bytes(30 * 2**20), name="slip.pdf", mime="application/pdf")
    await phone.expect("larger than 10 MB")
    await phone.photo(photo())

    await phone.expect("We have your receipt")


async def test_a_pdf_is_kept(shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await at_the_card(phone)

    await phone.document(b"%PDF-1.4 a slip", name="slip.pdf", mime="application/pdf")

    await phone.expect("We have your receipt")
    assert await bare.fetchval("select state from media where bot_id = $1", shop.bot_id) == "document"


async def test_a_sticker_while_we_wait_is_said_clearly(
    bots: BotProcess, shops: Shops, make_phone: MakePhone
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await at_the_card(phone)

    await forge(bots, shop, updates.message(phone.user_id, sticker=updates.sticker()))

    await phone.expect("I cannot read that")


async def test_an_unknown_text_gets_the_menu(shops: Shops, make_phone: MakePhone) -> None:
    phone = await make_phone(await shops.open())

    await phone.text("what is this?")

    await phone.expect("Hi Carol")


async def test_a_typed_tracking_code_is_asked_about_and_taken(
    shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await at_the_card(phone)

    await phone.text("کد پیگیری ۱۲۳۴۵۶۷۸۹۰")
    await phone.expect("Is this the tracking number")
    await phone.press("Yes, it is")

    await phone.expect("We have your receipt")
    row = await bare.fetchrow("select * from card_to_card_payments where bot_id = $1", shop.bot_id)
    assert (row["receipt_type"], row["payer_reference"]) == ("text", "1234567890")


async def test_a_text_that_is_no_tracking_code_changes_nothing(
    shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await at_the_card(phone)

    await phone.text("1234567")
    await phone.expect("Is this the tracking number")
    await phone.press("No")

    await phone.expect("nothing was changed")
    assert await statuses(bare, shop) == ["created"]


async def test_a_second_receipt_takes_the_place_of_the_first_only_after_asking(
    shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await at_the_card(phone)
    await phone.photo(photo())
    await phone.expect("We have your receipt")
    counted = "select receipt_count from card_to_card_payments where bot_id = $1"

    await phone.photo(photo())
    await phone.expect("Shall this one take its place?")
    assert await bare.fetchval(counted, shop.bot_id) == 1
    await phone.press("Yes, replace it")

    await phone.expect("It took the place of the one before")
    assert await bare.fetchval(counted, shop.bot_id) == 2


async def test_with_two_open_orders_the_person_says_which(
    shops: Shops, make_phone: MakePhone, units: UnitsOfWork, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await plans.create_plan(uow, name="Large", period_days=90, price=290_000, traffic_limit_gb=0)
    phone = await make_phone(shop)
    await at_the_card(phone)
    await phone.text("/buy")
    await phone.press_when("Large", "Volume: unlimited")
    await phone.press("Card to card")
    await phone.expect("Pay 290,000 Toman")

    await phone.photo(photo())
    await phone.expect("Which order is this receipt for?")
    await phone.press("Large, 290,000")

    await phone.expect("We have your receipt")
    assert await statuses(bare, shop) == ["created", "receipt_submitted"]


async def test_only_the_first_picture_of_an_album_is_the_receipt(
    bots: BotProcess, shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.photo(photo())
    await phone.expect("You have no open order")
    sizes = next(m["photo"] for m in await phone.messages() if "photo" in m)
    await at_the_card(phone)

    for _ in range(3):
        await forge(bots, shop, updates.message(phone.user_id, photo=sizes, media_group_id="77"))
    command = {"type": "bot_command", "offset": 0, "length": 5}
    await forge(bots, shop, updates.message(phone.user_id, text="/lang", entities=[command]))

    await phone.expect("In which language")
    row = await bare.fetchrow("select * from card_to_card_payments where bot_id = $1", shop.bot_id)
    assert (row["status"], row["receipt_count"]) == ("receipt_submitted", 1)


async def test_an_old_button_reopens_the_menu_and_says_so(
    bots: BotProcess, shops: Shops, make_phone: MakePhone
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    menu = await phone.expect("Hi Carol")
    sent = len(await phone.heard())

    await forge(bots, shop, updates.press(phone.user_id, "of:another:age"))
    await phone.expect_count("Hi Carol", sent + 1)

    assert words_of(menu)
    calls = await phone.wire.act("calls", token=shop.telegram_token)
    answers = [call for call in calls["calls"] if call["method"] == "answerCallbackQuery"]
    assert "This page is old" in str(answers[-1])


async def test_a_plan_deleted_meanwhile_is_not_charged(
    shops: Shops, make_phone: MakePhone, units: UnitsOfWork, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/buy")
    await phone.press_when("1 month", "To pay")
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await plans.deactivate_plan(uow, shop.plan_id)

    await phone.press("Card to card")

    await phone.expect("not on sale any more")
    assert await bare.fetchval("select count(*) from orders where bot_id = $1", shop.bot_id) == 0


async def test_a_price_changed_meanwhile_is_shown_and_asked_again(
    shops: Shops, make_phone: MakePhone, units: UnitsOfWork, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/buy")
    await phone.press_when("1 month", "To pay")
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await plans.update_plan(uow, shop.plan_id, price=150_000)

    await phone.press("Card to card")
    await phone.expect("The price has changed")
    assert await bare.fetchval("select count(*) from orders where bot_id = $1", shop.bot_id) == 0
    await phone.press("Card to card")

    await phone.expect("Pay 150,000 Toman")


async def test_without_a_card_there_is_no_order(
    shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(cards_count=1)
    await bare.execute("update tenant_payment_cards set is_active = false where bot_id = $1", shop.bot_id)
    phone = await make_phone(shop)
    await phone.text("/buy")
    await phone.press_when("1 month", "To pay")

    await phone.press("Card to card")

    await phone.expect("Paying is not possible at the moment")
    assert await bare.fetchval("select count(*) from orders where bot_id = $1", shop.bot_id) == 0


async def test_a_method_switched_off_has_no_button(
    shops: Shops, make_phone: MakePhone, units: UnitsOfWork
) -> None:
    shop = await shops.open()
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await features.disable_feature(uow, "card_to_card")
    phone = await make_phone(shop)
    await phone.text("/buy")

    said = await phone.press_when("1 month", "To pay")

    assert "Paying is not possible" in words_of(said)
    assert not any("Card to card" in button["text"] for button in buttons_of(said))


async def test_an_order_is_cancelled_after_one_question(
    shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await at_the_card(phone)

    await phone.press("Cancel order")
    await phone.expect("Cancel this order?")
    await phone.press("No, go on")
    await phone.expect("to this card")
    assert await statuses(bare, shop) == ["created"]
    await phone.press("Cancel order")
    await phone.press_when("Yes, cancel it", "The order is cancelled")

    assert await statuses(bare, shop) == ["cancelled"]


async def test_two_taps_show_one_card_for_one_order(
    bots: BotProcess, shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/buy")
    review = await phone.press_when("1 month", "To pay")
    pay = next(b["callback_data"] for b in buttons_of(review) if "Card to card" in b["text"])

    for _ in range(2):
        await forge(bots, shop, updates.press(phone.user_id, pay))
    await phone.expect_count("to this card", 2)

    assert await statuses(bare, shop) == ["created"]
    assert len({words_of(m) for m in await phone.heard() if "to this card" in words_of(m)}) == 1


async def test_ids_of_another_shop_or_person_are_refused_politely_and_change_nothing(
    bots: BotProcess, shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    mallorys, alices = await shops.open(name="Mallory"), await shops.open(name="Alice")
    theirs = await shops.receipt(alices)
    neighbour = await shops.receipt(mallorys)
    phone = await make_phone(mallorys, name="Mallory")
    await phone.text("/start")
    await phone.expect("Hi Mallory")
    before = await bare.fetch("select id, status, receipt_count from card_to_card_payments order by id")
    forged = [
        ("not on sale any more", PickPlan(plan_id=alices.plan_id)),
        ("not on sale any more", PayByCard(plan_id=alices.plan_id, price=alices.price)),
        *(
            ("That is not here", callback)
            for sent in (theirs, neighbour)
            for callback in (
                ShowCard(order_id=sent.order_id),
                CancelOrder(order_id=sent.order_id),
                CancelOrder(order_id=sent.order_id, sure=True),
                AskReceipt(payment_id=sent.payment_id),
                ShowSubscription(subscription_id=sent.order_id),
            )
        ),
        ("Welcome to Mallory", GiveReceipt(payment_id=theirs.payment_id, message_id=1)),
    ]

    for number, (answer, callback) in enumerate(forged):
        await forge(bots, mallorys, updates.press(phone.user_id, callback.pack()))
        await phone.expect_total(2 + number)
        assert answer in words_of((await phone.heard())[-1]), callback

    assert (
        await bare.fetch("select id, status, receipt_count from card_to_card_payments order by id") == before
    )


async def test_a_blocked_person_gets_one_neutral_line(
    shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")
    await bare.execute("update users set blocked_at = now() where telegram_id = $1", phone.user_id)

    await phone.text("/buy")

    await phone.expect("The shop cannot serve you here")


async def test_a_suspended_shop_says_one_neutral_sentence(
    shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")
    await bare.execute("update bots set status = 'suspended' where id = $1", shop.bot_id)

    await phone.text("/buy")

    await phone.expect("The shop is paused")


@pytest.fixture
def hardly_any_patience_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine two messages a second may be all that the process works off."""
    monkeypatch.setattr("bot.middlewares.throttle.RATE", 0.05)


@pytest.mark.usefixtures("hardly_any_patience_comes_back")
async def test_who_types_too_fast_is_told_once_and_no_photo_is_lost(
    bots: BotProcess, shops: Shops, make_phone: MakePhone
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.photo(photo())
    await phone.expect("You have no open order")
    sizes = next(m["photo"] for m in await phone.messages() if "photo" in m)
    await at_the_card(phone)

    assert bots.crew is not None
    flood = [updates.message(phone.user_id, text="hello") for _ in range(45)]
    await bots.crew.inbox.store(shop.bot_id, [*flood, updates.message(phone.user_id, photo=sizes)])

    await phone.expect("We have your receipt", within=30)
    said = [words_of(message) for message in await phone.heard()]
    assert 1 <= sum("A little slower" in words for words in said) <= 3
    assert sum("Hi Carol" in words for words in said) < 45
