"""A shop's own group in the sandbox, with the people who stand in it."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import asyncpg

from shop.actors import RECEIPTS_APPROVE, SEEING
from shop.bots import service as bots
from shop.staff import service as staff
from shop.unit_of_work import UnitsOfWork
from tests.bot.phone import PATIENCE, Phone, TooLong, Wire, buttons_of, words_of
from tests.factories import Shop


@dataclass
class Team:
    """The group of one shop, linked as its receipt chat."""

    shop: Shop
    units: UnitsOfWork
    wire: Wire
    bare: asyncpg.Connection
    chat_id: int

    @classmethod
    async def gather(
        cls, shop: Shop, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection, *, language: str = "en"
    ) -> Team:
        chat_id = -(10**12) - secrets.randbelow(10**9)
        await wire.act(
            "bot",
            token=shop.telegram_token,
            username=f"shop{shop.bot_id}_bot",
            name=shop.name,
            if_absent=True,
        )
        await wire.act(
            "chat", id=chat_id, title="Receipts", is_forum=True, bots={shop.telegram_token: "administrator"}
        )
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await bots.update_bot(uow, shop.bot_id, notification_group_id=chat_id, default_language=language)
        return cls(shop, units, wire, bare, chat_id)

    async def owner(self) -> Phone:
        """The owner's phone, in the group."""
        phone = await self.stranger("Alice")
        await self._link(self.shop.owner.staff_id, phone.user_id)
        return phone

    async def colleague(
        self, name: str = "Sara", *, may_approve: bool = True, up_to: int | None = None
    ) -> Phone:
        phone = await self.stranger(name)
        rights = SEEING | {RECEIPTS_APPROVE} if may_approve else SEEING
        async with self.units.begin(self.shop.bot_id, self.shop.owner) as uow:
            person = await staff.create_staff(
                uow, name=name, role="staff", permissions=rights, approve_up_to=up_to
            )
        await self._link(person, phone.user_id)
        return phone

    async def stranger(self, name: str = "Mallory") -> Phone:
        """In the group, but nobody of the shop."""
        user_id = 10**8 + secrets.randbelow(9 * 10**8)
        await self.wire.act("user", id=user_id, first_name=name, language_code="en")
        await self.wire.act(
            "chat", id=self.chat_id, title="Receipts", is_forum=True, members={user_id: "member"}
        )
        return Phone(self.wire, self.shop.telegram_token, user_id, chat_id=self.chat_id)

    async def topic(self, name: str) -> int:
        """A topic of the group, made by the bot; its number."""
        answer = await self.wire.http.post(
            f"{self.wire.url}/bot{self.shop.telegram_token}/createForumTopic",
            json={"chat_id": self.chat_id, "name": name},
        )
        return int(answer.json()["result"]["message_thread_id"])

    async def _link(self, staff_id: int, telegram_id: int) -> None:
        await self.bare.execute("update staff set telegram_id = $1 where id = $2", telegram_id, staff_id)


async def card_that(phone: Phone, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The newest message of the bot that ``fits``, as soon as there is one."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for message in reversed(await phone.heard()):
            if fits(message):
                return message
        await asyncio.sleep(0.03)
    raise TooLong(await phone.show())


def labels(message: dict[str, Any]) -> list[str]:
    return [button["text"] for button in buttons_of(message)]


def says(words: str) -> Callable[[dict[str, Any]], bool]:
    return lambda message: words in words_of(message)


def offers(label: str) -> Callable[[dict[str, Any]], bool]:
    return lambda message: any(label in text for text in labels(message))
