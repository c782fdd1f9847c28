"""Too many tries: what is counted for whom, when somebody has to wait, and who never has to."""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import replace

import pytest

from tests.web.test_sign_in import well_formed


async def try_once(new_browser, token: str, address: str) -> int:
    browser = new_browser(address=address)
    await browser.get("/login")
    return (await browser.post("/login", {"api_token": token})).status_code


async def test_of_a_hundred_bad_tries_at_once_from_one_address_exactly_twenty_are_looked_at(new_browser):
    tokens = [well_formed(f"pk_live_{number:08}_" + "B" * 43) for number in range(100)]

    answers = await asyncio.gather(*(try_once(new_browser, token, "198.51.100.7") for token in tokens))

    assert sorted(set(answers)) == [422, 429]
    assert answers.count(422) == 20


async def test_of_many_bad_tries_for_one_token_exactly_five_are_looked_at(new_browser, make_shop):
    shop = await make_shop()
    body = shop.api_token[:17] + "C" * 43
    wrong = well_formed(body)

    answers = await asyncio.gather(
        *(try_once(new_browser, wrong, f"198.51.{number}.9") for number in range(30))
    )

    assert answers.count(422) == 5
    assert answers.count(429) == 25


async def test_the_wait_is_told_and_ends_with_the_window(new_browser, clock):
    for _ in range(5):
        await try_once(new_browser, well_formed("pk_live_zzzzzzzz_" + "D" * 43), "198.51.100.8")
    browser = new_browser(address="198.51.100.8")
    await browser.get("/login?lang=en")
    clock.forward(minutes=14)

    answer = await browser.post("/login", {"api_token": well_formed("pk_live_zzzzzzzz_" + "D" * 43)})

    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "60"
    assert "Too many tries; wait 60 seconds." in answer.text
    clock.forward(minutes=1)
    assert await try_once(new_browser, well_formed("pk_live_zzzzzzzz_" + "D" * 43), "198.51.100.8") == 422


async def test_a_claimed_address_counts_as_the_peer(new_browser):
    answers = []
    for number in range(22):
        browser = new_browser(address="198.51.100.99")
        await browser.get("/login")
        token = well_formed(f"pk_live_x{number:07}_" + "E" * 43)
        answer = await browser.post("/login", {"api_token": token}, X_Forwarded_For=f"203.0.113.{number}")
        answers.append(answer.status_code)

    assert answers[-2:] == [429, 429]


@pytest.fixture
def behind_a_proxy(litestar, monkeypatch):
    """The application as it runs with TRUSTED_PROXIES=10.0.0.0/8,fd00::/8."""
    networks = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))
    monkeypatch.setattr(litestar.state, "parts", replace(litestar.state.parts, trusted_proxies=networks))


async def claim(new_browser, number: int, *, peer: str, forwarded: str) -> int:
    browser = new_browser(address=peer)
    await browser.get("/login")
    token = well_formed(f"pk_live_y{number:07}_" + "E" * 43)
    return (await browser.post("/login", {"api_token": token}, X_Forwarded_For=forwarded)).status_code


async def test_behind_a_proxy_everybody_is_counted_by_the_address_it_names(new_browser, behind_a_proxy):
    for number in range(21):
        assert await claim(new_browser, number, peer="10.0.0.5", forwarded=f"198.18.0.{number}") == 422

    spoofed = [
        await claim(new_browser, number, peer="fd00::5", forwarded=f"8.8.8.{number}, 198.18.1.1, 10.0.0.9")
        for number in range(22)
    ]

    assert spoofed[-2:] == [429, 429]


async def test_past_the_proxy_nobody_is_believed(new_browser, behind_a_proxy):
    answers = [
        await claim(new_browser, number, peer="198.18.2.2", forwarded=f"8.8.4.{number}")
        for number in range(22)
    ]

    assert answers[-2:] == [429, 429]


async def test_the_list_of_devices_shows_where_a_person_is_not_where_the_proxy_is(
    new_browser, behind_a_proxy, make_shop
):
    browser = new_browser(address="10.0.0.5")
    browser.client.headers["x-forwarded-for"] = "2001:db8::9"
    await browser.sign_in((await make_shop(stock=0)).api_token)

    page = await browser.get("/sessions")

    assert "2001:db8::9" in page.text
    assert "10.0.0.5" not in page.text


async def test_good_tokens_are_no_bad_tries(new_browser, make_shop):
    shop = await make_shop()

    answers = [await try_once(new_browser, shop.api_token, "198.51.100.50") for _ in range(25)]

    assert set(answers) == {303}


async def test_nobody_can_lock_the_owner_out_of_a_browser_that_is_signed_in(new_browser, make_shop):
    shop = await make_shop()
    owner = new_browser(address="198.51.100.60")
    await owner.sign_in(shop.api_token)
    wrong = well_formed(shop.api_token[:17] + "F" * 43)
    for _ in range(6):
        await try_once(new_browser, wrong, "198.51.100.60")
    assert await try_once(new_browser, shop.api_token, "198.51.100.60") == 429

    owner.plant("csrf", "G" * 43)
    answer = await owner.post("/login", {"api_token": shop.api_token}, csrf="G" * 43)

    assert answer.status_code == 303
