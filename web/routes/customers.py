"""Customers: found, looked at, corrected, written to, noted on, blocked; the same list as a file."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from shop.actors import CUSTOMERS_MANAGE, MONEY_MANAGE, may, require
from shop.customers import service
from shop.customers.profile import load_profile
from shop.customers.search import CustomerRow, Sought, count_customers, list_customers
from shop.errors import BadInput, InsufficientBalance, ShopError
from shop.i18n import N_
from shop.paging import PIECE_ROWS
from shop.payments.corrections import balance_to_correct, correct_wallet
from shop.receipts.desk import count_waiting
from shop.unit_of_work import UnitOfWork
from shop.users import rules
from web.access import Access, route_for
from web.acting import do_once
from web.deps import Uow
from web.errors import sentence_for
from web.forms import parse_id, read_form
from web.lists import Listing, Shape, show
from web.parts import WebRequest
from web.rendering import NOTICES, Screen, wants_part
from web.sheets import Sheet, both_calendars, in_both, in_toman, long_file
from web.typed import read_number
from web.words import KINDS

CUSTOMERS = "/customers"
STATES = {
    "active": N_("Active"),
    "expired": N_("Expired"),
    "never": N_("Never bought"),
    "blocked": N_("Blocked"),
    "unreachable": N_("Left the bot"),
}
COLUMNS = (
    *(N_("Number"), N_("Telegram number"), N_("Name"), N_("Username")),
    *(*in_both(N_("Came")), *in_both(N_("Was last here"))),
    *(in_toman(N_("Wallet")), in_toman(N_("Bought for")), N_("Active subscriptions")),
    *(N_("Blocked"), N_("Left the bot")),
)
SHAPE = Shape(path=CUSTOMERS, name="customers", choices={"state": STATES}, texts=("q",))
TAKE = "take"
Act = Callable[[UnitOfWork, int, Mapping[str, str]], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a profile that was refused: which, what was typed, and why."""

    name: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    problem: ShopError | None = None


class CustomerController(Controller):
    path = CUSTOMERS

    @get()
    async def index(self, request: WebRequest, uow: Uow) -> Response[str]:
        """A page of customers, the newest first unless the address says otherwise."""
        listing = _listing(request)
        sought = _sought(listing)
        page = await list_customers(uow, sought, after=listing.after, newest_first=listing.newest_first)
        return await show(
            Screen.of(request),
            uow,
            listing,
            "customers",
            page_of=page,
            count=await count_customers(uow, sought),
            states=STATES,
            may_export=may(uow.actor, CUSTOMERS_MANAGE),
        )

    @get("/{customer_id:str}")
    async def profile(self, request: WebRequest, uow: Uow, customer_id: FromPath[str]) -> Response[str]:
        """One customer and everything that happened."""
        return await _profile(Screen.of(request), uow, parse_id("user", customer_id), Form())

    @get("/{customer_id:str}/after")
    async def after(self, request: WebRequest, uow: Uow, customer_id: FromPath[str]) -> Response[str]:
        """What the wallet would hold; asked while an amount is typed."""
        typed = request.query_params
        held = await balance_to_correct(uow, parse_id("user", customer_id))
        try:
            would_be = held + _wished(typed.get("amount") or "", typed.get("direction"))
        except BadInput:
            would_be = None
        return Screen.of(request).part("customers/_after.html", would_be=would_be)

    @post("/{customer_id:str}/wallet")
    async def wallet(self, request: WebRequest, customer_id: FromPath[str]) -> Response[str]:
        """Put money into the wallet, or take it; a form that arrives twice counts once."""
        return await _do(request, customer_id, "wallet", _correct, "wallet_corrected")

    @post("/{customer_id:str}/message")
    async def message(self, request: WebRequest, customer_id: FromPath[str]) -> Response[str]:
        """A message through the shop's bot."""
        return await _do(request, customer_id, "message", _write, "customer_written_to")

    @post("/{customer_id:str}/note")
    async def note(self, request: WebRequest, customer_id: FromPath[str]) -> Response[str]:
        """A few words for colleagues."""
        return await _do(
            request,
            customer_id,
            "note",
            lambda uow, user_id, fields: service.add_note(uow, user_id, fields.get("note", "")),
            "noted",
        )

    @post("/{customer_id:str}/block")
    async def block(self, request: WebRequest, customer_id: FromPath[str]) -> Response[str]:
        """The bot serves this person no more."""
        return await _do(
            request,
            customer_id,
            "block",
            lambda uow, user_id, _fields: service.block(uow, user_id),
            "customer_blocked",
        )

    @post("/{customer_id:str}/unblock")
    async def unblock(self, request: WebRequest, customer_id: FromPath[str]) -> Response[str]:
        """The bot serves this person again."""
        return await _do(
            request,
            customer_id,
            "block",
            lambda uow, user_id, _fields: service.unblock(uow, user_id),
            "customer_unblocked",
        )


