"""`secrets`: which value uses which key of SECRET_KEY, and moving all of them to the newest."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from db.settings import Settings
from shop.cli.command import Command, Refused, print_table, say
from shop.cli.door import OPERATOR, in_the_shop
from shop.keys import service
from shop.keys.service import UNKNOWN, KeyUse, Rotated
from shop.unit_of_work import UnitsOfWork

COLUMNS = ("key", "role", "bot_tokens", "card_numbers", "api_tokens", "histories")


def run_status(arguments: argparse.Namespace, settings: Settings) -> int:
    uses = _uses(settings)
    print_table(
        [{**asdict(use), "key": use.key or "-", "role": _role(use)} for use in uses],
        COLUMNS,
        as_json=arguments.json,
    )
    if not arguments.json:
        for use in uses:
            say(_advice(use))
    return 1 if any(use.is_needed and not use.is_here and use.key != UNKNOWN for use in uses) else 0


def run_rotate(arguments: argparse.Namespace, settings: Settings) -> int:
    async def work(units: UnitsOfWork) -> Rotated:
        return await service.rotate(units)

    done = in_the_shop(settings, work)
    if done.unreadable:
        raise Refused(
            f"{done.unreadable} values cannot be read: their key is not in SECRET_KEY, or they are another "
            "row's; everything else was moved"
        )
    if arguments.json:
        return run_status(arguments, settings)
    say(
        f"Moved to the newest key: {done.bot_tokens} bot tokens, {done.card_numbers} card numbers, "
        f"{done.histories} histories. API tokens move one by one, when they are used to sign in."
    )
    return run_status(arguments, settings)


def _uses(settings: Settings) -> list[KeyUse]:
    async def work(units: UnitsOfWork) -> list[KeyUse]:
        async with units.platform(OPERATOR) as uow:
            return await service.count_uses(uow)

    return in_the_shop(settings, work)


def _role(use: KeyUse) -> str:
    if use.key == UNKNOWN:
        return "not noted"
    if use.is_newest:
        return "newest"
    return "older" if use.is_here else "missing"


def _advice(use: KeyUse) -> str:
    match _role(use):
        case "not noted":
            return (
                f"{use.api_tokens} API tokens were made before their key was noted: "
                "each is noted at its next sign-in."
            )
        case "newest":
            return f"{use.key} makes whatever is new."
        case "missing":
            return f"{use.key} is not in SECRET_KEY: what it made cannot be read."
        case _:
            return _advice_on_older(use)


def _advice_on_older(use: KeyUse) -> str:
    if not use.is_needed:
        return f"{use.key} is needed no more: take it out of SECRET_KEY."
    if use.bot_tokens or use.card_numbers or use.histories:
        return f"{use.key} is still needed: run `python -m shop secrets rotate`."
    return f"{use.key} is needed by {use.api_tokens} API tokens only: without it they end, and are made anew."


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the keys as JSON")


COMMAND = Command(
    "secrets",
    "Look after the keys that everything secret is kept under.",
    commands=(
        Command("status", "Show which value uses which key of SECRET_KEY.", run_status, _arguments),
        Command(
            "rotate", "Move everything to the newest key, while the shops go on.", run_rotate, _arguments
        ),
    ),
)
