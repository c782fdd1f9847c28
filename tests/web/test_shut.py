"""Where nobody can pay card to card, every page says so in red; it is reckoned as the overview reckons."""

from __future__ import annotations

import random
import re
from datetime import time

import pytest

from shop.actors import CARDS_MANAGE, OWNING, SHOP_SEE
from shop.cards import keeping
from shop.cards import rules as cards
from shop.features import registry as features
from shop.overview.queries import load_overview
from shop.receipts import service as receipts
from shop.staff import sessions as browsers
from tests.web.conftest import add_staff

OFF, FULL = "هیچ کارتی در نوبت نیست", "هیچ کارتی اکنون جای پرداخت ندارد"
PAGES = ("/", "/receipts", "/customers", "/cards", "/settings/shop", "/team")


async def bar(browser, path="/customers"):
    """What the bar of a page says, with its tags; None where the page has no such bar."""
    found = re.search(r'id="shut" role="status">(.*?)</div>', (await browser.get(path)).text, re.DOTALL)
    return found and found[1]


@pytest.fixture
async def sold(shops, units, make_shop):
    """A shop that has sold: until then its overview is the list of what is missing."""
    shop = await make_shop()
    sent = await shops.receipt(shop)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, sent.payment_id)
    return shop


async def came_in(new_browser, token):
    browser = new_browser()
    assert (await browser.sign_in(token)).status_code == 303
    return browser


async def switch_off(everything, shop):
    await everything.execute(
        "UPDATE tenant_payment_cards SET is_active = false WHERE bot_id = $1", shop.bot_id
    )


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_says_that_no_card_takes_turns(sold, signed_in, everything, path):
    alice = await signed_in(sold)
    assert await bar(alice, path) == ""

    await switch_off(everything, sold)

    assert OFF in await bar(alice, path)


async def test_every_page_says_that_no_card_has_room_for_any_price(make_shop, signed_in, everything):
    shop = await make_shop(price=100_000)
    alice = await signed_in(shop)

    await everything.execute(
        "UPDATE tenant_payment_cards SET max_amount = 99999 WHERE bot_id = $1", shop.bot_id
    )

    assert FULL in await bar(alice)


async def test_the_overview_says_it_once(sold, signed_in, everything):
    await switch_off(everything, sold)

    page = (await (await signed_in(sold)).get("/")).text

    assert page.count(OFF) == 1
    assert "همه چیز روبه‌راه است" not in page


@pytest.mark.parametrize("why", ["enabled = false", "granted = false", "killed = true", "granted_until = $2"])
async def test_where_card_to_card_is_not_offered_there_is_nothing_to_say(
    make_shop, signed_in, everything, clock, why
):
    shop = await make_shop()
    await switch_off(everything, shop)
    await everything.execute(
        "INSERT INTO bot_feature_flags (bot_id, feature_key, created_at, updated_at) "
        "VALUES ($1, 'card_to_card', $2, $2)",
        shop.bot_id,
        clock.now,
    )
    alice = await signed_in(shop)
    assert OFF in await bar(alice)

    await everything.execute(
        f"UPDATE bot_feature_flags SET {why}, updated_at = $2 WHERE bot_id = $1",  # noqa: S608  (ours)
        shop.bot_id,
        clock.now,
    )

    assert await bar(alice) == ""


async def test_a_shop_that_never_had_a_card_is_guided_by_its_list_and_not_alarmed(
    make_shop, signed_in, units
):
    shop = await make_shop()
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await keeping.delete_payment_card(uow, shop.card_id)

    assert await bar(await signed_in(shop), "/start") == ""


async def test_a_shop_that_put_its_last_card_away_is(make_shop, signed_in, units):
    shop = await make_shop()
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await keeping.archive_card(uow, shop.card_id)

    assert OFF in await bar(await signed_in(shop), "/start")


async def test_whoever_may_change_cards_is_led_there_and_whoever_may_not_is_told(
    make_shop, signed_in, new_browser, units, everything
):
    shop = await make_shop()
    await switch_off(everything, shop)
    _, token = await add_staff(units, shop, permissions=frozenset(OWNING - {CARDS_MANAGE}))

    assert 'href="/cards"' in await bar(await signed_in(shop))
    told = await bar(await came_in(new_browser, token))
    assert OFF in told
    assert 'href="/cards"' not in told


async def test_whoever_may_not_see_the_shop_is_told_nothing_of_its_cards(
    make_shop, new_browser, units, everything
):
    shop = await make_shop()
    await switch_off(everything, shop)
    _, token = await add_staff(units, shop, permissions=frozenset(OWNING - {SHOP_SEE}))

    assert await bar(await came_in(new_browser, token), "/receipts") == ""


async def test_the_neighbours_cards_are_their_own(make_shop, signed_in, everything):
    shop, neighbour = await make_shop(), await make_shop()
    await switch_off(everything, neighbour)

    assert await bar(await signed_in(shop)) == ""
    assert OFF in await bar(await signed_in(neighbour))


async def test_pages_and_overview_reckon_alike(make_shop, signed_in, units, everything, clock):
    """Cards of every kind, with room and without, at every hour: what the database says on every page is what
    the overview finds by the rules that choose a card."""
    shop = await make_shop(price=100_000, cards_count=2)
    alice = await signed_in(shop)
    chance = random.Random(4)  # noqa: S311  (the same states at every run)
    await everything.execute(
        "INSERT INTO card_days (bot_id, card_id, day, shown_count, reserved_count, reserved_amount, "
        "approved_count, approved_amount, rejected_count) SELECT bot_id, id, $2, 1, 1, 100, 0, 0, 0 "
        "FROM tenant_payment_cards WHERE bot_id = $1",
        shop.bot_id,
        cards.day_of(clock.now, "Asia/Tehran"),
    )
    card_ids = [
        row["id"]
        for row in await everything.fetch(
            "SELECT id FROM tenant_payment_cards WHERE bot_id = $1", shop.bot_id
        )
    ]
    seen = set()
    hour = cards.time_of(clock.now, "Asia/Tehran").replace(second=0, microsecond=0)
    hours = (None, time(0), time(3), time(9), hour, time(23))
    for _ in range(200):
        await everything.execute(
            "UPDATE bot_plans SET price = $2, is_active = $3 WHERE bot_id = $1",
            shop.bot_id,
            chance.choice((0, 50, 100)),
            chance.random() < 0.8,
        )
        for card_id in card_ids:
            await everything.execute(
                "UPDATE tenant_payment_cards SET is_active = $2, daily_limit_count = $3, "
                "daily_limit_amount = $4, min_amount = $5, max_amount = $6, active_from = $7, "
                "active_until = $8 WHERE id = $1",
                card_id,
                chance.random() < 0.7,
                chance.choice((None, None, 1, 2)),
                chance.choice((None, None, 100, 150, 200)),
                chance.choice((None, None, 50, 60)),
                chance.choice((None, None, 99, 100)),
                chance.choice(hours),
                chance.choice(hours),
            )
        async with units.platform(shop.owner) as uow:
            who = await browsers.find(uow, alice.session)
        async with units.begin(shop.bot_id, shop.owner) as uow:
            shown = await load_overview(uow)
        reckoned = "off" if shown.cards_off else "full" if shown.cards_full else None
        assert who.shop.cards_shut == reckoned
        seen.add(reckoned)
    assert seen == {None, "off", "full"}


def test_card_to_card_is_on_where_nobody_said_otherwise():
    """The database takes it for granted."""
    assert features.find("card_to_card").default
