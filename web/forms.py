"""What comes from outside, made into values: posted forms, ids in addresses, places to go next."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from urllib.parse import parse_qsl

from litestar.exceptions import HTTPException
from multipart import MultipartSegment, PushMultipartParser

from shop.errors import BadInput, NotFound
from shop.formatting import latin, whole_number
from web.access import largest_file, takes_files
from web.parts import WebRequest

MOST_FIELDS = 50
LARGEST_BODY = 64 * 1024
"""Bytes. Forms are small; the few routes that take files say so themselves."""
LARGEST_FILE = 2**20
"""Bytes."""
FORM_SECONDS = 30.0
"""How long a form may take to arrive; whoever sends it byte by byte gets the connection closed."""
UPLOAD_SECONDS = 120.0
"""The same where files are taken: a megabyte over a phone in the metro."""
LARGEST_ID = 2**63 - 1
LONGEST_ADDRESS = 500

_ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
# One slash and no second one, no backslash (browsers read it as a slash), nothing invisible.
_LOCAL_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*", re.ASCII)
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9])?", re.ASCII)
_FORM = "application/x-www-form-urlencoded"
_FORM_WITH_FILES = "multipart/form-data"
_CACHED = "posted_form"


async def read_form(request: WebRequest) -> Mapping[str, str]:
    """The posted fields; of a field sent twice, the last. Empty for any other kind of body.

    Read once for each request. Raises BadInput for what is no form at all.
    """
    return (await _read_once(request)).fields


async def read_file(request: WebRequest, field: str) -> bytes:
    """The file chosen in ``field``, empty where none was; of one that is too large a byte more than is taken.

    Only where the route says that it takes files, of at most LARGEST_FILE unless it says otherwise. Raises
    BadInput for what is no form at all.
    """
    return (await _read_once(request)).files.get(field, b"")


@dataclass(frozen=True, slots=True)
class _Posted:
    fields: Mapping[str, str]
    files: Mapping[str, bytes]


async def _read_once(request: WebRequest) -> _Posted:
    cached: _Posted | None = request.scope.get(_CACHED)  # type: ignore[assignment]
    if cached is None:
        try:
            async with asyncio.timeout(
                UPLOAD_SECONDS if takes_files(request.route_handler) else FORM_SECONDS
            ):
                cached = await _read(request)
        except TimeoutError:
            raise HTTPException(status_code=408, headers={"Connection": "close"}) from None
        request.scope[_CACHED] = cached  # type: ignore[literal-required]
    return cached


async def _read(request: WebRequest) -> _Posted:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _FORM:
        return _Posted(_parse(await request.body()), {})
    if kind == _FORM_WITH_FILES and takes_files(request.route_handler):
        return await _parse_parts(request)
    return _Posted({}, {})


async def _parse_parts(request: WebRequest) -> _Posted:
    """In memory, whose bounds the route sets, and nothing to close wherever a form breaks off.

    Not by ``request.form()``: it leaves the files before a part that cannot be read open.
    """
    boundary = request.content_type[1].get("boundary", "")
    taken = _Taken(largest_file(request.route_handler) or LARGEST_FILE)
    try:
        with PushMultipartParser(boundary, max_segment_count=MOST_FIELDS) as parser:
            async for chunk in request.stream():
                for event in parser.parse(chunk):
                    taken.take(event)
    except (ValueError, LookupError):
        raise BadInput("form", "unreadable") from None
    return _Posted(taken.fields, taken.files)


class _Taken:
    """The parts of a form as they come: a head, what is in it piece by piece, and nothing at its end.

    Of a file only a byte more than ``largest`` is kept. Raises ValueError and LookupError for a text that is
    not in the characters it names.
    """

    def __init__(self, largest: int) -> None:
        self.fields: dict[str, str] = {}
        self.files: dict[str, bytes] = {}
        self._largest = largest
        self._head = MultipartSegment([])
        self._body = bytearray()

    def take(self, event: MultipartSegment | bytes | None) -> None:
        if isinstance(event, MultipartSegment):
            self._head, self._body = event, bytearray()
        elif event is None:
            self._finish()
        elif not self._head.filename:
            self._body += event
        else:
            self._body += event[: max(0, self._largest + 1 - len(self._body))]

    def _finish(self) -> None:
        name = self._head.name or ""
        if self._head.filename:
            self.files[name] = bytes(self._body)
        else:
            self.fields[name] = self._body.decode(self._head.charset or "utf-8")


def _parse(body: bytes) -> Mapping[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise BadInput("form", "unreadable") from None


def parse_id(what: str, text: str) -> int:
    """A key in an address. What cannot be one is answered like one that does not exist: NotFound."""
    if _ID.fullmatch(text) is None or int(text) > LARGEST_ID:
        raise NotFound(what, text[:20])
    return int(text)


def parse_number(field: str, text: str) -> int | None:
    """A whole number as people type it: digits of any script, grouped or not; None for nothing.

    Raises BadInput for everything else.
    """
    try:
        return whole_number(text)
    except ValueError:
        raise BadInput(field, "not_a_number") from None


def parse_clock(field: str, text: str) -> time | None:
    """A time of day as ``23:05``, digits of any script; None for nothing. Raises BadInput."""
    found = _CLOCK.fullmatch(latin(text.strip()))
    if not text.strip():
        return None
    if found is None:
        raise BadInput(field, "not_a_time")
    return time(int(found[1]), int(found[2]))


def local_path(text: str | None, *, otherwise: str = "/") -> str:
    """``text`` when it is a path of this site and nothing else, so that nobody is sent elsewhere."""
    if text and len(text) <= LONGEST_ADDRESS and _LOCAL_PATH.fullmatch(text):
        return text
    return otherwise
