"""The terminal, for tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from shop.cli import main
from tests.runtime.running import environment


@dataclass(frozen=True)
class Told:
    """What a command answered."""

    status: int
    out: str
    err: str


@pytest.fixture
def pishkhan(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Told]:
    """`python -m shop …` without the price of a new process; ``at`` is its PISHKHAN_DATA."""

    def run(*words: str, at: Path = tmp_path / "data", **environ: str) -> Told:
        for name in set(os.environ) - set(environment()):
            monkeypatch.delenv(name)
        for name, value in {"PISHKHAN_DATA": str(at), **environ}.items():
            monkeypatch.setenv(name, value)
        try:
            status = main(words)
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        return Told(status, *capsys.readouterr())

    return run
