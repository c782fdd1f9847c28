"""The owner switches a feature and changes a setting on a phone; the bot obeys at the next message."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.test_purchase import PHONE, Words, sign_in


async def test_what_the_owner_sets_is_what_the_customer_sees(stack, browser, live_shop, make_phone):
    words = Words("en")
    phone = await make_phone(live_shop, language="en", name="Carol")
    owner = await sign_in(browser, stack, live_shop, "en", viewport=PHONE)
    await owner.goto(f"{stack.dashboard}/settings")
    name = owner.get_by_label(words("Name of the shop"))
    await name.fill("Spring Net")
    await owner.get_by_label(words("Time zone")).fill("Mars/Olympus")
    await owner.get_by_role("button", name=words("Save")).click()
    await expect(owner.get_by_text("This time zone is not known")).to_be_visible()
    await expect(name).to_have_value("Spring Net")
    await owner.get_by_label(words("Time zone")).fill("Asia/Dubai")
    await owner.get_by_role("button", name=words("Save")).click()
    await expect(owner.locator(".toast")).to_contain_text("Saved")

    await phone.say("/start")
    await phone.read("Spring Net")
    await owner.goto(f"{stack.dashboard}/features")
    switch = owner.get_by_role("switch", name=words("Card-to-card payment"))
    await expect(switch).to_have_attribute("aria-checked", "true")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "false")
    feature = owner.locator("#feature-card_to_card")
    await expect(feature.get_by_text("you can switch it on here")).to_be_visible()
    await phone.say("/start")
    await phone.press(words("🛒 Buy a subscription"))
    await phone.press("290,000")
    await phone.read("Paying is not possible at the moment")
    assert [text for text in owner.complaints if "422" not in text] == []
    await owner.context.close()


async def test_the_bot_greets_in_the_shops_own_words(stack, browser, live_shop, make_phone):
    words = Words("fa")
    phone = await make_phone(live_shop, language="fa", name="سارا")
    owner = await sign_in(browser, stack, live_shop, "fa")
    await owner.goto(f"{stack.dashboard}/settings/texts")
    await owner.get_by_role("link", name=words("Greeting")).click()
    first = owner.locator("textarea[lang=fa]").first
    await first.fill("درود بر تو")
    await owner.get_by_role("button", name=words("Save")).click()
    await expect(owner.locator(".err")).to_contain_text("{name}")
    await expect(first).to_be_focused()
    await first.fill("درود بر <b>{name}</b>، خوش آمدی")
    await owner.get_by_role("button", name=words("Preview")).click()
    await expect(owner.locator(".bubble[lang=fa] b").first).to_contain_text("سارا نوری")
    await owner.get_by_role("button", name=words("Save")).click()
    await expect(owner.locator(".toast")).to_be_visible()

    await phone.say("/start")

    await phone.read("درود بر .*سارا.*، خوش آمدی")
    await owner.get_by_role("button", name=words("Back to the original")).click()
    await expect(owner.get_by_role("button", name=words("Back to the original"))).to_have_count(0)
    await phone.say("/start")
    await phone.read("سلام .*سارا")
    assert [text for text in owner.complaints if "422" not in text] == []
    await owner.context.close()
