"""No browser for the tests is said in one sentence, and is no silent skip."""

from __future__ import annotations

import os
import subprocess
import sys


def test_a_browser_that_is_not_there_is_one_sentence_and_a_failure():
    told = subprocess.run(
        [sys.executable, "-m", "tests.browser.install"],
        env={**os.environ, "CHROMIUM": "/no/such/browser"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith("The browser tests need a Chromium and none was found")
    assert len(told.stderr.splitlines()) == 1
