"""The stock page: what is left, what waits, and the form that fills the shelves."""

from __future__ import annotations

import gc
import warnings

import httpx
import pytest

from shop.actors import SEEING
from shop.plans import service as plans
from shop.provisioning.rules import LARGEST_TEXT, MOST_LINES
from shop.receipts import service as receipts
from tests.web.conftest import BASE, FROM_HERE, Browser, add_staff

SECRET_LINE = "vless://not-for-anybodys-eyes@host.example:443"
LONG = "x" * 4000
PART = b'--x\r\nContent-Disposition: form-data; name="lines"'


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop", stock=0)


@pytest.fixture
async def alice(signed_in, alices):
    browser = await signed_in(alices)
    await browser.get("/stock?lang=en")
    return browser


async def upload(
    browser: Browser,
    plan_id: int,
    content: bytes = b"",
    *,
    lines: str = "",
    name: str = "lines.txt",
    **headers: str,
) -> httpx.Response:
    """The form as a browser posts it: several parts, an empty one where no file was chosen."""
    return await browser.client.post(
        f"/stock/{plan_id}",
        data={"_csrf_token": browser.csrf, "lines": lines},
        files={"file": (name, content, "text/plain")},
        headers={**FROM_HERE, **{key.replace("_", "-"): value for key, value in headers.items()}},
    )


async def on_shelf(everything, shop, status: str = "free") -> list[str]:
    rows = await everything.fetch(
        "SELECT content FROM stock_items WHERE bot_id = $1 AND status = $2 ORDER BY id", shop.bot_id, status
    )
    return [row["content"] for row in rows]


async def hold(shops, shop) -> int:
    """A paid order that waits, because the shelf is empty."""
    sent = await shops.receipt(shop)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, sent.payment_id)
    return sent.order_id


# What is shown ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["Stock", "1 month, 50 GB", "0 lines left", "1 paid order waits", "Empty"]),
        ("fa", ["انبار", "یک‌ماهه ۵۰ گیگ", "۰ خط مانده", "۱ سفارش منتظر", "خالی"]),
    ],
)
async def test_an_empty_shelf_says_so_and_who_waits(lang, words, alice, alices, shops):
    await hold(shops, alices)

    page = await alice.get(f"/stock?lang={lang}")

    assert page.status_code == 200
    assert [word for word in words if word not in page.text] == []


@pytest.mark.parametrize(("stock", "word"), [(3, "Running low"), (4, "Enough")])
async def test_the_owner_is_warned_at_the_plans_own_mark(stock, word, shops, signed_in):
    shop = await shops.open(stock=stock)
    browser = await signed_in(shop)

    page = await browser.get("/stock?lang=en")

    assert f"{stock} lines left" in page.text
    assert word in page.text


async def test_the_menu_leads_there_and_so_does_what_waits_on_the_overview(alice):
    overview = await alice.get("/")

    assert overview.text.count('href="/stock"') == 3, "the sidebar, the bottom bar and the plan that is empty"


async def test_a_held_order_at_the_desk_links_to_the_stock(alice, alices, shops):
    sent = await shops.receipt(alices)
    await alice.post(f"/receipts/{sent.payment_id}/approve")

    page = await alice.get(f"/receipts/{sent.payment_id}")

    assert "Held: nothing in stock" in page.text
    assert page.text.count('href="/stock"') == 3


async def test_a_shop_without_plans_is_told_what_will_be_here(alice, alices, shops):
    async with shops.units.begin(alices.bot_id, alices.owner) as uow:
        await plans.archive_plan(uow, alices.plan_id)

    page = await alice.get("/stock")

    assert "No plan yet" in page.text


async def test_an_archived_plan_stays_while_somebody_who_paid_for_it_waits(alice, alices, shops, everything):
    await hold(shops, alices)
    async with shops.units.begin(alices.bot_id, alices.owner) as uow:
        await plans.archive_plan(uow, alices.plan_id)
    assert "1 paid order waits" in (await alice.get("/stock")).text

    answer = await alice.post(f"/stock/{alices.plan_id}", {"lines": SECRET_LINE})
    page = await alice.get(answer.headers["location"])

    assert "1 waiting order was delivered." in page.text
    assert "No plan yet" in (await alice.get("/stock")).text


# Filling ----------------------------------------------------------------------------------------------------


