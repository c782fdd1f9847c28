"""Broadcasts: the list, the form that writes one, and one with what became of it."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from shop.actors import BROADCASTS_MANAGE, SHOP_SEE, may, require
from shop.bots.queries import get_context
from shop.broadcasts import queries, rules, service
from shop.broadcasts.audience import count
from shop.broadcasts.queries import BroadcastRow
from shop.errors import BadInput
from shop.features.service import is_feature_enabled
from shop.i18n import LANGUAGES, N_
from shop.paging import PIECE_ROWS
from shop.receipts.desk import count_waiting
from shop.unit_of_work import UnitOfWork
from web.access import Access, route_for
from web.auth import signed_in
from web.deps import Uow
from web.errors import sentence_for
from web.forms import parse_clock, parse_id, read_form
from web.lists import Listing, Sheet, both_calendars, long_file, show
from web.parts import WebRequest, parts_of
from web.rendering import NOTICES, Screen, move_on, see_other, wants_part

BROADCASTS = "/broadcasts"
STATES = {
    "draft": N_("Draft"),
    "scheduled": N_("Begins soon"),
    "running": N_("Going out"),
    "paused": N_("Paused"),
    "completed": N_("Done"),
    "stopped": N_("Stopped"),
}
AUDIENCES = {
    "everybody": N_("Everybody"),
    "active": N_("With an active subscription"),
    "expired": N_("Whose subscription has ended"),
    "never": N_("Who never bought"),
}
DAYS_AHEAD = 14
"""Days that the form offers for a start."""
SOON, SLOW = 2, 20
"""Seconds from one look of an open page to the next: while its figures move, and while a start is far."""
SAMPLE = {"fa": "سارا نوری", "en": "Sara Nouri"}
"""Who reads the message in the preview."""
COLUMNS = (
    *("id", "state", "audience", "by", "written_utc", "written_jalali", "began_utc", "began_jalali"),
    *("people", "sent", "failed", "blocked", "skipped", "left", "maybe_twice"),
)
Act = Callable[[UnitOfWork, int, Mapping[str, str]], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Form:
    """A form that was refused: what was typed, and why."""

    typed: Mapping[str, str] = field(default_factory=dict)
    problem: BadInput | None = None


class BroadcastController(Controller):
    path = BROADCASTS

    @get()
    async def index(self, request: WebRequest, uow: Uow) -> Response[str]:
        """A page of broadcasts, the newest first unless the address says otherwise."""
        listing = _listing(request)
        page = await queries.list_broadcasts(
            uow, status=listing.get("state"), after=listing.after, newest_first=listing.newest_first
        )
        return await show(
            Screen.of(request),
            uow,
            listing,
            "broadcasts",
            page_of=page,
            states=STATES,
            audiences=AUDIENCES,
            is_on=await is_feature_enabled(uow, rules.FEATURE),
            may_manage=may(uow.actor, BROADCASTS_MANAGE),
        )

    @get("/new")
    async def new(self, request: WebRequest, uow: Uow) -> Response[str]:
        """The form that writes one."""
        return await _compose(Screen.of(request), uow, Form())

    @get("/count")
    async def count(self, request: WebRequest, uow: Uow) -> Response[str]:
        """How many an audience would reach now, and how long that takes; asked while it is chosen."""
        people = await count(uow, request.query_params.get("audience", ""))
        return Screen.of(request).part("broadcasts/_count.html", people=people, minutes=rules.minutes(people))

    @post()
    async def create(self, request: WebRequest) -> Response[str]:
        """Keep it as a draft, then show it with its preview."""
        fields, who, screen = await read_form(request), signed_in(request), Screen.of(request)
        units = parts_of(request).units
        try:
            async with units.begin(who.shop.bot_id, who.actor) as uow:
                made = await service.create(
                    uow,
                    audience=fields.get("audience", ""),
                    words=_words(fields),
                    form=fields.get("form_key", ""),
                )
        except BadInput as refusal:
            async with units.begin(who.shop.bot_id, who.actor) as uow:
                return await _compose(screen, uow, Form(fields, refusal), code=422)
        return move_on(request, f"{BROADCASTS}/{made}", [screen.parts.cookies.keep_notice("broadcast_kept")])

    @get("/{broadcast_id:str}")
    async def one(self, request: WebRequest, uow: Uow, broadcast_id: FromPath[str]) -> Response[str]:
        """One broadcast: a draft to be finished, or what became of it."""
        return await _show(Screen.of(request), uow, parse_id("broadcast", broadcast_id), Form())

    @post("/{broadcast_id:str}")
    async def change(self, request: WebRequest, broadcast_id: FromPath[str]) -> Response[str]:
        """Other words, or for others."""
        return await _do(request, broadcast_id, _change, "broadcast_kept")

    @post("/{broadcast_id:str}/preview")
    async def preview(self, request: WebRequest, broadcast_id: FromPath[str]) -> Response[str]:
        """To whoever asks, and to nobody else."""
        return await _do(
            request,
            broadcast_id,
            lambda uow, key, fields: service.preview(uow, key, form=fields.get("form_key", "")),
            "broadcast_shown",
        )

    @post("/{broadcast_id:str}/start")
    async def start(self, request: WebRequest, broadcast_id: FromPath[str]) -> Response[str]:
        """Send it off, now or at a time."""
        screen = Screen.of(request)

        async def act(uow: UnitOfWork, key: int, fields: Mapping[str, str]) -> None:
            await service.schedule(uow, key, at=_moment(screen, fields))

        return await _do(request, broadcast_id, act, "broadcast_off")

    @post("/{broadcast_id:str}/take-back")
    async def take_back(self, request: WebRequest, broadcast_id: FromPath[str]) -> Response[str]:
        """A draft again, before anything went."""
        return await _do(request, broadcast_id, _plain(service.take_back), "broadcast_back")

    @post("/{broadcast_id:str}/pause")
    async def pause(self, request: WebRequest, broadcast_id: FromPath[str]) -> Response[str]:
        """No more goes out for now."""
        return await _do(request, broadcast_id, _plain(service.pause), "broadcast_paused")

    @post("/{broadcast_id:str}/resume")
    async def resume(self, request: WebRequest, broadcast_id: FromPath[str]) -> Response[str]:
        """On with those who wait."""
        return await _do(request, broadcast_id, _plain(service.resume), "broadcast_resumed")

    @post("/{broadcast_id:str}/stop")
    async def stop(self, request: WebRequest, broadcast_id: FromPath[str]) -> Response[str]:
        """For good."""
        return await _do(request, broadcast_id, _plain(service.stop), "broadcast_stopped")


@get(f"{BROADCASTS}.csv", opt=route_for(Access.STAFF, fresh_from=BROADCASTS))
async def broadcasts_file(request: WebRequest, uow: Uow) -> Stream:
    """All that is chosen, as CSV."""
    require(uow.actor, BROADCASTS_MANAGE)
    screen, listing = Screen.of(request), _listing(request)
    sheet = Sheet(
        "broadcasts",
        COLUMNS,
        lambda row: _cells(screen, row),
        lambda uow, after: queries.list_broadcasts(
            uow,
            status=listing.get("state"),
            after=after,
            newest_first=listing.newest_first,
            rows=PIECE_ROWS,
        ),
    )
    return await long_file(request, uow, sheet)


def _listing(request: WebRequest) -> Listing:
    return Listing.read(request, BROADCASTS, choices={"state": STATES})


def _cells(screen: Screen, row: BroadcastRow) -> tuple[object, ...]:
    return (
        row.broadcast_id,
        row.status,
        row.audience,
        row.by,
        *both_calendars(row.created_at, screen.tz),
        *both_calendars(row.started_at, screen.tz),
        row.people,
        row.sent,
        row.failed,
        row.blocked,
        row.skipped,
        row.left,
        row.doubtful,
    )


def _words(fields: Mapping[str, str]) -> dict[str, str]:
    return {language: fields.get(rules.field_of(language), "") for language in LANGUAGES}


def _plain(verb: Callable[[UnitOfWork, int], Awaitable[object]]) -> Act:
    return lambda uow, broadcast_id, _fields: verb(uow, broadcast_id)


async def _change(uow: UnitOfWork, broadcast_id: int, fields: Mapping[str, str]) -> None:
    await service.change(uow, broadcast_id, audience=fields.get("audience", ""), words=_words(fields))


def _moment(screen: Screen, fields: Mapping[str, str]) -> datetime | None:
    """When it is to begin, on the shop's clock; None for now. Raises BadInput."""
    if not fields.get("day"):
        return None
    days = {day.isoformat(): day for day in _days(screen)}
    day = days.get(fields["day"])
    if day is None:
        raise BadInput("day", "not_a_choice")
    at = parse_clock("clock", fields.get("clock", ""))
    if at is None:
        raise BadInput("clock", "not_a_time")
    return datetime.combine(day, at, screen.tz)


