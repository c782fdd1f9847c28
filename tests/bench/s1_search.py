"""S1: customers sought behind the wall, beside the same statements for a role that has none.

In one shop of two hundred thousand customers, whose names are as common as names are: a search that finds one
of them, one that finds a few hundred, and one that finds every tenth.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median

from db.crypto import Vault
from db.engine import build_engine, build_sessions
from shop.customers.search import Sought, count_customers, list_customers
from shop.unit_of_work import UnitsOfWork
from tests.bench.figures import Figure, Goal, Series, ratio
from tests.bench.ground import SECRET, Ground, owner_of

PEOPLE = 200_000
SEARCHES: Mapping[str, Callable[[int], str]] = {
    "a Telegram number": lambda turn: str(8_000_000_000_001 + 7 * turn),
    "an @name": lambda turn: f"@person_{turn}7",
    "a word that everybody has, with another": lambda turn: f"کاظمي {turn % 10 + 10}",
    "two words that many have": lambda turn: f"رضا {turn % 90 + 10}",
    "two letters that every tenth name begins with": lambda _turn: "عل",
}
NAMES = ("علی‌رضا", "سارا", "محمد", "زهرا", "حسین", "مریم", "رضا", "نگار", "امیر", "فاطمه")


async def measure(
    ground: Ground, *, people: int = PEOPLE, rounds: int = 7, searches: int = 5
) -> list[Figure]:
    bot_id = ground.shops[0]
    await _welcome(ground, bot_id, people)
    walls = [
        build_engine(url, application_name="bench", pool_size=2)
        for url in (ground.database.app_url, ground.bypassing_url)
    ]
    try:
        sides = [UnitsOfWork(build_sessions(engine), Vault((SECRET,)), channel="web") for engine in walls]
        return [
            await _compare(what, words, sides, bot_id, people, rounds, searches)
            for what, words in SEARCHES.items()
        ]
    finally:
        for engine in walls:
            await engine.dispose()


async def _compare(
    what: str,
    words: Callable[[int], str],
    sides: list[UnitsOfWork],
    bot_id: int,
    people: int,
    rounds: int,
    searches: int,
) -> Figure:
    took: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        for units, kept in zip(sides, took, strict=True):
            each = [await _search(units, bot_id, words(number * searches + turn)) for turn in range(searches)]
            if number:  # the first round warms both up
                kept.append(median(each))
    walled, open_ = took
    return Figure(
        "S1",
        f"{what}, sought among {people:,} customers of one shop: page and count, beside a role that bypasses "
        "row-level security",
        Series(walled, "ms"),
        Series(open_, "ms"),
        Goal("at most", 1.1),
        ratio(walled, open_),
    )


async def _search(units: UnitsOfWork, bot_id: int, words: str) -> float:
    """Milliseconds of what the page of customers asks for one search."""
    begun = time.perf_counter()
    async with units.begin(bot_id, owner_of()) as uow:
        await list_customers(uow, Sought(words))
        await count_customers(uow, Sought(words))
    return 1000 * (time.perf_counter() - begun)


async def _welcome(ground: Ground, bot_id: int, people: int) -> None:
    root = await ground.connect("postgres")
    try:
        # Without triggers, each of which would look whether every row may be: this is only to be looked at.
        await root.execute("SET session_replication_role = replica")
        await root.execute(
            "INSERT INTO users (bot_id, telegram_id, first_name, last_name, username, language, created_at, "
            "updated_at) SELECT $1, 8000000000001 + n, ($2::text[])[1 + n % $3::int], "
            "'کاظمی ' || n % 997, 'person_' || n, 'fa', now() - n * interval '1 minute', now() "
            "FROM generate_series(1, $4::int) n",
            *(bot_id, list(NAMES), len(NAMES), people),
        )
        await root.execute(
            "INSERT INTO user_words (bot_id, user_id, word) SELECT bot_id, users.id, word FROM users "
            "CROSS JOIN LATERAL (SELECT name_words(first_name || ' ' || last_name) AS word "
            "UNION SELECT name_words(username)) AS words WHERE bot_id = $1 AND telegram_id > 8000000000000",
            bot_id,
        )
        await root.execute("VACUUM ANALYZE users")
        await root.execute("VACUUM ANALYZE user_words")
    finally:
        await root.close()
