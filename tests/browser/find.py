"""Where a Chromium is on this machine, whoever installed it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
SENTENCE = (
    "The browser tests need a Chromium and none was found: install the package chromium, "
    "or name one with CHROMIUM=/path/to/chromium."
)


class BrowserMissing(RuntimeError):
    """No browser; the text is the sentence to show."""


def find_chromium() -> str:
    """The path of a Chromium that starts: the one named by CHROMIUM, the system's, or Playwright's own."""
    named = os.environ.get("CHROMIUM")
    for path in [named] if named else _candidates():
        if _starts(path):
            return path
    raise BrowserMissing(SENTENCE)


def _candidates() -> Iterator[str]:
    for name in NAMES:
        if path := shutil.which(name):
            yield path
    yield MAC
    yield from sorted(
        map(str, _playwright_folder().glob("chromium-*/chrome-*/*/MacOS/Chromium")), reverse=True
    )
    yield from sorted(map(str, _playwright_folder().glob("chromium-*/chrome-*/chrome")), reverse=True)


def _playwright_folder() -> Path:
    if named := os.environ.get("PLAYWRIGHT_BROWSERS_PATH"):
        return Path(named)
    mac = Path.home() / "Library" / "Caches"
    return (mac if mac.exists() else Path.home() / ".cache") / "ms-playwright"


def _starts(path: str) -> bool:
    """A file alone proves nothing: on some systems the command is only an advertisement for a package."""
    if not os.access(path, os.X_OK):
        return False
    try:
        return (
            subprocess.run([path, "--version"], capture_output=True, check=False, timeout=30).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