async def test_pasted_lines_are_added_and_the_page_tells_how_many(alice, alices, everything):
    answer = await alice.post(f"/stock/{alices.plan_id}", {"lines": "one\r\n\r\n  two \r\none\r\n"})

    assert answer.status_code == 303
    page = await alice.get(answer.headers["location"])
    assert "2 lines added." in page.text
    assert "1 was already known and left out." in page.text
    assert await on_shelf(everything, alices) == ["one", "two"]
    assert "lines added." not in (await alice.get(answer.headers["location"])).text, "it is told once"


async def test_it_is_told_in_persian_too(alice, alices):
    answer = await alice.post(f"/stock/{alices.plan_id}", {"lines": "one\ntwo\none"})

    page = await alice.get(f"{answer.headers['location']}?lang=fa")

    assert "۲ خط اضافه شد." in page.text
    assert "۱ خط از پیش بود و کنار گذاشته شد." in page.text


async def test_who_waits_is_served_at_once_and_in_the_order_of_payment(alice, alices, shops, everything):
    waiting = [await hold(shops, alices) for _ in range(3)]

    answer = await alice.post(f"/stock/{alices.plan_id}", {"lines": "one\ntwo"}, HX_Request="true")

    assert answer.status_code == 200
    assert "2 lines added." in answer.text
    assert "2 waiting orders were delivered." in answer.text
    assert "1 paid order waits" in answer.text
    served = await everything.fetch(
        "SELECT order_id, access FROM subscriptions WHERE bot_id = $1 ORDER BY id", alices.bot_id
    )
    assert [tuple(row) for row in served] == [(waiting[0], "one"), (waiting[1], "two")]


async def test_posting_twice_adds_nothing_and_says_so(alice, alices, everything):
    for _ in range(2):
        answer = await alice.post(f"/stock/{alices.plan_id}", {"lines": "one\ntwo"}, HX_Request="true")

    assert "Nothing new." in answer.text
    assert "2 were already known and left out." in answer.text
    assert await on_shelf(everything, alices) == ["one", "two"]


@pytest.mark.parametrize(
    "content",
    [
        b"one\r\ntwo\r\n",
        b"\xef\xbb\xbfone\ntwo",
        b"one\n\xef\xbb\xbftwo",
        "one\r\ntwo\r\n".encode("utf-16"),
        b"\n\n one\t\n\ntwo",
    ],
    ids=["crlf", "mark", "joined files", "utf-16", "blanks"],
)
async def test_a_file_is_read_as_people_save_them(content, alice, alices, everything):
    answer = await upload(alice, alices.plan_id, content)

    assert answer.status_code == 303
    assert await on_shelf(everything, alices) == ["one", "two"]


async def test_what_is_pasted_and_what_is_uploaded_are_both_added(alice, alices, everything):
    answer = await upload(alice, alices.plan_id, b"two\nthree", lines="one\ntwo", HX_Request="true")

    assert answer.status_code == 200
    assert "3 lines added." in answer.text
    assert "1 was already known" in answer.text
    assert await on_shelf(everything, alices) == ["one", "two", "three"]


async def test_as_many_lines_as_are_allowed_are_added_in_one_go(alice, alices, everything):
    answer = await upload(alice, alices.plan_id, "\n".join(map(str, range(MOST_LINES))).encode())

    assert answer.status_code == 303
    assert len(await on_shelf(everything, alices)) == MOST_LINES


async def test_a_part_holds_one_plan_and_the_page_all_of_them(alice, alices):
    part = await alice.post(f"/stock/{alices.plan_id}", {"lines": "one"}, HX_Request="true")
    whole = await alice.get(f"/stock/{alices.plan_id}")

    assert part.text.startswith(f'<li class="shelf" id="plan-{alices.plan_id}">')
    assert "<html" in whole.text
    assert "<html" not in (await alice.get("/stock", HX_Request="true")).text


async def test_the_lines_are_shown_nowhere_and_noted_nowhere(alice, alices, everything, caplog):
    with caplog.at_level("DEBUG"):
        answer = await upload(alice, alices.plan_id, SECRET_LINE.encode(), lines=f"{SECRET_LINE}2")
        pages = [await alice.get(url) for url in ("/stock", f"/stock/{alices.plan_id}", "/")]

    notes = await everything.fetch("SELECT data::text FROM audit_log WHERE bot_id = $1", alices.bot_id)
    assert any('"added": 2' in row["data"] for row in notes)
    for text in (answer.headers["set-cookie"], caplog.text, str(notes), *(page.text for page in pages)):
        assert SECRET_LINE not in text


