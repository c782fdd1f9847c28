"""Customers: found however a name is typed, shown with all that happened, corrected, written to, blocked."""

from __future__ import annotations

import asyncio
import json
import re
from html import unescape

import pytest
from sqlalchemy import text

from shop.actors import SEEING, System
from shop.configurations.registry import find
from shop.configurations.service import set_configuration
from shop.customers.search import STATES, Sought, list_customers
from shop.errors import UserBlocked
from shop.formatting import digits
from shop.orders import service as orders
from shop.payments import corrections
from shop.receipts import service as receipts
from shop.users import service as users
from tests.house.test_query_plans import plans_of, steps
from tests.web.conftest import add_staff
from tests.web.test_transactions import rows_of

WORDS = "ix_user_words_word"
FORM = re.compile(r'name="form_key" value="([^"]+)"')


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop")


@pytest.fixture
async def alice(signed_in, alices):
    return await signed_in(alices)


async def register(units, shop, telegram_id: int, first: str, last: str | None = None, username=None) -> int:
    async with units.begin(shop.bot_id, System("bot")) as uow:
        card = await users.register(
            uow, telegram_id=telegram_id, first_name=first, last_name=last, username=username
        )
        return card.id


async def correct(alice, user_id: int, **fields: str):
    page = await alice.get(f"/customers/{user_id}?lang=en")
    return await alice.post(
        f"/customers/{user_id}/wallet",
        {"form_key": FORM.search(page.text)[1], "direction": "add", "reason": "a gift", **fields},
    )


async def balance(everything, user_id: int) -> int:
    return await everything.fetchval("SELECT balance FROM users WHERE id = $1", user_id)


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "علي",
            "علی‌رضا",
            "عليرضا",
            "علی رضا",
            "كاظمی",
            "@Ali_K",
            "ali_k",
            "۴۴۰۰۱۲۳",
            "٤٤٠٠١٢٣",
            " 4400123 ",
        ),
        *("رضا", "رضا كاظ", "کاظمی علی", "كاظمي ali", "رضاكاظمي", "@k77", "k۷", "🌹 رضا", "زيد", "كاظ می"),
    ],
)
async def test_a_name_is_found_however_it_is_typed(alice, alices, units, typed):
    await register(units, alices, 4400123, "🌹علی‌رضا", "کاظمی (زید)", "Ali_k77")
    await register(units, alices, 4400124, "سارا", "موسوی", "sara_m")

    page = await alice.get("/customers", hx_request="false")
    found = (await alice.client.get("/customers", params={"q": typed})).text

    assert "سارا" in page.text
    assert "کاظمی" in found
    assert "سارا" not in found


async def test_of_several_words_every_one_has_to_fit(alice, alices, units):
    await register(units, alices, 4400123, "Ali", "Kazemi", None)
    await register(units, alices, 4400124, "Ali", "Mousavi", None)
    await register(units, alices, 4400125, "Sara", "Kazemi", None)

    found = (await alice.client.get("/customers", params={"q": "kazemi ali"})).text

    assert "Ali Kazemi" in found
    assert "Mousavi" not in found
    assert "Sara" not in found


async def test_search_under_the_wall_is_served_by_the_index_of_the_words(engine, units, shops, everything):
    shop = await shops.open()
    async with units.begin(shop.bot_id, System("test")) as uow:
        await uow.session.execute(
            text(
                "INSERT INTO users (bot_id, telegram_id, first_name, language, created_at, updated_at) "
                "SELECT :shop, n, 'name ' || n, 'fa', now(), now() FROM generate_series(1, 5000) n"
            ),
            {"shop": shop.bot_id},
        )
    # What the plan goes by is known at once here; elsewhere the server looks by itself, sooner or later.
    await everything.execute("ANALYZE users")
    await everything.execute("ANALYZE user_words")
    async with units.begin(shop.bot_id, shop.owner) as uow:
        ((statement, plan),) = await plans_of(engine, uow, lambda uow: list_customers(uow, Sought("Name 49")))

    asked = [step.get("Index Cond", "") for step in steps(plan) if step.get("Index Name") == WORDS]
    assert len(asked) == 3, statement
    for condition in asked:
        assert "bot_id = " in condition
        assert "word >= " in condition
        assert "word < " in condition
    people = [step.get("Index Cond", "") for step in steps(plan) if step.get("Alias") == "users_1"]
    assert people, plan
    assert all("id = ANY" in condition for condition in people), plan


