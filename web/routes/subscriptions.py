"""Subscriptions: who holds what, how long and how much of it is left; days and volume as a gift.

One of the states is that of orders which were paid and are no subscription yet: nothing was there to deliver.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from shop.actors import CUSTOMERS_MANAGE, STOCK_MANAGE, may, require
from shop.errors import BadInput
from shop.formatting import latin
from shop.i18n import N_
from shop.paging import PIECE_ROWS
from shop.provisioning.undelivered import (
    UndeliveredRow,
    count_undelivered,
    list_undelivered,
    try_again,
)
from shop.subscriptions import gifts
from shop.subscriptions.search import (
    Sought,
    SubscriptionListRow,
    count_subscriptions,
    list_subscriptions,
)
from shop.unit_of_work import UnitOfWork
from web.access import Access, route_for
from web.auth import signed_in
from web.deps import Uow
from web.errors import sentence_for
from web.forms import parse_id, read_form
from web.lists import Listing, Shape, show, views_of
from web.parts import WebRequest, parts_of
from web.rendering import NOTICES, Screen, see_other, wants_part
from web.sheets import (
    Sheet,
    both_calendars,
    gigabytes,
    in_both,
    in_gigabytes,
    in_toman,
    long_file,
    said,
)
from web.words import SUBSCRIPTION_STATES

SUBSCRIPTIONS = "/subscriptions"
STATES = {
    "active": N_("Active"),
    "ends_in_3": N_("Ends within 3 days"),
    "ends_in_7": N_("Ends within 7 days"),
    "nearly_full": N_("More than 90 per cent used"),
    "expired": N_("Expired"),
    "undelivered": N_("Not delivered"),
}
COLUMNS = (
    *(N_("Number"), N_("Name"), N_("Customer number"), N_("Customer"), N_("Plan"), N_("State")),
    *(*in_both(N_("Begun")), *in_both(N_("Ends"))),
    *(in_gigabytes(N_("Used")), in_gigabytes(N_("Volume"))),
)
SHAPE = Shape(
    path=SUBSCRIPTIONS, name="subscriptions", choices={"state": STATES}, ids=("customer",), texts=("q",)
)
UNDELIVERED_COLUMNS = (
    *(N_("Order"), N_("Customer number"), N_("Customer"), N_("Plan"), in_toman(N_("Amount"))),
    *(*in_both(N_("Paid")), N_("Receipt")),
)
_NUMBER = re.compile(r"[0-9]{1,6}", re.ASCII)


class SubscriptionController(Controller):
    path = SUBSCRIPTIONS

    @get()
    async def index(self, request: WebRequest, uow: Uow) -> Response[str]:
        """A page of subscriptions, the newest first unless the address says otherwise."""
        return await _index(Screen.of(request), uow, _listing(request))

    @post("/{subscription_id:str}/give")
    async def give(self, request: WebRequest, subscription_id: FromPath[str]) -> Response[str]:
        """Days and volume as a gift; a form that arrives twice gives once."""
        fields, who, screen = await read_form(request), signed_in(request), Screen.of(request)
        chosen = parse_id("subscription", subscription_id)
        units = parts_of(request).units
        try:
            async with units.begin(who.shop.bot_id, who.actor) as uow:
                await gifts.give(
                    uow,
                    chosen,
                    days=_whole("days", fields),
                    gigabytes=_whole("gigabytes", fields),
                    form=fields.get("form_key", ""),
                )
        except BadInput as refusal:
            async with units.begin(who.shop.bot_id, who.actor) as uow:
                return await _index(
                    screen, uow, _listing(request), opened=chosen, typed=fields, problem=refusal
                )
        return await _done(request, "subscription_extended")

    @post("/{subscription_id:str}/send-again")
    async def send_again(self, request: WebRequest, subscription_id: FromPath[str]) -> Response[str]:
        """The customer gets the access line once more; a form that arrives twice sends it once."""
        fields, who = await read_form(request), signed_in(request)
        async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
            chosen = parse_id("subscription", subscription_id)
            await gifts.send_again(uow, chosen, form=fields.get("form_key", ""))
        return await _done(request, "subscription_sent_again")

    @post("/orders/{order_id:str}/try-again")
    async def try_again(self, request: WebRequest, order_id: FromPath[str]) -> Response[str]:
        """Once more to deliver what was paid for, in the order of payment."""
        who = signed_in(request)
        async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
            is_delivered = await try_again(uow, parse_id("order", order_id))
        return await _done(request, "order_tried_again" if is_delivered else "order_waits_on")


@get(f"{SUBSCRIPTIONS}.csv", opt=route_for(Access.STAFF, fresh_from=SUBSCRIPTIONS))
async def subscriptions_file(request: WebRequest, uow: Uow) -> Stream:
    """All that is chosen, as CSV; access lines are not in it."""
    require(uow.actor, CUSTOMERS_MANAGE)
    screen, listing = Screen.of(request), _listing(request)
    if _is_undelivered(listing):
        return await long_file(screen, uow, _undelivered_sheet(screen, listing))
    sheet = Sheet(
        "subscriptions",
        N_("Subscriptions"),
        COLUMNS,
        lambda row: _cells(screen, row),
        lambda uow, after: list_subscriptions(
            uow,
            _sought(listing),
            screen.lang,
            after=after,
            newest_first=listing.newest_first,
            rows=PIECE_ROWS,
        ),
    )
    return await long_file(screen, uow, sheet)


def _listing(request: WebRequest) -> Listing:
    return SHAPE.read(request.query_params)


def _is_undelivered(listing: Listing) -> bool:
    return listing.get("state") == "undelivered"


def _undelivered_sheet(screen: Screen, listing: Listing) -> Sheet[UndeliveredRow]:
    return Sheet(
        "undelivered",
        N_("Not delivered"),
        UNDELIVERED_COLUMNS,
        lambda row: (
            *(row.order_id, row.user_id, row.customer_name, row.plan_name, row.amount),
            *both_calendars(screen, row.waits_since),
            row.payment_id,
        ),
        lambda uow, after: list_undelivered(
            uow,
            screen.lang,
            words=listing.get("q"),
            user_id=listing.number("customer"),
            after=after,
            newest_first=listing.newest_first,
            rows=PIECE_ROWS,
        ),
    )


def _sought(listing: Listing) -> Sought:
    return Sought(listing.get("q"), listing.get("state"), listing.number("customer"))


def _whole(field: str, fields: Mapping[str, str]) -> int:
    """A number that may be left empty. Raises BadInput."""
    typed = latin(fields.get(field, "")).strip() or "0"
    if _NUMBER.fullmatch(typed) is None:
        raise BadInput(field, "not_a_number")
    return int(typed)


def _cells(screen: Screen, row: SubscriptionListRow) -> tuple[object, ...]:
    return (
        row.subscription_id,
        row.name,
        row.user_id,
        row.customer_name,
        row.plan_name,
        said(screen, SUBSCRIPTION_STATES, row.status),
        *both_calendars(screen, row.created_at),
        *both_calendars(screen, row.ends_at),
        gigabytes(row.traffic_used_bytes),
        gigabytes(row.traffic_limit_bytes),
    )


async def _done(request: WebRequest, notice: str) -> Response[str]:
    """The list as it was, with a sentence on what was done."""
    who, screen, listing = signed_in(request), Screen.of(request), _listing(request)
    if wants_part(request):
        async with screen.parts.units.begin(who.shop.bot_id, who.actor) as uow:
            return await _index(screen, uow, listing, done=notice)
    return see_other(listing.address, send_cookies=[screen.parts.cookies.keep_notice(notice)])


async def _index(
    screen: Screen,
    uow: UnitOfWork,
    listing: Listing,
    *,
    opened: int | None = None,
    typed: Mapping[str, str] | None = None,
    problem: BadInput | None = None,
    done: str | None = None,
) -> Response[str]:
    """The list; ``opened``: the subscription whose form was refused, alone where its page has lost it."""
    if _is_undelivered(listing) and opened is None:
        return await _undelivered(screen, uow, listing, done)
    sought = _sought(listing)
    page = await list_subscriptions(
        uow, sought, screen.lang, after=listing.after, newest_first=listing.newest_first
    )
    if opened is not None and opened not in {row.subscription_id for row in page.rows}:
        listing, sought = SHAPE.read({}), Sought(subscription_id=opened)
        page = await list_subscriptions(uow, sought, screen.lang)
    context: dict[str, Any] = {
        "page_of": page,
        "count": await count_subscriptions(uow, sought),
        "states": STATES,
        "may_manage": may(uow.actor, CUSTOMERS_MANAGE),
        "form_key": secrets.token_urlsafe(16),
        "opened": opened,
        "typed": typed or {},
        "error": sentence_for(screen, problem) if problem else None,
        "wrong_field": problem.field if problem else None,
    }
    if done is not None:
        context["views"] = await views_of(uow, listing)
        return _told(screen, listing, done, context)
    return await show(screen, uow, listing, "subscriptions", code=422 if problem else 200, **context)


async def _undelivered(screen: Screen, uow: UnitOfWork, listing: Listing, done: str | None) -> Response[str]:
    """The same list where it holds orders instead."""
    words, user_id = listing.get("q"), listing.number("customer")
    context: dict[str, Any] = {
        "page_of": await list_undelivered(
            uow,
            screen.lang,
            words=words,
            user_id=user_id,
            after=listing.after,
            newest_first=listing.newest_first,
        ),
        "count": await count_undelivered(uow, words=words, user_id=user_id),
        "states": STATES,
        "may_manage": may(uow.actor, CUSTOMERS_MANAGE),
        "may_try": may(uow.actor, STOCK_MANAGE),
    }
    if done is not None:
        context["views"] = await views_of(uow, listing)
        return _told(screen, listing, done, context)
    return await show(screen, uow, listing, "subscriptions", **context)


def _told(screen: Screen, listing: Listing, done: str, context: Mapping[str, Any]) -> Response[str]:
    """The list, and a sentence on what was done."""
    part = screen.text("subscriptions/_list.html", listing=listing, **context)
    tone = "bad" if done == "order_waits_on" else "ok"
    return screen.answer(part + screen.toast(screen.say(NOTICES[done]), tone=tone))
