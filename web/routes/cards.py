"""The cards customers pay to: which one is shown next, what each does, and the forms that change them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from shop.actors import CARDS_MANAGE, SETTINGS_MANAGE, may
from shop.audit.queries import HistoryRow
from shop.cards import banks, board, queries, rules, service
from shop.cards.importing import ImportLine
from shop.cards.keeping import CardChanges
from shop.cards.simulator import simulate
from shop.configurations import service as configurations
from shop.errors import AlreadyExists, BadInput, ChangedMeanwhile
from shop.formatting import digits
from shop.i18n import N_
from shop.plans import queries as plans
from shop.receipts.desk import count_waiting
from shop.staff import lifetimes
from shop.unit_of_work import UnitOfWork
from web.access import Access, route_for
from web.auth import signed_in
from web.deps import Uow
from web.errors import sentence_for
from web.forms import LARGEST_FILE, parse_clock, parse_id, parse_number, read_file, read_form
from web.meanwhile import whose
from web.parts import WebRequest, parts_of
from web.rendering import NOTICES, Screen, Undo, see_other, undo_of, wants_part

CARDS = "/cards"
LIST = "#cards"
ON, OFF = "on", "off"
DELICATE = route_for(Access.STAFF, fresh_from=CARDS)
CHANGED = ("card.updated",)
NEW = 0
STRATEGY = -1
"""What a form is about when it is about no card that exists."""
USUAL_RANGE = 30
MOST_PRICES = 6
"""How many prices of plans the simulator offers to try."""
ALREADY_HERE = N_("This card is already among yours.")

OBSTACLES = {
    "daily_count": N_("its payments of the day are full"),
    "daily_amount": N_("its cap of the day is full"),
    "too_small": N_("below its amounts"),
    "too_large": N_("above its amounts"),
    "hours": N_("out of its hours"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of many cards, with the sentence beside it where it is wrong."""

    line: ImportLine
    error: str


