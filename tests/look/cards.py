"""The pages of cards in their states, as ``tests.look.screens`` collects them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

from shop.cards.board import NEAR, NEARER, Board, BoardCard, CardCount, Rest
from shop.cards.importing import ImportLine
from shop.cards.queries import CardRow, DayCount, mark_of
from shop.cards.simulator import Seen, Simulation
from shop.errors import BadInput
from tests.look.pages import NOW
from web.routes.cards import OBSTACLES, Form, Line, Many

State = tuple[str, str, dict[str, Any]]


def make_card(card_id: int = 1, **changes: Any) -> CardRow:
    row = CardRow(
        card_id=card_id,
        first_six="603799",
        last_four="4421",
        bank_name="Melli",
        holder_name="مریم کاظمی",
        position=card_id,
        weight=1,
        is_active=True,
        archived_at=None,
        success_count=0,
        failure_count=0,
        current_usage_count=0,
        last_used_at=NOW - timedelta(minutes=7),
        daily_limit_count=None,
        daily_limit_amount=None,
        min_amount=None,
        max_amount=None,
        active_from=None,
        active_until=None,
        created_by=None,
    )
    return replace(row, **changes)


def make_board_card(card_id: int = 1, **changes: Any) -> BoardCard:
    """What is no field of a BoardCard is one of its card."""
    of_board = {name: changes.pop(name) for name in list(changes) if name in BoardCard.__dataclass_fields__}
    one = BoardCard(
        card=make_card(card_id, **changes),
        number="6037991234564421",
        state="in_turn",
        resting=None,
        today=DayCount(reserved=3, reserved_amount=870_000),
        fullness=None,
        period=CardCount(shown=40, received=31, approved=29, approved_amount=8_410_000, rejected=2),
    )
    return replace(one, **of_board)


def make_board(*cards: BoardCard, **changes: Any) -> Board:
    return replace(Board([*cards], "round_robin", 30, 30, "IRT"), **changes)


def cards_context(board: Board, form: Form | None = None, **changes: Any) -> dict[str, Any]:
    form = form or Form()
    usual = {
        "board": board,
        "form": form,
        "near": (NEAR, NEARER),
        "bank_names": {one.card.card_id: one.card.bank_name for one in board.cards},
        "marks": {one.card.card_id: mark_of(one.card) for one in board.cards},
        "many": form.many,
        "many_banks": {line.line.line: "" for line in form.many.lines} if form.many else {},
        "may_change": True,
        "may_choose": True,
        "is_fresh": True,
    }
    return {**usual, **changes}


def card_states() -> Iterator[State]:
    rest = Rest(NOW + timedelta(hours=3), "owner", "سقف بانک")
    full = {"daily_limit_count": 4, "daily_limit_amount": 1_000_000}
    cards = [
        make_board_card(1, state="next", active_from=time(8), active_until=time(2), min_amount=50_000),
        make_board_card(2, state="near", fullness=0.75, **full),
        make_board_card(3, state="full", fullness=1.0, max_amount=900_000, **full),
        make_board_card(4, state="resting", resting=rest),
        make_board_card(5, state="resting", resting=replace(rest, by="rejections", note="")),
        make_board_card(6, state="out_of_hours", active_from=time(8)),
        make_board_card(7, state="off", is_active=False, period=CardCount(), last_used_at=None, bank_name=""),
    ]
    board = make_board(*cards)
    yield "cards", "cards/index.html", cards_context(board)
    yield "no cards", "cards/index.html", cards_context(make_board())
    yield "the last card that is on", "cards/index.html", cards_context(make_board(cards[0], cards[6]))
    yield "every card off", "cards/index.html", cards_context(make_board(cards[6], range_days=7))
    covered = make_board(*(replace(one, number=None) for one in cards))
    looking = cards_context(covered, may_change=False, may_choose=False, is_fresh=False)
    yield "cards, only looking", "cards/index.html", looking
    yield "cards, an old proof", "cards/index.html", cards_context(board, is_fresh=False)
    for about, field in (
        (0, "card_number"),
        (0, "holder_name"),
        (2, "weight"),
        (-1, "card_rotation_minutes"),
    ):
        form = Form(about, {"number": "۶۰۳۷", "strategy": "time_based", "minutes": "0"}, field, "نشد.")
        yield f"cards, wrong {field} of {about}", "cards/index.html", cards_context(board, form)
    yield from _many_states(board)
    names = {1: "ملی", 2: "سامان"}
    prices = [125_000, 290_000]
    usual = {"typed": "290000", "error": None, "names": names, "obstacles": OBSTACLES, "prices": prices}
    buyers = [Seen(1, {}), Seen(2, {1: "daily_count"}), Seen(None, {1: "daily_count", 2: "too_large"})]
    for strategy in ("round_robin", "weighted"):
        found = Simulation(strategy, 290_000, buyers)
        yield f"simulator, {strategy}", "cards/simulator.html", {**usual, "found": found}
    yield "simulator, wrong amount", "cards/simulator.html", {**usual, "found": None, "error": "نشد."}


def _many_states(board: Board) -> Iterator[State]:
    good = ImportLine(1, "621986", "8812", "Saman", "رضا احمدی", None)
    bad = replace(good, line=3, problem=BadInput("card_number", "wrong_check_digit"))
    for name, many in (
        ("fine", Many("شماره، نام", [Line(good, "")])),
        ("one wrong", Many("شماره، نام", [Line(good, ""), Line(bad, "یک رقم غلط است.")])),
        ("nothing", Many("", error="خطی نیست.", error_field="cards")),
        ("no text", Many("", error="متن نیست.", error_field="file")),
    ):
        yield f"many cards, {name}", "cards/index.html", cards_context(board, Form(many=many))
