"""The price list: what is sold, in which order, and what the bot shows of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from shop.actors import PLANS_MANAGE, may
from shop.errors import BadInput, ListChanged
from shop.orders.queries import count_sold
from shop.plans import queries, rules, service
from shop.plans.arranging import arrange
from shop.plans.groups import GroupRow, list_groups
from shop.plans.queries import PlanRow
from shop.provisioning.service import StockLevel, stock_levels
from shop.receipts.desk import count_waiting
from shop.texts.queries import load_texts
from shop.unit_of_work import UnitOfWork
from web import plan_order, preview
from web.auth import signed_in
from web.deps import Uow
from web.errors import sentence_for
from web.forms import parse_id, read_form
from web.parts import WebRequest, parts_of
from web.rendering import NOTICES, Screen, Undo, move_on, see_other, undo_of, wants_part
from web.typed import ON

PLANS = "/plans"
ARCHIVE = "archived"
OFF = "off"
LIST = "#plans"
"""The part of the page that every change shows anew."""
SOLD_DAYS = 30


@dataclass(frozen=True, slots=True)
class PlanOnList:
    """One plan as the list shows it."""

    plan: PlanRow
    name: str
    """In the reader's language."""
    group: str
    """Its name in the reader's language; empty without one, and where it is archived."""
    sold: int
    """In the last thirty days."""
    shelf: StockLevel | None
    """None for what is not sold from stock, and for what is archived."""


@dataclass(frozen=True, slots=True)
class SectionOnList:
    """One group with its plans, or those without one."""

    group: GroupRow | None
    name: str
    """In the reader's language."""
    plans: list[PlanOnList]

    @property
    def head(self) -> str:
        return plan_order.head(None if self.group is None else self.group.group_id)

    @property
    def is_shown(self) -> bool:
        """Whether the bot shows it."""
        return any(one.plan.is_active for one in self.plans)


@get(PLANS)
async def price_list(request: WebRequest, uow: Uow) -> Response[str]:
    """The list in its order, or the archive; beside it what the bot shows."""
    return await _show(Screen.of(request), uow)


@post(f"{PLANS}/order")
async def order(request: WebRequest) -> Response[str]:
    """The whole list in a new order: as it was dragged, or with one plan moved by a button."""
    fields, who, screen = await read_form(request), signed_in(request), Screen.of(request)
    items = plan_order.moved(plan_order.read(fields.get("order", "")), fields.get("move", ""))
    units = parts_of(request).units
    try:
        async with units.begin(who.shop.bot_id, who.actor) as uow:
            before = plan_order.write(await list_groups(uow), await queries.get_plans(uow))
            await arrange(uow, plan_order.sections(items))
            if wants_part(request):
                undo = Undo(f"{PLANS}/order", LIST, {"order": before})
                return await _show(screen, uow, done=("plans_ordered", undo))
    except ListChanged as refusal:
        if not wants_part(request):
            raise
        async with units.begin(who.shop.bot_id, who.actor) as uow:
            return await _show(screen, uow, refusal=refusal)
    return see_other(PLANS)


@post(f"{PLANS}/{{plan_id:str}}/switch")
async def switch(request: WebRequest, plan_id: FromPath[str]) -> Response[str]:
    """On sale or off; the bot obeys from the next time somebody asks for the list."""
    fields, who, screen = await read_form(request), signed_in(request), Screen.of(request)
    wish, plan = fields.get("enabled"), parse_id("plan", plan_id)
    if wish not in {ON, OFF}:
        raise BadInput("enabled", "not_a_choice")
    told = "plan_on" if wish == ON else "plan_off"
    async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
        await (service.activate_plan if wish == ON else service.deactivate_plan)(uow, plan)
        if wants_part(request):
            back = {"enabled": OFF if wish == ON else ON}
            return await _show(screen, uow, done=(told, Undo(f"{PLANS}/{plan}/switch", LIST, back)))
    return see_other(PLANS, send_cookies=[screen.parts.cookies.keep_notice(told)])


@post(f"{PLANS}/{{plan_id:str}}/archive")
async def archive(request: WebRequest, plan_id: FromPath[str]) -> Response[str]:
    """Off the list; what was sold goes on."""
    who, plan = signed_in(request), parse_id("plan", plan_id)
    async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
        was = ON if await service.archive_plan(uow, plan) else OFF
    kept = Screen.of(request).keep_notice("plan_archived", undo_of("plan_archived", plan, was))
    return move_on(request, PLANS, [kept])