@pytest.mark.parametrize("path", ["/customers", "/subscriptions", "/transactions"])
async def test_a_number_of_an_order_of_its_receipt_or_of_the_bank_finds_what_belongs_to_it(
    alice, alices, shops, units, everything, path
):
    for name in ("Carol", "Dave"):
        sent = await shops.receipt(alices, await shops.person(alices, name=name))
        async with units.begin(alices.bot_id, alices.owner) as uow:
            await receipts.approve(uow, sent.payment_id)
    # Numbers of their own: in a new database an order and a customer may be called the same.
    await everything.execute(
        "UPDATE card_to_card_payments SET payer_reference = '00987654321098765432109' WHERE id = $1",
        sent.payment_id,
    )
    paid = await everything.fetchrow(
        "SELECT tracking_number, order_id FROM card_to_card_payments WHERE id = $1", sent.payment_id
    )
    ours, the_banks = paid["tracking_number"], "00987654321098765432109"

    for typed in (ours, f" #{digits(ours, 'fa')} ", the_banks, digits(sent.person.telegram_id, "fa")):
        page = (await alice.client.get(path, params={"q": typed})).text
        assert "Dave" in page, typed
        assert "Carol" not in page, typed
    for number in (paid["order_id"], sent.payment_id):
        assert "Dave" in (await alice.client.get(path, params={"q": str(number)})).text
    assert "Dave" not in (await alice.client.get(path, params={"q": "00987654321098765432108"})).text


async def test_a_changed_name_is_found_and_the_former_one_no_more(alice, alices, units, everything):
    await register(units, alices, 4400123, "Ali", "Kazemi", "ali")
    await register(units, alices, 4400123, "Mina", None, "sara_of_shiraz")

    found = {
        name: ">Mina<" in (await alice.client.get("/customers", params={"q": name})).text
        for name in ("ali", "kazemi", "mina", "shiraz", "@")
    }

    assert found == {"ali": False, "kazemi": False, "mina": True, "shiraz": True, "@": False}
    assert await everything.fetchval("SELECT count(*) FROM user_words WHERE bot_id = $1", alices.bot_id) == 4


@pytest.mark.parametrize("state", STATES)
async def test_each_state_shows_those_who_are_in_it(alice, alices, shops, units, everything, state):
    people = {name: await shops.person(alices, name=f"name-{name}") for name in STATES}
    for name in ("active", "expired"):
        sent = await shops.receipt(alices, people[name])
        async with units.begin(alices.bot_id, alices.owner) as uow:
            await receipts.approve(uow, sent.payment_id)
    await everything.execute(
        "UPDATE subscriptions SET starts_at = '2020-01-01', ends_at = '2020-02-01' WHERE user_id = $1",
        people["expired"].user_id,
    )
    await everything.execute("UPDATE users SET blocked_at = now() WHERE id = $1", people["blocked"].user_id)
    await everything.execute(
        "UPDATE users SET unreachable_at = now() WHERE id = $1", people["unreachable"].user_id
    )

    page = (await alice.get(f"/customers?state={state}")).text

    shown = set(re.findall(r"name-(\w+)", page))
    assert shown == ({"never", "blocked", "unreachable"} if state == "never" else {state})


async def test_the_profile_tells_everything_that_happened_and_its_figures_are_the_ledgers(
    alice, alices, shops, units
):
    person = await shops.person(alices, name="Carol")
    sent, bad = await shops.receipt(alices, person), await shops.receipt(alices, person)
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await receipts.approve(uow, sent.payment_id)
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await receipts.reject(uow, bad.payment_id, reason=receipts.RejectReason.NOT_ARRIVED)

    page = unescape((await alice.get(f"/customers/{person.user_id}?lang=en")).text)

    for word in ("Order", "Receipt", "Deposit", "Purchase", "Message of the bot", "approved", "rejected"):
        assert word in page
    assert f'href="/receipts/{sent.payment_id}"' in page
    shown = re.findall(r'class="val">(?:<span class="money"><bdi>)?([^<]*)', page)
    assert shown == ["0", "125,000", "1", "1"]


