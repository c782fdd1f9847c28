"""A test purchase on the dashboard, and everywhere it must not be seen: no figure, no list, no file."""

from __future__ import annotations

import re
from difflib import unified_diff

import pytest

from shop.actors import SEEING
from shop.media import picture
from shop.media import service as media
from shop.receipts import service as receipts
from tests.attack.ground import QUERIES
from tests.factories import photo
from tests.shop.test_rehearsals import ME, begin, buy
from tests.web.conftest import add_staff
from tests.web.doors import DOORS
from web.access import Access

TELLS_OF_IT = ("/start", "/audit")
"""The page it is begun on, and the history, which says that it was begun: everything else knows nothing."""
KEPT = ("lang", "theme", "density", "keys")
"""A cookie keeps these for the next page."""
NEVER_ENDS = "/events"
_NEW_EACH_TIME = re.compile(r'name="(?:_csrf_token|once|form_key)" value="[^"]*"|"time":\d+|\d{16}')


@pytest.fixture
async def shop(make_shop, shops, units, everything):
    """With a sale and a receipt that waits, so that there is something a figure could add to."""
    made = await make_shop(name="Nasim")
    await everything.execute("UPDATE bots SET token_state = 'live' WHERE id = $1", made.bot_id)
    await everything.execute("UPDATE staff SET telegram_id = $2 WHERE id = $1", made.owner.staff_id, ME)
    sold, _waits = await shops.receipt(made), await shops.receipt(made)
    async with units.begin(made.bot_id, made.owner) as uow:
        await receipts.approve(uow, sold.payment_id)
    return made


async def send_photo(units, stage, shelf, person, invoice):
    async with units.begin(stage, person) as uow:
        prepared = await picture.prepare(photo(), file_name=None, limit=10**6)
        stored = await media.store(uow, shelf, prepared)
        await receipts.submit(
            uow,
            person.user_id,
            payment_id=invoice.payment_id,
            media_id=stored,
            receipt_type="photo",
            text=None,
        )


def pages(access):
    """Every way to look that names no single thing, with and without what its address may carry."""
    for door in DOORS:
        if door.is_unsafe or door.access is not access or door.parameters:
            continue
        if door.path.startswith((*TELLS_OF_IT, NEVER_ENDS)):
            continue
        yield door.path
        asked = "&".join(
            f"{name}={value}" for name, value in QUERIES.get(door.path, {}).items() if name not in KEPT
        )
        if asked and "{" not in asked:
            yield f"{door.path}?{asked}"


async def look_everywhere(browser, access=Access.STAFF):
    seen = {}
    for path in pages(access):
        answer = await browser.get(path)
        seen[path] = (answer.status_code, _NEW_EACH_TIME.sub("", answer.text))
    return seen


def differences(earlier, later):
    """Line by line, so that a failure says what told of it."""
    (status, text), (new_status, new_text) = earlier, later
    lines = unified_diff(text.splitlines(), new_text.splitlines(), n=0, lineterm="")
    return [*([] if status == new_status else [(status, new_status)]), *lines]


async def test_no_page_list_or_file_of_the_shop_and_the_platform_tells_of_a_test_purchase(
    shop, units, shelf, signed_in, master, new_browser
):
    alice, platform = await signed_in(shop), new_browser()
    await platform.sign_in(master.api_token)
    before = await look_everywhere(alice), await look_everywhere(platform, Access.MASTER)

    stage = await begin(units, shop)
    person, invoice = await buy(units, stage)
    await send_photo(units, stage, shelf, person, invoice)
    async with units.begin(stage, shop.owner) as uow:
        await receipts.approve(uow, invoice.payment_id)

    after = await look_everywhere(alice), await look_everywhere(platform, Access.MASTER)
    assert len(before[0]) > 30
    refused = [path for path, (status, _) in before[0].items() if status >= 400]
    assert {path.partition("?")[0] for path in refused} <= {"/broadcasts/count"}, "it asks whom to count"
    for earlier, later in zip(before, after, strict=True):
        told = {path: differences(earlier[path], later[path]) for path in earlier}
        assert {path: lines for path, lines in told.items() if lines} == {}


async def test_the_same_by_a_customer_moves_the_figures_that_were_looked_at(shop, shops, units, signed_in):
    """So that the comparison above could have failed."""
    alice = await signed_in(shop)
    before = await look_everywhere(alice)
    sent = await shops.receipt(shop)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, sent.payment_id)

    after = await look_everywhere(alice)
    assert {path for path in before if before[path] != after[path]} >= {
        *("/", "/transactions", "/transactions.csv", "/customers", "/customers.csv", "/cards", "/stock"),
        *("/subscriptions", "/subscriptions.csv"),
    }


