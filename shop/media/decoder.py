"""A child process that decodes one untrusted picture and writes our own copy of it.

Reads the file on standard input, writes one line of JSON and the new picture on standard output.
It runs under limits of memory and time (a small file can unfold to gigabytes), keeps only pixels
(no metadata, no second format hidden behind the first), and exits 1 for whatever is no picture.
"""

from __future__ import annotations

import base64
import json
import sys
import warnings
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from shop.media import sketch
from shop.media.rules import LONGEST_SIDE, MAX_PIXELS

MEMORY_BYTES = 512 * 2**20
CPU_SECONDS = 5
FORMATS = ("JPEG", "PNG", "WEBP")
NO_PICTURE = 1


def limit_resources() -> None:
    """Bound this process. Where the platform has no limits, the parent's time-out remains."""
    try:
        import resource  # noqa: PLC0415  (not on every platform)
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


def reencode(content: bytes) -> tuple[dict[str, int | str | None], bytes]:
    """The picture as WebP, upright, at most LONGEST_SIDE, with its size and its draft (in base 64).

    Raises what Pillow raises.
    """
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    with Image.open(BytesIO(content), formats=FORMATS) as source:
        if source.width * source.height > MAX_PIXELS:
            raise Image.DecompressionBombError
        source.draft("RGB", (LONGEST_SIDE * 2, LONGEST_SIDE * 2))
        picture = ImageOps.exif_transpose(source).convert("RGB")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE * 2))
    out = BytesIO()
    picture.save(out, "WEBP", quality=82, method=4)
    drawn = sketch.make(picture)
    about = {
        "width": picture.width,
        "height": picture.height,
        "sketch": None if drawn is None else base64.b64encode(drawn).decode(),
    }
    return about, out.getvalue()


def main() -> int:
    """Exit 0 with the picture, 1 when there is none to decode."""
    limit_resources()
    try:
        about, picture = reencode(sys.stdin.buffer.read())
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
        OSError,
        ValueError,
        SyntaxError,
        MemoryError,
        EOFError,
    ):
        return NO_PICTURE
    sys.stdout.buffer.write(json.dumps(about).encode() + b"\n" + picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
