"""`make test` runs this: nothing to do when a browser is there, otherwise get one or say what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from tests.browser.find import BrowserMissing, find_chromium


def main() -> int:
    """0 with a browser; 1 with one sentence on the error stream."""
    # Whoever names a browser wants that one: nothing is installed behind his back.
    ways = () if os.environ.get("CHROMIUM") else (_from_system_packages, _from_playwright)
    problem = _missing()
    for get in ways:
        if problem is not None:
            get()
            problem = _missing()
    if problem is None:
        return 0
    sys.stderr.write(f"{problem}\n")
    return 1


def _missing() -> str | None:
    try:
        find_chromium()
    except BrowserMissing as error:
        return str(error)
    return None


def _from_system_packages() -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        _say("Getting a browser for the tests: apt-get " + " ".join(arguments))
        subprocess.run(
            ["apt-get", "--quiet", *arguments], env=environment, check=False, stdout=subprocess.DEVNULL
        )


def _from_playwright() -> None:
    _say("Getting a browser for the tests: playwright install chromium")
    with_libraries = ["--with-deps"] if os.geteuid() == 0 and shutil.which("apt-get") else []
    subprocess.run(
        [sys.executable, "-m", "playwright", "install", *with_libraries, "chromium"],
        check=False,
        stdout=subprocess.DEVNULL,
    )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
