"""The worker that shows new tokens of shops to Telegram before they count.

Runs only in the process that leads the fleet. NOTIFY says that somebody may have asked; a periodic look
covers what was missed, and what Telegram gave no answer to.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Never

from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.exceptions import TelegramAPIError

from bot.fleet import REFUSED
from bot.telegram_session import open_bot
from db.logs import redact
from shop.actors import System
from shop.bots import replacing
from shop.bots.replacing import Candidate, Reason
from shop.errors import NotFound
from shop.unit_of_work import UnitsOfWork

log = logging.getLogger(__name__)

ACTOR = System("token checks")
LOOK_SECONDS = 10.0


@dataclass(slots=True)
class TokenChecks:
    units: UnitsOfWork
    session: AiohttpSession
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> Never:
        """Check whatever waits, until cancelled."""
        while True:
            self._wake.clear()
            try:
                await self.check_all()
            except Exception:  # the database may be away; the tokens in force go on working
                log.exception("cannot check the new tokens")
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()

    async def check_all(self) -> None:
        """Each by itself: Telegram's silence about one keeps no other waiting."""
        async with self.units.platform(ACTOR) as uow:
            waiting = await replacing.list_candidates(uow)
        await asyncio.gather(*(self._check(one) for one in waiting))

    async def _check(self, candidate: Candidate) -> None:
        username: str | None = None
        refusal: Reason | None = None
        if candidate.token is None:
            refusal = "unreadable"
        else:
            try:
                username = (await open_bot(candidate.token.text, self.session).get_me()).username
            except REFUSED:
                refusal = "unknown"
            except TelegramAPIError as error:  # no answer is no refusal: it is asked again
                log.info("no word yet on a token of shop %s: %s", candidate.bot_id, redact(error.message))
                return
        try:
            async with self.units.platform(ACTOR) as uow:
                state = await replacing.settle(uow, candidate, username=username, refusal=refusal)
        except NotFound:  # closed this instant
            return
        log.info("a new token of shop %s: %s", candidate.bot_id, state or "another came meanwhile")