async def test_a_statement_that_fails_takes_no_line_into_the_log(alice, alices, everything, caplog):
    await everything.execute("ALTER TABLE stock_items RENAME TO away")
    try:
        answer = await alice.post(f"/stock/{alices.plan_id}", {"lines": SECRET_LINE})
    finally:
        await everything.execute("ALTER TABLE away RENAME TO stock_items")

    assert answer.status_code == 500
    assert "stock_items" in caplog.text
    assert SECRET_LINE not in caplog.text


# Refusals ---------------------------------------------------------------------------------------------------

WRONG = {
    "nothing": (b"", "", "Paste at least one line, or choose a file that has some."),
    "blanks": (b" \n ", "\r\n \r\n", "Paste at least one line, or choose a file that has some."),
    "long line": (b"", f"fine\n\n{LONG}", "Line 3 is too long for a message. Nothing was added."),
    "long line in file": (
        f"fine\n{LONG}".encode(),
        "fine",
        "Line 2 of the file is too long for a message. Nothing was added.",
    ),
    "picture": (b"\x89PNG\r\n\x1a\n\x00\x00", "", "This is not a text file."),
    "nul": (b"one\x00two", "", "This is not a text file."),
    "half a letter": ("سلام".encode()[:-1], "", "This is not a text file."),
    "large file": (b"x\n" * LARGEST_TEXT, "fine", "The file is larger than 1 MB."),
    "large paste": (b"", "x\n" * LARGEST_TEXT, "This is more than 1 MB."),
    "many lines": (
        "\n".join(map(str, range(MOST_LINES))).encode(),
        "fine",
        "More than 10,000 lines at once. Add them in several goes.",
    ),
}


@pytest.mark.parametrize(("content", "lines", "sentence"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("part", ["true", "false"])
async def test_what_cannot_be_added_is_said_beside_its_field_and_the_rest_is_kept(
    content, lines, sentence, part, alice, alices, everything
):
    answer = await upload(alice, alices.plan_id, content, lines=lines, HX_Request=part)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert ("<html" in answer.text) == (part == "false")
    field = "file" if "file" in sentence and "choose" not in sentence.partition(",")[2] else "lines"
    assert f'aria-describedby="{field}-error-{alices.plan_id} ' in answer.text
    kept = answer.text.split("</textarea>")[0].rpartition(">\n")[2]
    assert kept == lines
    assert await on_shelf(everything, alices) == []


async def test_the_number_of_a_line_is_written_in_persian_digits(alice, alices):
    await alice.get("/stock?lang=fa")
    answer = await alice.post(f"/stock/{alices.plan_id}", {"lines": f"\n{LONG}"})

    assert "خط شمارهٔ ۲ بلندتر از یک پیام است." in answer.text


async def test_whoever_must_choose_a_good_file_again_is_told_so(alice, alices):
    answer = await upload(alice, alices.plan_id, b"fine", lines=LONG)

    assert "Choose the file once more, please." in answer.text


async def test_what_is_far_too_large_is_refused_before_it_is_read(alice, alices, everything):
    answer = await upload(alice, alices.plan_id, b"x" * (17 * LARGEST_TEXT), HX_Request="true")

    assert answer.status_code == 413
    assert answer.headers["hx-retarget"] == "#toasts"
    assert await on_shelf(everything, alices) == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=lines\r\n\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", PART),
        (
            "multipart/form-data; boundary=x",
            PART + b"\r\n\r\n\xff\xfe\r\n--x--\r\n",
        ),
        (
            "multipart/form-data; boundary=x",
            PART + b"\r\nContent-Type: text/plain; charset=nonsense\r\n\r\none\r\n--x--\r\n",
        ),
        (
            "multipart/form-data; boundary=x",
            (PART + b"\r\n\r\none\r\n") * 60 + b"--x--\r\n",
        ),
        ("application/json", b'{"lines": "one"}'),
        ("text/plain", b"lines=one"),
    ],
)
async def test_a_body_that_is_no_form_adds_nothing_and_is_never_a_failure(
    content_type, body, alice, alices, everything
):
    for headers in ({"x-csrftoken": alice.csrf}, {}):
        answer = await alice.client.post(
            f"/stock/{alices.plan_id}",
            content=body,
            headers={
                **FROM_HERE,
                "content-type": content_type,
                **headers,
            },
        )
        assert answer.status_code in {403, 422}, answer.text
    assert await on_shelf(everything, alices) == []


