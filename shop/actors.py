"""Who is acting: written into the audit trail and checked by every use case that needs rights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from shop.errors import NotAllowed

RECEIPTS_SEE = "receipts.see"
RECEIPTS_APPROVE = "receipts.approve"
SHOP_SEE = "shop.see"
PLANS_MANAGE = "plans.manage"
CARDS_MANAGE = "cards.manage"
STOCK_MANAGE = "stock.manage"
FEATURES_MANAGE = "features.manage"
SETTINGS_MANAGE = "settings.manage"
TOKENS_MANAGE = "tokens.manage"
CUSTOMERS_MANAGE = "customers.manage"
MONEY_MANAGE = "money.manage"
BROADCASTS_MANAGE = "broadcasts.manage"
TICKETS_SEE = "tickets.see"
TICKETS_ANSWER = "tickets.answer"
SEEING = frozenset({RECEIPTS_SEE, SHOP_SEE, TICKETS_SEE})
OWNING = SEEING | {
    RECEIPTS_APPROVE,
    PLANS_MANAGE,
    CARDS_MANAGE,
    STOCK_MANAGE,
    FEATURES_MANAGE,
    SETTINGS_MANAGE,
    TOKENS_MANAGE,
    CUSTOMERS_MANAGE,
    MONEY_MANAGE,
    TICKETS_ANSWER,
    BROADCASTS_MANAGE,
}
PLATFORM_MANAGE = "platform.manage"


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A person of the shop's team, on the dashboard or in the owner's chat."""

    staff_id: int
    name: str
    permissions: frozenset[str]

    @property
    def label(self) -> str:
        return f"staff:{self.staff_id}"


@dataclass(frozen=True, slots=True)
class Master:
    """The platform's admin. While ``viewing`` a tenant's shop he sees everything and changes nothing."""

    staff_id: int
    name: str
    viewing: bool = False

    @property
    def label(self) -> str:
        return f"master:{self.staff_id}"


@dataclass(frozen=True, slots=True)
class Customer:
    """A person buying through the bot. ``user_id`` is the shop's key, not Telegram's."""

    user_id: int
    name: str = ""

    @property
    def label(self) -> str:
        return f"user:{self.user_id}"


@dataclass(frozen=True, slots=True)
class System:
    """A job of ours; ``job`` names it."""

    job: str

    @property
    def name(self) -> str:
        return self.job

    @property
    def label(self) -> str:
        return f"system:{self.job}"


Actor = StaffMember | Master | Customer | System


def recall(label: str, name: str, *, permissions: frozenset[str]) -> Actor:
    """Who acted under ``label`` (as the audit log writes it), for what is done later in his name.

    Raises ValueError for a customer: nothing is done later in a customer's name.
    """
    kind, _, key = label.partition(":")
    match kind:
        case "staff":
            return StaffMember(int(key), name, permissions)
        case "master":
            return Master(int(key), name)
        case "system":
            return System(key)
        case _:
            raise ValueError(f"nobody of the house is called {label}")


def staff_id(actor: Actor) -> int | None:
    """The key of the person of the house who acts; None for everybody else."""
    return actor.staff_id if isinstance(actor, StaffMember | Master) else None


def may(actor: Actor, permission: str) -> bool:
    """Whether ``actor`` holds ``permission``. ``System`` holds all of them."""
    match actor:
        case System():
            return True
        case Master(viewing=viewing):
            return permission in SEEING or not viewing
        case StaffMember(permissions=held):
            return permission in held
        case Customer():
            return False
        case _:
            assert_never(actor)


def require(actor: Actor, permission: str) -> None:
    """Raise ``NotAllowed`` unless ``actor`` holds ``permission``."""
    if not may(actor, permission):
        raise NotAllowed(permission)
