"""What a command of the terminal is made of."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from db.settings import Settings


class Refused(Exception):
    """The command will not do it; the text is the sentence to show, the exit status 1."""


def _no_arguments(_parser: argparse.ArgumentParser) -> None:
    pass


def _group(_arguments: argparse.Namespace, _settings: Settings) -> int:
    raise RuntimeError("a group of commands runs nothing itself: its parser asks for one of them")


@dataclass(frozen=True, slots=True)
class Command:
    """One word after `python -m shop`, or a group of such words."""

    name: str
    help: str
    run: Callable[[argparse.Namespace, Settings], int] = _group
    arguments: Callable[[argparse.ArgumentParser], None] = _no_arguments
    commands: tuple[Command, ...] = ()


def bot_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bot", metavar="BOT", help="a shop: its number, public id, @name, or master")


def say(text: str = "") -> None:
    """A line for the person at the terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_table(rows: Sequence[Mapping[str, object]], columns: Sequence[str], *, as_json: bool) -> None:
    """``rows`` as aligned columns, or as a JSON array for programs (all the fields, not only ``columns``)."""
    if as_json:
        say(json.dumps([dict(row) for row in rows], ensure_ascii=False, indent=2, default=str))
        return
    cells = [[_cell(row[column]) for column in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for line in ([name.upper() for name in columns], *cells):
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)
