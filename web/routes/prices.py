"""Many prices at once: choose, look at what they would become, then confirm exactly that."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from litestar import Response, get, post

from shop.actors import PLANS_MANAGE, require
from shop.configurations.queries import get_config_value
from shop.errors import BadInput, ListChanged, PriceChanged, ShopError
from shop.plans import pricing, queries, sold
from shop.plans.pricing import NewPrice
from shop.plans.rules import STEPS, Repricing
from shop.receipts.desk import count_waiting
from shop.unit_of_work import UnitOfWork
from web.auth import signed_in
from web.deps import Uow
from web.errors import ANSWERS, sentence_for
from web.forms import LARGEST_ID, read_form
from web.parts import WebRequest, parts_of
from web.rendering import Screen, move_on, wants_part
from web.routes.plans import PLANS
from web.typed import read_number

ROUNDING = "price_rounding"
"""The setting of the step that is offered first."""
PRICES = f"{PLANS}/prices"
DIRECTIONS = ("up", "down")
_ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_SHOWN = re.compile(r"[1-9][0-9]{0,18}\.[0-9]{1,15}(?:,[1-9][0-9]{0,18}\.[0-9]{1,15}){0,2000}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wish:
    """The form as it was filled in, readable or not."""

    percent: str = ""
    direction: str = DIRECTIONS[0]
    step: str = ""
    chosen: frozenset[int] = frozenset()

    def read(self) -> Repricing:
        """Raises BadInput."""
        percent = read_number("percent", self.percent)
        if percent < 1:
            raise BadInput("percent", "too_small", 1)
        if self.direction not in DIRECTIONS:
            raise BadInput("direction", "not_a_choice")
        return Repricing(percent if self.direction == "up" else -percent, read_number("step", self.step))


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page answers to a wish."""

    prices: Sequence[NewPrice] = ()
    refusal: ShopError | None = None
    names: Mapping[int, str] = field(default_factory=dict)


@get(PRICES)
async def prices(request: WebRequest, uow: Uow) -> Response[str]:
    """The form, and under it what the address asks for: before and after, nothing is changed yet."""
    require(uow.actor, PLANS_MANAGE)
    asked = request.query_params
    if "percent" not in asked:
        plans = await queries.get_plans(uow)
        step = str(await get_config_value(uow, ROUNDING))
        wish = Wish(step=step, chosen=frozenset(plan.plan_id for plan in plans))
        return await _show(Screen.of(request), uow, wish)
    wish = Wish(
        asked.get("percent") or "",
        asked.get("direction") or DIRECTIONS[0],
        asked.get("step") or "",
        frozenset(int(one) for one in asked.getall("plan", []) if _ID.fullmatch(one)),
    )
    return await _preview(Screen.of(request), uow, wish)


@post(PRICES)
async def change(request: WebRequest) -> Response[str]:
    """Do what was shown, all of it; where something is otherwise by now, nothing, and it is shown anew."""
    fields, who, parts = await read_form(request), signed_in(request), parts_of(request)
    shown = _shown(fields.get("shown", ""))
    wish = Wish(
        fields.get("percent", ""), fields.get("direction", ""), fields.get("step", ""), frozenset(shown)
    )
    try:
        async with parts.units.begin(who.shop.bot_id, who.actor) as uow:
            require(uow.actor, PLANS_MANAGE)
            await pricing.change_prices(uow, wish.read(), shown)
    except (ListChanged, PriceChanged) as refusal:
        async with parts.units.begin(who.shop.bot_id, who.actor) as uow:
            return await _preview(Screen.of(request), uow, wish, refusal)
    return move_on(request, PLANS, [parts.cookies.keep_notice("prices_changed")])


def _shown(text: str) -> dict[int, int]:
    """What each plan cost in the preview. Raises BadInput."""
    if _SHOWN.fullmatch(text) is None:
        raise BadInput("shown", "unreadable")
    pairs = (one.split(".") for one in text.split(","))
    return {int(plan_id): int(price) for plan_id, price in pairs if int(plan_id) <= LARGEST_ID}


async def _preview(
    screen: Screen, uow: UnitOfWork, wish: Wish, refusal: ShopError | None = None
) -> Response[str]:
    plans = {plan.plan_id for plan in await queries.get_plans(uow)}
    try:
        chosen = wish.chosen & plans if refusal is not None else wish.chosen
        found = await pricing.preview_prices(uow, wish.read(), chosen)
    except (BadInput, ListChanged) as wrong:
        return await _show(screen, uow, wish, Shown(refusal=refusal or wrong))
    return await _show(screen, uow, wish, Shown(found, refusal))


async def _show(screen: Screen, uow: UnitOfWork, wish: Wish, shown: Shown | None = None) -> Response[str]:
    shown = shown or Shown()
    refusal = shown.refusal
    plans = await queries.get_plans(uow)
    context: dict[str, Any] = {
        "plans": [
            (plan, sold.name({"name": plan.name, "translations": plan.translations}, screen.lang))
            for plan in plans
        ],
        "wish": wish,
        "steps": STEPS,
        "prices": shown.prices,
        "shown": ",".join(f"{one.plan.plan_id}.{one.before}" for one in shown.prices),
        "wrong_field": refusal.field if isinstance(refusal, BadInput) else "",
        "error": sentence_for(screen, refusal) if refusal is not None else None,
    }
    code = 200 if refusal is None else ANSWERS[type(refusal)][0]
    if wants_part(screen.request):
        return screen.part("plans/_prices.html", code=code, **context)
    waiting = await count_waiting(uow)
    return screen.page("plans/prices.html", code=code, active="plans", waiting=waiting, **context)
