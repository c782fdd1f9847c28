"""`ledger`: do the books balance?"""

from __future__ import annotations

import argparse
from dataclasses import asdict

from db.settings import Settings
from shop.cli.command import Command, print_table, say
from shop.cli.door import OPERATOR, in_the_shop
from shop.unit_of_work import UnitsOfWork
from shop.wallet import queries
from shop.wallet.queries import Mismatch

COLUMNS = ("bot_id", "user_id", "balance", "ledger_sum")


def run_verify(arguments: argparse.Namespace, settings: Settings) -> int:
    async def work(units: UnitsOfWork) -> list[Mismatch]:
        async with units.platform(OPERATOR) as uow:
            return await queries.prove(uow)

    wrong = [asdict(mismatch) for mismatch in in_the_shop(settings, work)]
    if wrong or arguments.json:
        print_table(wrong, COLUMNS, as_json=arguments.json)
    else:
        say("The books balance: every wallet is the sum of its entries.")
    return 1 if wrong else 0


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the wallets that are off as JSON")


COMMAND = Command(
    "ledger",
    "Prove the books.",
    commands=(
        Command(
            "verify",
            "Compare every wallet with the sum of its entries; status 1 when one is off.",
            run_verify,
            _verify_arguments,
        ),
    ),
)