def _days(screen: Screen) -> list[date]:
    today = screen.now.astimezone(screen.tz).date()
    return [today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD)]


async def _do(request: WebRequest, broadcast_id: str, act: Act, notice: str) -> Response[str]:
    """One act upon a broadcast; what is refused for what was typed is shown again with nothing lost."""
    fields, who, screen = await read_form(request), signed_in(request), Screen.of(request)
    key, units = parse_id("broadcast", broadcast_id), parts_of(request).units
    try:
        async with units.begin(who.shop.bot_id, who.actor) as uow:
            await act(uow, key, fields)
    except BadInput as refusal:
        async with units.begin(who.shop.bot_id, who.actor) as uow:
            return await _show(screen, uow, key, Form(fields, refusal), code=422)
    if wants_part(request):
        async with units.begin(who.shop.bot_id, who.actor) as uow:
            return await _show(screen, uow, key, Form(), done=notice)
    return see_other(f"{BROADCASTS}/{key}", send_cookies=[screen.parts.cookies.keep_notice(notice)])


async def _compose(screen: Screen, uow: UnitOfWork, form: Form, *, code: int = 200) -> Response[str]:
    require(uow.actor, BROADCASTS_MANAGE)
    return await _answer(screen, uow, None, form, code=code)


async def _show(
    screen: Screen,
    uow: UnitOfWork,
    broadcast_id: int,
    form: Form,
    *,
    code: int = 200,
    done: str | None = None,
) -> Response[str]:
    require(uow.actor, SHOP_SEE)
    one = await queries.load_broadcast(uow, broadcast_id)
    return await _answer(screen, uow, one, form, code=code, done=done)


