"""Who blocked the bot, and who came back."""

from __future__ import annotations

from aiogram import Router
from aiogram.enums import ChatMemberStatus
from aiogram.types import ChatMemberUpdated

from shop.actors import System
from shop.unit_of_work import UnitsOfWork
from shop.users import service as users


async def changed(event: ChatMemberUpdated, shop_id: int, units: UnitsOfWork) -> None:
    """Remember whether this person can be written to."""
    person = event.from_user
    async with units.begin(shop_id, System("presence")) as uow:
        known = await users.register(
            uow,
            telegram_id=person.id,
            first_name=person.first_name,
            last_name=person.last_name,
            username=person.username,
            language_code=person.language_code,
        )
        if event.new_chat_member.status == ChatMemberStatus.KICKED:
            await users.mark_unreachable(uow, known.id)
        else:
            await users.mark_reachable(uow, known.id)


def router() -> Router:
    router = Router(name="presence")
    router.my_chat_member.register(changed)
    return router