async def test_a_correction_is_booked_once_with_its_reason_and_the_customer_is_told(
    alice, alices, shops, units, everything
):
    person = await shops.person(alices)
    page = await alice.get(f"/customers/{person.user_id}")
    fields = {"form_key": FORM.search(page.text)[1], "amount": "۲۵٬۰۰۰", "reason": "for the wait"}

    answers = await asyncio.gather(
        *(alice.post(f"/customers/{person.user_id}/wallet", fields) for _ in range(4))
    )

    assert {answer.status_code for answer in answers} == {303}
    assert await balance(everything, person.user_id) == 25_000
    rows = await everything.fetch("SELECT * FROM transactions WHERE user_id = $1", person.user_id)
    assert [(row["kind"], row["amount"], row["note"]) for row in rows] == [
        ("correction", 25_000, "for the wait")
    ]
    (told,) = await everything.fetch("SELECT kind, payload FROM outbox WHERE user_id = $1", person.user_id)
    assert told["kind"] == "wallet_corrected"
    assert json.loads(told["payload"])["reason"] == "for the wait"
    history = await everything.fetchval(
        "SELECT count(*) FROM audit_log WHERE bot_id = $1 AND action = 'wallet.corrected'", alices.bot_id
    )
    assert history == 1


@pytest.mark.parametrize(
    ("fields", "code", "sentence"),
    [
        ({"amount": "ten"}, 422, "A whole number"),
        ({"amount": "0"}, 422, "At least 1"),
        ({"amount": "5000", "reason": " \u200c"}, 422, "Write the reason"),
        ({"amount": "5000001"}, 422, "5,000,000 Toman are left"),
        ({"amount": "1", "direction": "take"}, 409, "not enough money"),
    ],
)
async def test_a_correction_that_cannot_be_says_why_and_loses_nothing(
    alice, alices, shops, everything, fields, code, sentence
):
    person = await shops.person(alices)

    answer = await correct(alice, person.user_id, **fields)

    assert answer.status_code == code
    assert sentence in answer.text
    assert f'value="{fields["amount"]}"' in answer.text
    assert await balance(everything, person.user_id) == 0


async def test_the_limit_is_a_colleagues_own_and_of_one_day(
    signed_in, new_browser, alices, shops, units, everything, clock
):
    one, other = await shops.person(alices), await shops.person(alices)
    most, alice, bob = find(corrections.LIMIT).default, await signed_in(alices), new_browser()
    await bob.sign_in((await add_staff(units, alices))[1])
    await correct(alice, one.user_id, amount=str(most - 10))

    answers = [
        await correct(alice, other.user_id, amount="11"),
        await correct(alice, other.user_id, amount="10"),
        await correct(alice, other.user_id, amount="1", direction="take"),
        await correct(bob, other.user_id, amount=str(most)),
    ]
    clock.forward(hours=24, seconds=1)
    answers.append(await correct(await signed_in(alices), other.user_id, amount=str(most)))

    assert [answer.status_code for answer in answers] == [422, 303, 422, 303, 303]
    assert await balance(everything, other.user_id) == 10 + 2 * most


async def test_the_shop_says_how_much_may_be_corrected_in_a_day(alice, alices, shops, units, everything):
    person = await shops.person(alices)
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await set_configuration(uow, corrections.LIMIT, value=1_000)

    refused = await correct(alice, person.user_id, amount="1001")
    await correct(alice, person.user_id, amount="1000")

    assert refused.status_code == 422
    assert await balance(everything, person.user_id) == 1_000


async def test_a_blocked_customer_can_order_nothing_until_unblocked(alice, alices, shops, units):
    person = await shops.person(alices)

    async def order():
        async with units.begin(alices.bot_id, person.actor) as uow:
            return await orders.place(uow, person.user_id, plan_id=alices.plan_id, shown_price=alices.price)

    await alice.post(f"/customers/{person.user_id}/block")
    with pytest.raises(UserBlocked):
        await order()
    await alice.post(f"/customers/{person.user_id}/unblock")

    assert (await order()).order_id
    assert "Unblocked" in (await alice.get(f"/customers/{person.user_id}?lang=en")).text


