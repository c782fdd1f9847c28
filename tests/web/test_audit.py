"""The history as the shop's people read it."""

from __future__ import annotations

import csv
import re
from io import StringIO

import pytest

from shop import paging
from shop.actors import RECEIPTS_SEE, SEEING, System
from shop.audit import service as audit
from shop.audit.queries import PAGE
from shop.books import service as books
from shop.customers import service as customers
from shop.plans import service as plans
from tests.web.conftest import add_staff

ENTRY = re.compile(r'id="entry-(\d+)"')


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop")


@pytest.fixture
async def alice(signed_in, alices):
    return await signed_in(alices)


async def write(units, shop, number: int, action: str = "plan.updated", **data: object) -> None:
    async with units.begin(shop.bot_id, shop.owner) as uow:
        for _ in range(number):
            await audit.record(uow, action, "plan", shop.plan_id, **data)


async def test_a_change_is_told_with_who_what_when_and_both_values(alice, alices, units):
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await plans.update_plan(uow, alices.plan_id, price=415_000)

    page = (await alice.get("/audit?lang=en")).text

    assert "changed a plan" in page
    assert "415,000" in page
    assert f"{alices.price:,}" in re.findall(r"<del>(.*?)</del>", page, re.DOTALL)[0]
    assert f'href="/stock/{alices.plan_id}"' in page


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"order_status": "fulfilled"}, "تحویل شده"),
        ({"amount": 415_000}, "۴۱۵٬۰۰۰"),
        ({"order_id": 4127}, "۴۱۲۷"),
        ({"enabled": False}, "خیر"),
        ({"warnings": ["same_image", "payer_blocked"]}, "همین تصویر قبلاً فرستاده شده است."),
        ({"before": ["receipts.see"], "after": ["receipts.see", "tickets.see"]}, "دیدن تیکت‌ها"),
        ({"until": "2026-12-01T20:30:00+00:00"}, "۱۱ آذر"),
        ({"until": "2026-13-41T20:30:00+00:00"}, "2026-13-41T20:30:00+00:00"),
    ],
)
async def test_what_stands_beside_an_entry_is_told_in_the_language_of_the_page(
    alice, alices, units, data, told
):
    await write(units, alices, 1, **data)

    page = (await alice.get("/audit?lang=fa")).text

    assert told in re.findall(r"<dl.*?</dl>", page, re.DOTALL)[0]


async def test_what_is_said_only_when_it_is_true_is_not_said_when_it_is_not(alice, alices, units):
    await write(units, alices, 1, "receipt.submitted", late=False, replaced=True)

    page = (await alice.get("/audit?lang=en&kind=receipts")).text

    assert "in the place of another" in page
    assert ">late<" not in page


async def test_what_was_done_to_a_customer_is_found_by_its_kind_and_leads_to_the_person(
    alice, alices, units, shops
):
    customer = await shops.person(alices)
    await write(units, alices, 1)
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await customers.block(uow, customer.user_id)

    page = (await alice.get("/audit?lang=en&kind=customers")).text

    assert "blocked a customer" in page
    assert f'href="/customers/{customer.user_id}"' in page
    assert "changed a plan" not in page


async def test_every_page_holds_what_the_one_before_it_left_and_none_twice(alice, alices, units, everything):
    await write(units, alices, 2 * PAGE + 7)
    seen: list[int] = []
    address: str | None = "/audit?kind=plans"

    while address is not None:
        page = (await alice.get(address)).text
        seen += [int(number) for number in ENTRY.findall(page)]
        older = re.search(r'href="(/audit\?[^"]*before=\d+)"', page)
        address = older[1].replace("&amp;", "&") if older else None

    kept = await everything.fetch(
        "SELECT id FROM audit_log WHERE bot_id = $1 AND action ~ '^(plan|stock)[.]' ORDER BY id DESC",
        alices.bot_id,
    )
    assert seen == [row["id"] for row in kept]
    assert len(seen) > 2 * PAGE


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("", {"plan.updated", "card.updated", "order.expired"}),
        ("kind=cards", {"card.updated"}),
        ("since=day", {"plan.updated", "card.updated", "order.expired"}),
        ("kind=nonsense&since=ever&before=abc", {"plan.updated", "card.updated", "order.expired"}),
        ("kind=cards&before=1", set()),
    ],
)
async def test_the_address_says_what_is_shown_and_nonsense_in_it_says_nothing(
    alice, alices, units, everything, asked, shown
):
    for action in ("plan.updated", "card.updated", "order.expired"):
        await write(units, alices, 1, action)
    names = {"changed a plan": "plan.updated", "changed a card": "card.updated"}
    names["let an unpaid order end"] = "order.expired"

    page = (await alice.get(f"/audit?lang=en&{asked}")).text

    assert {action for words, action in names.items() if words in page} == shown


