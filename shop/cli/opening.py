"""Before the doors open: the master's shop exists, and whoever is new gets the keys, once."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field

from db.settings import Settings
from shop.bots.master import ensure_master_bot
from shop.bots.queries import get_master_bot
from shop.cli.door import OPERATOR, units_of
from shop.demo.seed import seed_demo
from shop.media.shelf import Shelf
from shop.unit_of_work import UnitsOfWork

_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class FirstKey:
    """An API token that was made just now and can be shown only now."""

    whose: str
    api_token: str = field(repr=False)


async def prepare_shops(settings: Settings) -> list[FirstKey]:
    """Make what a start needs and is not there yet; answers the keys to show. Safe to repeat."""
    async with units_of(settings) as units:
        keys = await _master(units, settings)
        if settings.demo:
            keys += await _demo(units, settings)
        return keys


async def _master(units: UnitsOfWork, settings: Settings) -> list[FirstKey]:
    async with units.platform(OPERATOR) as uow:
        if settings.bot_token is None and await get_master_bot(uow) is not None:
            return []
        ensured = await ensure_master_bot(uow, settings.bot_token or sandbox_token())
    return [FirstKey("the master (every shop)", ensured.api_token)] if ensured.api_token else []


async def _demo(units: UnitsOfWork, settings: Settings) -> list[FirstKey]:
    shop = await seed_demo(units, Shelf(settings.media_dir))
    return [FirstKey(f"the demo shop, {shop.name} (@{shop.username})", shop.api_token)] if shop else []


def sandbox_token() -> str:
    """A Telegram token for the sandbox: the right form, and surely nobody's in the real Telegram."""
    return f"{secrets.randbelow(10**5) + 10**5}:{''.join(secrets.choice(_LETTERS) for _ in range(35))}"
