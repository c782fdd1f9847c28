"""The terminal's way into the shop: units of work, and refusals in plain words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from db.crypto import Vault
from db.engine import build_engine, build_sessions
from db.ready import wait_until_migrated
from db.settings import Settings
from shop.actors import System
from shop.bots import queries
from shop.bots.queries import BotRow
from shop.cli.command import Refused
from shop.cli.schema import REACH_SECONDS, serving_database
from shop.errors import AlreadyExists, BadInput, NotFound, ShopError, StillInUse
from shop.unit_of_work import UnitOfWork, UnitsOfWork

OPERATOR = System("cli")
"""Who sits at the server's terminal may do everything; the audit trail says so."""

_T = TypeVar("_T")


def in_the_shop(settings: Settings, work: Callable[[UnitsOfWork], Awaitable[_T]]) -> _T:
    """Run ``work`` against the migrated database; a ShopError becomes Refused with a sentence."""

    async def run() -> _T:
        await wait_until_migrated(settings.database_url, timeout=REACH_SECONDS)
        async with units_of(settings) as units:
            return await work(units)

    with serving_database(settings):
        try:
            return asyncio.run(run())
        except ShopError as refusal:
            raise Refused(sentence_for(refusal)) from refusal


@asynccontextmanager
async def units_of(settings: Settings) -> AsyncIterator[UnitsOfWork]:
    """Units of work of this process, on an engine that is closed at the end."""
    engine = build_engine(settings.database_url, application_name="pishkhan cli", pool_size=2)
    try:
        yield UnitsOfWork(build_sessions(engine), Vault(settings.secret_keys), channel="cli")
    finally:
        await engine.dispose()


async def find_bot(uow: UnitOfWork, named: str) -> BotRow:
    """The shop meant by its number, its public id, its @name or ``master``, in a platform unit."""
    for bot in await queries.get_all_bots(uow, with_deleted=True):
        names = {str(bot.bot_id), bot.public_id}
        if bot.username:
            names |= {bot.username.casefold(), f"@{bot.username.casefold()}"}
        if bot.is_master:
            names.add("master")
        if named.casefold() in names:
            return bot
    raise NotFound("bot", named)


def sentence_for(refusal: ShopError) -> str:
    """What the terminal says; the dashboard and the bots have words of their own."""
    match refusal:
        case NotFound(what=what, id=key):
            return f"there is no {_plain(what)} {key}"
        case AlreadyExists(what=what, field=field):
            return f"another {_plain(what)} has this {_plain(field)} already"
        case StillInUse(what="bot"):
            return "the master's own shop cannot be deleted"
        case BadInput(field=field, problem=problem, limit=limit):
            return f"{_plain(field)}: {_plain(problem)}" + ("" if limit is None else f" ({limit})")
        case _:
            return f"refused: {_plain(refusal.code)}"


def _plain(word: str) -> str:
    return word.replace("_", " ")
