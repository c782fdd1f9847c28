"""Broadcasts: the list, the form that writes one, and one with what became of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from shop.actors import BROADCASTS_MANAGE, may, require
from shop.broadcasts import queries, rules, service
from shop.broadcasts.audience import count
from shop.broadcasts.queries import BroadcastRow
from shop.configurations.queries import get_config_value
from shop.errors import BadInput, FileTooLarge, NotFound, UnreadableFile
from shop.features.service import is_feature_enabled
from shop.i18n import LANGUAGES, N_
from shop.media import picture
from shop.media import service as media
from shop.media.picture import Prepared
from shop.paging import PIECE_ROWS
from shop.receipts.desk import count_waiting
from shop.unit_of_work import UnitOfWork
from web.access import Access, route_for
from web.acting import do_once
from web.auth import signed_in
from web.broadcasts import (
    AUDIENCES,
    STATES,
    Form,
    context_of,
    moment_of,
    read_button,
    read_narrowing,
)
from web.deps import Uow
from web.errors import sentence_for
from web.forms import LARGEST_FILE, parse_clock, parse_id, read_file, read_form
from web.lists import Listing, Shape, show
from web.parts import WebRequest, parts_of
from web.rendering import NOTICES, Screen, move_on, wants_part
from web.sheets import Sheet, both_calendars, in_both, long_file, said

BROADCASTS = "/broadcasts"
COLUMNS = (
    *(N_("Number"), N_("State"), N_("To whom"), N_("By"), *in_both(N_("Written")), *in_both(N_("Begun"))),
    *(N_("People"), N_("Sent to"), N_("Refused by Telegram"), N_("Have left the bot")),
    *(N_("Left out"), N_("Still to come"), N_("Perhaps twice")),
)
SHAPE = Shape(path=BROADCASTS, name="broadcasts", choices={"state": STATES})
LARGEST_UPLOAD = 2 * LARGEST_FILE
"""Bytes of the whole form."""
PICTURE_HEADERS = {"Cache-Control": "private, no-store"}
Act = Callable[[UnitOfWork, int, Mapping[str, str]], Awaitable[object]]


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
        screen, fields = Screen.of(request), dict(request.query_params)
        try:
            reach = await count(uow, fields.get("audience", ""), read_narrowing(fields))
        except BadInput as refusal:
            problem = sentence_for(screen, refusal)
            return screen.part("broadcasts/_count.html", code=422, problem=problem, reach=None)
        rate = float(await get_config_value(uow, rules.RATE_KEY))
        minutes = rules.minutes(reach.people, rate)
        return screen.part("broadcasts/_count.html", reach=reach, minutes=minutes)

    @post(opt=route_for(Access.STAFF, files=True), request_max_body_size=LARGEST_UPLOAD)
    async def create(self, request: WebRequest) -> Response[str]:
        """Keep it as a draft, then show it with its preview."""
        fields, who, screen = await read_form(request), signed_in(request), Screen.of(request)
        units = parts_of(request).units
        try:
            prepared = await _picture(request)
            async with units.begin(who.shop.bot_id, who.actor) as uow:
                made = await service.create(
                    uow,
                    audience=fields.get("audience", ""),
                    words=_words(fields),
                    form=fields.get("form_key", ""),
                    more=_more(fields, prepared),
                )
                await _keep_picture(request, uow, made, prepared)
        except BadInput as refusal:
            async with units.begin(who.shop.bot_id, who.actor) as uow:
                return await _compose(screen, uow, Form(fields, refusal), code=422)
        return move_on(request, f"{BROADCASTS}/{made}", [screen.parts.cookies.keep_notice("broadcast_kept")])

    @get("/{broadcast_id:str}")
    async def one(self, request: WebRequest, uow: Uow, broadcast_id: FromPath[str]) -> Response[str]:
        """One broadcast: a draft to be finished, or what became of it."""
        return await _show(Screen.of(request), uow, parse_id("broadcast", broadcast_id), Form())

    @post(
        "/{broadcast_id:str}",
        opt=route_for(Access.STAFF, files=True),
        request_max_body_size=LARGEST_UPLOAD,
    )
    async def change(self, request: WebRequest, broadcast_id: FromPath[str]) -> Response[str]:
        """Other words, or for others."""

        async def act(uow: UnitOfWork, key: int, fields: Mapping[str, str]) -> None:
            prepared = await _picture(request)
            await service.change(
                uow,
                key,
                audience=fields.get("audience", ""),
                words=_words(fields),
                more=_more(fields, prepared),
            )
            await _keep_picture(request, uow, key, prepared)

        return await _do(request, broadcast_id, act, "broadcast_kept")

    @get("/{broadcast_id:str}/picture")
    async def picture(self, request: WebRequest, uow: Uow, broadcast_id: FromPath[str]) -> Response[bytes]:
        """The picture above the words, as we keep it."""
        one = await queries.load_broadcast(uow, parse_id("broadcast", broadcast_id))
        if one.media_id is None:
            raise NotFound("picture", one.broadcast_id)
        stored = await media.open_file(uow, parts_of(request).shelf, one.media_id)
        return Response(stored.content, media_type=stored.content_type, headers=PICTURE_HEADERS)

    @post("/{broadcast_id:str}/repeat")
    async def repeat(self, request: WebRequest, broadcast_id: FromPath[str]) -> Response[str]:
        """The same once more, as a draft."""
        fields, who, screen = await read_form(request), signed_in(request), Screen.of(request)
        async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
            made = await service.repeat(
                uow, parse_id("broadcast", broadcast_id), form=fields.get("form_key", "")
            )
        return move_on(request, f"{BROADCASTS}/{made}", [screen.parts.cookies.keep_notice("broadcast_kept")])

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
            at = moment_of(screen, fields, parse_clock("clock", fields.get("clock", "")))
            await service.schedule(uow, key, at=at)

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
        N_("Broadcasts"),
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
    return await long_file(screen, uow, sheet)


def _listing(request: WebRequest) -> Listing:
    return SHAPE.read(request.query_params)


def _cells(screen: Screen, row: BroadcastRow) -> tuple[object, ...]:
    return (
        row.broadcast_id,
        said(screen, STATES, row.status),
        said(screen, AUDIENCES, row.audience),
        row.by,
        *both_calendars(screen, row.created_at),
        *both_calendars(screen, row.started_at),
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


def _more(fields: Mapping[str, str], prepared: Prepared | None) -> service.More:
    return service.More(
        narrowed=read_narrowing(fields),
        button=read_button(fields),
        brings_picture=prepared is not None,
        drops_picture="drop_picture" in fields,
    )


async def _picture(request: WebRequest) -> Prepared | None:
    """The picture that was chosen, ready to be kept; None where none was. Raises BadInput."""
    content = await read_file(request, "picture")
    if not content:
        return None
    try:
        prepared = await picture.prepare(content, limit=LARGEST_FILE)
    except FileTooLarge:
        raise BadInput("picture", "file_too_large") from None
    except UnreadableFile:
        raise BadInput("picture", "not_a_picture") from None
    if prepared.state != "picture":
        raise BadInput("picture", "not_a_picture")
    return prepared


async def _keep_picture(request: WebRequest, uow: UnitOfWork, key: int, prepared: Prepared | None) -> None:
    """Last, when nothing can be refused any more: what is refused leaves no file behind."""
    if prepared is not None:
        media_id = await media.store(uow, parts_of(request).shelf, prepared)
        await service.set_picture(uow, key, media_id)


async def _do(request: WebRequest, broadcast_id: str, act: Act, notice: str) -> Response[str]:
    """One act upon a broadcast; what is refused for what was typed is shown again with nothing lost."""
    fields, key = await read_form(request), parse_id("broadcast", broadcast_id)

    async def show(screen: Screen, uow: UnitOfWork, refusal: BadInput | None) -> Response[str]:
        if refusal is None:
            return await _show(screen, uow, key, Form(), done=notice)
        return await _show(screen, uow, key, Form(fields, refusal), code=422)

    return await do_once(
        request,
        lambda uow: act(uow, key, fields),
        show,
        refusals=(BadInput,),
        there=f"{BROADCASTS}/{key}",
        notice=notice,
    )


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
    return await _answer(screen, uow, broadcast_id, form, code=code, done=done)


async def _answer(
    screen: Screen,
    uow: UnitOfWork,
    broadcast_id: int | None,
    form: Form,
    *,
    code: int,
    done: str | None = None,
) -> Response[str]:
    context = await context_of(screen, uow, broadcast_id, form)
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