async def test_a_message_is_promised_once_and_its_fate_is_shown(alice, alices, shops, everything):
    person = await shops.person(alices)
    page = await alice.get(f"/customers/{person.user_id}")
    fields = {"form_key": FORM.search(page.text)[1], "words": "سلام <b>کارول</b>"}
    for _ in range(2):
        assert (await alice.post(f"/customers/{person.user_id}/message", fields)).status_code == 303

    (row,) = await everything.fetch("SELECT * FROM outbox WHERE user_id = $1", person.user_id)
    seen = []
    for change in ("sent_at = NULL", "sent_at = now()", "sent_at = NULL, failed_at = now()"):
        await everything.execute(f"UPDATE outbox SET {change} WHERE id = $1", row["id"])  # noqa: S608
        page = (await alice.get(f"/customers/{person.user_id}?lang=en")).text
        seen.append(re.search(r"Message of the bot</span><span class=\"muted\">([^<]+)", page)[1])

    assert seen == ["on its way", "delivered", "not delivered"]
    assert "سلام &lt;b&gt;کارول" in page


async def test_within_the_page_the_profile_answers_with_itself_and_a_word(alice, alices, shops):
    person = await shops.person(alices)

    done = await alice.post(f"/customers/{person.user_id}/block", hx_request="true")
    bad = await alice.post(f"/customers/{person.user_id}/message", {"words": ""}, hx_request="true")

    assert (done.status_code, bad.status_code) == (200, 422)
    for answer in (done, bad):
        assert answer.text.lstrip().startswith('<div id="profile"')
    assert 'id="toast-oob"' in done.text


async def test_whoever_only_sees_changes_nothing(new_browser, alices, shops, units, everything):
    person = await shops.person(alices)
    bob = new_browser()
    await bob.sign_in((await add_staff(units, alices, permissions=SEEING))[1])

    page = await bob.get(f"/customers/{person.user_id}")
    answers = [
        await bob.post(
            f"/customers/{person.user_id}/{act}",
            {"form_key": "f" * 20, "amount": "1", "reason": "x", "note": "x"},
        )
        for act in ("wallet", "message", "note", "block", "unblock")
    ]

    assert page.status_code == 200
    assert "<textarea" not in page.text
    assert [answer.status_code for answer in answers] == [403] * 5
    assert (await bob.get("/customers.csv")).status_code == 403
    assert await balance(everything, person.user_id) == 0


async def test_the_file_holds_everybody_who_is_chosen(alice, alices, shops):
    await shops.person(alices, name="+Carol")

    (row,) = rows_of((await alice.get("/customers.csv?lang=en")).text)

    assert row["Name"] == "'+Carol"
    assert row["Bought for (Toman)"] == "0"


async def test_more_customers_do_not_cost_more_statements(alice, alices, shops, units, counted_queries):
    await register(units, alices, 1, "one")
    await alice.get("/customers")
    counted_queries()
    await alice.get("/customers")
    few = counted_queries()
    for number in range(2, 60):
        await register(units, alices, number, "more")
    counted_queries()

    page = await alice.get("/customers")

    assert counted_queries() == few
    assert 'rel="next"' in page.text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("amount=\u06f2\u06f5\u066c\u06f0\u06f0\u06f0&direction=add", "Then in the wallet: 31,000 Toman"),
        ("amount=2,000&direction=take", "Then in the wallet: 4,000 Toman"),
        ("amount=7000&direction=take", "Then in the wallet: \u22121,000 Toman"),
        ("amount=x&direction=take", ""),
        ("", ""),
    ],
)
async def test_while_an_amount_is_typed_the_page_says_what_the_wallet_would_hold(
    alice, alices, shops, typed, sentence
):
    person = await shops.person(alices)
    await correct(alice, person.user_id, amount="6000")

    part = await alice.get(f"/customers/{person.user_id}/after?{typed}", HX_Request="true")

    assert part.status_code == 200
    words = " ".join(re.sub(r"<[^>]+>|[\u2066-\u2069]", "", unescape(part.text)).split())
    assert words == sentence
    assert ('class="small err"' in part.text) == ("\u2212" in sentence)


async def test_nobody_asks_for_a_wallet_he_may_not_correct(new_browser, alices, shops, units):
    person = await shops.person(alices)
    bob = new_browser()
    await bob.sign_in((await add_staff(units, alices, permissions=SEEING))[1])

    assert (await bob.get(f"/customers/{person.user_id}/after?amount=1")).status_code == 403
