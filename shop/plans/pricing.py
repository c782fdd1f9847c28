"""Many prices at once: first what they would become, then exactly that or nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from shop.actors import PLANS_MANAGE, require
from shop.audit import service as audit
from shop.errors import BadInput, ListChanged, PriceChanged
from shop.plans.queries import PlanRow, get_plans
from shop.plans.rules import Repricing, still_above
from shop.plans.service import lock_list
from shop.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class NewPrice:
    """What one plan costs and would cost. Minor units of the shop's currency."""

    plan: PlanRow
    before: int
    after: int

    @property
    def ends_reduction(self) -> bool:
        """The price that is struck through beside it would not be above it any more, and goes."""
        return self.plan.old_price is not None and still_above(self.plan.old_price, self.after) is None


async def preview_prices(uow: UnitOfWork, repricing: Repricing, plan_ids: Collection[int]) -> list[NewPrice]:
    """What ``repricing`` would make of the chosen plans, in the order of the list; nothing is changed.

    Raises NotAllowed, BadInput when none is chosen or one would become too dear, and ListChanged when a
    chosen plan is not on the list.
    """
    require(uow.actor, PLANS_MANAGE)
    _some(plan_ids)
    chosen = [plan for plan in await get_plans(uow) if plan.plan_id in plan_ids]
    if len(chosen) != len(set(plan_ids)):
        raise ListChanged("plan")
    return [NewPrice(plan, plan.price, repricing.of(plan.price)) for plan in chosen]


async def change_prices(uow: UnitOfWork, repricing: Repricing, shown: Mapping[int, int]) -> int:
    """Give every plan in ``shown`` its new price, or none of them; answers how many changed.

    ``shown`` is what each cost in the preview that was confirmed: where one costs something else now, the
    person agreed to other figures than these. Orders keep the price they were made with. A struck price is
    never moved: it stays while it is above the new price, and goes where it is not. Raises NotAllowed,
    BadInput, ListChanged when a plan left the list, and PriceChanged.
    """
    require(uow.actor, PLANS_MANAGE)
    _some(shown)
    plans = await lock_list(uow)
    if not shown.keys() <= plans.keys():
        raise ListChanged("plan")
    for plan_id, before in shown.items():
        if plans[plan_id].price != before:
            raise PriceChanged(plan_id, shown=before, price=plans[plan_id].price)
    after = {plan_id: repricing.of(before) for plan_id, before in shown.items()}
    changed = [plans[plan_id] for plan_id in shown if after[plan_id] != shown[plan_id]]
    gone: dict[int, int | None] = {}
    for plan in changed:
        plan.price, plan.updated_at = after[plan.id], uow.now
        if plan.old_price is not None and still_above(plan.old_price, plan.price) is None:
            gone[plan.id], plan.old_price = plan.old_price, None
    await uow.session.flush()
    for plan in changed:
        old = {"old_price_before": gone[plan.id], "old_price": None} if plan.id in gone else {}
        await audit.record(
            uow,
            "plan.repriced",
            "plan",
            plan.id,
            name=plan.name,
            price_before=shown[plan.id],
            price=plan.price,
            percent=repricing.percent,
            step=repricing.step,
            **old,
        )
    return len(changed)


def _some(plans: Collection[int]) -> None:
    if not plans:
        raise BadInput("plans", "required")
