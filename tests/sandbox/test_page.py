"""The chat page: what it is made of, and a conversation in a real browser."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright, expect

from bot.sandbox import Sandbox
from shop.i18n import extract, translations
from tests.browser.find import find_chromium
from tests.sandbox.telegram import BUY, CAROL, SHOP_A, Telegram, encoded, keys, picture

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PATIENCE = 5_000


@pytest.fixture
async def page(sandbox: Sandbox) -> AsyncIterator[Page]:
    """A browser in English; every message of its console is a failure."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        opened = await browser.new_page(locale="en-GB")
        await opened.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=sandbox.url)
        opened.set_default_timeout(PATIENCE)
        complaints: list[str] = []
        opened.on("console", lambda message: complaints.append(message.text))
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        yield opened
        await browser.close()
    assert complaints == []


@pytest.mark.parametrize(
    ("wish", "direction", "title"), [("fa", "rtl", "تلگرام تمرینی"), ("en", "ltr", "Practice Telegram")]
)
async def test_the_page_speaks_both_languages_and_remembers(sandbox, http, wish, direction, title):
    async with http.get(f"{sandbox.url}/", params={"lang": wish}) as response:
        html = await response.text()
    async with http.get(f"{sandbox.url}/") as response:
        again = await response.text()

    assert f'lang="{wish}" dir="{direction}"' in html
    assert title in html
    assert f'lang="{wish}"' in again


async def test_the_page_runs_no_script_but_its_own_and_asks_no_other_host(sandbox, http):
    async with http.get(f"{sandbox.url}/") as response:
        policy = response.headers["Content-Security-Policy"]
        html = await response.text()

    assert "script-src 'self'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "https://" not in html
    assert " style=" not in html


@pytest.mark.parametrize("lang", ["fa", "en"])
def test_every_word_of_the_page_is_translated(lang):
    known = translations(lang)._catalog

    for sentence in extract("sandbox"):
        assert not sentence.id or known.get(sentence.id), sentence.id


async def test_an_open_page_hears_at_once_what_happens(telegram, http):
    address = f"{telegram.url}/_page/events?bot=111111&user={CAROL}"
    async with http.get(address) as news:
        assert await news.content.readline() == b"retry: 1000\n"
        await news.content.readline()
        sent = await telegram.call("sendMessage", chat_id=CAROL, text="سلام", reply_markup=BUY)
        line = await asyncio.wait_for(news.content.readline(), 2)

    event = json.loads(line.removeprefix(b"data: "))
    assert (event["event"], event["message"]) == ("message", sent)


async def test_a_picture_is_shown_and_anything_else_only_downloaded(telegram, http):
    photo = (await telegram.carol("photo", data=encoded(picture())))["message"]["photo"][-1]
    html = await telegram.carol("document", data=encoded(b"<script>"), name="x.html", mime="text/html")

    async with http.get(f"{telegram.url}/_page/media/{photo['file_unique_id']}") as response:
        assert response.content_type == "image/png"
    async with http.get(
        f"{telegram.url}/_page/media/{html['message']['document']['file_unique_id']}"
    ) as response:
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"] == "attachment"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    async with http.get(f"{telegram.url}/_page/media/nothing") as response:
        assert response.status == 404


async def test_a_newcomer_talks_to_a_bot(telegram: Telegram, page: Page):
    await telegram.act("user", id=4001, first_name="Dora", language_code="en")
    await telegram.act("bot", token=SHOP_A, username="alice_bot", name="Alice's shop")

    await page.goto(f"{telegram.url}/?lang=en&user=4001")
    await page.get_by_role("button", name="Start", exact=True).click()
    await expect(page.locator(".m.me")).to_contain_text("/start")
    (started,) = await telegram.updates(timeout=3)
    assert started["message"]["from"]["id"] == 4001
    assert "bot=alice_bot" in page.url

    await telegram.call(
        "sendMessage",
        chat_id=4001,
        text="Pay to:\n<code>6219 8619 0000 4421</code> <script>alert(1)</script>".replace(
            "<s", "&lt;s"
        ).replace("</s", "&lt;/s"),
        parse_mode="HTML",
        reply_markup=keys(
            [
                {"text": "Copy card", "copy_text": {"text": "6219861900004421"}},
                {"text": "Copy amount", "copy_text": {"text": "2900000"}},
            ],
            [{"text": "Cancel", "callback_data": "cancel", "style": "danger"}],
        ),
    )
    await expect(page.locator(".m").last).to_contain_text("<script>alert(1)</script>")
    await page.get_by_role("button", name="Copy card").click()
    await expect(page.get_by_role("status")).to_contain_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == "6219861900004421"

    await telegram.forget()
    await page.get_by_role("button", name="Cancel").last.click()
    (pressed,) = await telegram.updates(timeout=3)
    await telegram.call(
        "answerCallbackQuery",
        callback_query_id=pressed["callback_query"]["id"],
        text="Really?",
        show_alert=True,
    )
    await expect(page.get_by_role("dialog")).to_contain_text("Really?")
    await page.get_by_role("button", name="OK").click()

    await telegram.forget()
    await page.get_by_role("button", name="Send a sample receipt").click()
    (receipt,) = await telegram.updates(timeout=3)
    assert receipt["message"]["photo"][-1]["width"] == 540
    await expect(page.locator(".m.me img")).to_be_visible()

    await telegram.forget()
    await page.get_by_label("Message", exact=True).fill("thank you")
    await page.keyboard.press("Enter")
    (text,) = await telegram.updates(timeout=3)
    assert text["message"]["text"] == "thank you"

    await page.get_by_role("button", name="Block the bot").click()
    await expect(page.get_by_role("button", name="Unblock the bot").last).to_be_visible()
    assert (await telegram.refused("sendMessage", chat_id=4001, text="x"))[0] == 403
