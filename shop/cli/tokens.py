"""`token`: a new key to a shop's dashboard, or the end of old ones."""

from __future__ import annotations

import argparse

from db.settings import Settings
from shop.cli.command import Command, Refused, bot_argument, say
from shop.cli.door import OPERATOR, find_bot, in_the_shop
from shop.errors import NotFound
from shop.staff import queries, service
from shop.unit_of_work import UnitsOfWork

OWNERS = {"owner", "master"}


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


def _revoke_arguments(parser: argparse.ArgumentParser) -> None:
    bot_argument(parser)
    parser.add_argument("--key", help="the token's public part: eight characters after pk_live_")
    parser.add_argument("--all", action="store_true", help="every token of the shop")


COMMAND = Command(
    "token",
    "Issue or revoke API tokens, the keys to a shop's dashboard.",
    commands=(
        Command("issue", "Make a token for the shop's owner, and show it once.", run_issue, _issue_arguments),
        Command("revoke", "Make tokens worthless at once.", run_revoke, _revoke_arguments),
    ),
)
