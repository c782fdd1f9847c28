"""The scanners: an environment of their own, how they are called, what they said.

How each is called was tried against a page with planted faults; ``decoy`` keeps asking that they notice.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tests.attack.findings import Finding, Part

ROOT = Path(__file__).parents[2]
PLACE = ROOT / ".attack"
WANTED = Path(__file__).parent / "requirements.txt"
INSTALL_SECONDS = 600
SQLMAP_SECONDS = 150
POINT_SECONDS = 40
"""Of each parameter, where an address has many: on a busy machine one takes as long."""
GRACE_SECONDS = 120
MODULES = (
    "xss",
    "permanentxss",
    "sql",
    "timesql",
    "exec",
    "file",
    "redirect",
    "crlf",
    "csp",
    "cookieflags",
    "http_headers",
    "csrf",
    "methods",
    "upload",
)
REPEATED = ("lang", "theme")
"""On every page and for all pages alike: crawled with them, each page would be attacked five times."""
_STARTED = re.compile(r"Launching module ([a-z_]+)")
_CUT = re.compile(r"Max attack time was reached for module ([a-z_]+)")
_CRAWL_CUT = "Max scan time was reached"
_SURE = "does not seem to be injectable"
_TOKENS = re.compile(r"pk_live_[A-Za-z0-9_-]+")


class NoTool(RuntimeError):
    """A scanner cannot be had, or did not do what it was started for."""


def versions() -> dict[str, str]:
    """As pinned, and as installed: ``install`` sees to it that these are the same."""
    lines = WANTED.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==", 1) for line in lines if "==" in line)


async def install() -> None:
    """Once; again only when the list says something else."""
    stamp = PLACE / ".installed"
    wanted = WANTED.read_text(encoding="utf-8")
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    python = PLACE / "bin" / "python"
    pip = (str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    for words in ((sys.executable, "-m", "venv", "--clear", str(PLACE)), (*pip, "-r", str(WANTED))):
        status, printed = await _run(words, seconds=INSTALL_SECONDS)
        if status != 0:
            raise NoTool(f"the scanners could not be installed in {PLACE.name}:\n{printed[-2000:]}")
    stamp.write_text(wanted, encoding="utf-8")


async def wapiti(
    name: str,
    base: str,
    starts: Sequence[str],
    *,
    folder: Path,
    cookie: str = "",
    leave_out: Sequence[str] = (),
    modules: Sequence[str] = MODULES,
    scan_seconds: int,
    attack_seconds: int,
) -> tuple[Part, list[tuple[str, str]]]:
    """Crawl from every address of ``starts`` and attack what is found; also what was, as method and address.

    Raises NoTool when there is no report.
    """
    began, report = time.monotonic(), folder / f"{name}.json"
    words = [str(PLACE / "bin" / "wapiti"), "-u", f"{base}/", "--scope", "folder", "-m", ",".join(modules)]
    for start in starts:
        words += ["-s", base + start]
    for path in leave_out:
        words += ["-x", base + path]
    for name_of in REPEATED:
        words += ["-r", name_of]
    # What a payload would have fetched from outside is told to lie here, and nobody's name is looked up.
    words += ["--endpoint", base, "--dns-endpoint", "localhost"]
    # Unless it is told to talk, it does not say which module's time ran out.
    words += ["--flush-session", "--no-bugreport", "--tasks", "4", "-t", "10", "-v", "1"]
    words += ["--max-scan-time", str(scan_seconds), "--max-attack-time", str(attack_seconds)]
    words += ["--store-session", str(folder / f"{name}-s"), "--store-config", str(folder / "config")]
    words += ["-f", "json", "-o", str(report), "--detailed-report", "1"]
    # Its own limits end it; ours is for when they do not.
    longest = scan_seconds + len(modules) * attack_seconds + GRACE_SECONDS
    if cookie:
        words += ["-H", f"Cookie: {cookie}"]
    status, printed = await _run(words, seconds=longest, home=folder)
    (folder / f"{name}.log").write_text(printed, encoding="utf-8")
    if not report.exists():
        raise NoTool(f"wapiti wrote no report ({name}, status {status}):\n{printed[-2000:]}")
    told = json.loads(report.read_text(encoding="utf-8"))
    findings = [
        Finding("wapiti", kind, f"{one['method']} {_path(one['path'])}", _said(one))
        for group in ("vulnerabilities", "anomalies")
        for kind, ones in told[group].items()
        for one in ones
    ]
    started, cut = (set(found.findall(printed)) for found in (_STARTED, _CUT))
    crawled = [(one["request"]["method"], one["request"]["url"]) for one in told["infos"]["crawled_pages"]]
    if missing := set(modules) - started:
        findings.append(Finding("wapiti", "module did not run", name, ", ".join(sorted(missing))))
    counts = {
        "addresses and forms attacked": len(crawled),
        "modules run to their end": f"{len(started - cut)} of {len(modules)}",
        "modules stopped by their time": ", ".join(sorted(cut)) or "none",
        "crawl": "stopped by its time" if _CRAWL_CUT in printed else "to its end",
    }
    return Part(f"wapiti, {name}", counts, findings, time.monotonic() - began), crawled


def _path(found: str) -> str:
    return urlsplit(found).path or found


def _said(one: Mapping[str, object]) -> str:
    named = f"{one['parameter']}: " if one.get("parameter") else ""
    return named + " ".join(str(one["info"]).split())


async def sqlmap(
    base: str, path: str, query: Mapping[str, str], *, folder: Path, cookie: str = "", points: int
) -> tuple[str, list[Finding]]:
    """Try each ``*`` of the path and each value of the query; ``points``: how many there are.

    The verdict is ``clean`` only when it said so of every one of them; else a finding.
    """
    asked = f"?{urlencode(query, safe='*')}" if query else ""
    words = [str(PLACE / "bin" / "sqlmap"), "-u", base + path + asked, "--batch", "--disable-coloring"]
    words += ["--level", "2", "--risk", "1", "--dbms", "postgresql", "--time-sec", "2", "--threads", "4"]
    words += ["--flush-session", "--drop-set-cookie", "--answers", "follow=N,quit=N"]
    words += ["--output-dir", str(folder / "sqlmap"), "--ignore-code", "404"]
    if cookie:
        words += ["--cookie", cookie]
    status, printed = await _run(words, seconds=max(SQLMAP_SECONDS, POINT_SECONDS * points), home=folder)
    with (folder / "sqlmap.log").open("a", encoding="utf-8") as log:
        log.write(f"===== {path}{asked}\n{printed}\n")
    if "identified the following injection point" in printed or "is vulnerable" in printed:
        said = printed.split("injection point", 1)[-1]
        return "injectable", [Finding("sqlmap", "SQL injection", path, " ".join(said.split())[:300])]
    if (sure := printed.count(_SURE)) >= points:
        return "clean", []
    why = f"{sure} of {points} points looked at, status {status}: {printed.strip().splitlines()[-1][:200]}"
    return "unfinished", [Finding("sqlmap", "not looked at to the end", path, why)]


async def _run(words: Sequence[str], *, seconds: float, home: Path | None = None) -> tuple[int | None, str]:
    """Status (None: its time ran out) and what it printed. Nothing of it is left running."""
    environment = {**os.environ, **({"HOME": str(home), "XDG_DATA_HOME": str(home)} if home else {})}
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
        start_new_session=True,
    )
    assert process.stdout is not None
    printed = bytearray()

    async def read() -> None:
        while chunk := await process.stdout.read(65536):
            printed.extend(chunk)
        await process.wait()

    status: int | None = None
    try:
        async with asyncio.timeout(seconds):
            await read()
        status = process.returncode
    except TimeoutError:
        pass
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return status, _TOKENS.sub("pk_live_…", printed.decode(errors="replace"))
