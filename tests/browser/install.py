"""`make test` runs this: nothing to do when a browser is there, otherwise get one or say what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from tests.browser.find import BrowserMissing, find_chromium


def main() -> int:
    for get in (_nothing, _from_system_packages, _from_playwright):
        get()
        try:
            find_chromium()
        except BrowserMissing:
            continue
        return 0
    try:
        find_chromium()
    except BrowserMissing as error:
        sys.stderr.write(f"{error}\n")
    return 1


def _nothing() -> None:
    pass


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