@pytest.mark.parametrize(
    "rest",
    [b"\xff\xfe\r\n--x--\r\n", b"one", b"1" * 17 * LARGEST_TEXT],
    ids=["no text", "no end", "too large"],
)
async def test_a_form_that_breaks_off_leaves_no_file_of_it_open(rest, alice, alices):
    async def parts():
        yield PART + b"; filename=a.txt\r\n\r\none\r\n"
        yield PART + b"\r\n\r\n" + rest

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        answer = await alice.client.post(
            f"/stock/{alices.plan_id}",
            content=parts(),
            headers={
                **FROM_HERE,
                "content-type": "multipart/form-data; boundary=x",
                "x-csrftoken": alice.csrf,
            },
        )
        gc.collect()

    assert answer.status_code in {413, 422}
    assert [str(warning.message) for warning in told if "Unclosed file" in str(warning.message)] == []


async def test_a_cookie_somebody_made_up_tells_nothing(alice, alices):
    for value in ("stock", "stock.1.2.3.4", f"stock.{alices.plan_id}.x.2.3", "stock." + "9" * 4000):
        alice.plant("notice", value)
        page = await alice.get(f"/stock/{alices.plan_id}")

        assert page.status_code == 200
        assert "added." not in page.text


# Whose it is ------------------------------------------------------------------------------------------------


async def test_mallory_reaches_no_shelf_of_alices(alices, shops, signed_in, everything):
    mallory = await signed_in(await shops.open(name="Mallory's shop"))

    assert (await mallory.get(f"/stock/{alices.plan_id}")).status_code == 404
    for part in ("true", "false"):
        answer = await upload(mallory, alices.plan_id, b"one", lines="two", HX_Request=part)
        assert answer.status_code == 404
    assert await on_shelf(everything, alices) == []
    assert f'id="plan-{alices.plan_id}"' not in (await mallory.get("/stock")).text


async def test_a_line_of_alices_is_new_to_mallory_so_that_nobody_learns_what_others_have(
    alice, alices, shops, signed_in
):
    await alice.post(f"/stock/{alices.plan_id}", {"lines": SECRET_LINE})
    shop = await shops.open(name="Mallory's shop")
    mallory = await signed_in(shop)
    await mallory.get("/stock?lang=en")

    answer = await mallory.post(f"/stock/{shop.plan_id}", {"lines": SECRET_LINE}, HX_Request="true")

    assert "1 line added." in answer.text


async def test_the_master_who_looks_sees_the_shelves_and_fills_none(new_browser, master, alices, everything):
    browser = new_browser()
    await browser.sign_in(master.api_token)
    await browser.post(f"/platform/bots/{alices.bot_id}/open")

    page = await browser.get("/stock?lang=en")
    answer = await upload(browser, alices.plan_id, b"one")

    assert "0 lines left" in page.text
    assert "You are only looking" in page.text
    assert f"/stock/{alices.plan_id}" not in page.text
    assert answer.status_code == 403
    assert await on_shelf(everything, alices) == []


async def test_a_colleague_without_the_right_sees_the_shelves_and_fills_none(
    new_browser, alices, units, everything
):
    _, token = await add_staff(units, alices, permissions=SEEING)
    bob = new_browser()
    await bob.sign_in(token)

    page = await bob.get("/stock?lang=en")
    answer = await bob.post(f"/stock/{alices.plan_id}", {"lines": "one"})

    assert "whoever may fill the stock adds the lines" in page.text
    assert answer.status_code == 403
    assert await on_shelf(everything, alices) == []


async def test_without_the_forms_token_nothing_is_added(alice, alices, everything):
    alice.csrf = "x"

    answer = await upload(alice, alices.plan_id, b"one")

    assert answer.status_code == 403
    assert await on_shelf(everything, alices) == []


async def test_another_route_still_takes_no_files(alice, alices, shops):
    sent = await shops.receipt(alices)

    answer = await alice.client.post(
        f"/receipts/{sent.payment_id}/approve",
        data={"_csrf_token": alice.csrf},
        files={"file": ("a.txt", b"x", "text/plain")},
        headers={**FROM_HERE, "origin": BASE},
    )

    assert answer.status_code == 403
