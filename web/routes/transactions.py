"""The ledger: every movement of every wallet, what the chosen ones add up to, and the same as a file."""

from __future__ import annotations

from datetime import date, timedelta

from litestar import Response, get
from litestar.response import Stream

from shop.actors import MONEY_MANAGE, may, require
from shop.formatting import jalali_month_begins
from shop.i18n import N_
from shop.paging import PIECE_ROWS
from shop.wallet.ledger import LedgerRow, Wanted, add_up, list_movements
from web.access import Access, route_for
from web.deps import Uow
from web.lists import Listing, Shape, begin_of, show
from web.parts import WebRequest
from web.rendering import Screen
from web.sheets import Sheet, actor, both_calendars, in_both, in_toman, long_file, said
from web.typed import written_day
from web.words import KINDS, METHODS

TRANSACTIONS = "/transactions"
THIS_MONTH = "month"
SPANS = {
    "1": N_("Today"),
    "7": N_("7 days"),
    "30": N_("30 days"),
    "90": N_("90 days"),
    THIS_MONTH: N_("This month"),
}
SHAPE = Shape(
    path=TRANSACTIONS,
    name="transactions",
    choices={"kind": KINDS, "method": METHODS, "days": SPANS},
    ids=("customer",),
    texts=("q",),
    days=("since", "until"),
)
COLUMNS = (
    *(N_("Number"), *in_both(N_("Time")), N_("Customer number"), N_("Customer"), N_("Kind"), N_("Way")),
    *(in_toman(N_("Came in")), in_toman(N_("Went out"))),
    *(in_toman(N_("Balance before")), in_toman(N_("Balance after"))),
    *(N_("Order number"), N_("Receipt number"), N_("Last four digits"), N_("Note"), N_("Who")),
)


@get(TRANSACTIONS)
async def transactions(request: WebRequest, uow: Uow) -> Response[str]:
    """A page of the ledger, newest first unless the address says otherwise."""
    screen, listing = Screen.of(request), _listing(request)
    wanted = _wanted(screen, listing)
    page = await list_movements(uow, wanted, after=listing.after, newest_first=listing.newest_first)
    return await show(
        screen,
        uow,
        listing,
        "transactions",
        page_of=page,
        totals=await add_up(uow, wanted),
        kinds=KINDS,
        methods=METHODS,
        spans=SPANS,
        today=written_day(screen, _today(screen)),
        may_export=may(uow.actor, MONEY_MANAGE),
    )


@get(f"{TRANSACTIONS}.csv", opt=route_for(Access.STAFF, fresh_from=TRANSACTIONS))
async def transactions_file(request: WebRequest, uow: Uow) -> Stream:
    """All that is chosen, as CSV; amounts are whole Toman with their sign."""
    require(uow.actor, MONEY_MANAGE)
    screen, listing = Screen.of(request), _listing(request)
    wanted = _wanted(screen, listing)
    sheet = Sheet(
        "transactions",
        N_("Transactions"),
        COLUMNS,
        lambda row: _cells(screen, row),
        lambda uow, after: list_movements(
            uow, wanted, after=after, newest_first=listing.newest_first, rows=PIECE_ROWS
        ),
    )
    return await long_file(screen, uow, sheet)


def _listing(request: WebRequest) -> Listing:
    return SHAPE.read(request.query_params)


def _wanted(screen: Screen, listing: Listing) -> Wanted:
    """The later of two beginnings counts: a span and a first day narrow each other."""
    last = listing.day("until")
    since = [day for day in (_span_begins(screen, listing.get("days")), listing.day("since")) if day]
    return Wanted(
        kind=listing.get("kind"),
        method=listing.get("method"),
        since=begin_of(screen, max(since, default=None)),
        until=begin_of(screen, None if last is None else last + timedelta(days=1)),
        user_id=listing.number("customer"),
        words=listing.get("q"),
    )


def _today(screen: Screen) -> date:
    return screen.now.astimezone(screen.tz).date()


def _span_begins(screen: Screen, span: str | None) -> date | None:
    """The first of so many days that end today, or of this month of the Persian calendar."""
    today = _today(screen)
    if span is None:
        return None
    if span == THIS_MONTH:
        return jalali_month_begins(today)
    return today - timedelta(days=int(span) - 1)


def _cells(screen: Screen, row: LedgerRow) -> tuple[object, ...]:
    return (
        row.transaction_id,
        *both_calendars(screen, row.created_at),
        row.user_id,
        row.customer_name,
        said(screen, KINDS, row.kind),
        said(screen, METHODS, row.method),
        max(row.amount, 0),
        max(-row.amount, 0),
        row.balance_before,
        row.balance_after,
        row.order_id,
        row.payment_id,
        row.card_last_four,
        row.note,
        actor(screen, row.actor),
    )