@post(f"{PLANS}/{{plan_id:str}}/restore")
async def restore(request: WebRequest, plan_id: FromPath[str]) -> Response[str]:
    """Out of the archive, to the end of the list; or, to undo it, where it stood and on sale as it was."""
    to = (await read_form(request)).get("to")

    async def back(uow: UnitOfWork, plan: int) -> None:
        await service.restore_plan(uow, plan, in_its_place=to is not None)
        if to == ON:
            await service.activate_plan(uow, plan)

    return await _away(request, plan_id, back, "plan_restored" if to is None else "put_back")


@post(f"{PLANS}/{{plan_id:str}}/delete")
async def delete(request: WebRequest, plan_id: FromPath[str]) -> Response[str]:
    """Gone, if nobody ever ordered it."""
    return await _away(request, plan_id, service.delete_plan, "plan_deleted")


async def _away(
    request: WebRequest, plan_id: str, verb: Callable[[UnitOfWork, int], Awaitable[object]], notice: str
) -> Response[str]:
    who, parts = signed_in(request), parts_of(request)
    async with parts.units.begin(who.shop.bot_id, who.actor) as uow:
        await verb(uow, parse_id("plan", plan_id))
    return move_on(request, PLANS, [parts.cookies.keep_notice(notice)])


async def on_list(screen: Screen, uow: UnitOfWork, groups: Sequence[GroupRow]) -> list[PlanOnList]:
    """Every plan of the shop, the archived ones too. Raises NotAllowed."""
    plans = await queries.list_all(uow)
    counts = await count_sold(uow, since=uow.now - timedelta(days=SOLD_DAYS))
    shelves = {shelf.plan_id: shelf for shelf in await stock_levels(uow, screen.lang)}
    names = {one.group_id: rules.named(one, screen.lang) for one in groups if one.archived_at is None}
    return [
        PlanOnList(
            plan,
            rules.named(plan, screen.lang),
            names.get(plan.group_id, "") if plan.group_id is not None else "",
            counts.get(plan.plan_id, 0),
            shelves.get(plan.plan_id) if plan.archived_at is None else None,
        )
        for plan in plans
    ]


def _sections(
    screen: Screen, groups: Sequence[GroupRow], listed: Sequence[PlanOnList]
) -> list[SectionOnList]:
    shown = {row.plan.plan_id: row for row in listed}
    return [
        SectionOnList(
            group,
            "" if group is None else rules.named(group, screen.lang),
            [shown[plan.plan_id] for plan in plans],
        )
        for group, plans in plan_order.grouped(groups, [row.plan for row in listed])
    ]


async def _show(
    screen: Screen,
    uow: UnitOfWork,
    *,
    refusal: ListChanged | None = None,
    done: tuple[str, Undo] | None = None,
) -> Response[str]:
    groups = await list_groups(uow)
    rows = await on_list(screen, uow, groups)
    listed = [row for row in rows if row.plan.archived_at is None]
    offers, texts = await queries.list_offers(uow, screen.lang), await load_texts(uow)
    context: dict[str, Any] = {
        "listed": listed,
        "sections": _sections(screen, groups, listed),
        "put_away": [(one, rules.named(one, screen.lang)) for one in groups if one.archived_at is not None],
        "archived": [row for row in rows if row.plan.archived_at is not None],
        "in_archive": screen.request.query_params.get("tab") == ARCHIVE,
        "order": plan_order.write(groups, [row.plan for row in listed]),
        "most_sold": max((row.sold for row in rows), default=0),
        "on_sale": sum(row.plan.is_active for row in listed),
        "bubbles": preview.price_list(offers, screen.lang, texts),
        "can_manage": may(uow.actor, PLANS_MANAGE),
    }
    if refusal is not None:
        told = screen.toast(sentence_for(screen, refusal), tone="bad")
        return screen.answer(screen.text("plans/_list.html", **context) + told, code=409)
    if done is not None:
        told = screen.toast(screen.say(NOTICES[done[0]]), tone="ok", undo=done[1])
        return screen.answer(screen.text("plans/_list.html", **context) + told)
    if wants_part(screen.request):
        return screen.part("plans/_list.html", **context)
    waiting = await count_waiting(uow)
    return screen.page("plans/index.html", active="plans", waiting=waiting, **context)
