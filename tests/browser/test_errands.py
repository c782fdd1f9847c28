"""Errands of an owner on a phone, each with what comes of it in the bot: prices, cards, payments, a test."""

from __future__ import annotations

from playwright.async_api import expect

from shop.bots import service as bots
from shop.media.shelf import Shelf
from tests.browser.people import buttons
from tests.browser.test_purchase import PHONE, Words, order, sign_in
from tests.factories import Shops, card_number

EN = Words("en")


async def test_what_many_prices_become_is_seen_first_and_then_asked_by_the_bot(
    stack, browser, live_shop, make_phone
):
    phone = await make_phone(live_shop, language="en")
    owner = await sign_in(browser, stack, live_shop, "en", viewport=PHONE)
    await owner.goto(f"{stack.dashboard}/plans/prices")
    await owner.get_by_label("Per cent").fill("۱۰")
    await owner.get_by_role("button", name="Show what they become").click()
    await expect(owner.locator("#becomes-panel")).to_contain_text("319,000")
    await phone.say("/start")
    await phone.press("🛒 Buy a subscription")
    await phone.read("Which plan")

    await owner.get_by_role("button", name="Change these prices").click()
    await owner.wait_for_url(f"{stack.dashboard}/plans")
    await phone.say("/start")
    await phone.press("🛒 Buy a subscription")
    await phone.press("319,000")
    assert owner.complaints == []
    await owner.context.close()


async def test_many_cards_come_in_together_and_the_simulator_and_the_bot_show_them(
    stack, browser, live_shop, make_phone
):
    number = card_number()
    phone = await make_phone(live_shop, language="en")
    owner = await sign_in(browser, stack, live_shop, "en", viewport=PHONE)
    await owner.goto(f"{stack.dashboard}/cards")
    await owner.locator("#card-many > summary").click()
    lines = owner.get_by_label("One card per line")
    await lines.fill(f"{number}, Sara Nouri\n1234, Nobody")
    await owner.get_by_role("button", name="Check the lines").click()
    await expect(owner.locator("#card-many")).to_contain_text("1 line is wrong; nothing was added.")
    await lines.fill(f"{number}, Sara Nouri")
    await owner.get_by_role("button", name="Check the lines").click()
    await owner.get_by_role("button", name="Add 1 card").click()
    await expect(owner.locator(".bcard")).to_have_count(2)

    await owner.get_by_role("link", name="What would buyers see?").click()
    await owner.get_by_role("link", name="290,000").click()
    await expect(owner.locator("tbody tr")).to_have_count(2)
    assert await owner.locator("tbody td.num").all_text_contents() == ["50", "50"]
    shown = set()
    for _buyer in range(2):
        screen = await order(phone, EN)
        shown |= {one["copy_text"]["text"] for one in buttons(screen) if "copy_text" in one}
        phone = await make_phone(live_shop, language="en")
    assert number in shown
    assert [text for text in owner.complaints if "422" not in text] == []
    await owner.context.close()


async def test_a_setting_of_payments_counts_for_the_next_order(stack, browser, live_shop, make_phone):
    owner = await sign_in(browser, stack, live_shop, "en", viewport=PHONE)
    before = await order(await make_phone(live_shop, language="en"), EN)
    await owner.goto(f"{stack.dashboard}/settings/payments")
    await owner.get_by_label("Show the amount in Rial too").uncheck()
    await owner.get_by_role("button", name="Save").click()
    await expect(owner.locator(".toast")).to_contain_text("Saved")

    after = await order(await make_phone(live_shop, language="en"), EN)

    assert "Rial" in before["text"]
    assert "Rial" not in after["text"]
    assert owner.complaints == []
    await owner.context.close()


async def test_a_test_of_the_alerts_arrives_in_the_linked_chat(
    stack, browser, live_units, live_shop, make_phone
):
    phone = await make_phone(live_shop, language="en")
    await phone.say("/start")
    await phone.read("Buy a subscription|Which|Welcome|Hello")
    async with live_units.begin(live_shop.bot_id, live_shop.owner) as uow:
        await bots.update_bot(uow, live_shop.bot_id, admin_chat_id=phone.user_id)
    owner = await sign_in(browser, stack, live_shop, "en", viewport=PHONE)
    await owner.goto(f"{stack.dashboard}/settings/notifications")
    await owner.get_by_role("button", name="Send a test").click()
    await expect(owner.locator(".toast")).to_be_visible()

    await phone.read("[Tt]est|آزمایش")
    assert owner.complaints == []
    await owner.context.close()


async def test_what_the_team_does_not_want_to_hear_is_switched_off_on_a_phone(
    stack, browser, live_units, live_shop, make_phone
):
    phone = await make_phone(live_shop, language="en")
    await phone.say("/start")
    await phone.read("Buy a subscription|Which|Welcome|Hello")
    async with live_units.begin(live_shop.bot_id, live_shop.owner) as uow:
        await bots.update_bot(uow, live_shop.bot_id, admin_chat_id=phone.user_id)
    owner = await sign_in(browser, stack, live_shop, "en", viewport=PHONE)
    shops = Shops(live_units, Shelf(stack.folder / "media"))
    await owner.goto(f"{stack.dashboard}/settings/notifications")
    switch = owner.get_by_label(EN("A receipt came"))
    await switch.uncheck()
    await owner.get_by_role("button", name=EN("Save")).click()
    await expect(owner.locator(".toast")).to_be_visible()
    await shops.receipt(live_shop, await shops.person(live_shop, name="Unheard"))

    await owner.reload()
    await expect(switch).not_to_be_checked()
    await switch.check()
    await owner.get_by_role("button", name=EN("Save")).click()
    await expect(owner.locator(".toast")).to_be_visible()
    await shops.receipt(live_shop, await shops.person(live_shop, name="Heard"))

    await phone.read("Heard")
    assert not any("Unheard" in str(message) for message in await phone.messages())
    assert owner.complaints == []
    await owner.context.close()
