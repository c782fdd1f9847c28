"""The command line: every command as data, one place that turns refusals into a sentence and a status.

Exit status 0 is done, 1 is refused (with one sentence), 2 is a wrong command line or wrong settings.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from db.embedded import CANNOT_SERVE
from db.logs import configure_logging
from db.ports import PortTaken
from db.ready import NOT_READY
from db.settings import settings_or_exit
from shop.cli import backup, bots, export, keys, ledger, opening, schema, seed, staff, tokens, up
from shop.cli.command import Command, Refused

COMMANDS = (
    up.COMMAND,
    opening.MIGRATE,
    schema.CHECK,
    bots.COMMAND,
    tokens.COMMAND,
    staff.COMMAND,
    seed.COMMAND,
    export.COMMAND,
    ledger.COMMAND,
    keys.COMMAND,
    backup.BACKUP,
    backup.RESTORE,
)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = build_parser().parse_args(argv)
    command: Command = arguments.command
    settings = settings_or_exit()
    if argv is None:  # a process of its own, whose last words must hold no secret either
        configure_logging(settings)
    try:
        return command.run(arguments, settings)
    except (Refused, PortTaken, *CANNOT_SERVE, *NOT_READY) as error:
        sys.stderr.write(f"{str(error).rstrip('.')}.\n")
        return 1
    except KeyboardInterrupt:
        return 130


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pishkhan", description="Run and look after a Pishkhan installation."
    )
    _add(parser, COMMANDS)
    return parser


def _add(parser: argparse.ArgumentParser, commands: Sequence[Command]) -> None:
    places = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in commands:
        place = places.add_parser(command.name, help=command.help, description=command.help)
        command.arguments(place)
        if command.commands:
            _add(place, command.commands)
        else:
            place.set_defaults(command=command)
