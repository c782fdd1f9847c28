"""People who go on with their business whatever is killed: customers at their phones, reviewers at the desk.

They note what was accepted from them (by Telegram, by the dashboard) and what they were told; the books are
compared with these notes at the end.
"""

from __future__ import annotations

import asyncio
import random
import re
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import httpx

from tests.browser.people import Phone, buttons
from tests.chaos.supervisor import Product, TooLong
from tests.factories import Shop, photo

PATIENCE = 180.0
"""Seconds a person waits for one answer: more than any recovery takes, so what is missing then is lost."""
LOOK_SECONDS = 0.15
_TOKEN = re.compile(r'name="_csrf_token" value="([^"]*)"')
_ITEM = re.compile(r'href="/receipts/(\d+)')
REJECTIONS = 5
"""One receipt in so many is refused."""


@dataclass
class Notes:
    """What people saw, for the reckoning."""

    accepted: Counter[tuple[int, int]] = field(default_factory=Counter)
    """(shop, Telegram's person) to the texts, pictures and presses that the sandbox took."""
    told: dict[int, str] = field(default_factory=dict)
    """Telegram's person to the outcome he heard: ``ready`` or ``refused``."""
    decided: dict[int, list[str]] = field(default_factory=dict)
    """Payment to the decisions that the dashboard confirmed."""
    repeated: Counter[int] = field(default_factory=Counter)
    """Telegram's person to the messages he got more than once."""
    troubles: list[str] = field(default_factory=list)
    """What must not happen."""
    answers: Counter[int] = field(default_factory=Counter)
    """HTTP statuses the reviewers met; 0 where there was no answer."""


@dataclass
class Customer:
    """One person who buys once, in one shop."""

    product: Product
    shop: Shop
    http: httpx.AsyncClient
    notes: Notes
    user_id: int = field(default_factory=lambda: 10**8 + secrets.randbelow(9 * 10**8))

    async def come(self) -> Phone:
        await self._control("user", id=self.user_id, first_name="Carol", language_code="en")
        return Phone(self.http, self.product.sandbox, self.shop.telegram_token, self.user_id)

    async def buy(self) -> None:
        """The whole way; whatever is not answered in time goes into the notes."""
        try:
            phone = await self.come()
            await self.say(phone, "/start")
            await self.heard(phone, "Hi Carol|Welcome")
            await self.say(phone, "/buy")
            await self.press(phone, "1 month")
            await self.press(phone, "Card to card")
            await self.heard(phone, r"\d{4} \d{4} \d{4} \d{4}")
            await phone.send_photo(photo(), caption="paid")
            self._accepted()
            await self.heard(phone, "We have your receipt|subscription is ready|was not accepted")
            outcome = await self.heard(phone, "subscription is ready|was not accepted")
            self.notes.told[self.user_id] = "ready" if "is ready" in outcome else "refused"
        except TooLong as missing:
            self.notes.troubles.append(f"customer {self.user_id} of shop {self.shop.bot_id}: {missing}")

    async def ask(self) -> None:
        """A short question, to see whether anybody is there."""
        phone = await self.come()
        await self.say(phone, "/start")
        await self.heard(phone, "Hi Carol|Welcome")

    async def say(self, phone: Phone, words: str) -> None:
        await phone.say(words)
        self._accepted()

    async def press(self, phone: Phone, label: str) -> None:
        async for messages in self._looking(phone, f"a button {label!r}"):
            for message in reversed(messages):
                for button in buttons(message):
                    if re.search(label, button["text"]) and "callback_data" in button:
                        await phone.act(
                            "press", message_id=message["message_id"], data=button["callback_data"]
                        )
                        self._accepted()
                        return

    async def heard(self, phone: Phone, pattern: str) -> str:
        async for messages in self._looking(phone, f"{pattern!r}"):
            for message in reversed(messages):
                words = message.get("text") or message.get("caption") or ""
                if message["from"]["is_bot"] and re.search(pattern, words):
                    return words
        raise AssertionError("unreachable")

    async def count_repeated(self) -> int:
        """Messages of the bot that are there twice, word for word: every one of this journey differs."""
        phone = Phone(self.http, self.product.sandbox, self.shop.telegram_token, self.user_id)
        said = [m.get("text") or "" for m in await phone.messages() if m["from"]["is_bot"]]
        return len(said) - len(set(said))

    async def _looking(self, phone: Phone, what: str) -> Any:
        clock = asyncio.get_running_loop().time
        until = clock() + PATIENCE
        while True:
            messages = await phone.messages()
            yield messages
            if clock() > until:
                said = " | ".join(str(m.get("text") or "picture")[:60] for m in messages)
                raise TooLong(f"nobody answered with {what}; the chat: {said}")
            await asyncio.sleep(LOOK_SECONDS)

    def _accepted(self) -> None:
        self.notes.accepted[self.shop.bot_id, self.user_id] += 1

    async def _control(self, action: str, **body: Any) -> None:
        (await self.http.post(f"{self.product.sandbox}/_c/{action}", json=body)).raise_for_status()


