"""From an API token to a session, and everything that ends one."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlencode

import pytest

from shop.staff import service as staff
from shop.staff.rules import _check_sum
from tests.web.conftest import add_staff

WRONG = "This token is not valid or was revoked. Paste it again, in full."
WRONG_IN_PERSIAN = "این توکن معتبر نیست یا باطل شده است. آن را دوباره و کامل بچسبانید."
UNKNOWN = "pk_live_aaaaaaaa_" + "A" * 43


def well_formed(body: str = UNKNOWN) -> str:
    """A token with a right check sum that nobody was ever given."""
    return body + _check_sum(body)


async def count_sessions(everything, shop) -> int:
    return await everything.fetchval("SELECT count(*) FROM sessions WHERE bot_id = $1", shop.bot_id)


async def test_a_good_token_opens_a_session_and_leads_to_the_overview(browser, make_shop):
    shop = await make_shop()

    answer = await browser.sign_in(shop.api_token)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    assert (await browser.get("/")).status_code == 200


async def test_spaces_line_breaks_and_direction_marks_around_a_pasted_token_do_not_matter(browser, make_shop):
    shop = await make_shop()

    answer = await browser.sign_in(f"  \u200f{shop.api_token[:20]}\r\n{shop.api_token[20:]}\n ")

    assert answer.status_code == 303


async def test_the_token_is_never_the_cookie_and_neither_is_kept_in_the_clear(browser, make_shop, everything):
    shop = await make_shop()

    await browser.sign_in(shop.api_token)

    assert browser.session
    assert browser.session not in shop.api_token
    kept = await everything.fetch("SELECT * FROM sessions WHERE bot_id = $1", shop.bot_id)
    shown = [browser.session[start : start + 16] for start in range(len(browser.session) - 16)]
    assert not [part for part in shown if part in str([dict(row) for row in kept])]
    assert shop.api_token not in str(await everything.fetch("SELECT * FROM api_tokens"))


@pytest.mark.parametrize("remember", [True, False])
async def test_the_cookie_is_for_this_site_and_its_pages_alone(browser, make_shop, remember):
    shop = await make_shop()

    answer = await browser.sign_in(shop.api_token, remember=remember)

    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("pishkhan="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert ("Max-Age=2592000" in cookie) is remember


@pytest.mark.parametrize(
    "typed", ["", "hello", "pk_live_", well_formed()[:-1], well_formed()[:-1] + "!", "pk\x00live", "۱۲۳"]
)
async def test_what_cannot_be_a_token_is_refused_without_a_query(browser, typed, engine, counted_queries):
    await browser.get("/login")

    answer = await browser.post("/login", {"api_token": typed})

    assert answer.status_code == 422
    assert WRONG_IN_PERSIAN in answer.text
    assert counted_queries() == 0


async def test_unknown_revoked_expired_left_and_suspended_are_answered_alike(
    new_browser, shops, units, everything, clock, counted_queries
):
    revoked, left, suspended, deleted = [await shops.open() for _ in range(4)]
    await everything.execute("UPDATE api_tokens SET revoked_at = now() WHERE bot_id = $1", revoked.bot_id)
    await everything.execute("UPDATE staff SET is_active = false WHERE bot_id = $1", left.bot_id)
    await everything.execute("UPDATE bots SET status = 'suspended' WHERE id = $1", suspended.bot_id)
    await everything.execute(
        "UPDATE bots SET status = 'deleted', deleted_at = now() WHERE id = $1", deleted.bot_id
    )
    expired = await shops.open()
    await everything.execute(
        "UPDATE api_tokens SET expires_at = $2 WHERE bot_id = $1", expired.bot_id, clock.now
    )

    answers = []
    tokens = [well_formed(), *(shop.api_token for shop in (revoked, left, suspended, deleted, expired))]
    for token in tokens:
        browser = new_browser()
        await browser.get("/login?lang=en")
        counted_queries()
        answer = await browser.post("/login", {"api_token": token})
        told = (answer.status_code, answer.text.replace(browser.csrf, ""), str(answer.headers))
        answers.append((*told, counted_queries()))
        assert browser.session is None

    assert answers[0][0] == 422
    assert WRONG in answers[0][1]
    assert len(set(answers)) == 1


async def test_unknown_and_revoked_cost_the_same_questions(
    new_browser, make_shop, everything, counted_queries
):
    shop = await make_shop(stock=0)
    await everything.execute("UPDATE api_tokens SET revoked_at = now() WHERE bot_id = $1", shop.bot_id)

    counts = []
    for token in (well_formed(), shop.api_token, well_formed(shop.api_token[:17] + "J" * 43)):
        browser = new_browser()
        await browser.get("/login")
        counted_queries()
        await browser.post("/login", {"api_token": token})
        counts.append(counted_queries())

    assert len(set(counts)) == 1


async def test_a_planted_cookie_is_never_adopted(new_browser, make_shop, everything):
    shop = await make_shop()
    victim, attacker = new_browser(), new_browser()
    planted = "A" * 43
    victim.plant("pishkhan", planted)
    attacker.plant("pishkhan", planted)

    await victim.sign_in(shop.api_token)

    assert victim.session != planted
    assert (await attacker.get("/")).status_code == 303
    assert await count_sessions(everything, shop) == 1


async def test_signing_in_again_makes_the_old_cookie_worthless(browser, new_browser, make_shop, everything):
    shop = await make_shop()
    await browser.sign_in(shop.api_token)
    old = browser.session
    csrf = (await browser.get("/sessions")) and browser.csrf

    await browser.client.get("/login")
    browser.plant("csrf", "B" * 43)
    await browser.post("/login", {"api_token": shop.api_token}, csrf="B" * 43)

    assert csrf
    assert browser.session != old
    thief = new_browser()
    thief.plant("pishkhan", old)
    assert (await thief.get("/")).status_code == 303
    assert await count_sessions(everything, shop) == 1


async def test_nobody_gets_a_row_or_a_session_cookie_for_looking(browser, everything):
    before = await everything.fetchval("SELECT count(*) FROM sessions")

    for url in ("/login", "/", "/nowhere", "/receipts/1", "/favicon.ico", "/health/live"):
        await browser.get(url)

    assert browser.session is None
    assert await everything.fetchval("SELECT count(*) FROM sessions") == before


@pytest.mark.parametrize(
    ("hours", "still_in"),
    [(11.9, True), (12.1, False)],
)
async def test_an_idle_session_ends_after_twelve_hours(browser, make_shop, clock, hours, still_in):
    shop = await make_shop()
    await browser.sign_in(shop.api_token)

    clock.forward(hours=hours)

    assert ((await browser.get("/")).status_code == 200) is still_in


async def test_a_session_in_use_ends_after_seven_days(browser, make_shop, clock):
    shop = await make_shop()
    await browser.sign_in(shop.api_token)

    for _ in range(20):
        clock.forward(hours=8)
        assert (await browser.get("/")).status_code == 200
    clock.forward(hours=8.1)

    assert (await browser.get("/")).status_code == 303


async def test_a_remembered_session_lasts_thirty_days(browser, make_shop, clock):
    shop = await make_shop()
    await browser.sign_in(shop.api_token, remember=True)

    clock.forward(days=29)
    assert (await browser.get("/")).status_code == 200
    clock.forward(days=1.1)

    assert (await browser.get("/")).status_code == 303


async def test_the_master_is_out_after_half_an_hour_of_nothing_or_eight_hours(new_browser, master, clock):
    idle, busy = new_browser(), new_browser()
    await idle.sign_in(master.api_token, remember=True)
    await busy.sign_in(master.api_token, remember=True)

    for _ in range(19):
        clock.forward(minutes=25)
        assert (await busy.get("/platform/bots")).status_code == 200
    assert (await idle.get("/platform/bots")).status_code == 303
    clock.forward(minutes=25)

    assert (await busy.get("/platform/bots")).status_code == 303


async def test_a_revoked_token_ends_its_sessions_with_the_next_request(browser, make_shop, units, everything):
    shop = await make_shop()
    await browser.sign_in(shop.api_token)
    token_id = await everything.fetchval("SELECT id FROM api_tokens WHERE bot_id = $1", shop.bot_id)

    async with units.begin(shop.bot_id, shop.owner) as uow:
        await staff.revoke_api_token(uow, token_id)

    assert (await browser.get("/")).status_code == 303


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE bots SET status = 'suspended' WHERE id = $1",
        "UPDATE bots SET status = 'frozen' WHERE id = $1",
        "UPDATE bots SET deleted_at = now() WHERE id = $1",
        "UPDATE staff SET is_active = false WHERE bot_id = $1",
        "UPDATE api_tokens SET revoked_at = now() WHERE bot_id = $1",
        "UPDATE api_tokens SET expires_at = '2026-01-01' WHERE bot_id = $1",
    ],
)
async def test_whoever_may_not_sign_in_any_more_is_out_with_the_next_request(
    browser, make_shop, everything, change
):
    shop = await make_shop()
    await browser.sign_in(shop.api_token)

    await everything.execute(change, shop.bot_id)

    assert (await browser.get("/receipts")).status_code == 303


async def test_signing_out_ends_this_browser_only(new_browser, make_shop):
    shop = await make_shop()
    here, there = new_browser(), new_browser()
    await here.sign_in(shop.api_token)
    await there.sign_in(shop.api_token)
    cookie = here.session

    answer = await here.post("/logout")

    assert answer.headers["location"] == "/login"
    here.plant("pishkhan", cookie)
    assert (await here.get("/")).status_code == 303
    assert (await there.get("/")).status_code == 200


async def test_signing_out_everywhere_ends_all_of_ones_own_sessions_and_no_others(
    new_browser, make_shop, units
):
    shop = await make_shop()
    _, bobs = await add_staff(units, shop)
    here, there, bob = new_browser(), new_browser(), new_browser()
    await here.sign_in(shop.api_token)
    await there.sign_in(shop.api_token, remember=True)
    await bob.sign_in(bobs)

    await here.post("/logout-everywhere")

    assert (await here.get("/")).status_code == 303
    assert (await there.get("/")).status_code == 303
    assert (await bob.get("/")).status_code == 200


def refs(page: str) -> list[str]:
    """What the list calls its sessions, in its order."""
    return re.findall(r'action="/sessions/([0-9a-f]{32})/end"', page)


async def test_one_device_is_signed_out_and_the_others_stay(new_browser, make_shop):
    shop = await make_shop()
    here, there, elsewhere = new_browser(), new_browser(), new_browser()
    await elsewhere.sign_in(shop.api_token)
    await there.sign_in(shop.api_token)
    await here.sign_in(shop.api_token)
    mine, *others = refs((await here.get("/sessions")).text)
    theirs = refs((await there.get("/sessions")).text)[0]
    assert theirs in others

    answer = await here.post(f"/sessions/{theirs}/end")

    assert answer.headers["location"] == "/sessions"
    assert (await there.get("/")).status_code == 303
    assert (await elsewhere.get("/")).status_code == 200
    assert theirs not in refs((await here.get("/sessions")).text)
    assert (await here.post(f"/sessions/{mine}/end")).headers["location"] == "/login"
    assert (await here.get("/")).status_code == 303


async def test_nobody_signs_a_colleague_out_by_the_name_of_his_session(new_browser, make_shop, units):
    shop = await make_shop()
    _, bobs = await add_staff(units, shop)
    alice, bob = new_browser(), new_browser()
    await alice.sign_in(shop.api_token)
    await bob.sign_in(bobs)
    his = refs((await bob.get("/sessions")).text)[0]

    assert (await alice.post(f"/sessions/{his}/end")).status_code == 404
    assert (await bob.get("/")).status_code == 200


async def test_a_device_whose_token_has_ended_is_no_device(new_browser, make_shop, everything):
    shop = await make_shop()
    here, there = new_browser(), new_browser()
    await here.sign_in(shop.api_token)
    made = await here.post("/tokens", {"name": "Other"})
    await there.sign_in(re.search(r"pk_live_[A-Za-z0-9_-]{58}", made.text)[0])
    assert "Other" in (await here.get("/sessions")).text

    await everything.execute(
        "UPDATE api_tokens SET expires_at = created_at WHERE name = 'Other' AND bot_id = $1", shop.bot_id
    )

    assert "Other" not in (await here.get("/sessions")).text


async def test_the_list_of_devices_shows_ones_own_and_marks_this_one(new_browser, make_shop, units):
    shop = await make_shop()
    _, bobs = await add_staff(units, shop)
    here, there, bob = new_browser(), new_browser(address="192.0.2.77"), new_browser(address="192.0.2.88")
    there.client.headers["user-agent"] = (
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    )
    await here.sign_in(shop.api_token)
    await there.sign_in(shop.api_token)
    await bob.sign_in(bobs)

    page = (await here.get("/sessions?lang=en")).text

    assert page.count("This device") == 1
    assert "Firefox, Linux" in page
    assert "192.0.2.77" in page
    assert "192.0.2.88" not in page


async def test_the_last_use_of_a_token_is_kept_to_the_minute_with_the_address(
    new_browser, make_shop, everything, clock
):
    shop = await make_shop()
    browser = new_browser(address="192.0.2.1")
    clock.forward(seconds=42)
    await browser.sign_in(shop.api_token)

    used = "SELECT last_used_at, last_used_address FROM api_tokens WHERE bot_id = $1"
    first = await everything.fetchrow(used, shop.bot_id)
    assert first["last_used_at"] == clock.now.replace(second=0)
    assert first["last_used_address"] == "192.0.2.1"

    clock.forward(minutes=4)
    await browser.get("/")
    assert await everything.fetchrow(used, shop.bot_id) == first
    clock.forward(minutes=2)
    await browser.get("/")

    assert (await everything.fetchrow(used, shop.bot_id))["last_used_at"] == clock.now.replace(second=0)


# Where one goes afterwards ----------------------------------------------------------------------------------


async def test_an_expired_session_leads_back_to_where_one_was(browser, make_shop):
    shop = await make_shop()

    answer = await browser.get("/receipts?tab=approved")
    assert answer.headers["location"] == "/login?next=%2Freceipts%3Ftab%3Dapproved"
    form = await browser.get(answer.headers["location"])
    assert 'value="/receipts?tab=approved"' in form.text
    signed = await browser.sign_in(shop.api_token, next_="/receipts?tab=approved")

    assert signed.headers["location"] == "/receipts?tab=approved"


async def test_for_a_part_the_whole_page_goes_to_sign_in(browser):
    answer = await browser.get(
        "/receipts/5", HX_Request="true", HX_Current_URL="http://shop.test/receipts?tab=waiting"
    )

    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/login?next=%2Freceipts%3Ftab%3Dwaiting"


ELSEWHERE = (
    "https://evil.test/",
    "//evil.test",
    "///evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "/\t/evil.test",
    "/\n/evil.test",
    "/\x00",
    " /receipts",
    "javascript:alert(1)",
    "receipts",
    "http:/evil.test",
    "/ receipts",
    "/réceipts",
    "/receipts\r\nSet-Cookie: a=b",
    "/" + "a" * 600,
    "/\u2028evil",
    "?next=/",
    "#",
    "",
    "/%5c%5cevil.test\\",
    "data:text/html,x",
    "//",
    "/\\",
    "https:///evil.test",
)


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
async def test_nobody_is_sent_to_another_site_after_signing_in(browser, make_shop, elsewhere):
    shop = await make_shop(stock=0)

    answer = await browser.sign_in(shop.api_token, next_=elsewhere)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("part", ["true", "false"])
async def test_nobody_is_sent_to_another_site_from_any_form_that_says_where_to_go_on(
    signed_in, make_shop, part
):
    shop = await make_shop(stock=0)
    owner = await signed_in(shop)
    owner.client.headers["hx-request"] = part

    for elsewhere in ELSEWHERE:
        pages = [
            await owner.get(f"{path}?{urlencode({'next': elsewhere})}")
            for path in ("/login", "/login/wait", "/confirm", "/confirm/wait")
        ]
        proved = await owner.post("/confirm", {"api_token": shop.api_token, "next": elsewhere})
        finished = await owner.post("/confirm/finish", {"next": elsewhere})

        for answer in (*pages, proved, finished):
            places = [answer.headers.get("location", ""), answer.headers.get("hx-redirect", "")]
            places += re.findall(r'name="next" value="([^"]*)"', answer.text)
            assert all("evil" not in place and not place.startswith("//") for place in places), places
        assert proved.headers["location"] == "/"


@pytest.mark.parametrize(
    "current", ["https://evil.test/x", "//evil.test", "/\\evil.test", "javascript:alert(1)"]
)
async def test_whoever_is_signed_out_goes_on_at_a_path_of_this_site_whatever_the_header_says(
    browser, current
):
    answer = await browser.get("/receipts/5", HX_Request="true", HX_Current_URL=current)

    assert "evil" not in unquote(answer.headers["hx-redirect"])


async def test_the_master_lands_on_the_list_of_shops(browser, master):
    answer = await browser.sign_in(master.api_token)

    assert answer.headers["location"] == "/platform/bots"
    assert (await browser.get("/")).headers["location"] == "/platform/bots"


async def test_whoever_is_signed_in_needs_no_form(browser, make_shop):
    shop = await make_shop()
    await browser.sign_in(shop.api_token)

    assert (await browser.get("/login")).headers["location"] == "/"