async def test_from_the_list_through_the_desk_to_the_step_that_is_done(
    shop, units, shelf, signed_in, everything
):
    alice = await signed_in(shop)
    await alice.get("/start")
    begun = await alice.post("/start/tests")
    once_more = await alice.post("/start/tests")
    page = (await alice.get("/start?lang=en")).text
    stage = await everything.fetchval("SELECT rehearsal_id FROM bots WHERE id = $1", shop.bot_id)
    person, invoice = await buy(units, stage)
    await send_photo(units, stage, shelf, person, invoice)
    desk = (await alice.get("/receipts?lang=en")).text
    item = await alice.get(f"/start/tests/{invoice.payment_id}?lang=en")
    image = await alice.get(f"/start/tests/{invoice.payment_id}/image")
    approved = await alice.post(f"/start/tests/{invoice.payment_id}/approve")
    twice = await alice.post(f"/start/tests/{invoice.payment_id}/approve")
    done = (await alice.get("/start?lang=en")).text
    cleared = await alice.post("/start/tests/clear")
    gone = await alice.get(f"/start/tests/{invoice.payment_id}")
    undone = (await alice.get("/start?lang=en")).text

    assert [one.status_code for one in (begun, once_more, approved, cleared)] == [303] * 4
    assert "you are a customer of your own shop" in page
    assert f'href="/start/tests/{invoice.payment_id}"' in desk
    assert "A test purchase waits for your decision" in desk
    assert (item.status_code, "This is a test." in item.text) == (200, True)
    assert (image.status_code, image.headers["content-type"]) == (200, "image/webp")
    assert twice.status_code == 409
    assert 'class="done" id="step-test"' in done
    assert gone.status_code == 404
    assert 'class="done" id="step-test"' not in undone


async def test_a_rejection_without_words_is_asked_about_again_and_one_with_words_counts(
    shop, units, shelf, signed_in
):
    alice = await signed_in(shop)
    stage = await begin(units, shop)
    person, invoice = await buy(units, stage)
    await send_photo(units, stage, shelf, person, invoice)
    url = f"/start/tests/{invoice.payment_id}"
    await alice.get(url)

    asked = await alice.post(f"{url}/reject", {"reason_code": "other", "reason_text": ""})
    rejected = await alice.post(f"{url}/reject", {"reason_code": "other", "reason_text": "too dark"})

    assert (asked.status_code, 'aria-describedby="reason-error"' in asked.text) == (422, True)
    assert rejected.status_code == 303
    assert "You may send another picture there" in (await alice.get(f"{url}?lang=en")).text


@pytest.mark.parametrize(
    ("undo", "said"),
    [
        ("UPDATE staff SET telegram_id = NULL WHERE bot_id = $1", "link your Telegram account"),
        ("UPDATE bots SET token_state = 'broken' WHERE id = $1", "your bot has to answer"),
        ("UPDATE tenant_payment_cards SET is_active = false WHERE bot_id = $1", "add a card"),
        ("UPDATE bot_plans SET is_active = false WHERE bot_id = $1", "create a plan"),
    ],
)
async def test_what_is_missing_for_it_is_said_and_a_press_all_the_same_is_refused(
    shop, signed_in, everything, undo, said
):
    alice = await signed_in(shop)
    await everything.execute(undo, shop.bot_id)

    page = (await alice.get("/start?lang=en")).text
    refused = await alice.post("/start/tests")

    assert said in page
    assert 'action="/start/tests"' not in page
    assert refused.status_code == 409


async def test_a_colleague_who_may_only_look_neither_begins_it_nor_decides_in_it(
    shop, units, shelf, new_browser
):
    stage = await begin(units, shop)
    person, invoice = await buy(units, stage)
    await send_photo(units, stage, shelf, person, invoice)
    _, token = await add_staff(units, shop, permissions=SEEING)
    bob = new_browser()
    await bob.sign_in(token)

    page = await bob.get("/start?lang=en")
    answers = [
        await bob.post(url)
        for url in (
            *("/start/tests", "/start/tests/clear"),
            *(f"/start/tests/{invoice.payment_id}/{verb}" for verb in ("approve", "undo")),
        )
    ]

    assert "Try a purchase" not in page.text
    assert [answer.status_code for answer in answers] == [403] * 4


async def test_another_shop_never_sees_it(shop, units, shelf, make_shop, signed_in):
    stage = await begin(units, shop)
    person, invoice = await buy(units, stage)
    await send_photo(units, stage, shelf, person, invoice)
    mallory = await signed_in(await make_shop())

    assert (await mallory.get(f"/start/tests/{invoice.payment_id}")).status_code == 404
    assert (await mallory.get(f"/receipts/{invoice.payment_id}")).status_code == 404


async def test_nobody_can_open_a_rehearsal_as_if_it_were_a_shop(shop, units, master, new_browser):
    stage = await begin(units, shop)
    platform = new_browser()
    await platform.sign_in(master.api_token)

    opened = await platform.post(f"/platform/bots/{stage}/open")

    assert opened.status_code == 404
    assert (await platform.get(f"/platform/bots/{stage}/people")).status_code == 404
