"""A browser as cheap as can be: signed in once, then the same request again and again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from aiohttp import ClientSession, ClientTimeout, CookieJar, DummyCookieJar

FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
_TOKEN = re.compile(r'name="_csrf_token" value="([^"]*)"')


@dataclass(slots=True)
class Browser:
    http: ClientSession
    base: str
    headers: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str) -> str:
        async with self.http.get(self.base + path, headers=self.headers) as answer:
            text = await answer.text()
            if answer.status != 200:
                raise RuntimeError(f"{path}: {answer.status} {text[:400]}")
            return text

    async def post(self, path: str, fields: dict[str, str] | None = None) -> str:
        async with self.http.post(self.base + path, data=fields or {}, headers=self.headers) as answer:
            text = await answer.text()
            if answer.status != 200:
                raise RuntimeError(f"{path}: {answer.status} {text[:400]}")
            return text

    async def gets(self, path: str, count: int, *, callers: int) -> int:
        """``count`` times the same page, by so many callers at once."""
        return await self._all((self.get(path) for _ in range(count)), callers)

    async def posts(self, paths: Iterable[str], *, callers: int) -> int:
        return await self._all((self.post(path) for path in paths), callers)

    @staticmethod
    async def _all(calls: Iterable[Any], callers: int) -> int:
        waiting = iter(calls)
        done = 0

        async def caller() -> None:
            nonlocal done
            for call in waiting:
                await call
                done += 1

        await asyncio.gather(*(caller() for _ in range(callers)))
        return done


@asynccontextmanager
async def stranger(base: str) -> AsyncIterator[Browser]:
    """Nobody signed in."""
    async with ClientSession(cookie_jar=DummyCookieJar(), timeout=ClientTimeout(60)) as http:
        yield Browser(http, base)


@asynccontextmanager
async def signed_in(base: str, api_token: str) -> AsyncIterator[Browser]:
    """The owner of a shop, with htmx: posts carry the session's token and answers are parts."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True), timeout=ClientTimeout(60)) as http:
        async with http.get(f"{base}/login") as form:
            token = token_in(await form.text())
        async with http.post(
            f"{base}/login", data={"api_token": api_token, "_csrf_token": token}, headers=FROM_HERE
        ) as answer:
            if answer.url.path == "/login":
                raise RuntimeError("the bench was not let in")
        async with http.get(f"{base}/sessions") as page:
            session_token = token_in(await page.text())
        yield Browser(http, base, {**FROM_HERE, "X-CSRFToken": session_token})


def token_in(page: str) -> str:
    token = _TOKEN.search(page)
    if token is None:
        raise RuntimeError("the page has no form with a token")
    return unescape(token[1])
