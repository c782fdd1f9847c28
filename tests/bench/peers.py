"""The environment of the programs we are compared with: their libraries are none of ours.

``requirements.txt`` beside this file holds them with their hashes; `make bench` installs it once into a
folder of its own, and again only when it says something else.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.bench.processes import ROOT

PLACE = ROOT / ".bench"
WANTED = Path(__file__).parent / "requirements.txt"


def python() -> Path:
    """The interpreter that has them. Raises CalledProcessError when they cannot be had."""
    stamp, found = PLACE / ".installed", PLACE / "bin" / "python"
    wanted = WANTED.read_text(encoding="utf-8")
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        subprocess.run((sys.executable, "-m", "venv", "--clear", PLACE), check=True)
        pip = (found, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
        subprocess.run((*pip, "--require-hashes", "--requirement", WANTED), check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return found


def versions() -> dict[str, str]:
    lines = WANTED.read_text(encoding="utf-8").splitlines()
    return dict(line.removesuffix(" \\").split("==", 1) for line in lines if "==" in line)
