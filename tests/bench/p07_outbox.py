"""P7: promised messages a second to the sandbox, with the limits of Telegram out of the way."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from aiohttp import ClientSession

from bot.outbox import AT_ONCE, Outbox
from bot.pace import Buckets
from bot.registry import Registry
from bot.telegram_session import open_bot, open_session
from tests.bench.baselines import poster
from tests.bench.figures import Figure, Goal, Series, share
from tests.bench.ground import Ground
from tests.bench.processes import free_port, program
from tests.bench.rounds import in_turn
from tests.factories import Shop, Shops

SHOPS = 20
PEOPLE = 10
ANY_SPEED = 1e9
_PROMISE = """
    INSERT INTO outbox (bot_id, chat_id, kind, payload, dedupe_key, due_at, created_at, updated_at)
    SELECT b, {first} + n % {people}, 'wallet_credited',
        jsonb_build_object('payment_id', n, 'amount', 125000, 'balance', 125000),
        'bench:' || b || ':' || (SELECT coalesce(max(id), 0) FROM outbox) + n, now(), now(), now()
    FROM unnest(ARRAY[{shops}]) b CROSS JOIN generate_series(1, {each}) n
"""
FIRST = 910_000_000


async def measure(ground: Ground, *, rounds: int = 5, messages: int = 600) -> list[Figure]:
    shops = [await Shops(ground.units, ground.shelf).open(stock=0) for _ in range(SHOPS)]
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with program("bot.sandbox", port=port, SANDBOX_PORT=str(port)) as sandbox:
        await _introduce(url, shops)
        session = open_session(url)
        registry = Registry()
        for shop in shops:
            registry.add(shop.bot_id, open_bot(shop.telegram_token, session))
        outbox = Outbox(ground.units, registry, lambda _shop, _reason: None)
        outbox._bots = Buckets(ANY_SPEED, ANY_SPEED)
        outbox._chats = Buckets(ANY_SPEED, ANY_SPEED)
        superuser = await ground.connect("postgres")
        delivering = asyncio.ensure_future(outbox.run())
        bodies = _bodies(url, shops, messages)

        async def ours() -> int:
            bot_ids = [shop.bot_id for shop in shops]
            await superuser.execute(promise(bot_ids, first=FIRST, people=PEOPLE, each=messages // SHOPS))
            outbox.wake()
            while await superuser.fetchval("select count(*) from outbox where sent_at is null"):
                await asyncio.sleep(0.02)
            return messages // SHOPS * SHOPS

        parts = {"bot": os.getpid(), "sandbox": sandbox.pid, "database": ground.postmaster}
        try:
            await superuser.execute("delete from outbox where sent_at is null")
            a, b = await in_turn(
                (ours, parts), (lambda: poster.post(bodies, callers=AT_ONCE), parts), rounds=rounds
            )
            failed = await superuser.fetchval("select count(*) from outbox where failed_at is not null")
            if failed:
                raise RuntimeError(f"{failed} messages were refused")
        finally:
            delivering.cancel()
            await asyncio.wait({delivering})
            await session.close()
            await superuser.close()
    mine, theirs = [burst.rate for burst in a], [burst.rate for burst in b]
    return [
        Figure(
            "P7",
            f"messages to the sandbox, {AT_ONCE} at once, beside bare aiohttp posting the same bodies",
            Series(mine, "a second"),
            Series(theirs, "a second"),
            Goal("at least", 50, "%"),
            share(mine, theirs),
            machine={
                "cpu_ms": Series([burst.per_unit("bot") for burst in a], "").median,
                "baseline_cpu_ms": Series([burst.per_unit("bot") for burst in b], "").median,
            },
        )
    ]


def promise(shops: Sequence[int], *, first: int, people: int, each: int) -> str:
    """SQL: so many messages of each of ``shops``, due now, to ``people`` from ``first`` on in turn."""
    keys = ", ".join(map(str, shops))
    return _PROMISE.format(shops=keys, first=first, people=people, each=each)


async def _introduce(url: str, shops: Sequence[Shop]) -> None:
    async with ClientSession(raise_for_status=True) as http:
        for shop in shops:
            bot = {"token": shop.telegram_token, "username": shop.username, "name": shop.name}
            async with http.post(f"{url}/_c/bot", json=bot):
                pass
        for number in range(PEOPLE):
            person = {
                "id": FIRST + number,
                "first_name": "Carol",
                "chats": [shop.telegram_token for shop in shops],
            }
            async with http.post(f"{url}/_c/user", json=person):
                pass


def _bodies(url: str, shops: Sequence[Shop], count: int) -> list[tuple[str, dict[str, str]]]:
    text = "✅ مبلغ <b>۱۲۵٬۰۰۰ تومان</b> به کیف پول شما افزوده شد.\nموجودی: ۱۲۵٬۰۰۰ تومان"
    return [
        (
            f"{url}/bot{shops[n % SHOPS].telegram_token}/sendMessage",
            {
                "chat_id": str(FIRST + n % PEOPLE),
                "text": text,
                "parse_mode": "HTML",
                "link_preview_options": '{"is_disabled": true}',
            },
        )
        for n in range(count)
    ]
