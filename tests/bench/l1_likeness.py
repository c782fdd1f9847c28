"""L1: whether drafts of receipts' pictures tell copies from other receipts, and what it takes.

Right and wrong are counted over drawn slips (``slips``); the time is that of one comparison, and of taking in
one picture in a shop that has ten thousand and a hundred thousand of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from itertools import combinations
from statistics import median

from PIL import Image
from sqlalchemy import select

from db.crypto import Vault
from db.engine import build_engine, build_sessions
from db.models import CardToCardPayment, Media
from shop.media import sketch
from shop.receipts import likeness
from shop.unit_of_work import UnitsOfWork
from tests.bench import slips
from tests.bench.figures import Figure, Series
from tests.bench.ground import SECRET, Ground, owner_of

STORED = (10_000, 100_000)
ALIKE = {"amount": 4_200_000, "day": 7, "payer": slips.NAMES[1], "card": 4417}
"""What one customer's receipts for one plan on one day have in common."""


async def measure(
    ground: Ground, *, each: int = 40, times: int = 25, stored: Sequence[int] = STORED
) -> list[Figure]:
    figures = [figure for template in slips.TEMPLATES for figure in _told_apart(template, each)]
    figures.append(_comparing(times))
    engine = build_engine(ground.database.app_url, application_name="bench", pool_size=2)
    try:
        units = UnitsOfWork(build_sessions(engine), Vault((SECRET,)), channel="bot")
        for number, bot_id in zip(stored, ground.shops, strict=False):
            await _keep(ground, bot_id, number)
            took = [await _take_in(units, bot_id, turn) for turn in range(times + 1)]
            what = f"taking in a picture beside {number:,} of one shop: lock, reading, comparing, keeping"
            figures.append(Figure("L1", what, Series(took[1:], "ms")))
    finally:
        await engine.dispose()
    return figures


def _told_apart(template: str, each: int) -> Iterator[Figure]:
    """How much copies differ, and how much receipts that are none."""
    written = [slips.write(f"{template} {number}", template) for number in range(each)]
    drawn = [slips.draw(slip) for slip in written]
    first = [_draft(slips.jpeg(image)) for image in drawn]
    for way, again in slips.SENT_AGAIN.items():
        copies = [
            sketch.difference(one, _draft(again(image))) for one, image in zip(first, drawn, strict=True)
        ]
        yield _figure(template, f"copies, {way}", copies, wrong="missed")
    pairs = [sketch.difference(*two) for two in combinations(first, 2)]
    yield _figure(template, "other receipts, every pair", pairs)
    near = [
        _draft(slips.jpeg(slips.draw(slips.write(f"{template} near {number}", template, **ALIKE))))
        for number in range(each)
    ]
    what = "other receipts of the same payer, card, day and amount, every pair"
    yield _figure(template, what, [sketch.difference(*two) for two in combinations(near, 2)])
    edited = [
        sketch.difference(one, _draft(slips.jpeg(slips.draw(slips.edited(number, slip)))))
        for number, (one, slip) in enumerate(zip(first, written, strict=True))
    ]
    yield _figure(template, "the same slip with one digit of the amount changed", edited)
    clock = [
        sketch.difference(one, _draft(slips.jpeg(slips.draw(replace(slip, phone_clock="23:58")))))
        for one, slip in zip(first, written, strict=True)
    ]
    yield _figure(
        template, "the same slip photographed again, another time in the status bar", clock, wrong=""
    )


def _figure(template: str, what: str, found: Sequence[int], *, wrong: str = "false alarms") -> Figure:
    same = sum(one <= sketch.SAME_UP_TO for one in found)
    number = len(found) - same if wrong == "missed" else same
    note = f"{number} of {len(found)} {wrong}" if wrong else f"{same} of {len(found)} told as the same"
    return Figure("L1", f"{template}: {what}", Series([float(one) for one in found], "of 255"), note=note)


def _draft(content: bytes) -> Image.Image:
    with Image.open(BytesIO(content)) as image:
        packed = sketch.make(image.convert("RGB"))
    if packed is None:
        raise ValueError
    return sketch.unpack(packed)


def _packed(seed: int) -> bytes:
    packed = sketch.make(slips.draw(slips.write(seed, list(slips.TEMPLATES)[seed % len(slips.TEMPLATES)])))
    if packed is None:
        raise ValueError
    return packed


def _comparing(times: int) -> Figure:
    """Of drafts as they are stored: unpacked, then compared."""
    mine, others = sketch.unpack(_packed(0)), [_packed(seed) for seed in range(1, 21)]
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        for packed in others:
            sketch.difference(mine, sketch.unpack(packed))
        took.append(1_000_000 * (time.perf_counter() - begun) / len(others))
    note = f"a draft takes {median(map(len, others)):,.0f} bytes"
    return Figure("L1", "unpacking one stored draft and comparing it", Series(took, "µs"), note=note)


async def _take_in(units: UnitsOfWork, bot_id: int, turn: int) -> float:
    """Milliseconds for one more picture, until it is committed."""
    drawn, digest = _packed(1_000 + turn), turn.to_bytes(32, "big")
    async with units.begin(bot_id, owner_of()) as uow:
        payment = (
            await uow.session.scalars(
                select(CardToCardPayment).order_by(CardToCardPayment.id).offset(turn).limit(1)
            )
        ).one()
        kept = Media(
            state="picture",
            storage_key=f"bench/{turn}",
            content_type="image/webp",
            sha256=digest,
            size_bytes=1,
            created_at=uow.now,
            updated_at=uow.now,
        )
        uow.session.add(kept)
        await uow.session.flush()
        payment.receipt_media_id, payment.receipt_sha256 = kept.id, digest
        begun = time.perf_counter()
        await likeness.take_in(uow, payment, drawn)
    return 1000 * (time.perf_counter() - begun)


async def _keep(ground: Ground, bot_id: int, number: int) -> None:
    """Drafts of sixty slips, over and over; of payments that are not there, which nobody follows."""
    root = await ground.connect("postgres")
    try:
        await root.execute("SET session_replication_role = replica")
        await root.execute(
            "INSERT INTO picture_sketches (bot_id, payment_id, media_id, sha256, sketch, created_at, "
            "updated_at) SELECT $1, -n, -n, sha256(n::text::bytea), ($2::bytea[])[1 + n % 60], now(), now() "
            "FROM generate_series(1, $3::int) n",
            *(bot_id, [_packed(seed) for seed in range(60)], number),
        )
        await root.execute("VACUUM ANALYZE picture_sketches")
    finally:
        await root.close()
