"""Every receipt there ever was: chosen by state, card, amount, reviewer, day or customer; and as a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from litestar import Response, get, post
from litestar.response import Stream

from shop.actors import MONEY_MANAGE, RECEIPTS_APPROVE, may, require
from shop.formatting import digits
from shop.i18n import N_
from shop.paging import PAGE_ROWS, PIECE_ROWS
from shop.receipts import bulk
from shop.receipts.browsing import ReceiptRow, Wanted, add_up, list_cards, list_receipts, list_reviewers
from shop.receipts.bulk import MOST
from shop.receipts.desk import count_waiting
from web.access import Access, route_for
from web.auth import signed_in
from web.deps import Uow
from web.errors import sentence_for
from web.forms import parse_id, read_form
from web.history import DOORS, VALUES
from web.lists import AnyName, Listing, Shape, begin_of, show
from web.parts import WebRequest, parts_of
from web.rendering import Screen
from web.sheets import Sheet, both_calendars, in_both, in_toman, long_file, said
from web.typed import written_day
from web.words import RECEIPT_STATES, receipt_state

ALL = "/receipts/all"
DUPLICATES = "duplicates"
"""The state whose receipts may be chosen and rejected together."""
CHOSEN = "receipt-"
"""How the name of a box begins; the number of the receipt follows."""
SHAPE = Shape(
    path=ALL,
    name="receipts",
    choices={"state": RECEIPT_STATES, "reviewer": AnyName()},
    ids=("card", "customer"),
    numbers=("least", "most"),
    days=("since", "until"),
)
COLUMNS = (
    *(N_("Number"), *in_both(N_("Sent")), N_("Customer number"), N_("Customer"), N_("Order number")),
    *(N_("Plan"), in_toman(N_("Asked for")), in_toman(N_("Accepted")), N_("State"), N_("Late")),
    *(N_("Seen before"), N_("Last four digits"), N_("Reviewer"), *in_both(N_("Decided"))),
    *(N_("Through"), N_("Reason"), N_("Words"), N_("Tracking code"), N_("Bank's code")),
)


@get(ALL)
async def every_receipt(request: WebRequest, uow: Uow) -> Response[str]:
    """A page of the receipts, the newest first unless the address says otherwise."""
    screen, reviewers = Screen.of(request), await list_reviewers(uow)
    listing = _listing(request, reviewers)
    wanted = _wanted(screen, listing)
    may_choose = wanted.state == DUPLICATES and may(uow.actor, RECEIPTS_APPROVE)
    page = await list_receipts(
        uow,
        wanted,
        language=screen.lang,
        after=listing.after,
        newest_first=listing.newest_first,
        rows=MOST if may_choose else PAGE_ROWS,
    )
    return await show(
        screen,
        uow,
        listing,
        "receipts/all",
        active="receipts",
        page_of=page,
        totals=await add_up(uow, wanted),
        states=RECEIPT_STATES,
        card_names=[
            (card.card_id, f"{card.bank} …{digits(card.last_four, screen.lang)}".strip())
            for card in await list_cards(uow, screen.lang)
        ],
        reviewer_names=[(name, name) for name in reviewers],
        today=written_day(screen, screen.now.astimezone(screen.tz).date()),
        may_export=may(uow.actor, MONEY_MANAGE),
        may_choose=may_choose,
    )


@post(f"{ALL}/reject")
async def reject_duplicates(request: WebRequest) -> Response[str]:
    """Ask whether the chosen ones are to be rejected; once that is said, do it, and tell of each."""
    who, screen, fields = signed_in(request), Screen.of(request), await read_form(request)
    chosen = [parse_id("receipt", name.removeprefix(CHOSEN)) for name in fields if name.startswith(CHOSEN)]
    units = parts_of(request).units
    outcomes = None
    if fields.get("sure") == "1":
        outcomes = await bulk.reject_duplicates(units, who.shop.bot_id, who.actor, chosen)
    async with units.begin(who.shop.bot_id, who.actor) as uow:
        require(uow.actor, RECEIPTS_APPROVE)
        waiting = await count_waiting(uow)
    told = [(one.payment_id, one.refusal and sentence_for(screen, one.refusal)) for one in outcomes or ()]
    return screen.page(
        "receipts/all/reject.html",
        active="receipts",
        waiting=waiting,
        chosen=chosen[:MOST],
        prefix=CHOSEN,
        outcomes=told,
        done=sum(why is None for _, why in told),
    )


@get(f"{ALL}.csv", opt=route_for(Access.STAFF, fresh_from=ALL))
async def every_receipt_file(request: WebRequest, uow: Uow) -> Stream:
    """All that is chosen, as CSV; amounts are whole Toman."""
    require(uow.actor, MONEY_MANAGE)
    screen, listing = Screen.of(request), _listing(request, await list_reviewers(uow))
    wanted = _wanted(screen, listing)
    sheet = Sheet(
        "receipts",
        N_("All receipts"),
        COLUMNS,
        lambda row: _cells(screen, row),
        lambda uow, after: list_receipts(
            uow,
            wanted,
            language=screen.lang,
            after=after,
            newest_first=listing.newest_first,
            rows=PIECE_ROWS,
        ),
    )
    return await long_file(screen, uow, sheet)


def _listing(request: WebRequest, reviewers: Sequence[str]) -> Listing:
    return SHAPE.offering(reviewer=reviewers).read(request.query_params)


def _wanted(screen: Screen, listing: Listing) -> Wanted:
    last = listing.day("until")
    return Wanted(
        state=listing.get("state"),
        card_id=listing.number("card"),
        least=listing.number("least"),
        most=listing.number("most"),
        reviewer=listing.get("reviewer"),
        since=begin_of(screen, listing.day("since")),
        until=begin_of(screen, None if last is None else last + timedelta(days=1)),
        user_id=listing.number("customer"),
    )


def _cells(screen: Screen, row: ReceiptRow) -> tuple[object, ...]:
    return (
        row.payment_id,
        *both_calendars(screen, row.submitted_at),
        row.user_id,
        row.customer_name,
        row.order_id,
        row.plan_name,
        row.amount,
        row.accepted,
        screen.say(receipt_state(row.status, is_held=row.is_held, to_wallet=row.to_wallet)),
        row.late,
        row.seen_before,
        row.card_last_four,
        row.reviewer,
        *both_calendars(screen, row.reviewed_at),
        said(screen, DOORS, row.channel),
        said(screen, VALUES["reason"], row.reject_reason),
        row.words,
        row.tracking_number,
        row.payer_reference,
    )
