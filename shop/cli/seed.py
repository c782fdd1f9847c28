"""`seed`: shops, customers and payments in bulk, to measure an installation with."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict

from db.settings import Settings
from shop.cli.command import Command, Refused, say
from shop.cli.door import in_the_shop
from shop.demo.bulk import SeededShop, Wanted, seed_bulk
from shop.unit_of_work import UnitsOfWork

BAR = 30
"""Characters."""
EVERY_SECONDS = 0.1
LINE_SECONDS = 5.0
"""Between two lines where there is no terminal to draw a bar on."""
COUNTS = ("users", "payments", "approved", "rejected", "waiting", "expired")


class ProgressBar:
    """Drawn over itself on a terminal, told in lines elsewhere; on standard error, beside the result."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0
        self.begun = self.shown = time.monotonic()
        self.draws = sys.stderr.isatty()

    def __call__(self, steps: int) -> None:
        self.done += steps
        now, last = time.monotonic(), self.done >= self.total
        if not last and now - self.shown < (EVERY_SECONDS if self.draws else LINE_SECONDS):
            return
        self.shown = now
        told = f"{self.done:,} of {self.total:,}, {self.done / max(now - self.begun, 0.001):,.0f} a second"
        if self.draws:
            bar = "#" * (BAR * self.done // self.total)
            told = f"\r[{bar:<{BAR}}] {told}\x1b[K"
        sys.stderr.write(told + ("\n" if last or not self.draws else ""))
        sys.stderr.flush()


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    if settings.bot_token and not arguments.yes:
        raise Refused(
            "BOT_TOKEN is set, so real people trade here; say --yes to add invented shops all the same"
        )
    wanted = Wanted(arguments.bots, arguments.users, arguments.payments)
    if wanted.payments and wanted.users < wanted.bots:
        raise Refused("payments need people: let --users be at least --bots")

    async def work(units: UnitsOfWork) -> list[SeededShop]:
        return await seed_bulk(units, wanted, ProgressBar(wanted.bots + wanted.users + wanted.payments))

    begun = time.monotonic()
    shops = in_the_shop(settings, work)
    _tell(shops, time.monotonic() - begun, as_json=arguments.json)
    return 0


def _tell(shops: list[SeededShop], seconds: float, *, as_json: bool) -> None:
    totals = {name: sum(getattr(shop, name) for shop in shops) for name in COUNTS}
    if as_json:
        summary = {"bots": len(shops), **totals, "seconds": round(seconds, 3)}
        say(json.dumps(summary | {"shops": [asdict(shop) for shop in shops]}, ensure_ascii=False, indent=2))
        return
    numbers = sorted(shop.bot_id for shop in shops)
    which = f"1 shop (number {numbers[0]}, its bot"
    if len(shops) > 1:
        which = f"{len(shops):,} shops (numbers {numbers[0]} to {numbers[-1]}, their bots"
    say(
        f"Opened {which} off duty) with {totals['users']:,} customers and {totals['payments']:,} payments "
        f"in {seconds:.1f} seconds: " + ", ".join(f"{totals[name]:,} {name}" for name in COUNTS[2:]) + "."
    )
    say("`python -m shop token issue NUMBER` makes a key to one of them.")


def _at_least(least: int, text: str) -> int:
    number = int(text)
    if number < least:
        raise ValueError
    return number


def whole_number(text: str) -> int:
    """Nought or more."""
    return _at_least(0, text)


def counting_number(text: str) -> int:
    """One or more."""
    return _at_least(1, text)


def _arguments(parser: argparse.ArgumentParser) -> None:
    for name, kind, default, what in (
        ("--bots", counting_number, 3, "shops to open"),
        ("--users", whole_number, 300, "customers in all of them"),
        ("--payments", whole_number, 3_000, "payments in all of them, over the last ninety days"),
    ):
        parser.add_argument(
            name, type=kind, default=default, metavar="N", help=f"{what} (default: {default})"
        )
    parser.add_argument("--json", action="store_true", help="print what was made as JSON")
    parser.add_argument("--yes", action="store_true", help="needed where BOT_TOKEN is set")


COMMAND = Command("seed", "Open invented shops in bulk, to measure with.", run, _arguments)
