"""Who may bring updates to our door: every bot on duty, by its opaque address and its secret.

Kept in memory, so that strangers cost no query however many they are. Every process has it, the leader
and those that stand by: whoever is reached may take an update into our keeping.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Never

from bot.tasks import Tasks
from db.listen import Listener
from shop.actors import System
from shop.bots.queries import FleetBot, list_fleet
from shop.signals import BOTS
from shop.unit_of_work import UnitsOfWork

log = logging.getLogger(__name__)

ACTOR = System("front door")
LOOK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Caller:
    """One bot's Telegram, as it identifies itself."""

    shop_id: int | None
    """None for the stranger, who is compared with like everybody else and never matches."""
    secrets: tuple[bytes, ...] = field(repr=False)


@dataclass(slots=True)
class Callers:
    units: UnitsOfWork
    database_url: str
    is_loaded: bool = False
    """Before the first look nobody can be told from a stranger."""
    _known: dict[str, Caller] = field(default_factory=dict)
    _fleet: dict[int, FleetBot] = field(default_factory=dict)
    _stranger: Caller = field(init=False)
    _look: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        # As many and as long as a bot's, and nobody's.
        self._stranger = Caller(
            None, tuple(secrets.token_urlsafe(32).encode() for _ in self.units.vault.secret_keys)
        )

    def recognise(self, public_id: str, secret: str) -> int | None:
        """The shop whose bot this is, or None; as much work for a stranger as for a bot."""
        caller = self._known.get(public_id, self._stranger)
        given = secret.encode("utf-8", "surrogateescape")
        # Every secret is compared, so that the time does not tell which one came near.
        matches = [hmac.compare_digest(given, known) for known in caller.secrets]
        return caller.shop_id if any(matches) else None

    def learn(self, shop: FleetBot) -> None:
        """Know a bot before Telegram is told to come: its first update may be here within the second."""
        self._known[shop.public_id] = _caller(shop)

    async def refresh(self) -> None:
        """Know exactly the bots that are on duty now."""
        async with self.units.platform(ACTOR) as uow:
            self._fleet = {shop.bot_id: shop for shop in await list_fleet(uow, self._fleet)}
        self._known = {shop.public_id: _caller(shop) for shop in self._fleet.values()}
        self.is_loaded = True

    async def run(self) -> Never:
        """Keep up with the database until cancelled. Without it we go on with what we know."""
        tasks = Tasks()
        listener = Listener(
            self.database_url,
            "pishkhan bot door",
            {BOTS: lambda _shop: self._look.set()},
            on_connect=self._look.set,
        )
        tasks.spawn(listener.run(), name="door-listener")
        try:
            while True:
                self._look.clear()
                try:
                    await self.refresh()
                except Exception:  # the database may be away
                    log.exception("cannot compare the known callers with the database")
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._look.wait()
        finally:
            await tasks.cancel()


def _caller(shop: FleetBot) -> Caller:
    return Caller(shop.bot_id, tuple(secret.encode() for secret in shop.webhook_secrets))
