"""Write down whom a shop hears from for the first time, or anew: those who write at the same time together.

A launch or an advertisement brings hundreds at once to one shop; each in a transaction of its own would wait
for the disk by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from bot.together import Together
from db.passing import is_passing
from shop.actors import System
from shop.unit_of_work import UnitsOfWork
from shop.users import service as users
from shop.users.service import Told, UserCard

ACTOR = System("bot")


@dataclass(slots=True)
class _Newcomer:
    told: Told
    language: str
    """The shop's."""
    card: UserCard | None = None
    error: Exception | None = None


@dataclass(slots=True)
class Newcomers:
    units: UnitsOfWork
    _by_shop: dict[int, Together[_Newcomer]] = field(default_factory=dict)

    async def keep(self, shop_id: int, told: Told, shop_language: str) -> UserCard:
        """Returns after the commit; raises what hindered this person's own record, and nobody else's."""
        together = self._by_shop.get(shop_id)
        if together is None:
            together = self._by_shop[shop_id] = Together(partial(self._write, shop_id))
        newcomer = _Newcomer(told, shop_language)
        await together.add(newcomer)
        if newcomer.card is None:
            raise newcomer.error or RuntimeError("nobody wrote this person down")
        return newcomer.card

    async def _write(self, shop_id: int, newcomers: Sequence[_Newcomer]) -> None:
        try:
            await self._keep(shop_id, newcomers)
        except Exception as error:
            if is_passing(error) or len(newcomers) == 1:
                raise
            for one in newcomers:  # somebody's record spoils all of them: each by itself
                try:
                    await self._keep(shop_id, [one])
                except Exception as own:  # noqa: BLE001  (told to whoever waits for this one)
                    one.error = own

    async def _keep(self, shop_id: int, newcomers: Sequence[_Newcomer]) -> None:
        async with self.units.begin(shop_id, ACTOR) as uow:
            cards = await users.keep_all(uow, [(one.told, one.language) for one in newcomers])
        for one in newcomers:
            one.card = cards[one.told.telegram_id]
