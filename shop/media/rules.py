"""Limits of what people may send. Pure."""

from __future__ import annotations

MAX_BYTES = 10 * 2**20
"""The default; a shop may set less."""
MAX_PIXELS = 25_000_000
LONGEST_SIDE = 1080
"""Pixels: enough to read a bank slip, small enough for a phone on a bad network."""
PICTURE_TYPE = "image/webp"
DOCUMENT_TYPE = "application/pdf"


def is_pdf(content: bytes) -> bool:
    """A PDF is kept as it came, for download only: never rendered, never shown in a page."""
    return content.startswith(b"%PDF-")
