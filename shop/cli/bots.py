"""`bots`: the shops of this installation, opened, paused and closed from the terminal."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from db.settings import Settings
from shop.bots import queries, replacing, service
from shop.bots.queries import BotRow
from shop.cli.command import Command, Refused, bot_argument, print_table, say
from shop.cli.door import OPERATOR, find_bot, in_the_shop
from shop.unit_of_work import UnitOfWork, UnitsOfWork

COLUMNS = ("bot_id", "name", "username", "status", "is_active", "is_master", "token_state")


def run_list(arguments: argparse.Namespace, settings: Settings) -> int:
    async def work(units: UnitsOfWork) -> list[BotRow]:
        async with units.platform(OPERATOR) as uow:
            return await queries.get_all_bots(uow, with_deleted=arguments.all)

    rows = [asdict(bot) for bot in in_the_shop(settings, work)]
    print_table(rows, COLUMNS, as_json=arguments.json)
    return 0


def run_create(arguments: argparse.Namespace, settings: Settings) -> int:
    token = arguments.token or _ask_for_token()

    async def work(units: UnitsOfWork) -> service.CreatedBot:
        async with units.platform(OPERATOR) as uow:
            return await service.create_bot(
                uow,
                name=arguments.name,
                telegram_bot_token=token,
                username=arguments.username,
                default_language=arguments.language,
                currency=arguments.currency,
                owner_name=arguments.owner,
            )

    created = in_the_shop(settings, work)
    say(f"Opened shop {created.bot_id} ({created.public_id}).")
    say(f"The owner's API token, shown only now:  {created.api_token}")
    return 0


def run_activate(arguments: argparse.Namespace, settings: Settings) -> int:
    bot = _change(arguments.bot, settings, service.activate_bot)
    say(f"Shop {bot.bot_id} ({bot.name}) is on duty.")
    return 0


def run_deactivate(arguments: argparse.Namespace, settings: Settings) -> int:
    bot = _change(arguments.bot, settings, service.deactivate_bot)
    say(f"Shop {bot.bot_id} ({bot.name}) is off duty; its dashboard stays open.")
    return 0


def run_delete(arguments: argparse.Namespace, settings: Settings) -> int:
    if not arguments.yes:
        raise Refused("deleting closes a shop for good; say --yes to mean it")
    bot = _change(arguments.bot, settings, service.delete_bot)
    say(f"Shop {bot.bot_id} ({bot.name}) is closed; its books stay.")
    return 0


def run_token(arguments: argparse.Namespace, settings: Settings) -> int:
    token = arguments.token or _ask_for_token()

    async def work(units: UnitsOfWork) -> BotRow:
        async with units.platform(OPERATOR) as uow:
            bot = await find_bot(uow, arguments.bot)
            await replacing.ask(await uow.enter(bot.bot_id), token, to_other_bot=arguments.other_bot)
            return bot

    bot = in_the_shop(settings, work)
    say(f"Shop {bot.bot_id} ({bot.name}) takes it as soon as the bot process has shown it to Telegram.")
    say("Until then, and if Telegram does not know it, the one in force goes on working.")
    return 0


def _change(named: str, settings: Settings, verb: Callable[[UnitOfWork, int], Awaitable[object]]) -> BotRow:
    async def work(units: UnitsOfWork) -> BotRow:
        async with units.platform(OPERATOR) as uow:
            bot = await find_bot(uow, named)
            await verb(uow, bot.bot_id)
            return bot

    return in_the_shop(settings, work)


def _ask_for_token() -> str:
    """Without --token: asked for unseen, or read from a pipe, so that it stays out of the shell's history."""
    if sys.stdin.isatty():
        return getpass.getpass("Telegram token (from @BotFather): ").strip()
    return sys.stdin.readline().strip()


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print every field as JSON")
    parser.add_argument("--all", action="store_true", help="with the deleted ones")


def _create_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="the shop's name")
    parser.add_argument(
        "--token", help="its Telegram token; asked for, or read from standard input, if left out"
    )
    parser.add_argument("--username", help="the bot's @name")
    parser.add_argument("--owner", help="the owner's name; the shop's unless given")
    parser.add_argument(
        "--language", default="fa", choices=("fa", "en"), help="of its customers (default: fa)"
    )
    parser.add_argument("--currency", default="IRT", help="of its books, for ever (default: IRT, Toman)")


def _token_arguments(parser: argparse.ArgumentParser) -> None:
    bot_argument(parser)
    parser.add_argument("--token", help="the new one; asked for, or read from standard input, if left out")
    parser.add_argument(
        "--other-bot",
        action="store_true",
        help="needed when it is another bot than before: its customers have to start it first",
    )


def _delete_arguments(parser: argparse.ArgumentParser) -> None:
    bot_argument(parser)
    parser.add_argument("--yes", action="store_true", help="needed, because it cannot be undone")


COMMAND = Command(
    "bots",
    "List, open, pause and close shops.",
    commands=(
        Command("list", "List the shops.", run_list, _list_arguments),
        Command("create", "Open a shop for a Telegram bot.", run_create, _create_arguments),
        Command("token", "Replace the Telegram token of a shop's bot.", run_token, _token_arguments),
        Command("activate", "Put a shop's bot on duty.", run_activate, bot_argument),
        Command("deactivate", "Take a shop's bot off duty.", run_deactivate, bot_argument),
        Command("delete", "Close a shop for good; its books stay.", run_delete, _delete_arguments),
    ),
)
