"""The master's list of shops, his looking into one, and whether the process can serve."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from shop.errors import NotAllowed
from shop.platform import viewing
from shop.platform.queries import list_shops
from shop.receipts import service as receipts
from tests.factories import MASTER
from web.app import readiness_of


@pytest.fixture
async def admin(new_browser, master):
    browser = new_browser()
    await browser.sign_in(master.api_token)
    await browser.get("/platform/bots?lang=en")
    return browser


async def row_of(units, shop):
    async with units.platform(MASTER) as uow:
        return next(row for row in await list_shops(uow) if row.bot_id == shop.bot_id)


async def test_every_figure_of_a_shop_is_counted_once(units, shops, make_shop, clock):
    shop = await make_shop(price=100_000)
    oldest = None
    for _ in range(2):
        sent = await shops.receipt(shop)
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await receipts.approve(uow, sent.payment_id)
    for _ in range(3):
        await shops.receipt(shop)
        oldest = oldest or clock.now
        clock.forward(minutes=1)

    row = await row_of(units, shop)

    assert (row.sales_30d, row.active_subscriptions, row.waiting) == (200_000, 2, 3)
    assert row.oldest_waiting_at == oldest
    assert not row.is_master
    clock.forward(days=31)
    later = await row_of(units, shop)
    assert (later.sales_30d, later.active_subscriptions, later.waiting) == (0, 0, 3)


async def test_the_list_costs_the_same_for_many_shops(units, make_shop, counted_queries):
    for _ in range(3):
        await make_shop(stock=0)
    counted_queries()

    async with units.platform(MASTER) as uow:
        await list_shops(uow)

    assert counted_queries() == 1


async def test_an_owner_cannot_list_shops(units, make_shop):
    shop = await make_shop()

    async with units.platform(shop.owner) as uow:
        with pytest.raises(NotAllowed):
            await list_shops(uow)


async def history(everything, shop) -> list[tuple[str, str]]:
    rows = await everything.fetch(
        "SELECT action, actor_name FROM audit_log WHERE bot_id = $1 AND actor LIKE 'master:%' "
        "AND action LIKE 'shop.%' ORDER BY id",
        shop.bot_id,
    )
    return [(row["action"], row["actor_name"]) for row in rows]


async def test_looking_into_a_shop_is_marked_on_the_screen_and_in_the_shops_history(
    admin, make_shop, everything
):
    shop = await make_shop(name="Nasim")

    opened = await admin.post(f"/platform/bots/{shop.bot_id}/open")
    page = (await admin.get("/")).text

    assert opened.headers["location"] == "/"
    assert "Viewing <bdi>Nasim</bdi>, read-only" in page
    assert await history(everything, shop) == [("shop.viewed", "Master")]

    left = await admin.post("/platform/leave")

    assert left.headers["location"] == "/platform/bots"
    assert "Viewing" not in (await admin.get("/platform/bots")).text
    assert await history(everything, shop) == [("shop.viewed", "Master"), ("shop.view_ended", "Master")]


async def test_a_look_ends_by_itself_after_half_an_hour_and_says_so_from_the_start(
    admin, make_shop, shops, everything, clock
):
    shop = await make_shop(name="Nasim")
    sent = await shops.receipt(shop)
    await admin.post(f"/platform/bots/{shop.bot_id}/open")
    assert "until 12:30" in (await admin.get("/receipts")).text
    data = await everything.fetchval(
        "SELECT data FROM audit_log WHERE bot_id = $1 AND action = 'shop.viewed'", shop.bot_id
    )
    assert "2026-11-22T09:00:00+00:00" in data

    clock.forward(minutes=29)
    assert (await admin.get(f"/receipts/{sent.payment_id}")).status_code == 200
    clock.forward(minutes=1)

    assert (await admin.get(f"/receipts/{sent.payment_id}")).status_code == 404
    assert (await admin.get("/")).headers["location"] == "/platform/bots"
    assert "Nasim" not in (await admin.get("/receipts")).text
    assert (await admin.post(f"/receipts/{sent.payment_id}/approve")).status_code == 404
    await admin.post(f"/platform/bots/{shop.bot_id}/open")
    assert (await admin.get(f"/receipts/{sent.payment_id}")).status_code == 200
    assert [action for action, _ in await history(everything, shop)] == ["shop.viewed", "shop.viewed"]


async def test_going_from_one_shop_to_another_leaves_the_first(admin, make_shop, everything):
    first, second = await make_shop(name="First"), await make_shop(name="Second")

    await admin.post(f"/platform/bots/{first.bot_id}/open")
    await admin.post(f"/platform/bots/{second.bot_id}/open")
    await admin.post(f"/platform/bots/{second.bot_id}/open")

    assert [action for action, _ in await history(everything, first)] == ["shop.viewed", "shop.view_ended"]
    assert [action for action, _ in await history(everything, second)] == ["shop.viewed"]
    assert "Viewing <bdi>Second</bdi>" in (await admin.get("/receipts")).text


async def test_a_master_who_looks_on_has_no_buttons_that_decide(admin, make_shop, shops):
    shop = await make_shop()
    sent = await shops.receipt(shop)
    await admin.post(f"/platform/bots/{shop.bot_id}/open")

    page = (await admin.get(f"/receipts/{sent.payment_id}")).text

    assert f"/receipts/{sent.payment_id}/approve" not in page
    assert "You are only looking" in page


async def test_one_cannot_look_into_what_is_not_there(admin, make_shop, master, everything):
    gone = await make_shop()
    await everything.execute("UPDATE bots SET deleted_at = now() WHERE id = $1", gone.bot_id)

    for bot_id in (gone.bot_id, master.bot_id, 2**60, "x", "0"):
        assert (await admin.post(f"/platform/bots/{bot_id}/open")).status_code == 404


async def test_the_verb_itself_lets_nobody_but_the_master_look(units, make_shop, everything):
    alice, mallory = await make_shop(), await make_shop()
    who = SimpleNamespace(home_bot_id=mallory.bot_id, shop=SimpleNamespace(bot_id=mallory.bot_id))

    async with units.platform(mallory.owner) as uow:
        for look in (viewing.open_shop(uow, who, alice.bot_id), viewing.leave_shop(uow, who)):
            with pytest.raises(NotAllowed):
                await look

    assert await history(everything, alice) == []


async def test_whoever_is_no_master_any_more_loses_the_shop_on_the_screen(admin, make_shop, everything):
    shop = await make_shop()
    await admin.post(f"/platform/bots/{shop.bot_id}/open")

    await everything.execute(
        "UPDATE staff SET role = 'owner' "
        "WHERE id = (SELECT staff_id FROM sessions WHERE viewing_bot_id = $1)",
        shop.bot_id,
    )

    assert (await admin.get("/")).headers["location"] == "/login"


async def test_the_list_shows_shops_and_hides_the_deleted(admin, make_shop, everything):
    here, gone = await make_shop(name="Still here"), await make_shop(name="Long gone")
    await everything.execute("UPDATE bots SET deleted_at = now() WHERE id = $1", gone.bot_id)

    page = (await admin.get("/platform/bots")).text

    assert here.name in page
    assert gone.name not in page


# Health -----------------------------------------------------------------------------------------------------


async def test_a_process_that_can_serve_says_so(browser):
    assert (await browser.get("/health/live")).json() == {"status": "live"}
    answer = await browser.get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


async def test_without_the_database_it_is_not_ready_and_says_so_soon():
    engine = create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none")

    assert await readiness_of(engine)() == "database_unreachable"


async def test_behind_its_migrations_it_is_not_ready(engine, monkeypatch):
    monkeypatch.setattr("db.migrate.head", lambda: "9999")

    assert await readiness_of(engine)() == "migrations_behind"


async def test_not_ready_is_a_503(litestar, browser, monkeypatch):
    async def behind():
        return "migrations_behind"

    monkeypatch.setattr(litestar.state, "parts", replace(litestar.state.parts, readiness=behind))

    answer = await browser.get("/health/ready")

    assert (answer.status_code, answer.json()) == (503, {"status": "migrations_behind"})
