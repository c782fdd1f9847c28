"""`staff`: a shop's dashboard people, and the Telegram accounts that confirm for them."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TypeVar

from db.settings import Settings
from shop.cli.command import Command, bot_argument, print_table, say
from shop.cli.door import OPERATOR, find_bot, in_the_shop
from shop.errors import NotFound
from shop.staff import queries, telegram
from shop.staff.queries import StaffRow
from shop.unit_of_work import UnitOfWork, UnitsOfWork

_T = TypeVar("_T")
COLUMNS = ("staff_id", "name", "role", "telegram_id", "is_active")


def run_list(arguments: argparse.Namespace, settings: Settings) -> int:
    rows = _in_shop(arguments.bot, settings, queries.list_staff)
    print_table([asdict(row) for row in rows], COLUMNS, as_json=arguments.json)
    return 0


def run_link(arguments: argparse.Namespace, settings: Settings) -> int:
    async def work(uow: UnitOfWork) -> StaffRow:
        person = await _find(uow, arguments.person)
        await telegram.link(uow, person.staff_id, arguments.telegram_id)
        return person

    person = _in_shop(arguments.bot, settings, work)
    say(f"Telegram account {arguments.telegram_id} confirms for {person.name} from now on.")
    return 0


def run_unlink(arguments: argparse.Namespace, settings: Settings) -> int:
    async def work(uow: UnitOfWork) -> StaffRow:
        person = await _find(uow, arguments.person)
        await telegram.unlink(uow, person.staff_id)
        return person

    person = _in_shop(arguments.bot, settings, work)
    say(f"No Telegram account confirms for {person.name} any more, who is signed out everywhere.")
    return 0


def run_sign_out(arguments: argparse.Namespace, settings: Settings) -> int:
    _in_shop(arguments.bot, settings, telegram.end_every_session)
    say("Everybody of the shop is signed out.")
    return 0


def _in_shop(named: str, settings: Settings, verb: Callable[[UnitOfWork], Awaitable[_T]]) -> _T:
    async def work(units: UnitsOfWork) -> _T:
        async with units.platform(OPERATOR) as uow:
            bot = await find_bot(uow, named)
        async with units.begin(bot.bot_id, OPERATOR) as uow:
            return await verb(uow)

    return in_the_shop(settings, work)


async def _find(uow: UnitOfWork, staff_id: int | None) -> StaffRow:
    """The person of that number; without one the shop's owner (or the master), who came first."""
    for person in await queries.list_staff(uow):
        if person.is_active and (
            person.staff_id == staff_id or (staff_id is None and person.role != "staff")
        ):
            return person
    raise NotFound("person", "owner" if staff_id is None else staff_id)


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    bot_argument(parser)
    parser.add_argument("--json", action="store_true", help="print every field as JSON")


def _person_argument(parser: argparse.ArgumentParser) -> None:
    bot_argument(parser)
    parser.add_argument("--person", type=int, help="a number of `staff list`; the owner unless given")


def _link_arguments(parser: argparse.ArgumentParser) -> None:
    _person_argument(parser)
    parser.add_argument("--telegram-id", type=int, required=True, help="the account's number on Telegram")


COMMAND = Command(
    "staff",
    "A shop's dashboard people, and the Telegram accounts that confirm for them.",
    commands=(
        Command("list", "List the people of a shop's dashboard.", run_list, _list_arguments),
        Command("link", "Let a Telegram account confirm for a person.", run_link, _link_arguments),
        Command(
            "unlink",
            "A lost account confirms no more; its person is signed out everywhere.",
            run_unlink,
            _person_argument,
        ),
        Command("sign-out", "Sign everybody of a shop out.", run_sign_out, bot_argument),
    ),
)