@dataclass(frozen=True, slots=True)
class Many:
    """What was pasted, and what was understood of it."""

    text: str
    lines: Sequence[Line] = ()
    error: str = ""
    error_field: str = ""

    @property
    def wrong(self) -> int:
        return sum(bool(one.error) for one in self.lines)


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one card, or of none, as it is shown again."""

    about: int | None = None
    typed: Mapping[str, str] = field(default_factory=dict)
    error_field: str = ""
    error: str = ""
    many: Many | None = None
    meanwhile: bool = False
    """Somebody else changed the card: beside what was typed stands what is saved now."""
    whose: HistoryRow | None = None
    """That change, as the history has it."""


class CardController(Controller):
    path = CARDS

    @get()
    async def index(self, request: WebRequest, uow: Uow) -> Response[str]:
        """Every card in turn, with what it did in the range of the address."""
        return await _show(Screen.of(request), uow, Form())

    @get("/simulator")
    async def simulator(self, request: WebRequest, uow: Uow) -> Response[str]:
        """Which card the next hundred buyers would see for the amount of the address, and why."""
        screen, typed = Screen.of(request), request.query_params.get("amount", "")[:24]
        shown = await board.load_board(uow, range_days=1)
        found, error = None, ""
        try:
            amount = parse_number("amount", typed)
            found = await simulate(uow, amount=amount) if amount is not None else None
        except BadInput as refusal:
            error = sentence_for(screen, refusal)
        cards = [one.card for one in shown.cards]
        prices = {plan.price for plan in await plans.get_plans(uow, active_only=True)}
        return screen.page(
            "cards/simulator.html",
            code=422 if error else 200,
            active="cards",
            waiting=await count_waiting(uow),
            typed=typed,
            prices=sorted(prices)[:MOST_PRICES],
            found=found,
            error=error,
            obstacles=OBSTACLES,
            names={
                card.card_id: f"{banks.localised(card.bank_name, screen.lang)} "
                f"{digits(card.last_four, screen.lang)}"
                for card in cards
            },
        )

    @post(opt=DELICATE)
    async def add(self, request: WebRequest) -> Response[str]:
        """One more card, at the end of the turns."""
        fields = await read_form(request)

        async def add(uow: UnitOfWork) -> None:
            await service.create_payment_card(
                uow, card_number=fields.get("number", ""), **_particulars(fields)
            )

        return await _do(request, add, NEW, "card_added")

    @post("/bank")
    async def bank(self, request: WebRequest) -> Response[str]:
        """Which bank a number belongs to, while it is being typed. Posted, so that no log has it."""
        typed = (await read_form(request)).get("number", "")
        screen = Screen.of(request)
        known = banks.bank_of(rules.digits_of(typed)[: banks.PREFIX])
        try:
            rules.card_number(typed)
            problem = ""
        except BadInput as refusal:
            is_whole = len(rules.digits_of(typed)) >= rules.NUMBER_LENGTH
            problem = sentence_for(screen, refusal) if is_whole else ""
        return screen.part("cards/_bank.html", bank=banks.localised(known, screen.lang), problem=problem)

    @post("/strategy")
    async def choose_strategy(self, request: WebRequest) -> Response[str]:
        """How the next card is chosen, from the next buyer on."""
        fields = await read_form(request)

        async def choose(uow: UnitOfWork) -> None:
            await configurations.update_configuration_partial(uow, _settings(fields))

        return await _do(request, choose, STRATEGY, "strategy_kept")

    @post("/import", opt=route_for(Access.STAFF, files=True, fresh_from=CARDS))
    async def import_many(self, request: WebRequest) -> Response[str]:
        """Many at once: what each line would become, then all of them or none."""
        fields = await read_form(request)
        text = fields.get("cards", "")
        file = await read_file(request, "file")
        screen, who, units = Screen.of(request), signed_in(request), parts_of(request).units
        lines: list[ImportLine] = []
        try:
            text = "\n".join(part for part in (text, _read_text(file)) if part.strip())
            async with units.begin(who.shop.bot_id, who.actor) as uow:
                lines = await service.preview_cards(uow, text)
                wrong = sum(line.problem is not None for line in lines)
                if fields.get("step") == "add" and not wrong:
                    await service.import_cards(uow, text)
            if fields.get("step") == "add" and not wrong:
                return await _told(request, "cards_added")
            many = _many(screen, text, lines)
        except BadInput as refusal:
            wrong = 1
            many = Many(text, (), sentence_for(screen, refusal), refusal.field)
        async with units.begin(who.shop.bot_id, who.actor) as uow:
            return await _show(screen, uow, Form(many=many), code=422 if wrong else 200)

    @post("/{card_id:str}/rest")
    async def rest(self, request: WebRequest, card_id: FromPath[str]) -> Response[str]:
        """Out of the turns for some hours, with a reason; or back into them."""
        fields, card = await read_form(request), parse_id("card", card_id)

        async def rest(uow: UnitOfWork) -> None:
            await queries.get_payment_card(uow, card)
            hours = parse_number("hours", fields.get("hours", ""))
            if fields.get("to") == "end":
                await service.end_quarantine(uow, card)
            else:
                await service.quarantine_card(uow, card, hours=hours or 0, note=fields.get("why", ""))

        return await _do(request, rest, card, "card_back" if fields.get("to") == "end" else "card_rests")

    @post("/{card_id:str}")
    async def change(self, request: WebRequest, card_id: FromPath[str]) -> Response[str]:
        """Another holder, other caps, hours and bounds; never another number."""
        fields, card = await read_form(request), parse_id("card", card_id)

        async def change(uow: UnitOfWork) -> None:
            await queries.get_payment_card(uow, card)
            await service.update_payment_card(uow, card, seen=fields.get("seen", ""), **_particulars(fields))

        return await _do(request, change, card, "card_changed")

    @post("/{card_id:str}/switch")
    async def switch(self, request: WebRequest, card_id: FromPath[str]) -> Response[str]:
        """Show the card from now on, or no more; whoever was shown it may still pay to it."""
        is_on = (await read_form(request)).get("to") == "on"
        verb = service.activate_card if is_on else service.deactivate_card
        card = parse_id("card", card_id)
        undo = Undo(f"{CARDS}/{card}/switch", LIST, {"to": "off" if is_on else "on"})
        notice = "card_on" if is_on else "card_off"
        return await _do(request, lambda uow: verb(uow, card), card, notice, undo)

    @post("/{card_id:str}/move")
    async def move(self, request: WebRequest, card_id: FromPath[str]) -> Response[str]:
        """One place up or down in the turns."""
        up = (await read_form(request)).get("to") == "up"
        card = parse_id("card", card_id)
        return await _do(request, lambda uow: service.move_card(uow, card, up=up), card, "card_moved")

    @post("/{card_id:str}/archive")
    async def archive(self, request: WebRequest, card_id: FromPath[str]) -> Response[str]:
        """Off the page for good; what was paid to it stays."""
        card, who = parse_id("card", card_id), signed_in(request)
        async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
            was = ON if await service.archive_card(uow, card) else OFF
        return await _told(request, "card_archived", undo_of("card_archived", card, was))

    @post("/{card_id:str}/restore")
    async def restore(self, request: WebRequest, card_id: FromPath[str]) -> Response[str]:
        """Back where it stood: what undoes that it was put away."""
        is_on = (await read_form(request)).get("to") == ON
        card = parse_id("card", card_id)
        return await _do(
            request, lambda uow: service.restore_card(uow, card, is_active=is_on), card, "put_back"
        )


def _particulars(fields: Mapping[str, str]) -> CardChanges:
    """What the form of a card says of it. A field left empty is no limit; the weight falls back to one."""
    return {
        "holder_name": fields.get("holder", ""),
        "weight": parse_number("weight", fields.get("turns", "")) or 1,
        "daily_limit_count": parse_number("daily_limit_count", fields.get("most_payments", "")),
        "daily_limit_amount": parse_number("daily_limit_amount", fields.get("most_money", "")),
        "min_amount": parse_number("min_amount", fields.get("least", "")),
        "max_amount": parse_number("max_amount", fields.get("most", "")),
        "active_from": parse_clock("active_from", fields.get("opens", "")),
        "active_until": parse_clock("active_until", fields.get("closes", "")),
    }


def _settings(fields: Mapping[str, str]) -> dict[str, object]:
    """The strategy, and the minutes where they were sent and are a number."""
    changes: dict[str, object] = {"card_rotation_strategy": fields.get("strategy", "")}
    minutes = parse_number("card_rotation_minutes", fields.get("minutes", ""))
    if minutes is not None:
        changes["card_rotation_minutes"] = minutes
    return changes


def range_of(request: WebRequest) -> int:
    asked = request.query_params.get("range", "")
    return next((days for days in board.RANGES if str(days) == asked), USUAL_RANGE)


async def _do(
    request: WebRequest,
    verb: Callable[[UnitOfWork], Awaitable[object]],
    about: int,
    notice: str,
    undo: Undo | None = None,
) -> Response[str]:
    """Let ``verb`` change something and show what came of it.

    Refused, nothing of it stays: the form about ``about`` is shown again from a unit of its own, with
    everything that was typed and the sentence beside its field.
    """
    screen, who, units = Screen.of(request), signed_in(request), parts_of(request).units
    try:
        async with units.begin(who.shop.bot_id, who.actor) as uow:
            await verb(uow)
    except (BadInput, AlreadyExists) as refusal:
        form = Form(about, await read_form(request), refusal.field, _sentence(screen, refusal))
        async with units.begin(who.shop.bot_id, who.actor) as uow:
            return await _show(screen, uow, form, code=422)
    except ChangedMeanwhile as refusal:
        form = Form(about, await read_form(request), "", sentence_for(screen, refusal), meanwhile=True)
        async with units.begin(who.shop.bot_id, who.actor) as uow:
            form = replace(form, whose=await whose(uow, refusal, CHANGED, about))
            return await _show(screen, uow, form, code=409)
    return await _told(request, notice, undo)


def _sentence(screen: Screen, refusal: BadInput | AlreadyExists) -> str:
    known = isinstance(refusal, AlreadyExists)
    return screen.say(ALREADY_HERE) if known else sentence_for(screen, refusal)


def _read_text(file: bytes) -> str:
    """A file as spreadsheets save them. Raises BadInput for one that is too large or no text."""
    if len(file) > LARGEST_FILE:
        raise BadInput("file", "too_large")
    try:
        text = file.decode("utf-16" if file.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("file", "not_text") from None
    if "\x00" in text:
        raise BadInput("file", "not_text")
    return text


def _many(screen: Screen, text: str, lines: Sequence[ImportLine]) -> Many:
    return Many(
        text,
        [Line(line, _sentence(screen, line.problem) if line.problem is not None else "") for line in lines],
    )


async def _told(request: WebRequest, notice: str, undo: Undo | None = None) -> Response[str]:
    """What was done, and the page as it is now."""
    screen, who, units = Screen.of(request), signed_in(request), parts_of(request).units
    if not wants_part(request):
        days = range_of(request)
        url = CARDS if days == USUAL_RANGE else f"{CARDS}?range={days}"
        return see_other(url, send_cookies=[screen.keep_notice(notice, undo)])
    async with units.begin(who.shop.bot_id, who.actor) as uow:
        part = screen.text("cards/_cards.html", **await _context(screen, uow, Form()))
    return screen.answer(part + screen.toast(screen.say(NOTICES[notice]), tone="ok", undo=undo))


async def _show(screen: Screen, uow: UnitOfWork, form: Form, *, code: int = 200) -> Response[str]:
    """The page; for htmx all that changes on it."""
    context = await _context(screen, uow, form)
    if wants_part(screen.request):
        return screen.part("cards/_cards.html", code=code, **context)
    return screen.page(
        "cards/index.html", code=code, active="cards", waiting=await count_waiting(uow), **context
    )


async def _context(screen: Screen, uow: UnitOfWork, form: Form) -> dict[str, Any]:
    shown = await board.load_board(uow, range_days=range_of(screen.request))
    who = signed_in(screen.request)
    return {
        "board": shown,
        "form": form,
        "marks": {one.card.card_id: queries.mark_of(one.card) for one in shown.cards},
        "near": (board.NEAR, board.NEARER),
        "bank_names": {
            one.card.card_id: banks.localised(one.card.bank_name, screen.lang) for one in shown.cards
        },
        "many": form.many,
        "many_banks": {
            one.line.line: banks.localised(one.line.bank_name, screen.lang)
            for one in (form.many.lines if form.many else ())
        },
        "may_change": may(uow.actor, CARDS_MANAGE),
        "may_choose": may(uow.actor, SETTINGS_MANAGE),
        "is_fresh": lifetimes.is_fresh(now=screen.now, proved_at=who.proved_at),
    }
