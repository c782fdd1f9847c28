"""``python -m tests.chaos [kills] [broadcast] [faults]``: do it, print it, keep it in docs/proof/chaos.md."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos import broadcast
from tests.chaos.faults import FAULTS, FULL, Row, try_faults
from tests.chaos.kills import Figures, kill_everything
from tests.chaos.supervisor import RESTART_SECONDS

PROOF = Path(__file__).parents[2] / "docs" / "proof" / "chaos.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument(
        "parts",
        nargs="*",
        default=["kills", "broadcast", "faults"],
        help="kills, broadcast, faults, or names of faults",
    )
    parser.add_argument("--people", type=int, default=10_000, help="whom the broadcast is for")
    parser.add_argument("--bot-kills", type=int, default=5, help="during the broadcast")
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
    if "broadcast" in arguments.parts:
        sent, found = await broadcast.broadcast_to_many(
            folder / "broadcast" / "data",
            people=arguments.people,
            kills=arguments.bot_kills,
            seed=arguments.seed,
        )
        pages.append(_broadcast_page(sent, arguments))
        wrong += found
    names = [name for name in (*FAULTS, FULL) if "faults" in arguments.parts or name in arguments.parts]
    if names:
        rows, found = await try_faults(folder / "faults" / "data", names)
        pages.append(_faults_page(rows))
        wrong += found
    text = "\n".join(pages)
    sys.stdout.write(text)
    for one in wrong:
        sys.stdout.write(f"WRONG: {one}\n")
    if arguments.keep and not wrong:
        _keep(pages)
    return 1 if wrong else 0


_HEAD = """# Recovery, as measured

By `make chaos`, or a part of it; the last time a part was tried and everything was as it must be, it wrote
its own section here. What each fault must look like is said in `tests/chaos/`.

"""


def _keep(pages: list[str]) -> None:
    """Each page takes the place of the one of its kind."""
    old = PROOF.read_text().split("\n## ")[1:] if PROOF.exists() else []
    kept = {_kind(page): f"## {page.strip()}\n" for page in old}
    kept |= {_kind(page): page.strip() + "\n" for page in pages}
    PROOF.write_text(_HEAD + "\n".join(kept[kind] for kind in sorted(kept)))


def _kind(page: str) -> str:
    heading = page.strip().split("\n", 1)[0]
    return next(kind for kind in ("polling", "webhook", "faults", "broadcast") if kind in heading)


def _kills_page(figures: Figures, wrong: list[str], arguments: argparse.Namespace) -> str:
    mode = "webhook" if arguments.webhook else "polling"
    killed = ", ".join(f"{number} × {kind}" for kind, number in sorted(figures.kills.items()))
    lines = [
        f"## {figures.total} × `kill -9` under load ({mode}, seed {arguments.seed}, {figures.wall:.0f} s)",
        "",
        f"On {datetime.now(UTC).date()}, by `make chaos`, on {_machine()}.",
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


def _broadcast_page(figures: broadcast.Figures, arguments: argparse.Namespace) -> str:
    lines = [
        f"## A broadcast to {figures.people:,} people (seed {arguments.seed}, {figures.seconds:.0f} s)",
        "",
        f"On {datetime.now(UTC).date()}, by `python -m tests.chaos broadcast`, on {_machine()}.",
        "",
        "| | |",
        "|--|--|",
        broadcast.page(figures),
    ]
    return "\n".join(lines) + "\n\n"


def _machine() -> str:
    """Times mean nothing without it: the load is of whatever else ran there."""
    return f"{os.cpu_count()} processors, load {os.getloadavg()[1]:.1f} over the last five minutes"


def _faults_page(rows: list[Row]) -> str:
    said = f"On {datetime.now(UTC).date()}, by `make chaos`, on {_machine()}."
    lines = ["## The faults one by one", "", said, "", "| fault | must be | was | |", "|--|--|--|--|"]
    lines += [f"| {row.fault} | {row.must} | {row.seen} | {'; '.join(row.wrong) or 'ok'} |" for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
