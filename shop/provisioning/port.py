"""What something that makes subscriptions must answer. A second way of making them is a second module.

A provisioner that works on our own tables (stock) runs inside the settling transaction. One that
talks to a panel over the network will not: its jobs stay ``pending`` for the worker, outside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from db.models import Order
from shop.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Provided:
    """The line for the customer: a link or a configuration."""

    access: str
    left: int | None = None
    """What is still on the shelf; None where nothing runs out."""
    low_at: int | None = None
    """The owner wants to be told when so many are ``left``."""


@dataclass(frozen=True, slots=True)
class OutOfStock:
    """Nothing to hand out now; the order stays paid and is served first when there is."""


class Provisioner(Protocol):
    async def provide(self, uow: UnitOfWork, order: Order) -> Provided | OutOfStock:
        """Make what ``order`` bought. Repeating it for one order gives the same line again."""
        ...
