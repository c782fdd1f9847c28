"""Static files under names that change with their contents, so that a browser may keep them for ever.

``static/css/app.css`` is served as ``/static/css/app.3f2a91c05b7e.css``; only files listed here are served
at all.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

PREFIX = "/static/"
CACHE_CONTROL = "public, max-age=31536000, immutable"

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ico": "image/x-icon",
    ".png": "image/png",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
COMPRESSIBLE = {".css", ".js", ".svg", ".ico"}
_CSS_URL = re.compile(r'url\("([^"]+)"\)')


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, ready to be sent: ``url`` holds the hash, ``gzipped`` is there where it pays."""

    name: str
    url: str
    body: bytes
    gzipped: bytes | None
    content_type: str
    etag: str


class Assets:
    """Every file of ``static/`` by its name and by its hashed address, read once at start.

    Kinds of file that a browser has no use for (notes, licences) and folders in ``leave_out`` stay unserved.
    """

    def __init__(self, folder: Path, *, leave_out: frozenset[str] = frozenset({"sandbox"})) -> None:
        files = sorted(file for file in folder.rglob("*") if file.is_file() and file.suffix in CONTENT_TYPES)
        names = [file.relative_to(folder).as_posix() for file in files]
        kept = [n for n in names if n.split("/")[0] not in leave_out and not _is_hidden(n)]
        self._by_name: dict[str, Asset] = {}
        # Sheets last: they name the fonts, and their own hash must change when a font does.
        for name in sorted(kept, key=lambda n: n.endswith(".css")):
            body = (folder / name).read_bytes()
            self._by_name[name] = _asset(name, self._with_hashed_urls(name, body))
        self._by_url = {asset.url: asset for asset in self._by_name.values()}

    def url(self, name: str) -> str:
        """The address to print in a page. A name that does not exist is a bug: ``KeyError``."""
        return self._by_name[name].url

    def get(self, name: str) -> Asset:
        return self._by_name[name]

    def find(self, hashed_path: str) -> Asset | None:
        """The file behind a requested path (``css/app.<hash>.css``, with or without ``/static/``)."""
        return self._by_url.get(PREFIX + hashed_path.removeprefix(PREFIX).lstrip("/"))

    def _with_hashed_urls(self, name: str, body: bytes) -> bytes:
        if not name.endswith(".css"):
            return body
        here = PurePosixPath(name).parent

        def hashed(match: re.Match[str]) -> str:
            return f'url("{self.url(_resolve(here, match[1]))}")'

        return _CSS_URL.sub(hashed, body.decode()).encode()


def _asset(name: str, body: bytes) -> Asset:
    digest = sha256(body).hexdigest()[:12]
    path = PurePosixPath(name)
    gzipped = gzip.compress(body, 9, mtime=0) if path.suffix in COMPRESSIBLE else None
    return Asset(
        name=name,
        url=f"{PREFIX}{path.with_suffix(f'.{digest}{path.suffix}')}",
        body=body,
        gzipped=gzipped,
        content_type=CONTENT_TYPES[path.suffix],
        etag=f'"{digest}"',
    )


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def _resolve(folder: PurePosixPath, relative: str) -> str:
    """``../fonts/x.woff2`` seen from ``css`` is ``fonts/x.woff2``."""
    parts = list(folder.parts)
    for part in PurePosixPath(relative).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
