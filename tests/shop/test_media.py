"""What people send is decoded under limits, re-encoded, and kept under names of our own."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
import struct
import sys
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from shop.errors import FileTooLarge, NotFound, UnreadableFile
from shop.media import picture, service
from shop.media.rules import MAX_PIXELS
from tests.factories import photo


def bomb() -> bytes:
    """A PNG of a few kilobytes that claims, and would unfold to, 400 million pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\x00" * 20_001 * 100, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def drawn(kind: str) -> bytes:
    """A whole picture of a kind that we do not take."""
    out = BytesIO()
    Image.new("RGB", (40, 20), "red").save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", drawn("GIF"), drawn("TIFF"), b"\x89PNG\r\n\x1a\n" + bytes(64), photo()[:400], bomb()],
    ids=["empty", "text", "gif", "tiff", "broken png", "half a jpeg", "bomb"],
)
async def test_what_is_no_picture_is_refused_and_hurts_nobody(content):
    with pytest.raises(UnreadableFile):
        await picture.prepare(content)


GREEDY = "from shop.media import decoder; decoder.CPU_SECONDS = 1; decoder.limit_resources(); "


@pytest.mark.parametrize(
    ("wish", "ended"),
    [("bytearray(decoder.MEMORY_BYTES)", 1), ("while True: pass", -signal.SIGKILL)],
    ids=["memory", "time"],
)
async def test_the_child_that_decodes_gets_no_more_memory_and_time_than_it_is_given(wish, ended):
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", f"{GREEDY}{chr(10)}{wish}", stderr=asyncio.subprocess.PIPE
    )
    try:
        _, said = await asyncio.wait_for(child.communicate(), 60)
    finally:
        if child.returncode is None:
            child.kill()

    assert child.returncode == ended
    assert (b"MemoryError" in said) == (ended == 1)


def greedy() -> bytes:
    """A WebP of a kilobyte with no more pixels than we take; unpacking it takes more memory than it gets."""
    side = int(MAX_PIXELS**0.5) - 1
    lying = Image.Exif()
    lying[0x0112] = 6
    out = BytesIO()
    Image.new("RGBA", (side, side), "red").save(out, "WEBP", lossless=True, exif=lying)
    return out.getvalue()


def endless() -> bytes:
    """A progressive JPEG whose last scan comes a thousand times more; each goes over all of the picture."""
    out = BytesIO()
    Image.new("L", (4000, 4000), 128).save(out, "JPEG", progressive=True)
    whole = out.getvalue()
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * 1000 + whole[-2:]


@pytest.mark.parametrize(("bomb", "kilobytes"), [(greedy, 2), (endless, 200)], ids=["memory", "time"])
async def test_a_small_picture_that_wants_more_than_its_share_is_refused_and_the_next_is_served(
    bomb, kilobytes, monkeypatch
):
    monkeypatch.setattr(picture, "SECONDS", 60)
    content = bomb()
    assert len(content) < kilobytes * 1024

    with pytest.raises(UnreadableFile):
        await picture.prepare(content)

    assert (await picture.prepare(photo())).state == "picture"
    assert [line for line in _children() if "shop.media.decoder" in line] == []


async def test_a_picture_that_takes_too_long_is_refused_and_its_child_is_gone(monkeypatch):
    monkeypatch.setattr(picture, "SECONDS", 0.01)

    with pytest.raises(UnreadableFile):
        await picture.prepare(photo())

    assert [line for line in _children() if "shop.media.decoder" in line] == []


def _children() -> list[str]:
    """The command lines of this process's children."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            if f"PPid:\t{os.getpid()}\n" in status.read_text():
                found.append((status.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return [line for line in found if line.strip()]


async def test_a_file_over_the_limit_is_refused_before_it_is_looked_at():
    with pytest.raises(FileTooLarge) as refusal:
        await picture.prepare(bytes(30 * 2**20))

    assert (refusal.value.size, refusal.value.limit) == (30 * 2**20, 10 * 2**20)


async def test_a_picture_becomes_our_own_without_what_was_hidden_in_it():
    image = Image.new("RGB", (3000, 4000), "red")
    exif = Image.Exif()
    exif[0x010E] = "where she lives"
    out = BytesIO()
    image.save(out, "JPEG", exif=exif)
    sent = out.getvalue() + b"<script>alert(1)</script>"

    prepared = await picture.prepare(sent)

    ours = Image.open(BytesIO(prepared.content))
    assert (ours.format, ours.size) == ("WEBP", (1080, 1440))
    assert (prepared.width, prepared.height) == ours.size
    assert not ours.getexif()
    assert b"script" not in prepared.content
    assert prepared.sha256 == hashlib.sha256(sent).digest(), "of the file as it was sent"


async def test_a_picture_lying_on_its_side_is_set_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    out = BytesIO()
    Image.new("RGB", (400, 200)).save(out, "JPEG", exif=exif)

    prepared = await picture.prepare(out.getvalue())

    assert (prepared.width, prepared.height) == (200, 400)


async def test_a_pdf_is_kept_as_it_came_and_is_no_picture():
    prepared = await picture.prepare(b"%PDF-1.4 a receipt", file_name="receipt.pdf")

    assert (prepared.state, prepared.content_type) == ("document", "application/pdf")
    assert prepared.content == b"%PDF-1.4 a receipt"


async def test_the_receipt_of_one_shop_cannot_be_opened_from_another(shops, make_shop):
    alice, mallory = await make_shop(), await make_shop()
    sent = await shops.receipt(alice)

    async with shops.units.begin(alice.bot_id, alice.owner) as uow:
        opened = await service.open_picture(uow, shops.shelf, sent.payment_id)
    assert opened.content_type == "image/webp"
    with pytest.raises(NotFound):
        async with shops.units.begin(mallory.bot_id, mallory.owner) as uow:
            await service.open_picture(uow, shops.shelf, sent.payment_id)


async def test_our_copies_are_private_files_and_a_lost_one_is_not_found(shops, make_shop):
    shop = await make_shop()
    sent = await shops.receipt(shop)
    [kept] = [path for path in shops.shelf.folder.rglob("*") if path.is_file()]

    assert kept.stat().st_mode & 0o077 == 0
    kept.unlink()
    with pytest.raises(NotFound):
        async with shops.units.begin(shop.bot_id, shop.owner) as uow:
            await service.open_picture(uow, shops.shelf, sent.payment_id)
