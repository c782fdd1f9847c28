"""What a shop still needs before its first sale. Nothing of it is stored: what is undone is not done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, select

from db.models import Bot, BotPlan, Order, StockItem, TenantPaymentCard
from shop.actors import SHOP_SEE, require
from shop.orders.queries import is_sale
from shop.unit_of_work import UnitOfWork

StepKey = Literal["bot", "card", "plan", "stock", "chat", "support", "test", "sale"]


@dataclass(frozen=True, slots=True)
class Step:
    key: StepKey
    is_done: bool
    shown: str = ""
    """What there is, where a word of the shop's own says it: the bot's name, the account of support."""


@dataclass(frozen=True, slots=True)
class Checklist:
    """The steps in the order in which they are best taken."""

    steps: tuple[Step, ...]
    username: str | None
    """Of the shop's bot, without the ``@``."""

    @property
    def left(self) -> int:
        return sum(not step.is_done for step in self.steps)

    @property
    def next(self) -> Step | None:
        return next((step for step in self.steps if not step.is_done), None)

    @property
    def is_finished(self) -> bool:
        """The first sale was made, whatever else is missing."""
        return self._is_done("sale")

    @property
    def is_bare(self) -> bool:
        """Nothing could be bought yet, and nothing ever was: there is nothing to look at but the list."""
        return not self.is_finished and not (self._is_done("card") and self._is_done("plan"))

    def _is_done(self, key: StepKey) -> bool:
        return any(step.is_done for step in self.steps if step.key == key)


async def load_checklist(uow: UnitOfWork, *, is_tried: bool = False) -> Checklist:
    """One statement. ``is_tried``: a test purchase went the whole way, as ``shop.rehearsals`` knows.

    Raises NotAllowed.
    """
    require(uow.actor, SHOP_SEE)
    on_sale = (BotPlan.is_active, BotPlan.archived_at.is_(None))
    row = (
        await uow.session.execute(
            select(
                Bot.username,
                Bot.support_username,
                Bot.is_active,
                Bot.token_state,
                func.coalesce(Bot.admin_chat_id, Bot.notification_group_id).label("chat"),
                _is_any(
                    TenantPaymentCard.id, TenantPaymentCard.is_active, TenantPaymentCard.archived_at.is_(None)
                ).label("card"),
                _is_any(BotPlan.id, *on_sale).label("plan"),
                select(StockItem.id)
                .join(BotPlan, BotPlan.id == StockItem.plan_id)
                .where(StockItem.status == "free", *on_sale)
                .exists()
                .label("stock"),
                has_sold().label("sale"),
            ).where(Bot.id == uow.bot_id)
        )
    ).one()
    steps = (
        Step("bot", row.is_active and row.token_state == "live", row.username or ""),  # noqa: S105  (a state, not a secret)
        Step("card", row.card),
        Step("plan", row.plan),
        Step("stock", row.stock),
        Step("chat", row.chat is not None),
        Step("support", bool(row.support_username), row.support_username or ""),
        Step("test", is_tried),
        Step("sale", row.sale),
    )
    return Checklist(steps, row.username)


def has_sold() -> Any:
    """Whether the shop ever sold anything."""
    return _is_any(Order.id, Order.paid_at.is_not(None), is_sale())


def _is_any(column: Any, *conditions: Any) -> Any:
    return select(column).where(*conditions).exists()
