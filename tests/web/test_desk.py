"""The receipt desk over HTTP: whole pages, parts, decisions, conflicts, the picture."""

from __future__ import annotations

import asyncio
import re
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from bot.views.screen import Reader
from bot.views.words import write
from shop.media import picture
from shop.media import service as media
from shop.receipts.desk import load_desk
from shop.receipts.rules import RejectReason
from tests.factories import photo
from tests.web.conftest import add_staff
from web import preview

PART = {"HX_Request": "true"}
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
async def shop(shops):
    return await shops.open(name="Nasim")


@pytest.fixture
async def alice(shop, signed_in):
    browser = await signed_in(shop)
    await browser.get("/receipts?lang=en")
    return browser


async def payment(everything, sent) -> dict:
    return dict(
        await everything.fetchrow("SELECT * FROM card_to_card_payments WHERE id = $1", sent.payment_id)
    )


async def test_the_queue_is_worked_from_the_front(alice, shop, shops, clock):
    first = await shops.receipt(shop, await shops.person(shop, name="First"))
    clock.forward(minutes=1)
    second = await shops.receipt(shop, await shops.person(shop, name="Second"))

    page = (await alice.get("/receipts")).text

    assert page.index(f'id="q-{first.payment_id}"') < page.index(f'id="q-{second.payment_id}"')
    assert "(2) Receipts" in page


async def test_one_address_answers_a_page_or_its_part(alice, shop, shops):
    sent = await shops.receipt(shop)

    for url in ("/receipts", f"/receipts/{sent.payment_id}"):
        page, part = await alice.get(url), await alice.get(url, **PART)
        assert page.text.startswith("<!DOCTYPE html>")
        assert "<html" not in part.text
        assert part.text.count('id="desk"') == 1
        assert page.headers["vary"] == part.headers["vary"] == "HX-Request"


@pytest.mark.parametrize(
    "headers",
    [
        {"HX_Request": "true", "HX_History_Restore_Request": "true"},
        {"HX_Request": "true", "HX_Request_Type": "full"},
    ],
)
async def test_a_page_out_of_the_history_comes_whole(alice, headers):
    assert (await alice.get("/receipts", **headers)).text.startswith("<!DOCTYPE html>")


async def test_approving_without_script_leads_to_the_next_one_and_says_so_once(
    alice, shop, shops, everything
):
    sent = await shops.receipt(shop)
    following = await shops.receipt(shop)

    answer = await alice.post(f"/receipts/{sent.payment_id}/approve")

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/receipts/{following.payment_id}"
    assert (await payment(everything, sent))["status"] == "approved"
    assert "Approved; the customer gets it now." in (await alice.get(answer.headers["location"])).text
    assert "Approved; the customer" not in (await alice.get(answer.headers["location"])).text


async def test_approving_with_htmx_swaps_in_the_next_one_and_its_address(alice, shop, shops, everything):
    sent = await shops.receipt(shop, await shops.person(shop, name="Sara"))
    following = await shops.receipt(shop, await shops.person(shop, name="Nima"))

    answer = await alice.post(f"/receipts/{sent.payment_id}/approve", **PART)

    assert answer.status_code == 200
    assert answer.headers["hx-push-url"] == f"/receipts/{following.payment_id}"
    assert f'data-item="{following.payment_id}"' in answer.text
    assert "Approved: \u2068Sara\u2069." in answer.text
    assert answer.text.count("hx-swap-oob") == 1
    assert (await payment(everything, sent))["admin_reviewed_by"] == shop.name


async def test_after_the_last_one_the_desk_is_clear(alice, shop, shops):
    sent = await shops.receipt(shop)

    answer = await alice.post(f"/receipts/{sent.payment_id}/approve", **PART)

    assert answer.headers["hx-push-url"] == "/receipts"
    assert "All clear" in answer.text


async def test_rejecting_tells_the_customer_and_leads_on(alice, shop, shops, everything):
    sent = await shops.receipt(shop)

    answer = await alice.post(f"/receipts/{sent.payment_id}/reject", {"reason_code": "amount_too_low"})

    assert answer.status_code == 303
    assert answer.headers["location"] == "/receipts"
    assert (await payment(everything, sent))["reject_reason"] == "amount_too_low"
    kinds = "SELECT kind FROM outbox WHERE bot_id = $1"
    assert [row["kind"] for row in await everything.fetch(kinds, shop.bot_id)] == ["receipt_rejected"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"reason_code": "other"}, "Write the reason; the customer will read it."),
        ({"reason_code": "other", "reason_text": " \u200f\x00 "}, "Write the reason; the customer will read"),
        ({}, "Choose a reason."),
        ({"reason_code": "because"}, "Choose a reason."),
    ],
)
@pytest.mark.parametrize("part", [True, False])
async def test_a_rejection_without_a_reason_is_asked_for_again(
    alice, shop, shops, everything, fields, sentence, part
):
    sent = await shops.receipt(shop)

    answer = await alice.post(f"/receipts/{sent.payment_id}/reject", fields, **(PART if part else {}))

    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert re.search(r'<dialog[^>]*id="reject"[^>]* open', answer.text)
    assert ("<html" in answer.text) is not part
    assert (await payment(everything, sent))["status"] == "receipt_submitted"


