"""Add many cards at once: read what was pasted, say what is wrong beside each line, keep all or none."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from db.models import TenantPaymentCard
from shop.actors import CARDS_MANAGE, require
from shop.cards import rules
from shop.cards.banks import bank_of
from shop.cards.keeping import CLEAN, PURPOSE, create_payment_card
from shop.cards.rotation import lock_rotation
from shop.errors import AlreadyExists, BadInput
from shop.formatting import latin, whole_number
from shop.unit_of_work import UnitOfWork

MOST_LINES = 200
COLUMNS = ("daily_limit_amount", "daily_limit_count", "min_amount", "max_amount")
"""After the number and the name, each may be left out. The order the page tells."""
_SEPARATORS = "\t;,،"
_NUMBER_FIRST = re.compile(r"([0-9][0-9\s\-\u200c\u200e\u200f]*)(.*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class ImportLine:
    """One line as it was understood. The whole number is not in it."""

    line: int
    """Counted from one, empty lines too: as the person's own editor counts."""
    first_six: str
    last_four: str
    bank_name: str
    holder_name: str
    problem: BadInput | AlreadyExists | None


async def preview_cards(uow: UnitOfWork, text: str) -> list[ImportLine]:
    """What would become of every line; nothing is kept. Raises NotAllowed, BadInput (no lines, too many)."""
    return [line for line, _ in await _understand(uow, text)]


async def import_cards(uow: UnitOfWork, text: str) -> int:
    """Add every line as a card, in their order, or none of them; how many.

    Raises NotAllowed, and BadInput when a single line could not be added.
    """
    require(uow.actor, CARDS_MANAGE)
    await lock_rotation(uow)
    understood = await _understand(uow, text)
    wrong = sum(line.problem is not None for line, _ in understood)
    if wrong:
        raise BadInput("cards", "wrong_lines", wrong)
    for _, particulars in understood:
        await create_payment_card(uow, **particulars)
    return len(understood)


async def _understand(uow: UnitOfWork, text: str) -> list[tuple[ImportLine, dict[str, Any]]]:
    require(uow.actor, CARDS_MANAGE)
    rows = list(_rows(text))
    if not rows:
        raise BadInput("cards", "required")
    if len(rows) > MOST_LINES:
        raise BadInput("cards", "too_many", MOST_LINES)
    kept = select(TenantPaymentCard.number_fingerprint).where(TenantPaymentCard.archived_at.is_(None))
    known = set(await uow.session.scalars(kept))
    seen: set[str] = set()
    return [_line(uow, at, cells, known, seen) for at, cells in rows]


def _line(
    uow: UnitOfWork, at: int, cells: list[str], known: set[bytes], seen: set[str]
) -> tuple[ImportLine, dict[str, Any]]:
    particulars: dict[str, Any] = {"holder_name": cells[1] if len(cells) > 1 else ""}
    digits, problem = rules.digits_of(cells[0]), None
    try:
        digits = particulars["card_number"] = rules.card_number(cells[0])
        if digits in seen or known & set(uow.vault.fingerprints(digits, purpose=PURPOSE)):
            raise AlreadyExists("card", "card_number")  # noqa: TRY301  (told beside its line like the others)
        seen.add(digits)
        for field, cell in zip(COLUMNS, cells[2:], strict=False):
            particulars[field] = _amount(field, cell)
        for field, value in particulars.items():
            if field in CLEAN:
                CLEAN[field](value)
        rules.check_bounds(particulars.get("min_amount"), particulars.get("max_amount"))
    except (BadInput, AlreadyExists) as refusal:
        problem = refusal
    is_whole = len(digits) == rules.NUMBER_LENGTH
    return (
        ImportLine(
            line=at,
            first_six=digits[:6] if is_whole else "",
            last_four=digits[-4:] if is_whole else "",
            bank_name=bank_of(digits[:6]),
            holder_name=particulars["holder_name"].strip()[: rules.LONGEST_HOLDER],
            problem=problem,
        ),
        particulars,
    )


def _amount(field: str, cell: str) -> int | None:
    try:
        return whole_number(cell)
    except ValueError:
        raise BadInput(field, "not_a_number") from None


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of every line that says something; a first line without a digit is a heading."""
    for at, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        bare = line.strip()
        if not bare or (at == 1 and not any(c.isdigit() for c in bare)):
            continue
        yield at, _cells(bare)


def _cells(line: str) -> list[str]:
    separator = next((sign for sign in _SEPARATORS if sign in line), None)
    if separator is not None:
        try:
            return next(csv.reader([line], delimiter=separator))
        except csv.Error:
            return line.split(separator)
    # The number, then the name, with nothing but a space between them.
    found = _NUMBER_FIRST.fullmatch(latin(line))
    return [found[1], line[len(found[1]) :].strip()] if found else [line]
