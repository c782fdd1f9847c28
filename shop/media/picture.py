"""Turn what a person sent into something we may keep and show. Call it with no transaction open."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import sys
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

from PIL import Image

from shop.errors import FileTooLarge, UnreadableFile
from shop.media import rules

SECONDS = 10
AT_ONCE = asyncio.Semaphore(2)
"""Decoding is the heaviest thing a stranger can make us do: two at a time, the rest wait."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file ready to be stored."""

    state: Literal["picture", "document"]
    content: bytes
    content_type: str
    file_name: str | None
    sha256: bytes
    """Of the file as it was sent, not of our copy."""
    width: int | None = None
    height: int | None = None
    sketch: bytes | None = None
    """By which the same picture is known again; None for a document, or where nothing is to be seen."""


async def prepare(content: bytes, *, file_name: str | None = None, limit: int = rules.MAX_BYTES) -> Prepared:
    """Decode a picture in a limited child process, or keep a PDF as it is.

    Raises FileTooLarge (more than ``limit`` bytes) and UnreadableFile.
    """
    if len(content) > limit:
        raise FileTooLarge(len(content), limit)
    digest = hashlib.sha256(content).digest()
    if rules.is_pdf(content):
        return Prepared("document", content, rules.DOCUMENT_TYPE, file_name, digest)
    about, picture = await _decode(content)
    drawn = about["sketch"]
    return Prepared(
        "picture",
        picture,
        rules.PICTURE_TYPE,
        file_name,
        digest,
        about["width"],
        about["height"],
        None if drawn is None else base64.b64decode(drawn),
    )


async def _decode(content: bytes) -> tuple[dict[str, Any], bytes]:
    async with AT_ONCE:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "shop.media.decoder",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            out, _ = await asyncio.wait_for(child.communicate(content), SECONDS)
        except TimeoutError:
            raise UnreadableFile from None
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
    if child.returncode != 0:
        raise UnreadableFile
    head, _, picture = out.partition(b"\n")
    about: dict[str, Any] = json.loads(head)
    return about, picture


def as_jpeg(content: bytes) -> bytes:
    """Our own copy of a picture as a JPEG, for whoever does not take ours. Takes a moment: use a thread."""
    with Image.open(BytesIO(content), formats=("WEBP",)) as ours:
        out = BytesIO()
        ours.convert("RGB").save(out, "JPEG", quality=88)
    return out.getvalue()
