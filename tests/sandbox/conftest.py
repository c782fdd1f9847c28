"""A sandbox of its own for every test: starting one takes milliseconds."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, ClientTimeout

from bot.sandbox import Sandbox, run_sandbox
from tests.sandbox.judge import Judge
from tests.sandbox.telegram import CAROL, MALLORY, SHOP_A, SHOP_B, Telegram


@pytest.fixture
def judge() -> Judge:
    """These tests ask for nonsense too, so only what the sandbox answers is judged."""
    return Judge(requests=False)


@pytest.fixture
async def sandbox(judge: Judge) -> AsyncIterator[Sandbox]:
    async with run_sandbox(port=0) as running:
        running.world.witness = judge
        yield running
    assert judge.problems == []


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession(timeout=ClientTimeout(total=20)) as session:
        yield session


@pytest.fixture
async def telegram(sandbox: Sandbox, http: ClientSession) -> Telegram:
    return await two_shops(sandbox.url, http)


async def two_shops(url: str, http: ClientSession) -> Telegram:
    """Two shops' bots; Carol has started both, and nothing waits to be fetched."""
    sides = Telegram(url, http)
    await sides.act("bot", token=SHOP_A, username="alice_bot", name="Alice's shop")
    await sides.act("bot", token=SHOP_B, username="mallory_bot", name="Mallory's shop")
    await sides.act("user", id=CAROL, first_name="Carol", username="carol", language_code="fa")
    await sides.act("user", id=MALLORY, first_name="Mallory")
    for token in (SHOP_A, SHOP_B):
        await sides.carol("text", token=token, text="/start")
        await sides.forget(token=token)
    return sides
