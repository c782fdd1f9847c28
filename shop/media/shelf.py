"""Where our copies lie: a private folder, under names of our own making."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

EXTENSIONS = {"image/webp": "webp", "application/pdf": "pdf"}


@dataclass(frozen=True, slots=True)
class Shelf:
    """The media folder (mode 0700)."""

    folder: Path

    def put(self, bot_id: int, content: bytes, *, content_type: str) -> str:
        """Write a file durably and answer its key. A crash leaves the whole file or none."""
        name = f"{secrets.token_hex(16)}.{EXTENSIONS[content_type]}"
        home = self.folder / str(bot_id)
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = home / f".{name}"
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(home / name)
        return f"{bot_id}/{name}"

    def remove(self, key: str) -> None:
        """Take a file off the shelf; one that is gone already is no harm."""
        (self.folder / key).unlink(missing_ok=True)

    def read(self, key: str) -> bytes | None:
        """The file, or None when it is gone. Keys come from our table, never from a request."""
        try:
            return (self.folder / key).read_bytes()
        except FileNotFoundError:
            return None