@dataclass
class Reviewer:
    """Somebody of the shop at the dashboard, who tries again after every failure."""

    product: Product
    shop: Shop
    notes: Notes
    chance: random.Random
    csrf: str = ""

    async def work(self, stop: asyncio.Event) -> None:
        async with httpx.AsyncClient(base_url=self.product.dashboard, timeout=10) as http:
            while not stop.is_set():
                try:
                    if not self.csrf:
                        await self._sign_in(http)
                    if not await self._decide_one(http):
                        await asyncio.sleep(LOOK_SECONDS)
                except httpx.HTTPError:
                    self.notes.answers[0] += 1
                    await asyncio.sleep(LOOK_SECONDS)

    async def _sign_in(self, http: httpx.AsyncClient) -> None:
        await self._get(http, "/login")
        answer = await http.post("/login", data={"api_token": self.shop.api_token, "_csrf_token": self.csrf})
        self._note(answer)
        self.csrf = ""
        if answer.status_code == httpx.codes.SEE_OTHER:
            await self._get(http, "/sessions")
        else:
            await asyncio.sleep(LOOK_SECONDS)

    async def _decide_one(self, http: httpx.AsyncClient) -> bool:
        queue = await self._get(http, "/receipts")
        found = _ITEM.findall(queue.text) if queue.status_code == httpx.codes.OK else []
        if not found:
            return False
        payment = int(self.chance.choice(found[:6]))
        decision = "reject" if self.chance.randrange(REJECTIONS) == 0 else "approve"
        fields = {"reason_code": "not_arrived"} if decision == "reject" else {"despite_warning": "1"}
        answer = await http.post(f"/receipts/{payment}/{decision}", data={**fields, "_csrf_token": self.csrf})
        self._note(answer)
        if answer.status_code in (httpx.codes.OK, httpx.codes.SEE_OTHER):
            self.notes.decided.setdefault(payment, []).append(decision)
        return True

    async def _get(self, http: httpx.AsyncClient, url: str) -> httpx.Response:
        answer = await http.get(url)
        self._note(answer)
        if found := _TOKEN.search(answer.text):
            self.csrf = unescape(found[1])
        return answer

    def _note(self, answer: httpx.Response) -> None:
        status = answer.status_code
        self.notes.answers[status] += 1
        if status == httpx.codes.SERVICE_UNAVAILABLE and "retry-after" not in answer.headers:
            self.notes.troubles.append(f"503 without Retry-After at {answer.request.url.path}")
        if status == httpx.codes.INTERNAL_SERVER_ERROR:
            self.notes.troubles.append(f"500 at {answer.request.method} {answer.request.url.path}")


@dataclass
class Load:
    """Some customers and some reviewers at every shop, from ``start`` until ``finish``."""

    product: Product
    shops: list[Shop]
    seed: int
    customers_each: int = 3
    notes: Notes = field(default_factory=Notes)
    everybody: list[Customer] = field(default_factory=list)
    _closing: asyncio.Event = field(default_factory=asyncio.Event)
    _closed: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _reviewing: list[asyncio.Task[None]] = field(default_factory=list)
    _http: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=None))
    )

    def start(self) -> None:
        for number, shop in enumerate(self.shops):
            self._tasks += [asyncio.create_task(self._buy_on(shop)) for _ in range(self.customers_each)]
            for reviewer in self._reviewers(number, shop):
                self._reviewing.append(asyncio.create_task(reviewer.work(self._closed)))

    def _reviewers(self, number: int, shop: Shop) -> Iterator[Reviewer]:
        for place in range(2):
            chance = random.Random(f"{self.seed} {number} {place}")  # noqa: S311  (repeatable, not secret)
            yield Reviewer(self.product, shop, self.notes, chance)

    def customer(self, shop: Shop) -> Customer:
        made = Customer(self.product, shop, self._http, self.notes)
        self.everybody.append(made)
        return made

    async def _buy_on(self, shop: Shop) -> None:
        while not self._closing.is_set():
            await self.customer(shop).buy()

    async def finish(self) -> None:
        """Whoever is buying gets to the end; then the reviewers go home."""
        self._closing.set()
        await asyncio.gather(*self._tasks)
        self._closed.set()
        await asyncio.gather(*self._reviewing)
        for customer in self.everybody:
            if not self.notes.accepted[customer.shop.bot_id, customer.user_id]:
                continue
            if repeated := await customer.count_repeated():
                self.notes.repeated[customer.user_id] = repeated
        await self._http.aclose()

    async def abandon(self) -> None:
        for task in (*self._tasks, *self._reviewing):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
