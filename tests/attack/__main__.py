"""``python -m tests.attack [ours] [sqlmap] [wapiti]``: attack the product, fail on what is found."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from tests.attack import tools
from tests.attack.checks import ask_everything
from tests.attack.decoy import decoy
from tests.attack.findings import Finding, Part, sorted_out
from tests.attack.ground import QUERIES, Ground, Person, picture_of, prepared, reads, unknown_queries
from tests.attack.report import KEPT, page
from tests.web.doors import DOORS, Door
from web.access import Access

PARTS = ("ours", "sqlmap", "wapiti")
CRAWL_SECONDS = 40
MODULE_SECONDS = 30
"""Of each module: as long as most need; which were stopped is told."""
SQLMAP_AT_ONCE = 2
LEFT_OUT = (
    "/logout*",
    "/sessions/*/end*",
    "/tokens/*/replace*",
    "/tokens/*/revoke*",
    "/platform/bots/*/sign-out*",
    "/platform/bots/*/people/*/unlink*",
    "/events",
    "/events?*",
    "/static/*",
)
"""What would end the scanner's own session or never answer; ``checks`` asks these doors."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {' '.join(PARTS)}; all by default")
    parser.add_argument("--keep", action="store_true", help="write docs/proof/attack.md, of a whole run")
    parser.add_argument("--logs", type=Path, help="leave what the tools printed in this folder")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {' '.join(sorted(unknown))}")
    chosen = set(asked.parts or PARTS)
    if asked.keep and chosen != set(PARTS):
        parser.error("only a whole run is kept")
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="pishkhan-attack-", ignore_cleanup_errors=True) as name:
            # The database's server may run as somebody else, who has to pass through.
            Path(name).chmod(0o755)
            logs = asked.logs or Path(name) / "logs"
            logs.mkdir(parents=True, exist_ok=True)
            parts = asyncio.run(_attack(chosen, Path(name) / "data", logs))
    except tools.NoTool as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    wrong, explained = sorted_out(finding for part in parts for finding in part.findings)
    text = page(parts, wrong, explained, seconds=time.monotonic() - began, at=datetime.now(UTC))
    sys.stdout.write(text)
    for finding in wrong:
        sys.stdout.write(f"WRONG: {finding}\n")
    if asked.keep:
        KEPT.write_text(text, encoding="utf-8")
    return 1 if wrong else 0


async def _attack(chosen: set[str], data: Path, logs: Path) -> list[Part]:
    if chosen != {"ours"}:
        _say("the scanners")
        await tools.install()
    async with prepared(data) as ground:
        # In this order: the last one changes whatever it can.
        parts = await ask_everything(ground) if "ours" in chosen else []
        if chosen != {"ours"}:
            parts.append(await _tools_see(ground, logs))
        if "sqlmap" in chosen:
            parts.append(await _sqlmap(ground, logs))
        if "wapiti" in chosen:
            parts += [part async for part in _wapiti(ground, logs)]
        parts.append(await _afterwards(ground))
        return parts


def _say(what: str) -> None:
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S}  {what}\n")


# The scanners -----------------------------------------------------------------------------------------------


async def _tools_see(ground: Ground, folder: Path) -> Part:
    """A tool that finds nothing on a page full of faults finds nothing on ours either."""
    _say("the decoy")
    began, blind = time.monotonic(), []
    async with decoy(ground.stack) as base:
        found, _ = await tools.wapiti(
            "decoy", base, ["/look?q=shop"], folder=folder, scan_seconds=20, attack_seconds=20
        )
        verdict, _ = await tools.sqlmap(base, "/look", {"q": "shop*"}, folder=folder, points=1)
    noticed = {finding.kind for finding in found.findings}
    wanted = {"Reflected Cross Site Scripting", "Content Security Policy Configuration"}
    blind += [Finding("wapiti", "blind", "decoy", kind) for kind in sorted(wanted - noticed)]
    blind += [Finding("sqlmap", "blind", "decoy", verdict)] if verdict != "injectable" else []
    counts = {"wapiti noticed": ", ".join(sorted(noticed)), "sqlmap": verdict}
    return Part("control: a page with planted faults", counts, blind, time.monotonic() - began)


