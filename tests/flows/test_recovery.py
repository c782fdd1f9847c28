"""Whatever is killed comes back by itself. `make chaos` does more of it."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.kills import KINDS, kill_everything


async def test_each_process_is_killed_once_while_people_buy_and_nothing_is_lost(tmp_path: Path) -> None:
    figures, wrong = await kill_everything(
        tmp_path / "data", kills=len(KINDS), seed=1, customers_each=1, say=lambda _line: None
    )

    assert wrong == []
    assert figures.kills == dict.fromkeys(KINDS, 1)
    assert figures.purchases > 0
