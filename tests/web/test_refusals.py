"""Every refusal has an answer, and a database that is away is said to be away."""

from __future__ import annotations

import asyncio

import asyncpg
import httpx
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from db.engine import build_engine, build_sessions
from db.passing import is_passing
from shop.errors import ShopError
from shop.i18n import LANGUAGES, translations
from shop.staff.rules import _check_sum
from shop.unit_of_work import UnitsOfWork
from tests.web.conftest import BASE, Browser
from web.app import build_app
from web.errors import ANSWERS, LONG_WAIT, PROBLEMS, REASONS, STATUSES
from web.routes import receipts
from web.security import Hardened


def subclasses(of: type[ShopError]) -> set[type[ShopError]]:
    return {found for sub in of.__subclasses__() for found in {sub, *subclasses(sub)}}


def test_every_refusal_has_a_status_and_a_sentence():
    of_the_shop = {error for error in subclasses(ShopError) if error.__module__.startswith("shop.")}

    assert of_the_shop <= set(ANSWERS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_written_in_every_language(language):
    sentences = {
        *(sentence for _, sentence in ANSWERS.values()),
        *PROBLEMS.values(),
        *STATUSES.values(),
        *REASONS.values(),
        LONG_WAIT,
    }

    for sentence in sentences:
        said = translations(language).gettext(sentence)
        assert said
        assert (said == sentence) is (language == "en"), sentence


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (ConnectionRefusedError(), True),
        (TimeoutError(), True),
        (FileNotFoundError("no socket"), True),
        (asyncpg.CannotConnectNowError(""), True),
        (asyncpg.AdminShutdownError(""), True),
        (asyncpg.TooManyConnectionsError(""), True),
        (asyncpg.DiskFullError(""), True),
        (asyncpg.LockNotAvailableError(""), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.InternalClientError("cannot switch to state 15; another operation is in progress"), True),
        (DBAPIError("", {}, asyncpg.DeadlockDetectedError("")), True),
        (DBAPIError("", {}, Exception(), connection_invalidated=True), True),
        (IntegrityError("", {}, asyncpg.UniqueViolationError("")), False),
        (asyncpg.UndefinedTableError(""), False),
        (ValueError(), False),
    ],
)
def test_what_may_go_through_a_second_time_is_told_from_our_own_mistakes(error, passing):
    assert is_passing(error) is passing


async def test_without_a_database_pages_say_so_quickly_and_the_sign_in_form_still_opens(vault, shelf, assets):
    engine = build_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none", application_name="tests")
    app = build_app(
        UnitsOfWork(build_sessions(engine), vault, channel="web"),
        shelf=shelf,
        assets=assets,
        https=False,
        readiness=_unreachable,
    )
    transport = httpx.ASGITransport(Hardened(app, https=False), client=("192.0.2.1", 1))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        browser = Browser(client)

        assert (await browser.get("/login")).status_code == 200
        body = "pk_live_aaaaaaaa_" + "A" * 43
        async with asyncio.timeout(4):
            answers = [await browser.post("/login", {"api_token": body + _check_sum(body)})]
            browser.plant("pishkhan", "S" * 43)
            answers += [await browser.get(url) for url in ("/", "/receipts", "/receipts/1/image")]

    for answer in answers:
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        assert "پایگاه داده پاسخ نمی‌دهد" in answer.text
    await engine.dispose()


async def _unreachable():
    return "database_unreachable"


async def test_a_connection_that_is_cut_in_the_middle_is_a_503_and_the_next_request_works(
    signed_in, make_shop, monkeypatch, everything
):
    alice = await signed_in(await make_shop(stock=0))
    whole = receipts.load_desk

    async def cut(uow, **asked):
        pid = (await uow.session.connection()).sync_connection.connection.dbapi_connection
        await everything.execute("SELECT pg_terminate_backend($1)", pid.driver_connection.get_server_pid())
        await asyncio.sleep(0.1)
        return await whole(uow, **asked)

    monkeypatch.setattr(receipts, "load_desk", cut)
    assert (await alice.get("/receipts")).status_code == 503
    monkeypatch.setattr(receipts, "load_desk", whole)

    assert (await alice.get("/receipts")).status_code == 200