async def _sqlmap(ground: Ground, folder: Path) -> Part:
    """Each parameter of each route that is read: in the path and in the query."""
    began, turns = time.monotonic(), asyncio.Semaphore(SQLMAP_AT_ONCE)
    # Where nothing is found sqlmap gives up: the picture it asks for has to be there.
    numbers = {**ground.numbers, "message_id": await picture_of(ground)}

    async def attack(door: Door) -> tuple[str, int, list[Finding]]:
        path = door.at(**{name: f"{value}*" for name, value in numbers.items()})
        query = {
            name: value.format(**ground.numbers) + "*" for name, value in QUERIES.get(door.path, {}).items()
        }
        points = len(door.parameters) + len(query)
        cookie = _who_reads(ground, door).session_cookie
        async with turns:
            _say(f"sqlmap, {door}")
            verdict, found = await tools.sqlmap(
                ground.stack.dashboard, path, query, folder=folder, cookie=cookie, points=points
            )
        return verdict, points, found

    doors = [door for door in reads() if door.parameters or door.path in QUERIES]
    results = await asyncio.gather(*map(attack, doors))
    findings = [finding for _, _, found in results for finding in found]
    findings += [
        Finding("sqlmap", "a parameter or an address that QUERIES does not match", name, "see to it")
        for name in sorted(unknown_queries())
    ]
    counts: dict[str, object] = {
        "addresses": len(doors),
        "parameters": sum(points for _, points, _ in results),
    }
    counts |= {
        f"parameters of addresses that were {kind}": sum(
            points for found, points, _ in results if found == kind
        )
        for kind in ("clean", "injectable", "unfinished")
    }
    return Part("sqlmap", counts, findings, time.monotonic() - began)


def _who_reads(ground: Ground, door: Door) -> Person:
    if door.access is Access.STAFF:
        return ground.alice
    return ground.master if door.access is Access.MASTER else ground.nobody


async def _wapiti(ground: Ground, folder: Path) -> AsyncIterator[Part]:
    """Everything the owner and the master of all shops can reach; forms are really sent."""
    for who in (ground.owner, ground.master):
        _say(f"wapiti, signed in as {who.name}")
        mine = [door for door in DOORS if who is ground.master or door.access is not Access.MASTER]
        starts = [ground.at(door) for door in mine if door in reads() and not door.path.startswith("/static")]
        part, crawled = await tools.wapiti(
            who.name,
            ground.stack.dashboard,
            starts,
            folder=folder,
            cookie=who.session_cookie,
            leave_out=LEFT_OUT,
            scan_seconds=CRAWL_SECONDS,
            attack_seconds=MODULE_SECONDS,
        )
        reached = [door for door in mine if _is_reached(door, crawled, ground.stack.dashboard)]
        not_reached = ", ".join(f"`{door}`" for door in mine if door not in reached) or "none"
        counts = {
            **part.counts,
            "ways in reached": f"{len(reached)} of {len(mine)}",
            "not reached": not_reached,
        }
        findings = [*part.findings]
        if not await who.is_in():
            findings.append(
                Finding("wapiti", "its session ended", who.name, "pages were not attacked to the end")
            )
        yield Part(part.title, counts, findings, part.seconds)


def _is_reached(door: Door, crawled: list[tuple[str, str]], base: str) -> bool:
    path = re.sub(r"\\\{[^}]*\\\}", "[^/?]+", re.escape(door.path))
    wanted = re.compile(re.escape(base) + path + r"(\?.*)?")
    return any(method == door.method and wanted.fullmatch(url) for method, url in crawled)


async def _afterwards(ground: Ground) -> Part:
    """Nothing broke: no failure in the log, and it still serves."""
    began, printed = time.monotonic(), ground.stack.printed
    failures = printed.count("a request failed") + printed.count("Traceback (most recent call last)")
    findings = [Finding("ours", "failure in the log", "the product", f"{failures}")] if failures else []
    ready = await ground.nobody.ask("GET", "/health/ready")
    if not ready.is_success:
        findings.append(Finding("ours", "no longer ready", "GET /health/ready", str(ready.status_code)))
    counts = {"failures in the product's log": failures, "ready": ready.status_code}
    return Part("afterwards", counts, findings, time.monotonic() - began)


if __name__ == "__main__":
    sys.exit(main())
