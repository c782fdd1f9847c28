"""What a test stands on that sends by itself: shops with bots, people who wrote to them, and bad answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.registry import Registry
from bot.telegram_session import open_bot
from shop.unit_of_work import UnitsOfWork
from tests.bot.phone import Phone, Wire
from tests.conftest import Clock
from tests.factories import Shop, Shops


@dataclass(kw_only=True)
class Ground:
    """Nothing on it moves unless the test does it."""

    units: UnitsOfWork
    clock: Clock
    shops: Shops
    wire: Wire
    session: Any
    registry: Registry = field(default_factory=Registry)

    async def open_shop(self) -> Shop:
        """A shop whose bot Telegram knows and so do we."""
        shop = await self.shops.open()
        await self.wire.act("bot", token=shop.telegram_token, username=f"b{shop.bot_id}_bot", name=shop.name)
        self.registry.add(shop.bot_id, open_bot(shop.telegram_token, self.session))
        return shop

    async def person(self, shop: Shop) -> tuple[Phone, int]:
        """Somebody who has written to the bot, and the shop's key for him."""
        someone = await self.shops.person(shop)
        await self.wire.act("user", id=someone.telegram_id, first_name="Carol", chats=[shop.telegram_token])
        return Phone(self.wire, shop.telegram_token, someone.telegram_id), someone.user_id

    async def fault(self, shop: Shop, code: int, description: str, **more: Any) -> None:
        """From now on Telegram refuses what this shop's bot says."""
        await self.wire.act(
            "fault",
            token=shop.telegram_token,
            method="sendMessage",
            code=code,
            description=description,
            **more,
        )
