"""Before the doors open: the schema is right, the master's shop exists, whoever is new gets keys, once."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import string
import sys
from dataclasses import dataclass, field

from db.migrate import head
from db.settings import Settings
from shop.bots.master import ensure_master_bot
from shop.bots.queries import get_master_bot
from shop.cli.command import Command, say
from shop.cli.door import OPERATOR, units_of
from shop.cli.schema import migrate, serving_database
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


def run_migrate(_arguments: argparse.Namespace, settings: Settings) -> int:
    """What a server does at every update before its processes start; `up` does the same by itself."""
    with serving_database(settings):
        migrate(settings)
        keys = asyncio.run(_real_master(settings)) if settings.bot_token else []
    say(f"The schema is at {head()}.")
    for key in keys:
        if sys.stdout.isatty():
            say(f"API token of {key.whose}, shown only now:  {key.api_token}")
        else:  # a journal is no place for a key
            say("The master's shop is open; `python -m shop token issue master` makes a key to it.")
    return 0


async def _real_master(settings: Settings) -> list[FirstKey]:
    async with units_of(settings) as units:
        return await _master(units, settings)


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


MIGRATE = Command(
    "migrate", "Bring the schema to the form this version needs, and open the master's shop.", run_migrate
)
