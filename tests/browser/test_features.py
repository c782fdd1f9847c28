"""A feature that is switched off leaves the bot's menu; it is there again with the switch."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.people import buttons
from tests.browser.test_purchase import Words, sign_in


async def test_the_way_to_a_human_follows_the_switches(stack, browser, live_shop, make_phone):
    words = Words("en")
    phone = await make_phone(live_shop, language="en", name="Carol")
    owner = await sign_in(browser, stack, live_shop, "en")
    await owner.goto(f"{stack.dashboard}/settings")
    await owner.get_by_label(words("Support account")).fill("@nasim_help")
    await owner.get_by_role("button", name=words("Save")).click()
    await expect(owner.locator(".toast")).to_contain_text("Saved")

    async def ways() -> list[str | None]:
        """Where the buttons called Support on a fresh menu lead: out of the bot, or to None, a ticket."""
        since = len(await phone.messages())
        await phone.say("/start")
        menu = await phone.read("Carol", since=since)
        return [button.get("url") for button in buttons(menu) if button["text"] == words("💬 Support")]

    assert await ways() == [None]
    await owner.goto(f"{stack.dashboard}/features")
    for feature, state, shown in (
        ("Tickets", "false", ["https://t.me/nasim_help"]),
        ("Support contact", "false", []),
        ("Tickets", "true", [None]),
    ):
        switch = owner.get_by_role("switch", name=words(feature), exact=True)
        await switch.click()
        await expect(switch).to_have_attribute("aria-checked", state)
        assert await ways() == shown
    assert owner.complaints == []
    await owner.context.close()
