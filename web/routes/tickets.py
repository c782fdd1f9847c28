"""Tickets: the list, and one with its talk and the box to answer in."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from shop.actors import TICKETS_ANSWER, may, require, staff_id
from shop.errors import (
    AlreadyExists,
    AnsweredMeanwhile,
    BadInput,
    FileTooLarge,
    ShopError,
    TicketClosed,
    UnreadableFile,
)
from shop.features.service import is_feature_enabled
from shop.i18n import N_
from shop.media import picture
from shop.media import service as media
from shop.media.rules import MAX_BYTES
from shop.paging import PIECE_ROWS
from shop.receipts.desk import count_waiting
from shop.tickets import drafts, replies, rules, service
from shop.tickets.answering import list_answerers, load_answering
from shop.tickets.following import find_next
from shop.tickets.queries import (
    ALL,
    Sought,
    TicketRow,
    count_tickets,
    find_file,
    list_tickets,
    load_ticket,
)
from shop.tickets.queries import count_waiting as count_unanswered
from shop.unit_of_work import UnitOfWork
from web.access import Access, route_for
from web.acting import do_once
from web.auth import signed_in
from web.deps import Uow
from web.errors import sentence_for
from web.forms import LARGEST_BODY, parse_id, parse_number, read_file, read_form
from web.lists import Listing, Shape, show
from web.parts import WebRequest, parts_of
from web.rendering import NOTICES, Screen, move_on, see_other, wants_part
from web.routes.receipts import PICTURE_POLICY
from web.sheets import Sheet, both_calendars, in_both, in_utc, long_file, said
from web.words import TICKET_STATES

TICKETS = "/tickets"
STATES = {"answered": N_("Answered"), "closed": N_("Closed"), ALL: N_("All")}
"""Those that wait for the shop are shown unless the address says otherwise."""
MINE, NOBODYS = "mine", "nobody"
HANDS = {MINE: N_("In my hands"), NOBODYS: N_("In nobody's hands")}
ABOUT = {"order": N_("About an order"), "else": N_("About something else")}
COLUMNS = (
    *(N_("Number"), N_("Customer number"), N_("Customer"), N_("Username"), N_("Subject"), N_("State")),
    *(N_("Order number"), *in_both(N_("Opened")), *in_both(N_("Last message"))),
    *(in_utc(N_("Waits since")), N_("Minutes to the first answer"), N_("In the hands of")),
)
SHAPE = Shape(
    path=TICKETS,
    name="tickets",
    choices={"state": STATES, "hands": HANDS, "about": ABOUT},
    ids=("customer", "order"),
    texts=("q",),
)
IN_BOX = ("words", "form_key")
OVERTAKEN = (TicketClosed, AlreadyExists, AnsweredMeanwhile)
"""Somebody else was quicker."""
Act = Callable[[UnitOfWork, int, Mapping[str, str]], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Form:
    """The form that was refused: which, what was typed, and why."""

    name: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    problem: ShopError | None = None
    had_file: bool = False
    ready: str = ""
    """An answer kept ready that was chosen for the box."""

    def words_after(self, draft: str) -> str:
        """What stands in the box: what was typed, or else what was begun before."""
        if "words" in self.typed:
            return self.typed["words"]
        return "\n".join(part for part in (draft, self.ready) if part)

    @property
    def is_about_file(self) -> bool:
        return isinstance(self.problem, FileTooLarge | UnreadableFile)


class TicketController(Controller):
    path = TICKETS

    @get()
    async def index(self, request: WebRequest, uow: Uow) -> Response[str]:
        """A page of tickets: those that wait, unless the address says otherwise."""
        listing = _listing(request)
        sought = _sought(listing, uow)
        page = await list_tickets(uow, sought, after=listing.after, newest_first=listing.newest_first)
        return await show(
            Screen.of(request),
            uow,
            listing,
            "tickets",
            page_of=page,
            count=await count_tickets(uow, sought),
            unanswered=await count_unanswered(uow),
            states=STATES,
            hands=HANDS,
            about=ABOUT,
            answering=await load_answering(uow),
            is_on=await is_feature_enabled(uow, service.FEATURE),
            may_answer=may(uow.actor, TICKETS_ANSWER),
        )

    @get("/{ticket_id:str}")
    async def item(self, request: WebRequest, uow: Uow, ticket_id: FromPath[str]) -> Response[str]:
        """One ticket; ``?reply=7`` puts an answer kept ready into the box."""
        form = Form()
        chosen = request.query_params.get("reply", "")
        if chosen:
            kept = {str(one.reply_id): one.words for one in await replies.list_replies(uow)}
            form = Form(ready=kept.get(chosen, ""))
        return await _ticket(Screen.of(request), uow, parse_id("ticket", ticket_id), form)

    @get("/{ticket_id:str}/next")
    async def following(self, request: WebRequest, uow: Uow, ticket_id: FromPath[str]) -> Response[str]:
        """On to the next one that waits, among those the list was narrowed to; back to it after the last."""
        listing, screen, number = _listing(request), Screen.of(request), parse_id("ticket", ticket_id)
        row = await find_next(
            uow,
            _sought(listing, uow),
            besides=number,
            after=listing.after,
            newest_first=listing.newest_first,
        )
        if row is None:
            rest = listing.url(state=None)
            return see_other(rest, send_cookies=[screen.parts.cookies.keep_notice("nobody_waits")])
        return see_other(replace(listing, path=f"{TICKETS}/{row.ticket_id}").following(row.place))

    @get("/{ticket_id:str}/files/{message_id:str}")
    async def file(
        self, request: WebRequest, uow: Uow, ticket_id: FromPath[str], message_id: FromPath[str]
    ) -> Response[bytes]:
        """Our own copy of a picture; anything else is for saving, never for showing."""
        number = parse_id("ticket_file", message_id)
        media_id = await find_file(uow, parse_id("ticket", ticket_id), number)
        stored = await media.open_file(uow, parts_of(request).shelf, media_id)
        headers = {"Content-Security-Policy": PICTURE_POLICY}
        if not stored.is_picture:
            headers["Content-Disposition"] = f'attachment; filename="ticket-{number}.pdf"'
        return Response(stored.content, media_type=stored.content_type, headers=headers)

    @post(
        "/{ticket_id:str}/answer",
        opt=route_for(Access.STAFF, files=True, largest_file=MAX_BYTES),
        request_max_body_size=MAX_BYTES + LARGEST_BODY,
    )
    async def answer(self, request: WebRequest, ticket_id: FromPath[str]) -> Response[str]:
        """An answer or a note for colleagues, perhaps with a picture; a form sent twice says it once."""
        # Before its file is decoded: whoever may not answer shall not make us work.
        require(signed_in(request).actor, TICKETS_ANSWER)
        chosen = (await read_form(request)).get("as")
        is_note, goes_on = chosen == "note", chosen == "next"
        told = "ticket_noted" if is_note else "ticket_answered"
        content = await read_file(request, "picture")

        async def act(uow: UnitOfWork, number: int, fields: Mapping[str, str]) -> None:
            media_id = None if prepared is None else await media.store(uow, parts_of(request).shelf, prepared)
            cause, words = service.form_cause(fields.get("form_key", "")), fields.get("words", "")
            if is_note:
                await service.note(uow, number, words, cause=cause, media_id=media_id)
            else:
                seen = parse_number("words", fields.get("seen", ""))
                await service.answer(uow, number, words, cause=cause, media_id=media_id, seen=seen)
            await drafts.forget(uow, number)

        try:
            prepared = await picture.prepare(content) if content else None
        except (FileTooLarge, UnreadableFile) as refusal:
            who, number = signed_in(request), parse_id("ticket", ticket_id)
            async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
                return await _refused(Screen.of(request), uow, number, "answer", refusal)
        return await _do(request, ticket_id, "answer", act, told, goes_on=goes_on)

    @post("/{ticket_id:str}/draft")
    async def draft(self, request: WebRequest, ticket_id: FromPath[str]) -> Response[str]:
        """What stands in the box so far, for whoever writes it alone; nothing on the page changes."""
        fields, who = await read_form(request), signed_in(request)
        async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
            await drafts.keep(
                uow, parse_id("ticket", ticket_id), fields.get("words", ""), form=fields.get("form_key", "")
            )
        return Screen.of(request).nothing()

    @post("/{ticket_id:str}/order")
    async def order(self, request: WebRequest, ticket_id: FromPath[str]) -> Response[str]:
        """Which of the customer's orders it is about."""
        return await _do(request, ticket_id, "order", _link, "ticket_linked")

    @post("/{ticket_id:str}/assign")
    async def assign(self, request: WebRequest, ticket_id: FromPath[str]) -> Response[str]:
        """Into whose hands it goes."""
        return await _do(request, ticket_id, "assign", _assign, "ticket_assigned")

    @post("/{ticket_id:str}/close")
    async def close(self, request: WebRequest, ticket_id: FromPath[str]) -> Response[str]:
        """The end of it; the customer is told."""
        return await _do(
            request, ticket_id, "close", lambda uow, number, _: service.close(uow, number), "ticket_closed"
        )

    @post("/{ticket_id:str}/reopen")
    async def reopen(self, request: WebRequest, ticket_id: FromPath[str]) -> Response[str]:
        """Go on with what was closed."""
        return await _do(
            request, ticket_id, "close", lambda uow, number, _: service.reopen(uow, number), "ticket_reopened"
        )


