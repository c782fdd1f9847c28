"""``python -m tests.chaos [kills] [faults]``: do it, print what was found, keep it in docs/proof/chaos.md."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.faults import FAULTS, Row, try_faults
from tests.chaos.kills import Figures, kill_everything
from tests.chaos.supervisor import RESTART_SECONDS

PROOF = Path(__file__).parents[2] / "docs" / "proof" / "chaos.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", default=["kills", "faults"], help="kills, faults, or names of faults"
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--webhook", action="store_true", help="updates are brought, not fetched")
    parser.add_argument("--keep", action="store_true", help="write docs/proof/chaos.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pishkhan-chaos-", ignore_cleanup_errors=True) as folder:
        return asyncio.run(_run(arguments, Path(folder)))


async def _run(arguments: argparse.Namespace, folder: Path) -> int:
    pages, wrong = [], []
    if "kills" in arguments.parts:
        mode = {"TELEGRAM_MODE": "webhook"} if arguments.webhook else {}
        figures, found = await kill_everything(
            folder / "kills" / "data", kills=arguments.kills, seed=arguments.seed, **mode
        )
        pages.append(_kills_page(figures, found, arguments))
        wrong += found
    names = [name for name in FAULTS if "faults" in arguments.parts or name in arguments.parts]
    if names:
        rows, found = await try_faults(folder / "faults" / "data", names)
        pages.append(_faults_page(rows))
        wrong += found
    text = "\n".join(pages)
    sys.stdout.write(text)
    for one in wrong:
        sys.stdout.write(f"WRONG: {one}\n")
    if arguments.keep and not wrong:
        PROOF.write_text(_HEAD.format(date=datetime.now(UTC).date()) + text)
    return 1 if wrong else 0


_HEAD = """# Recovery, as measured

`make chaos` on {date}. What each fault must look like is said in `tests/chaos/`; this page is written only
when everything did.

"""


def _kills_page(figures: Figures, wrong: list[str], arguments: argparse.Namespace) -> str:
    mode = "webhook" if arguments.webhook else "polling"
    killed = ", ".join(f"{number} × {kind}" for kind, number in sorted(figures.kills.items()))
    lines = [
        f"## {figures.total} × `kill -9` under load ({mode}, seed {arguments.seed}, {figures.wall:.0f} s)",
        "",
        f"Killed: {killed}. A unit waits {RESTART_SECONDS:g} s before it starts again; that is in the times.",
        f"Meanwhile {figures.purchases} purchases were carried to their end, with {figures.updates} updates.",
        f"Answers of the dashboard to the reviewers (0: none): {figures.statuses}.",
        "",
        f"Lost updates, messages or decisions, and errors in the books: **{len(wrong)}**.",
        f"Messages that came twice: **{figures.duplicates}**, in {figures.total} kills.",
        "",
        "| killed | until | times | p50 | max |",
        "|--|--|--|--|--|",
    ]
    lines += [f"| {' | '.join(map(str, row))} |" for row in figures.rows()]
    return "\n".join(lines) + "\n\n"


def _faults_page(rows: list[Row]) -> str:
    lines = ["## The faults one by one", "", "| fault | must be | was | |", "|--|--|--|--|"]
    lines += [f"| {row.fault} | {row.must} | {row.seen} | {'; '.join(row.wrong) or 'ok'} |" for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
