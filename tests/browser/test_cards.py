"""The owner adds a card on a phone and switches another off; the next buyer is shown the new one."""

from __future__ import annotations

from playwright.async_api import expect

from shop.formatting import digits
from tests.browser.people import buttons
from tests.browser.test_purchase import PHONE, Words, order, sign_in
from tests.factories import card_number

SAMAN = "621986"


async def test_a_card_is_known_while_it_is_typed_and_shown_to_the_next_buyer(
    stack, browser, live_shop, make_phone
):
    words, number = Words("fa"), card_number(SAMAN)
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    phone = await make_phone(live_shop, language="fa", name="سارا")
    owner = await sign_in(browser, stack, live_shop, "fa", viewport=PHONE)
    await owner.goto(f"{stack.dashboard}/cards")
    new, bank = owner.locator("#card-new"), owner.locator("#bank-new")
    await new.locator("summary").click()
    field = new.get_by_label(words("Card number"))
    await field.press_sequentially(digits(number[:7], "fa"))
    await expect(bank).to_contain_text("سامان")
    await field.fill(wrong)
    await expect(bank).to_contain_text(words("One digit is wrong: this number belongs to no card."))
    await new.get_by_label(words("Name on the card")).fill("رضا احمدی")
    await new.get_by_role("button", name=words("Add the card")).click()
    await expect(field).to_be_focused()
    await expect(new.get_by_label(words("Name on the card"))).to_have_value("رضا احمدی")
    await field.fill(number)
    await new.get_by_role("button", name=words("Add the card")).click()
    await expect(owner.locator(".bcard")).to_have_count(2)

    old = owner.locator(f"#card-{live_shop.card_id}")
    await old.get_by_role("button", name=words("Switch off")).click()
    await expect(old.get_by_role("button", name=words("Switch on"))).to_be_visible()
    screen = await order(phone, words)

    copied = [button["copy_text"]["text"] for button in buttons(screen) if "copy_text" in button]
    assert copied[0] == number
    assert "رضا احمدی" in (screen.get("text") or screen["caption"])
    assert [text for text in owner.complaints if "422" not in text] == []
    await owner.context.close()


async def test_the_last_card_goes_off_and_every_open_page_says_so_until_it_is_back(
    stack, browser, live_shop, make_phone
):
    words = Words("fa")
    phone = await make_phone(live_shop, language="fa", name="سارا")
    owner = await sign_in(browser, stack, live_shop, "fa", viewport=PHONE)
    other = await owner.context.new_page()
    await other.goto(f"{stack.dashboard}/customers")
    await expect(other.locator("#shut")).to_be_hidden()
    await owner.goto(f"{stack.dashboard}/cards")

    card = owner.locator(f"#card-{live_shop.card_id}")
    await card.locator("summary", has_text=words("Switch off")).click()
    await card.get_by_role("button", name=words("Switch it off all the same")).click()

    for page in (owner, other):
        await expect(page.locator("#shut")).to_contain_text(words("No card takes turns"))
    assert await other.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await other.locator("#shut").get_by_role("link").click()
    await other.get_by_role("button", name=words("Switch on")).click()
    for page in (owner, other):
        await expect(page.locator("#shut")).to_be_hidden()
    assert await order(phone, words)
    assert owner.complaints == []
    await owner.context.close()