@get(f"{TICKETS}.csv", opt=route_for(Access.STAFF, fresh_from=TICKETS))
async def tickets_file(request: WebRequest, uow: Uow) -> Stream:
    """All that is chosen, as CSV."""
    require(uow.actor, TICKETS_ANSWER)
    screen, listing = Screen.of(request), _listing(request)
    sheet = Sheet(
        "tickets",
        N_("Tickets"),
        COLUMNS,
        lambda row: _cells(screen, row),
        lambda uow, after: list_tickets(
            uow,
            _sought(listing, uow),
            after=after,
            newest_first=listing.newest_first,
            rows=PIECE_ROWS,
        ),
    )
    return await long_file(screen, uow, sheet)


def _listing(request: WebRequest) -> Listing:
    return SHAPE.read(request.query_params)


def _asked(request: WebRequest) -> str:
    """How the list was narrowed that the ticket was opened from, and where in it that stood."""
    query = _listing(request).address.partition("?")[2]
    return f"?{query}" if query else ""


def _sought(listing: Listing, uow: UnitOfWork) -> Sought:
    whose = listing.get("hands")
    mine = (staff_id(uow.actor) or -1) if whose == MINE else None
    return Sought(
        listing.get("q"),
        listing.get("state"),
        listing.number("customer"),
        order_id=listing.number("order"),
        assigned_to=0 if whose == NOBODYS else mine,
        about=listing.get("about"),
    )