@get(f"{CUSTOMERS}.csv", opt=route_for(Access.STAFF, fresh_from=CUSTOMERS))
async def customers_file(request: WebRequest, uow: Uow) -> Stream:
    """All that is chosen, as CSV; amounts are whole Toman."""
    require(uow.actor, CUSTOMERS_MANAGE)
    screen, listing = Screen.of(request), _listing(request)
    sheet = Sheet(
        "customers",
        N_("Customers"),
        COLUMNS,
        lambda row: _cells(screen, row),
        lambda uow, after: list_customers(
            uow,
            _sought(listing),
            after=after,
            newest_first=listing.newest_first,
            rows=PIECE_ROWS,
        ),
    )
    return await long_file(screen, uow, sheet)


def _listing(request: WebRequest) -> Listing:
    return SHAPE.read(request.query_params)


def _sought(listing: Listing) -> Sought:
    return Sought(listing.get("q"), listing.get("state"))


def _cells(screen: Screen, row: CustomerRow) -> tuple[object, ...]:
    return (
        row.user_id,
        row.telegram_id,
        row.name,
        row.username,
        *both_calendars(screen, row.created_at),
        *both_calendars(screen, row.last_seen_at),
        row.balance,
        row.spent,
        row.active_subscriptions,
        row.is_blocked,
        row.is_unreachable,
    )


async def _correct(uow: UnitOfWork, user_id: int, fields: Mapping[str, str]) -> None:
    amount = _wished(fields.get("amount", ""), fields.get("direction"))
    reason, form = fields.get("reason", ""), fields.get("form_key", "")
    await correct_wallet(uow, user_id, amount, reason=reason, form=form)


def _wished(typed: str, direction: str | None) -> int:
    """By how much a correction would move a wallet. Raises BadInput for what is no number."""
    amount = read_number("amount", typed)
    if amount < 0:
        # Which way it goes is said beside it.
        raise BadInput("amount", "not_a_number")
    return -amount if direction == TAKE else amount


async def _write(uow: UnitOfWork, user_id: int, fields: Mapping[str, str]) -> None:
    await service.write_to(uow, user_id, fields.get("words", ""), form=fields.get("form_key", ""))


async def _do(request: WebRequest, customer_id: str, name: str, act: Act, notice: str) -> Response[str]:
    """One act upon a customer; what is refused is shown again beside the reason, with nothing lost."""
    fields, user_id = await read_form(request), parse_id("user", customer_id)

    async def show(screen: Screen, uow: UnitOfWork, refusal: ShopError | None) -> Response[str]:
        if refusal is None:
            return await _profile(screen, uow, user_id, Form(), done=notice)
        code = 422 if isinstance(refusal, BadInput) else 409
        return await _profile(screen, uow, user_id, Form(name, fields, refusal), code=code)

    return await do_once(
        request,
        lambda uow: act(uow, user_id, fields),
        show,
        refusals=(BadInput, InsufficientBalance),
        there=f"{CUSTOMERS}/{user_id}",
        notice=notice,
    )


async def _profile(
    screen: Screen, uow: UnitOfWork, user_id: int, form: Form, *, code: int = 200, done: str | None = None
) -> Response[str]:
    context: dict[str, Any] = {
        "customer": await load_profile(uow, user_id, screen.lang),
        "form": form,
        "error": sentence_for(screen, form.problem) if form.problem else None,
        "wrong_field": form.problem.field if isinstance(form.problem, BadInput) else "amount",
        "form_key": secrets.token_urlsafe(16),
        "may_manage": may(uow.actor, CUSTOMERS_MANAGE),
        "may_correct": may(uow.actor, MONEY_MANAGE),
        "longest": rules.LONGEST_MESSAGE,
        "longest_note": rules.LONGEST_NOTE,
        "kinds": KINDS,
    }
    if not wants_part(screen.request):
        waiting = await count_waiting(uow)
        return screen.page(
            "customers/profile.html", code=code, active="customers", waiting=waiting, **context
        )
    part = screen.text("customers/_profile.html", **context)
    if done is not None:
        return screen.answer(part + screen.toast(screen.say(NOTICES[done]), tone="ok"))
    return screen.part("customers/_profile.html", code=code, **context)
