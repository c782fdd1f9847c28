"""Conversations' states live in the database, each with one shop's bot."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from aiogram.fsm.storage.base import StorageKey

from bot.fsm import PostgresStorage
from bot.registry import Registry
from bot.states import Receipt
from bot.telegram_session import open_bot, open_session
from shop.unit_of_work import UnitsOfWork
from tests.factories import Shop, Shops


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def storage(units: UnitsOfWork, registry: Registry) -> PostgresStorage:
    return PostgresStorage(units, registry)


async def key_of(shop: Shop, registry: Registry, *, destiny: str = "default") -> StorageKey:
    bot = open_bot(shop.telegram_token, open_session("http://127.0.0.1:1"))
    registry.add(shop.bot_id, bot)
    return StorageKey(bot_id=bot.id, chat_id=77, user_id=77, destiny=destiny)


async def test_a_state_is_kept_and_forgotten(
    storage: PostgresStorage, registry: Registry, shops: Shops, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    key = await key_of(shop, registry)

    await storage.set_state(key, Receipt.asked)
    await storage.set_data(key, {"payment_id": 4})
    kept = (await storage.get_state(key), await storage.get_data(key))
    await storage.set_data(key, {})
    await storage.set_state(key, None)

    assert kept == ("Receipt:asked", {"payment_id": 4})
    assert (await storage.get_state(key), await storage.get_data(key)) == (None, {})
    assert await bare.fetchval("select count(*) from fsm_state where bot_id = $1", shop.bot_id) == 0


async def test_the_same_chat_with_two_bots_is_two_conversations(
    storage: PostgresStorage, registry: Registry, shops: Shops
) -> None:
    one, other = [await key_of(await shops.open(), registry) for _ in range(2)]

    await storage.set_state(one, Receipt.asked)

    assert await storage.get_state(other) is None


async def test_updates_at_the_same_time_do_not_undo_each_other(
    storage: PostgresStorage, registry: Registry, shops: Shops
) -> None:
    key = await key_of(await shops.open(), registry)

    await asyncio.gather(*(storage.update_data(key, {f"n{n}": n}) for n in range(8)))

    assert await storage.get_data(key) == {f"n{n}": n for n in range(8)}
    assert await storage.get_value(key, "n3") == 3
