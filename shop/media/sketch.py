"""A small grey draft of a picture, and how much two of them differ. Pure.

Receipts of one bank differ in a few digits and in nothing else, so hashes of 64 bits cannot tell them apart.
What can is the greatest difference of any small square (ADR 0023).
"""

from __future__ import annotations

import zlib

from PIL import Image, ImageChops, ImageOps

WIDTH, HEIGHT = 90, 160
"""Whatever shape the picture has: it is stretched, so that a resized copy gives the same draft."""
SQUARE = 2
SAME_UP_TO = 24
"""Grey levels of 255. Copies stay below, other receipts of the same template above."""
FLATTEST = 24
"""A picture with fewer grey levels than this between its darkest and its lightest spot shows nothing."""


def make(picture: Image.Image) -> bytes | None:
    """The packed draft of ``picture``; None where it shows nothing by which it could be known."""
    small = picture.convert("L").resize((WIDTH, HEIGHT), Image.Resampling.BOX)
    darkest, lightest = small.getextrema()
    if lightest - darkest < FLATTEST:  # type: ignore[operator]  # one band: two numbers
        return None
    return zlib.compress(ImageOps.autocontrast(small).tobytes())


def unpack(packed: bytes) -> Image.Image:
    return Image.frombytes("L", (WIDTH, HEIGHT), zlib.decompress(packed))


def difference(one: Image.Image, other: Image.Image) -> int:
    """Between two drafts: that of the square in which they differ most, 0 to 255."""
    _, most = ImageChops.difference(one, other).reduce(SQUARE).getextrema()
    return int(most)  # type: ignore[arg-type]  # one band: two numbers
