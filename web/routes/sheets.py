"""The price list, the cards and the team as files: lists of one page each, whole in a spreadsheet."""

from __future__ import annotations

from litestar import Response, get

from shop.actors import CARDS_MANAGE, PLANS_MANAGE, TOKENS_MANAGE, require
from shop.cards import board
from shop.cards.board import BoardCard
from shop.staff.team import Colleague, load_team
from web.access import Access, route_for
from web.deps import Uow
from web.lists import file_of
from web.parts import WebRequest
from web.rendering import Screen
from web.routes.cards import CARDS, range_of
from web.routes.plans import PLANS, PlanOnList, on_list
from web.routes.team import TEAM

PLAN_COLUMNS = (
    *("id", "name", "description", "price_toman", "days", "gigabytes", "devices", "renewal"),
    *("on_sale", "archived_at", "sold_30_days", "in_stock", "orders_waiting"),
)
TEAM_COLUMNS = (
    *("id", "name", "role", "in_the_team", "may", "approves_up_to_toman"),
    *("telegram_linked", "devices", "tokens", "last_seen_utc"),
)
CARD_COLUMNS = (
    *("id", "bank", "last_four", "holder", "on", "resting_until", "weight"),
    *("most_a_day", "most_toman_a_day", "from_toman", "to_toman", "from_hour", "to_hour"),
    *("shown_today", "range_days", "shown", "receipts", "approved", "approved_toman", "rejected"),
)


@get(f"{PLANS}.csv", opt=route_for(Access.STAFF, fresh_from=PLANS))
async def plans_file(request: WebRequest, uow: Uow) -> Response[bytes]:
    """Every plan in the order of the list, then the archive; prices are whole Toman."""
    require(uow.actor, PLANS_MANAGE)
    rows = await on_list(Screen.of(request), uow)
    return file_of(request, "plans", PLAN_COLUMNS, map(_plan, rows))


@get(f"{TEAM}.csv", opt=route_for(Access.STAFF, fresh_from=TEAM))
async def team_file(request: WebRequest, uow: Uow) -> Response[bytes]:
    """Everybody of the shop with what each may do; no token is in it."""
    require(uow.actor, TOKENS_MANAGE)
    return file_of(request, "team", TEAM_COLUMNS, map(_colleague, await load_team(uow)))


@get(f"{CARDS}.csv", opt=route_for(Access.STAFF, fresh_from=CARDS))
async def cards_file(request: WebRequest, uow: Uow) -> Response[bytes]:
    """Every card in its turn with what it did in the range of the address; of its number the last four."""
    require(uow.actor, CARDS_MANAGE)
    days = range_of(request)
    shown = await board.load_board(uow, range_days=days)
    return file_of(request, "cards", CARD_COLUMNS, (_card(one, days) for one in shown.cards))


def _plan(row: PlanOnList) -> tuple[object, ...]:
    plan = row.plan
    return (
        plan.plan_id,
        row.name,
        plan.description,
        plan.price,
        plan.period_days,
        plan.traffic_limit_gb,
        plan.device_limit,
        plan.renewal_policy,
        plan.is_active,
        plan.archived_at,
        row.sold,
        None if row.shelf is None else row.shelf.free,
        None if row.shelf is None else row.shelf.waiting,
    )


def _colleague(one: Colleague) -> tuple[object, ...]:
    return (
        one.staff_id,
        one.name,
        one.role,
        one.is_active,
        " ".join(sorted(one.permissions)),
        one.approve_up_to,
        one.has_telegram,
        one.sessions,
        one.tokens,
        one.last_seen_at,
    )


def _card(one: BoardCard, days: int) -> tuple[object, ...]:
    card, did = one.card, one.period
    return (
        card.card_id,
        card.bank_name,
        card.last_four,
        card.holder_name,
        card.is_active,
        None if one.resting is None else one.resting.until,
        card.weight,
        card.daily_limit_count,
        card.daily_limit_amount,
        card.min_amount,
        card.max_amount,
        card.active_from,
        card.active_until,
        one.today.shown,
        days,
        did.shown,
        did.received,
        did.approved,
        did.approved_amount,
        did.rejected,
    )
