"""The price list, the cards and the team as files: lists of one page each, whole in a spreadsheet."""

from __future__ import annotations

from litestar import Response, get

from shop.actors import CARDS_MANAGE, PLANS_MANAGE, TOKENS_MANAGE, require
from shop.cards import board
from shop.cards.banks import localised
from shop.cards.board import BoardCard
from shop.i18n import N_
from shop.plans.groups import list_groups
from shop.staff.rules import ABOUT
from shop.staff.team import Colleague, load_team
from web.access import Access, route_for
from web.deps import Uow
from web.history import VALUES
from web.parts import WebRequest
from web.rendering import Screen
from web.routes.cards import CARDS, range_of
from web.routes.plans import PLANS, PlanOnList, on_list
from web.routes.team import TEAM
from web.sheets import file_of, in_gigabytes, in_toman, in_utc, said
from web.words import RENEWALS

PLAN_COLUMNS = (
    *(
        N_("Number"),
        N_("Name"),
        N_("Description"),
        N_("Group"),
        in_toman(N_("Price")),
        in_toman(N_("Price before")),
        N_("Days"),
    ),
    *(in_gigabytes(N_("Volume")), N_("Devices at the same time"), N_("How often one customer may buy it")),
    *(N_("When it is renewed"), N_("On sale"), in_utc(N_("Archived")), N_("Sold in 30 days")),
    *(N_("In stock"), N_("Paid orders that wait")),
)
TEAM_COLUMNS = (
    *(N_("Number"), N_("Name"), N_("Role"), N_("In the team"), N_("May")),
    *(in_toman(N_("Approves up to")), N_("Telegram is linked"), N_("Browsers signed in"), N_("Tokens")),
    in_utc(N_("Was last here")),
)
CARD_COLUMNS = (
    *(N_("Number"), N_("Bank"), N_("Last four digits"), N_("Holder"), N_("Switched on")),
    *(in_utc(N_("Rests until")), N_("Weight"), N_("Most receipts a day"), in_toman(N_("Most a day"))),
    *(in_toman(N_("Amount from")), in_toman(N_("Amount up to")), N_("From the hour"), N_("Up to the hour")),
    *(N_("Shown today"), N_("Days that are counted"), N_("Shown"), N_("Receipts"), N_("Approved")),
    *(in_toman(N_("Sum approved")), N_("Rejected")),
)


@get(f"{PLANS}.csv", opt=route_for(Access.STAFF, fresh_from=PLANS))
async def plans_file(request: WebRequest, uow: Uow) -> Response[bytes]:
    """Every plan in the order of the list, then the archive; prices are whole Toman."""
    require(uow.actor, PLANS_MANAGE)
    screen = Screen.of(request)
    rows = await on_list(screen, uow, await list_groups(uow))
    return file_of(screen, "plans", N_("Plans"), PLAN_COLUMNS, (_plan(screen, row) for row in rows))


@get(f"{TEAM}.csv", opt=route_for(Access.STAFF, fresh_from=TEAM))
async def team_file(request: WebRequest, uow: Uow) -> Response[bytes]:
    """Everybody of the shop with what each may do; no token is in it."""
    require(uow.actor, TOKENS_MANAGE)
    screen, team = Screen.of(request), await load_team(uow)
    return file_of(screen, "team", N_("Team"), TEAM_COLUMNS, (_colleague(screen, one) for one in team))


@get(f"{CARDS}.csv", opt=route_for(Access.STAFF, fresh_from=CARDS))
async def cards_file(request: WebRequest, uow: Uow) -> Response[bytes]:
    """Every card in its turn with what it did in the range of the address; of its number the last four."""
    require(uow.actor, CARDS_MANAGE)
    screen, days = Screen.of(request), range_of(request)
    shown = await board.load_board(uow, range_days=days)
    rows = (_card(screen, one, days) for one in shown.cards)
    return file_of(screen, "cards", N_("Cards"), CARD_COLUMNS, rows)


def _plan(screen: Screen, row: PlanOnList) -> tuple[object, ...]:
    plan = row.plan
    return (
        plan.plan_id,
        row.name,
        plan.description,
        row.group,
        plan.price,
        plan.old_price,
        plan.period_days,
        plan.traffic_limit_gb,
        plan.device_limit,
        plan.most_per_person,
        said(screen, RENEWALS, plan.renewal_policy),
        plan.is_active,
        plan.archived_at,
        row.sold,
        None if row.shelf is None else row.shelf.free,
        None if row.shelf is None else row.shelf.waiting,
    )


def _colleague(screen: Screen, one: Colleague) -> tuple[object, ...]:
    return (
        one.staff_id,
        one.name,
        said(screen, VALUES["role"], one.role),
        one.is_active,
        "; ".join(screen.say(ABOUT[may]) for may in ABOUT if may in one.permissions),
        one.approve_up_to,
        one.has_telegram,
        one.sessions,
        one.tokens,
        one.last_seen_at,
    )


def _card(screen: Screen, one: BoardCard, days: int) -> tuple[object, ...]:
    card, did = one.card, one.period
    return (
        card.card_id,
        localised(card.bank_name, screen.lang),
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