async def test_one_person_is_singled_out(alice, alices, units):
    bob, _ = await add_staff(units, alices)
    async with units.begin(alices.bot_id, bob) as uow:
        await plans.update_plan(uow, alices.plan_id, price=415_000)
    await write(units, alices, 1, "card.updated")

    page = (await alice.get(f"/audit?lang=en&actor={bob.label}")).text

    assert "changed a plan" in page
    assert "changed a card" not in page


async def test_the_file_holds_the_same_filter_and_no_formula(alice, alices, units):
    await write(units, alices, 3, note="=HYPERLINK(1)")
    await write(units, alices, 1, "card.updated")

    answer = await alice.get("/audit.csv?lang=en&kind=plans")

    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    assert {row["What"] for row in rows} == {"changed a plan", "added a plan", "filled the stock"}
    assert len([row for row in rows if "HYPERLINK" in row["Details"]]) == 3
    assert not [value for row in rows for value in row.values() if value.startswith("=")]


async def test_the_file_holds_all_of_a_history_longer_than_a_piece_of_it(alice, alices, units, monkeypatch):
    await write(units, alices, 7)
    monkeypatch.setattr(paging, "PIECE_ROWS", 3)

    answer = await alice.get("/audit.csv?lang=en&kind=plans")

    ids = [int(row["Number"]) for row in csv.DictReader(StringIO(answer.content.decode("utf-8-sig")))]
    assert len(ids) >= 7
    assert ids == sorted(set(ids), reverse=True)


async def test_a_page_takes_as_many_statements_with_fifty_entries_as_with_one(
    alice, alices, units, counted_queries
):
    await alice.get("/audit")
    counted_queries()
    await alice.get("/audit")
    few = counted_queries()
    await write(units, alices, PAGE)
    counted_queries()

    await alice.get("/audit")

    assert counted_queries() == few


async def test_htmx_gets_the_list_alone(alice):
    part = (await alice.get("/audit", HX_Request="true")).text

    assert part.lstrip().startswith('<div class="stack" id="history">')


async def test_who_may_not_see_the_shop_does_not_see_its_history(alices, units, new_browser):
    _, token = await add_staff(units, alices, permissions=frozenset({RECEIPTS_SEE}))
    bob = new_browser()
    await bob.sign_in(token)

    assert (await bob.get("/audit")).status_code == 403
    assert (await bob.get("/audit.csv")).status_code == 403


async def test_what_a_stranger_wrote_is_read_as_it_is(alice, alices, units):
    async with units.begin(alices.bot_id, System("test")) as uow:
        await audit.record(uow, "plan.updated", "plan", 1, name="<img src=x onerror=a>")

    page = (await alice.get("/audit")).text

    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


async def test_who_may_see_reads_it_all(alices, units, new_browser):
    _, token = await add_staff(units, alices, permissions=SEEING)
    bob = new_browser()
    await bob.sign_in(token)

    assert (await bob.get("/audit")).status_code == 200


# The proof of the chain -------------------------------------------------------------------------------------


async def prove(units, shop, clock) -> None:
    async with units.begin(shop.bot_id, System("books")) as uow:
        await books.record(uow, clock.now.date())


async def test_the_page_says_when_the_chain_was_proved_and_where_it_ends(
    alice, alices, units, everything, clock
):
    assert "the first time is still to come" in (await alice.get("/audit?lang=en")).text

    await prove(units, alices, clock)

    page = (await alice.get("/audit?lang=en")).text
    head = await everything.fetchval(
        "SELECT encode(head, 'hex') FROM book_proofs WHERE bot_id = $1", alices.bot_id
    )
    assert "Proved: nobody changed the history" in page
    assert head[:12] in page
    await everything.execute(
        "UPDATE book_proofs SET created_at = created_at - interval '37 hours' WHERE bot_id = $1",
        alices.bot_id,
    )
    assert "were not proved last night" in (await alice.get("/audit?lang=en")).text


async def test_a_history_that_was_changed_is_told_to_the_shop_itself(alice, alices, units, everything, clock):
    await write(units, alices, 1)
    await prove(units, alices, clock)
    await everything.execute("ALTER TABLE audit_log DISABLE TRIGGER USER")
    await everything.execute("UPDATE audit_log SET actor_name = 'Bob' WHERE bot_id = $1", alices.bot_id)
    await everything.execute("ALTER TABLE audit_log ENABLE TRIGGER USER")

    await prove(units, alices, clock)

    page = (await alice.get("/audit?lang=en")).text
    assert "The last proof found what ought not to be" in page
    assert "the history was changed" in page
    assert "Proved: nobody changed the history" not in page
