"""What was uploaded: the bytes, and the two ids by which the Bot API speaks of them.

A ``file_id`` carries everything needed to find the file again and the bot it was made for, sealed by a
checksum; so no table of ids is kept, and a bot cannot use the id of another. The ``file_unique_id`` is made
of the contents alone and is the same for everybody.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import secrets
import warnings
from collections import OrderedDict
from dataclasses import dataclass

from PIL import Image

from bot.sandbox.protocol import JsonObject

MEMORY_LIMIT = 512 * 1024 * 1024
"""Bytes of uploads kept; the longest unused are forgotten first."""

KINDS = ("photo", "document", "video", "audio", "voice", "animation")
_PREFIXES = dict(zip(KINDS, ("AgAC", "BQAC", "BAAC", "CQAC", "AwAC", "CgAC"), strict=True))
FOLDERS = {
    "photo": "photos",
    "document": "documents",
    "video": "videos",
    "audio": "music",
    "voice": "voice",
    "animation": "animations",
}
FULL_SIZE = 255
_BOXES = (90, 320, 800)
"""Longest sides, in pixels, of the smaller copies of a photo."""
_UNREADABLE = (800, 600)
"""Claimed for a picture whose size cannot be read, so that bots can be tried with broken ones."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An upload; ``name`` and ``mime`` are those it first came with."""

    key: bytes
    content: bytes
    name: str
    mime: str
    width: int
    height: int
    is_picture: bool


@dataclass(frozen=True, slots=True)
class FileRef:
    """What a ``file_id`` says: which file, in which role, and which of a photo's sizes."""

    kind: str
    size: int
    key: bytes

    @property
    def unique_id(self) -> str:
        return _text(bytes([KINDS.index(self.kind), self.size]) + self.key)


class FileStore:
    def __init__(self) -> None:
        self._secret = secrets.token_bytes(16)
        self._files: OrderedDict[bytes, StoredFile] = OrderedDict()
        self._bytes = 0

    def put(self, content: bytes, name: str, mime: str) -> StoredFile:
        """Keep an upload; the same bytes are kept once."""
        key = hashlib.sha256(content).digest()[:10]
        known = self.get(key)
        if known is not None:
            return known
        size = picture_size(content)
        stored = StoredFile(key, content, name, mime, *(size or _UNREADABLE), is_picture=size is not None)
        self._files[key] = stored
        self._bytes += len(content)
        while self._bytes > MEMORY_LIMIT and len(self._files) > 1:
            _, gone = self._files.popitem(last=False)
            self._bytes -= len(gone.content)
        return stored

    def get(self, key: bytes) -> StoredFile | None:
        stored = self._files.get(key)
        if stored is not None:
            self._files.move_to_end(key)
        return stored

    def file_id(self, ref: FileRef, bot_id: int) -> str:
        body = bytes([KINDS.index(ref.kind), ref.size]) + ref.key + bot_id.to_bytes(8, "big")
        return _PREFIXES[ref.kind] + _text(body + self._seal(body))

    def resolve(self, file_id: str, bot_id: int) -> FileRef | None:
        """What the id stands for; nothing when it is no id, or was made for another bot."""
        try:
            raw = base64.urlsafe_b64decode(file_id[4:] + "=" * (-len(file_id[4:]) % 4))
        except ValueError:
            return None
        body, seal = raw[:-8], raw[-8:]
        if len(raw) != 28 or not hmac.compare_digest(seal, self._seal(body)):  # noqa: PLR2004  (see `file_id`)
            return None
        if int.from_bytes(body[12:], "big") != bot_id:
            return None
        return FileRef(KINDS[body[0]], body[1], body[2:12])

    def by_unique_id(self, unique_id: str) -> tuple[FileRef, StoredFile] | None:
        try:
            raw = base64.urlsafe_b64decode(unique_id + "=" * (-len(unique_id) % 4))
        except ValueError:
            return None
        stored = self.get(raw[2:]) if len(raw) == 12 and raw[0] < len(KINDS) else None  # noqa: PLR2004
        return (FileRef(KINDS[raw[0]], raw[1], raw[2:]), stored) if stored else None

    def _seal(self, body: bytes) -> bytes:
        return hmac.digest(self._secret, body, "sha256")[:8]


def photo_sizes(stored: StoredFile) -> list[tuple[int, int, int]]:
    """``(size, width, height)`` of every copy of a photo, smallest first; the upload itself is the last."""
    longest = max(stored.width, stored.height)
    sizes = [
        (number, max(1, stored.width * box // longest), max(1, stored.height * box // longest))
        for number, box in enumerate(_BOXES)
        if stored.is_picture and box < longest
    ]
    return [*sizes, (FULL_SIZE, stored.width, stored.height)]


def contents(ref: FileRef, stored: StoredFile) -> bytes:
    """The bytes of one size; smaller copies are drawn when asked for, which takes a moment: use a thread."""
    if ref.size == FULL_SIZE or not stored.is_picture:
        return stored.content
    with Image.open(io.BytesIO(stored.content)) as picture:
        small = picture.convert("RGB")
    small.thumbnail((_BOXES[ref.size], _BOXES[ref.size]))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80)
    return out.getvalue()


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height from a picture's header, without decoding it; nothing when it is no picture."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(content)) as picture:
                return picture.size
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in its place in a message."""

    kind: str
    file: StoredFile
    name: str
    mime: str
    duration: int = 1

    def ref(self) -> FileRef:
        return FileRef(self.kind, FULL_SIZE, self.file.key)

    def as_fields(self, store: FileStore, bot_id: int) -> JsonObject:
        """The message's fields as this bot sees them."""
        if self.kind == "photo":
            return {"photo": [self._photo_size(store, bot_id, *size) for size in photo_sizes(self.file)]}
        ids = self._ids(store, bot_id, self.ref())
        plain: JsonObject = {"mime_type": self.mime, "file_size": len(self.file.content)}
        if self.kind != "voice":
            plain["file_name"] = self.name
        fields = ids | plain
        if self.kind in ("video", "animation"):
            fields |= {"width": self.file.width, "height": self.file.height}
        if self.kind != "document":
            fields["duration"] = self.duration
        # An animation is also a document, for bots older than animations.
        return {self.kind: fields} | ({"document": ids | plain} if self.kind == "animation" else {})

    def _photo_size(self, store: FileStore, bot_id: int, size: int, width: int, height: int) -> JsonObject:
        fields = self._ids(store, bot_id, FileRef("photo", size, self.file.key))
        fields |= {"width": width, "height": height}
        if size == FULL_SIZE:
            fields["file_size"] = len(self.file.content)
        return fields

    @staticmethod
    def _ids(store: FileStore, bot_id: int, ref: FileRef) -> JsonObject:
        return {"file_id": store.file_id(ref, bot_id), "file_unique_id": ref.unique_id}


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