def _cells(screen: Screen, row: TicketRow) -> tuple[object, ...]:
    return (
        row.ticket_id,
        row.user_id,
        row.customer_name,
        row.username,
        row.subject,
        said(screen, TICKET_STATES, row.status),
        row.order_id,
        *both_calendars(screen, row.created_at),
        *both_calendars(screen, row.last_at),
        row.waiting_since,
        row.first_answer_minutes,
        row.in_hands_of,
    )


async def _link(uow: UnitOfWork, ticket_id: int, fields: Mapping[str, str]) -> None:
    chosen = fields.get("order", "")
    await service.link_order(uow, ticket_id, parse_id("order", chosen) if chosen else None)


async def _assign(uow: UnitOfWork, ticket_id: int, fields: Mapping[str, str]) -> None:
    chosen = fields.get("staff", "")
    await service.assign(uow, ticket_id, parse_id("staff", chosen) if chosen else None)


async def _do(
    request: WebRequest, ticket_id: str, name: str, act: Act, notice: str, *, goes_on: bool = False
) -> Response[str]:
    """One act upon a ticket; what is refused is shown again beside the reason, with nothing lost.

    ``goes_on``: from there to the next one that waits.
    """
    fields, number = await read_form(request), parse_id("ticket", ticket_id)
    there = f"{TICKETS}/{number}{'/next' if goes_on else ''}{_asked(request)}"

    async def show(screen: Screen, uow: UnitOfWork, refusal: ShopError | None) -> Response[str]:
        if refusal is None and goes_on:
            return move_on(request, there, [screen.parts.cookies.keep_notice(notice)])
        if refusal is None:
            # Another form of the page takes the box along, and gives it back.
            box = {} if name == "answer" else {key: fields[key] for key in IN_BOX if key in fields}
            return await _ticket(screen, uow, number, Form(typed=box), done=notice)
        return await _refused(screen, uow, number, name, refusal)

    return await do_once(
        request,
        lambda uow: act(uow, number, fields),
        show,
        refusals=(BadInput, *OVERTAKEN),
        there=there,
        notice=notice,
    )


async def _refused(
    screen: Screen, uow: UnitOfWork, number: int, name: str, refusal: ShopError
) -> Response[str]:
    """The same page with what was typed and why not; a file has to be chosen once more."""
    request, code = screen.request, 409 if isinstance(refusal, OVERTAKEN) else 422
    had_file = name == "answer" and bool(await read_file(request, "picture"))
    form = Form(name, await read_form(request), refusal, had_file=had_file)
    return await _ticket(screen, uow, number, form, code=code)


async def _ticket(
    screen: Screen, uow: UnitOfWork, ticket_id: int, form: Form, *, code: int = 200, done: str | None = None
) -> Response[str]:
    ticket = await load_ticket(uow, ticket_id, screen.lang)
    context: dict[str, Any] = {
        "ticket": ticket,
        "listing": _listing(screen.request),
        "asked": _asked(screen.request),
        "words": form.words_after(ticket.draft),
        "replies": await replies.list_replies(uow),
        "answerers": await list_answerers(uow),
        "answering": await load_answering(uow),
        "form": form,
        "error": sentence_for(screen, form.problem) if form.problem else None,
        "form_key": secrets.token_urlsafe(16),
        "may_answer": may(uow.actor, TICKETS_ANSWER),
        "longest": rules.LONGEST_ANSWER,
        "longest_below": rules.LONGEST_CAPTION,
        "largest": MAX_BYTES,
        "waiting_state": rules.WAITING,
    }
    if not wants_part(screen.request):
        waiting = await count_waiting(uow)
        return screen.page("tickets/ticket.html", code=code, active="tickets", waiting=waiting, **context)
    if done is not None:
        part = screen.text("tickets/_ticket.html", **context)
        return screen.answer(part + screen.toast(screen.say(NOTICES[done]), tone="ok"))
    return screen.part("tickets/_ticket.html", code=code, **context)