async def _answer(
    screen: Screen,
    uow: UnitOfWork,
    one: BroadcastRow | None,
    form: Form,
    *,
    code: int,
    done: str | None = None,
) -> Response[str]:
    context = await _context(screen, uow, one, form)
    if not wants_part(screen.request):
        return screen.page(
            "broadcasts/one.html",
            code=code,
            active="broadcasts",
            waiting=await count_waiting(uow),
            **context,
        )
    if done is not None:
        part = screen.text("broadcasts/_one.html", **context)
        return screen.answer(part + screen.toast(screen.say(NOTICES[done]), tone="ok"))
    return screen.part("broadcasts/_one.html", code=code, **context)


async def _context(
    screen: Screen,
    uow: UnitOfWork,
    one: BroadcastRow | None,
    form: Form,
) -> dict[str, Any]:
    shop = await get_context(uow)
    kept = {} if one is None else one.words
    words = {
        language: form.typed.get(rules.field_of(language), kept.get(language, "")) for language in LANGUAGES
    }
    audience = form.typed.get("audience") or ("everybody" if one is None else one.audience)
    if audience not in AUDIENCES:
        audience = "everybody"
    is_draft = one is None or one.status == "draft"
    people = await count(uow, audience) if is_draft else one.people if one else 0
    return {
        "one": one,
        "is_draft": is_draft,
        "words": words,
        "audience": audience,
        "people": people,
        "minutes": rules.minutes(people),
        "bubbles": {
            language: rules.filled(text, name=SAMPLE[language], shop=shop.name)
            for language, text in sorted(kept.items(), key=lambda pair: pair[0] != shop.default_language)
        },
        "shop_language": shop.default_language,
        "typed": form.typed,
        "error": sentence_for(screen, form.problem) if form.problem else None,
        "wrong_field": form.problem.field if form.problem else "",
        "form_key": secrets.token_urlsafe(16),
        "days": _days(screen),
        "every": SOON if one is None or one.status == "running" or _is_near(one, screen.now) else SLOW,
        "is_on": await is_feature_enabled(uow, rules.FEATURE),
        "may_manage": may(uow.actor, BROADCASTS_MANAGE),
        "states": STATES,
        "audiences": AUDIENCES,
        "places": rules.PLACES,
        "no_success": rules.MOST_WITHOUT_SUCCESS,
    }


def _is_near(one: BroadcastRow, now: datetime) -> bool:
    return one.starts_at is not None and one.starts_at - now <= timedelta(minutes=1)
