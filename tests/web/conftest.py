"""The dashboard in this process: the real application, headers and all, without a socket."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from html import unescape

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from db.crypto import Vault
from shop.actors import OWNING, StaffMember
from shop.bots.master import ensure_master_bot
from shop.media.shelf import Shelf
from shop.staff import service as staff
from shop.unit_of_work import UnitsOfWork
from tests.conftest import NOON, Clock
from tests.factories import MASTER, Shop, telegram_token
from web.app import STATIC, build_app, readiness_of
from web.assets import Assets
from web.hub import Hub
from web.security import Hardened

BASE = "http://shop.test"
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
_TOKEN = re.compile(r'name="_csrf_token" value="([^"]*)"')


class Browser:
    """A browser with its own cookies. ``csrf`` is the token of the last page that had one."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.csrf = ""

    async def get(self, url: str, **headers: str) -> httpx.Response:
        answer = await self.client.get(url, headers=_dashed(headers))
        found = _TOKEN.search(answer.text)
        self.csrf = unescape(found[1]) if found else self.csrf
        return answer

    async def post(
        self, url: str, fields: dict[str, str] | None = None, *, csrf: str | None = None, **headers: str
    ) -> httpx.Response:
        """A form as a page of ours posts it; ``csrf=""`` leaves its token out."""
        token = self.csrf if csrf is None else csrf
        data = {**(fields or {}), **({"_csrf_token": token} if token else {})}
        return await self.client.post(url, data=data, headers={**FROM_HERE, **_dashed(headers)})

    async def upload(self, url: str, fields: dict[str, str], **files: bytes) -> httpx.Response:
        """The same with files chosen in it."""
        data = {**fields, "_csrf_token": self.csrf}
        chosen = {name: (f"{name}.jpg", content, "image/jpeg") for name, content in files.items()}
        return await self.client.post(url, data=data, files=chosen, headers=FROM_HERE)

    async def sign_in(self, token: str, *, remember: bool = False, next_: str = "") -> httpx.Response:
        await self.get("/login")
        fields = {"api_token": token, "next": next_, **({"remember": "1"} if remember else {})}
        answer = await self.post("/login", fields)
        if answer.status_code == 303:
            await self.get("/sessions")
        return answer

    def plant(self, name: str, value: str) -> None:
        """Put a cookie there from outside, in place of the one of that name."""
        if self.client.cookies.get(name) is not None:
            self.client.cookies.delete(name)
        self.client.cookies.set(name, value, domain="shop.test", path="/")

    @property
    def session(self) -> str | None:
        return self.client.cookies.get("pishkhan")


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


NewBrowser = Callable[..., Browser]


@pytest.fixture(scope="session")
def assets() -> Assets:
    return Assets(STATIC)


@pytest.fixture(scope="session")
def _wall_clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def clock(_wall_clock: Clock) -> Clock:
    """Noon again for every test, on the clock that the one application reads."""
    _wall_clock.now = NOON
    return _wall_clock


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(tmp_path_factory.mktemp("media"))


@pytest.fixture(scope="session")
def litestar(
    sessions: async_sessionmaker[AsyncSession],
    vault: Vault,
    _wall_clock: Clock,
    shelf: Shelf,
    assets: Assets,
    engine: AsyncEngine,
) -> Litestar:
    """Built once: compiling the templates is the dearest part of a test."""
    units = UnitsOfWork(sessions, vault, channel="web", clock=_wall_clock)
    hub = Hub()
    # The transport without a socket hands an answer over when it is whole: here a stream ends after its
    # first message, as in a worker that goes.
    hub.close()
    return build_app(units, shelf=shelf, assets=assets, https=False, readiness=readiness_of(engine), hub=hub)


@pytest.fixture
async def new_browser(litestar: Litestar, clock: Clock) -> AsyncIterator[NewBrowser]:
    """Browsers at addresses of their own, so that one test's tries never count for another's."""
    clients: list[httpx.AsyncClient] = []

    def make(*, address: str = "") -> Browser:
        transport = httpx.ASGITransport(
            Hardened(litestar, https=False),  # type: ignore[arg-type]
            raise_app_exceptions=False,
            client=(address or fresh_address(), 50000),
        )
        client = httpx.AsyncClient(transport=transport, base_url=BASE)
        clients.append(client)
        return Browser(client)

    yield make
    for client in clients:
        await client.aclose()


_addresses = iter(range(1, 2**24))


def fresh_address() -> str:
    number = next(_addresses)
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


@pytest.fixture
def browser(new_browser: NewBrowser) -> Browser:
    return new_browser()


@dataclass(frozen=True)
class Platform:
    bot_id: int
    api_token: str


@pytest.fixture(scope="session")
def _master_token() -> str:
    return telegram_token()


@pytest.fixture
async def master(units: UnitsOfWork, _master_token: str) -> Platform:
    """The platform's own shop, and a fresh token of its admin."""
    async with units.platform(MASTER) as uow:
        ensured = await ensure_master_bot(uow, _master_token)
    async with units.begin(ensured.bot_id, MASTER) as uow:
        staff_id = await staff.create_staff(uow, name="Master", role="master")
        issued = await staff.issue_api_token(uow, staff_id, name="test")
    return Platform(ensured.bot_id, issued.token)


@pytest.fixture
def signed_in(new_browser: NewBrowser) -> Callable[[Shop], Awaitable[Browser]]:
    """The owner of a shop at a browser."""

    async def sign_in(shop: Shop) -> Browser:
        made = new_browser()
        answer = await made.sign_in(shop.api_token)
        assert answer.status_code == 303
        return made

    return sign_in


async def add_staff(
    units: UnitsOfWork, shop: Shop, *, name: str = "Bob", permissions: frozenset[str] = OWNING
) -> tuple[StaffMember, str]:
    """Another person of a shop's team, and a token."""
    async with units.begin(shop.bot_id, shop.owner) as uow:
        staff_id = await staff.create_staff(uow, name=name, role="staff", permissions=permissions)
        issued = await staff.issue_api_token(uow, staff_id, name="test")
    return StaffMember(staff_id, name, permissions), issued.token


@pytest.fixture
def counted_queries(engine: AsyncEngine) -> Iterator[Callable[[], int]]:
    """How many statements went to the database since the last time somebody asked."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        seen.append(statement)

    def take() -> int:
        count = len(seen)
        seen.clear()
        return count

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    yield take
    event.remove(engine.sync_engine, "before_cursor_execute", note)
