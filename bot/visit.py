"""Who speaks with which shop: what every handler needs to know, gathered by the middlewares."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any

from bot.views.screen import Reader
from shop.actors import Customer
from shop.bots.queries import BotContext
from shop.configurations.registry import MEGABYTE
from shop.features.registry import FeatureState
from shop.unit_of_work import UnitOfWork, UnitsOfWork
from shop.users.service import UserCard


def largest_file(settings: Mapping[str, Any]) -> int:
    """Bytes of a receipt, or of a picture in a ticket, that a shop with these settings takes."""
    return int(settings["receipt_max_mb"]) * MEGABYTE


@dataclass(frozen=True, slots=True)
class Visit:
    """One person in one shop, for the time of one update."""

    shop: BotContext
    person: UserCard
    reader: Reader
    settings: Mapping[str, Any]
    """Every setting of the shop with the value that counts now."""
    features: FeatureState

    @property
    def largest_file(self) -> int:
        """In bytes."""
        return largest_file(self.settings)

    @property
    def language(self) -> str:
        return self.reader.language

    def begin(self, units: UnitsOfWork) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit of work of this shop in this person's name."""
        return units.begin(self.shop.bot_id, Customer(self.person.id, self.person.name))

    def speaking(self, language: str) -> Visit:
        """The same visit in another language."""
        return replace(self, reader=replace(self.reader, language=language))
