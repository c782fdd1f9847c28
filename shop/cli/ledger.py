"""`ledger`: do the books balance, and is the history what it was?"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

from db.settings import Settings
from shop.audit import chain
from shop.books import queries, rules, service
from shop.books.queries import Night
from shop.books.rules import Finding
from shop.bots.queries import BotRow, get_all_bots
from shop.cli.command import Command, print_table, say
from shop.cli.door import OPERATOR, in_the_shop
from shop.unit_of_work import UnitsOfWork

COLUMNS = ("bot_id", "code", "subject_id", "expected", "found")


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the master was told one night."""

    day: date
    digits: str


def run_verify(arguments: argparse.Namespace, settings: Settings) -> int:
    async def work(units: UnitsOfWork) -> list[dict[str, object]]:
        if arguments.record:
            await service.prove_due(units)
        async with units.platform(OPERATOR) as uow:
            bots = await get_all_bots(uow, with_deleted=True, with_rehearsals=True)
        told: Anchor | None = arguments.anchor
        wrong = await _against(units, bots, told) if told else []
        for bot in bots:
            async with units.begin(bot.bot_id, OPERATOR) as uow:
                wrong += [_row(bot.bot_id, finding) for finding in await service.prove(uow)]
        return wrong

    wrong = in_the_shop(settings, work)
    if wrong or arguments.json:
        print_table(wrong, COLUMNS, as_json=arguments.json)
    else:
        say("The books balance: every wallet is the sum of its entries, every payment was booked once,")
        say("and the history of every shop is the one that was sealed.")
    return 1 if wrong else 0


async def _against(units: UnitsOfWork, bots: list[BotRow], told: Anchor) -> list[dict[str, object]]:
    """The histories against what the master was told: by then every link had its hash."""
    async with units.platform(OPERATOR) as uow:
        night = await queries.get_night(uow, told.day)
    if night is None:
        return [_row(None, Finding("night_missing"))]
    if rules.told(rules.anchor(_plain(night))) != told.digits:
        return [_row(None, Finding("anchor_differs"))]
    wrong = []
    for bot in bots:
        if str(bot.bot_id) not in night.heads:
            continue
        seq, digest = night.heads[str(bot.bot_id)]
        async with units.begin(bot.bot_id, OPERATOR) as uow:
            faults = await chain.verify(uow, {seq: bytes.fromhex(digest)})
        wrong += [_row(bot.bot_id, Finding(fault.code, fault.audit_id, found=fault.seq)) for fault in faults]
    return wrong


def _plain(night: Night) -> Mapping[str, object]:
    return {bot_id: list(head) for bot_id, head in night.heads.items()}


def _row(bot_id: int | None, finding: Finding) -> dict[str, object]:
    return {"bot_id": bot_id, **asdict(finding)}


def _anchor(text: str) -> Anchor:
    day, _, digits = text.strip().partition(":")
    if len(digits) != rules.ANCHOR_DIGITS or set(digits.lower()) - set("0123456789abcdef"):
        raise argparse.ArgumentTypeError(
            "an anchor is a day, a colon and 32 digits, as the master was told it"
        )
    try:
        return Anchor(date.fromisoformat(day), digits.lower())
    except ValueError:
        raise argparse.ArgumentTypeError(f"{day} is no day like 2026-11-28") from None


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print what is wrong as JSON")
    parser.add_argument(
        "--record", action="store_true", help="make the night's proof now where it is missing, and tell it"
    )
    parser.add_argument(
        "--anchor",
        type=_anchor,
        metavar="DAY:DIGITS",
        help="also compare the histories with what the master was told that night",
    )


COMMAND = Command(
    "ledger",
    "Prove the books.",
    commands=(
        Command(
            "verify",
            "Prove every shop's books and history; status 1 when something is wrong.",
            run_verify,
            _verify_arguments,
        ),
    ),
)