async def test_the_second_of_two_reviewers_is_told_who_was_first(alice, shop, shops, units, new_browser):
    sent = await shops.receipt(shop)
    _, token = await add_staff(units, shop, name="Bob")
    bob = new_browser()
    await bob.sign_in(token)
    await bob.post(f"/receipts/{sent.payment_id}/approve")

    page = await alice.post(f"/receipts/{sent.payment_id}/reject", {"reason_code": "not_arrived"})
    part = await alice.post(f"/receipts/{sent.payment_id}/approve", **PART)

    for answer in (page, part):
        assert answer.status_code == 409
        assert "Already decided." in answer.text
        assert "<bdi>Bob</bdi> approved this" in answer.text
        assert f"/receipts/{sent.payment_id}/approve" not in answer.text
    assert "<html" in page.text
    assert "<html" not in part.text


async def test_eight_clicks_at_once_decide_once(alice, shop, shops, everything):
    sent = await shops.receipt(shop)

    answers = await asyncio.gather(
        *(alice.post(f"/receipts/{sent.payment_id}/approve", **PART) for _ in range(8))
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    deposits = "SELECT count(*) FROM transactions WHERE bot_id = $1 AND kind = 'deposit'"
    assert await everything.fetchval(deposits, shop.bot_id) == 1


def opens(page: str, dialog: str) -> bool:
    return re.search(rf'<dialog[^>]*id="{dialog}"[^>]* open', page) is not None


async def test_the_rejection_opens_without_script(alice, shop, shops):
    sent = await shops.receipt(shop)

    page = (await alice.get(f"/receipts/{sent.payment_id}?reject=1")).text

    assert opens(page, "reject")
    assert 'id="approve"' not in page


async def test_a_red_warning_is_asked_about_before_money_moves(alice, shop, shops, everything):
    same = photo()
    await shops.receipt(shop, content=same)
    sent = await shops.receipt(shop, content=same)

    page = (await alice.get(f"/receipts/{sent.payment_id}?approve=1")).text

    assert opens(page, "approve")
    assert "This same image was sent before." in page
    await alice.post(f"/receipts/{sent.payment_id}/approve", {"despite_warning": "1"})
    assert (await payment(everything, sent))["status"] == "approved"


@pytest.mark.parametrize("language", ["fa", "en"])
async def test_the_preview_is_what_the_customer_will_read(alice, shop, shops, units, language):
    sent = await shops.receipt(shop, await shops.person(shop, language=language))
    async with units.begin(shop.bot_id, shop.owner) as uow:
        item = (await load_desk(uow, payment_id=sent.payment_id)).item
    page = (await alice.get(f"/receipts/{sent.payment_id}")).text

    assert item is not None
    shown = preview.rejections(item)
    reader = Reader(
        language=language, timezone=ZoneInfo("Asia/Tehran"), shop_name=shop.name, support_username=None
    )
    assert set(shown) == {reason.value for reason in RejectReason}
    for reason, text in shown.items():
        said = write(
            "receipt_rejected",
            reader,
            tracking_number=item.tracking_number,
            reason=reason,
            text=preview.OWN_WORDS if reason == "other" else "",
            amount=item.amount,
        )
        assert text == unescape(re.sub(r"<[^>]+>|[\u2066-\u2069]", "", said))
        if reason != "other":
            assert text.splitlines()[-1] in unescape(page)


async def test_names_and_captions_stay_words(alice, shop, shops, everything):
    hostile = '<img src=x hx-get="/logout" hx-trigger=load>'
    sent = await shops.receipt(shop, await shops.person(shop, name=hostile))
    await everything.execute(
        "UPDATE card_to_card_payments SET receipt_text = $2 WHERE id = $1", sent.payment_id, hostile
    )

    page = (await alice.get(f"/receipts/{sent.payment_id}")).text

    assert hostile not in page
    assert "&lt;img src=x" in page


# The picture ------------------------------------------------------------------------------------------------


async def test_the_picture_is_ours_private_and_shut_in(alice, shop, shops):
    sent = await shops.receipt(shop)

    answer = await alice.get(f"/receipts/{sent.payment_id}/image")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    assert "content-disposition" not in answer.headers


async def test_a_document_is_for_saving_never_for_showing(alice, shop, shops, units, shelf, everything):
    sent = await shops.receipt(shop)
    prepared = await picture.prepare(PDF, file_name='re"ceipt\r\n\u202e.pdf')
    async with units.begin(shop.bot_id, shop.owner) as uow:
        media_id = await media.store(uow, shelf, prepared)
    await everything.execute(
        "UPDATE card_to_card_payments SET receipt_media_id = $2 WHERE id = $1", sent.payment_id, media_id
    )

    answer = await alice.get(f"/receipts/{sent.payment_id}/image")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    name = f"receipt-{sent.payment_id}.pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"', "ours, not the sender's"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert (await alice.get(f"/receipts/{sent.payment_id}")).status_code == 200


async def test_a_picture_that_is_gone_does_not_exist(alice, shop, shops, everything):
    sent = await shops.receipt(shop)
    await everything.execute(
        "UPDATE media SET storage_key = $2 WHERE bot_id = $1", shop.bot_id, f"{shop.bot_id}/gone.webp"
    )

    assert (await alice.get(f"/receipts/{sent.payment_id}/image")).status_code == 404


# Language and theme -----------------------------------------------------------------------------------------


async def test_a_switch_of_language_is_remembered(alice, shop, shops):
    sent = await shops.receipt(shop)

    english = await alice.get(f"/receipts/{sent.payment_id}?lang=en")
    still = await alice.get("/")
    persian = await alice.get("/receipts?lang=fa")

    assert '<html lang="en" dir="ltr"' in english.text
    assert '<html lang="en" dir="ltr"' in still.text
    assert '<html lang="fa" dir="rtl"' in persian.text


async def test_the_shops_language_is_the_usual_one(make_shop, signed_in, everything):
    shop = await make_shop()
    await everything.execute("UPDATE bots SET default_language = 'en' WHERE id = $1", shop.bot_id)

    assert '<html lang="en"' in (await (await signed_in(shop)).get("/")).text


async def test_a_stranger_is_greeted_in_persian(browser):
    assert '<html lang="fa" dir="rtl"' in (await browser.get("/login", Accept_Language="en")).text


async def test_the_theme_is_drawn_by_the_server(alice):
    await alice.get("/?theme=dark")

    assert 'data-theme="dark"' in (await alice.get("/receipts")).text


async def test_reading_the_desk_takes_few_round_trips(alice, shop, shops, counted_queries):
    sent = await shops.receipt(shop)
    counted_queries()

    await alice.get(f"/receipts/{sent.payment_id}")

    assert counted_queries() <= 3


async def test_deciding_a_receipt_takes_few_round_trips(alice, shop, shops, counted_queries):
    """The whole request: who asks, whose it is, the settling, and the desk with the next one, claimed."""
    sent, following = await shops.receipt(shop), await shops.receipt(shop)
    counted_queries()

    answer = await alice.post(f"/receipts/{sent.payment_id}/approve", **PART)

    assert counted_queries() <= 16
    assert answer.headers["HX-Push-Url"] == f"/receipts/{following.payment_id}"


@pytest.fixture
async def holding_shop(shops):
    return await shops.open(name="Nasim", hold_seconds=6)


@pytest.fixture
async def holding_alice(holding_shop, signed_in):
    browser = await signed_in(holding_shop)
    await browser.get("/receipts?lang=en")
    return browser


async def test_a_held_decision_leads_on_and_offers_the_way_back(
    holding_alice, holding_shop, shops, everything
):
    sent = await shops.receipt(holding_shop, await shops.person(holding_shop, name="Sara"))
    following = await shops.receipt(holding_shop)

    answer = await holding_alice.post(f"/receipts/{sent.payment_id}/approve", **PART)

    assert answer.headers["hx-push-url"] == f"/receipts/{following.payment_id}"
    assert "Approving <bdi>Sara</bdi>…" in answer.text
    assert f'action="/receipts/{sent.payment_id}/undo"' in answer.text
    assert 'data-left="6000"' in answer.text
    assert f'id="q-{sent.payment_id}"' not in answer.text
    assert (await payment(everything, sent))["status"] == "receipt_submitted"


async def test_the_way_back_works_without_script_and_survives_a_new_page(
    holding_alice, holding_shop, shops, everything
):
    sent = await shops.receipt(holding_shop)
    await holding_alice.post(f"/receipts/{sent.payment_id}/reject", {"reason_code": "not_arrived"})

    page = await holding_alice.get("/receipts")
    assert f'action="/receipts/{sent.payment_id}/undo"' in page.text
    answer = await holding_alice.post(f"/receipts/{sent.payment_id}/undo")

    assert (answer.status_code, answer.headers["location"]) == (303, f"/receipts/{sent.payment_id}")
    assert "Undone; the receipt waits again." in (await holding_alice.get(answer.headers["location"])).text
    assert (await payment(everything, sent))["commit_at"] is None


async def test_after_the_hold_it_is_said_plainly_that_it_is_too_late(
    holding_alice, holding_shop, shops, clock
):
    sent = await shops.receipt(holding_shop)
    await holding_alice.post(f"/receipts/{sent.payment_id}/approve")
    clock.forward(seconds=6)

    answer = await holding_alice.post(f"/receipts/{sent.payment_id}/undo", **PART)

    assert answer.status_code == 409
    assert "Too late; the decision counts already and the customer was told." in unescape(answer.text)


async def test_a_second_reviewer_is_told_whose_decision_is_held(
    holding_alice, holding_shop, shops, units, new_browser
):
    sent = await shops.receipt(holding_shop)
    _, token = await add_staff(units, holding_shop, name="Bob")
    bob = new_browser()
    await bob.sign_in(token)
    await bob.get("/receipts?lang=en")
    await holding_alice.post(f"/receipts/{sent.payment_id}/approve")

    answer = await bob.post(f"/receipts/{sent.payment_id}/reject", {"reason_code": "not_arrived"}, **PART)

    assert answer.status_code == 409
    assert f"{holding_shop.name} decided this a moment ago; it can still be taken back." in answer.text
    assert 'data-key="KeyR"' not in answer.text
    assert f'action="/receipts/{sent.payment_id}/undo"' in answer.text


@pytest.mark.parametrize("headers", [{}, PART])
async def test_a_grave_warning_is_asked_about_by_the_server_too(alice, shop, shops, everything, headers):
    content = photo()
    await shops.receipt(shop, content=content)
    again = await shops.receipt(shop, content=content)

    answer = await alice.post(f"/receipts/{again.payment_id}/approve", **headers)

    assert answer.status_code == 409
    assert re.search(r'<dialog class="dialog" id="approve"[^>]* open>', answer.text)
    assert (await payment(everything, again))["status"] == "receipt_submitted"

    await alice.post(f"/receipts/{again.payment_id}/approve", {"despite_warning": "1"})

    assert (await payment(everything, again))["status"] == "approved"


async def test_approving_another_amount_books_it_and_leads_on(alice, shop, shops, everything):
    sent = await shops.receipt(shop)
    page = (await alice.get(f"/receipts/{sent.payment_id}?other=1")).text
    assert re.search(r'<dialog[^>]*id="other"[^>]* open', page)

    answer = await alice.post(
        f"/receipts/{sent.payment_id}/approve-other", {"arrived": "۱۲۰٬۰۰۰", "why": "the bank's fee"}
    )

    assert (answer.status_code, answer.headers["location"]) == (303, "/receipts")
    row = await payment(everything, sent)
    assert (row["status"], row["amount"]) == ("approved_other_amount", 120_000)
    page = (await alice.get(f"/receipts/{sent.payment_id}")).text
    assert "Approved with another amount" in page
    assert "the bank&#39;s fee" in page
    assert "120,000" in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"arrived": "", "why": "a reason"}, "Write the amount that arrived, in Toman."),
        ({"arrived": "many", "why": "a reason"}, "A whole number, please."),
        ({"arrived": "0", "why": "a reason"}, "At least 1, please."),
        ({"arrived": "1250000", "why": "a reason"}, "Ten times too much: is this in Rial?"),
        ({"arrived": "120000", "why": " "}, "Write a few words; your colleagues"),
    ],
)
async def test_another_amount_that_cannot_be_meant_is_asked_for_again(
    alice, shop, shops, everything, fields, sentence
):
    sent = await shops.receipt(shop)

    answer = await alice.post(f"/receipts/{sent.payment_id}/approve-other", fields, **PART)

    assert answer.status_code == 422
    assert sentence in unescape(answer.text)
    assert re.search(r'<dialog[^>]*id="other"[^>]* open', answer.text)
    assert f'value="{fields["arrived"]}"' in answer.text, "nothing typed is lost"
    assert (await payment(everything, sent))["status"] == "receipt_submitted"


async def test_another_amount_despite_a_warning_is_asked_once_more_with_what_was_typed(alice, shop, shops):
    picture_twice = photo()
    await shops.receipt(shop, content=picture_twice)
    sent = await shops.receipt(shop, content=picture_twice)
    typed = {"arrived": "120000", "why": "the bank says so"}

    answer = await alice.post(f"/receipts/{sent.payment_id}/approve-other", typed, **PART)

    assert answer.status_code == 409
    assert 'value="the bank says so"' in answer.text
    again = await alice.post(
        f"/receipts/{sent.payment_id}/approve-other", {**typed, "despite_warning": "1"}, **PART
    )
    assert again.status_code == 200
