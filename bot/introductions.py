"""Make a bot and its people known to the sandbox, which begins every day without memory."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientConnectionError, ClientSession, ClientTimeout
from sqlalchemy import select

from db.models import Bot as Shop
from db.models import User
from shop.actors import System
from shop.bots.queries import FleetBot
from shop.staff.queries import list_staff
from shop.unit_of_work import UnitsOfWork

log = logging.getLogger(__name__)

ACTOR = System("introductions")
PEOPLE = 50
RETRY_SECONDS = 0.25
TIMEOUT = ClientTimeout(total=10)


@dataclass(frozen=True, slots=True)
class Introducer:
    units: UnitsOfWork
    api_url: str

    async def introduce(self, shop: FleetBot) -> None:
        """Idempotent. Waits for a sandbox that has yet to start; a token it revoked stays revoked."""
        async with self.units.begin(shop.bot_id, ACTOR) as uow:
            username = await uow.session.scalar(select(Shop.username).where(Shop.id == shop.bot_id))
            people = list(
                await uow.session.scalars(
                    select(User)
                    .where(User.unreachable_at.is_(None))
                    .order_by(User.last_seen_at.desc().nulls_last(), User.id.desc())
                    .limit(PEOPLE)
                )
            )
            customers = {person.telegram_id for person in people}
            team = [
                (person.name, person.telegram_id)
                for person in await list_staff(uow)
                if person.telegram_id is not None and person.telegram_id not in customers
            ]
        async with ClientSession(timeout=TIMEOUT) as http:
            await self._tell(
                http,
                "bot",
                {
                    "token": shop.token,
                    "username": username or f"shop{shop.bot_id}_bot",
                    "name": shop.name,
                    "master": shop.is_master,
                    "if_absent": True,
                },
            )
            # The team first: the page lists people as they came, and only the first of many.
            for name, telegram_id in team:
                known = {
                    "id": telegram_id,
                    "first_name": name,
                    "language_code": shop.default_language,
                    "chats": [shop.token],
                }
                await self._tell(http, "user", known)
            for person in reversed(people):
                await self._tell(http, "user", _person(person, shop.token))

    async def _tell(self, http: ClientSession, action: str, body: dict[str, Any]) -> None:
        while True:
            try:
                async with http.post(f"{self.api_url}/_c/{action}", json=body) as answer:
                    if answer.status >= 400:  # noqa: PLR2004  (HTTP's own border)
                        log.warning("the sandbox refused to know a %s: %s", action, answer.status)
                    return
            except ClientConnectionError:
                await asyncio.sleep(RETRY_SECONDS)


def _person(user: User, token: str) -> dict[str, Any]:
    known = {
        "id": user.telegram_id,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "username": user.username,
        "language_code": user.language,
        "chats": [token],
    }
    return {name: value for name, value in known.items() if value is not None}
