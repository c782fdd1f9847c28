"""`token`: the keys to a shop's dashboard: which there are, a new one, the end of old ones."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from db.settings import Settings
from shop.cli.command import Command, Refused, bot_argument, print_table, say
from shop.cli.door import OPERATOR, find_bot, in_the_shop
from shop.errors import NotFound
from shop.staff import queries, service
from shop.unit_of_work import UnitsOfWork

OWNERS = {"owner", "master"}
COLUMNS = ("key_id", "name", "staff_name", "created_at", "last_used_at", "last_used_address", "is_over")
KEY_HELP = "the token's public part: eight characters after pk_live_"


def run_issue(arguments: argparse.Namespace, settings: Settings) -> int:
    async def work(units: UnitsOfWork) -> tuple[str, str]:
        async with units.platform(OPERATOR) as uow:
            bot = await find_bot(uow, arguments.bot)
        async with units.begin(bot.bot_id, OPERATOR) as uow:
            owners = [one for one in await queries.list_staff(uow) if one.role in OWNERS and one.is_active]
            if not owners:
                raise NotFound("owner of", bot.name)
            issued = await service.issue_api_token(uow, owners[0].staff_id, name=arguments.name)
            return bot.name, issued.token

    shop, token = in_the_shop(settings, work)
    say(f"API token of {shop}, shown only now:  {token}")
    return 0


def run_list(arguments: argparse.Namespace, settings: Settings) -> int:
    async def work(units: UnitsOfWork) -> list[queries.TokenRow]:
        async with units.platform(OPERATOR) as uow:
            bot = await find_bot(uow, arguments.bot)
        async with units.begin(bot.bot_id, OPERATOR) as uow:
            return await queries.list_api_tokens(uow)

    rows = [asdict(row) for row in in_the_shop(settings, work)]
    print_table(rows, COLUMNS, as_json=arguments.json)
    return 0


def run_replace(arguments: argparse.Namespace, settings: Settings) -> int:
    async def work(units: UnitsOfWork) -> tuple[str, str]:
        async with units.platform(OPERATOR) as uow:
            bot = await find_bot(uow, arguments.bot)
        async with units.begin(bot.bot_id, OPERATOR) as uow:
            tokens = await queries.list_api_tokens(uow)
            chosen = next((row.token_id for row in tokens if row.key_id == arguments.key), None)
            if chosen is None:
                raise NotFound("token", arguments.key)
            issued = await service.replace_api_token(uow, chosen, at_once=arguments.now)
            return bot.name, issued.token

    shop, token = in_the_shop(settings, work)
    say(f"API token of {shop}, shown only now:  {token}")
    say("The old one stopped." if arguments.now else "The old one works for 24 hours more.")
    return 0


def run_revoke(arguments: argparse.Namespace, settings: Settings) -> int:
    async def work(units: UnitsOfWork) -> int:
        async with units.platform(OPERATOR) as uow:
            bot = await find_bot(uow, arguments.bot)
        async with units.begin(bot.bot_id, OPERATOR) as uow:
            tokens = [row for row in await queries.list_api_tokens(uow) if row.revoked_at is None]
            chosen = [row for row in tokens if arguments.key in {None, row.key_id}]
            for row in chosen:
                await service.revoke_api_token(uow, row.token_id)
            return len(chosen)

    if arguments.key is None and not arguments.all:
        raise Refused("say which token with --key (its eight characters after pk_live_), or --all")
    count = in_the_shop(settings, work)
    if not count:
        raise Refused("no token in use fits")
    say(f"Revoked {count}; whoever signed in with it is signed out.")
    return 0


def _issue_arguments(parser: argparse.ArgumentParser) -> None:
    bot_argument(parser)
    parser.add_argument("--name", default="Terminal", help="how the token is listed (default: Terminal)")


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    bot_argument(parser)
    parser.add_argument("--json", action="store_true", help="print every field as JSON")


def _replace_arguments(parser: argparse.ArgumentParser) -> None:
    bot_argument(parser)
    parser.add_argument("--key", required=True, help=KEY_HELP)
    parser.add_argument("--now", action="store_true", help="the old one stops at once, not in 24 hours")


def _revoke_arguments(parser: argparse.ArgumentParser) -> None:
    bot_argument(parser)
    parser.add_argument("--key", help=KEY_HELP)
    parser.add_argument("--all", action="store_true", help="every token of the shop")


COMMAND = Command(
    "token",
    "List, issue, replace or revoke API tokens, the keys to a shop's dashboard.",
    commands=(
        Command("list", "List a shop's tokens, never the tokens themselves.", run_list, _list_arguments),
        Command("issue", "Make a token for the shop's owner, and show it once.", run_issue, _issue_arguments),
        Command("replace", "Make a token in the place of another.", run_replace, _replace_arguments),
        Command("revoke", "Make tokens worthless at once.", run_revoke, _revoke_arguments),
    ),
)
