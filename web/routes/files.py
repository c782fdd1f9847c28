"""Our own files, under names that change with their contents."""

from __future__ import annotations

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from web.access import Access, route_for
from web.assets import CACHE_CONTROL, Asset
from web.parts import WebRequest, parts_of

FAVICON_CACHE = "public, max-age=86400"


@get("/static/{file_path:path}", opt=route_for(Access.OPEN))
async def static_file(request: WebRequest, file_path: FromPath[str]) -> Response[bytes]:
    """A file of ``static/`` by its hashed name; nothing else lies below this address."""
    asset = parts_of(request).assets.find(file_path)
    if asset is None:
        raise NotFoundException
    return _file(request, asset, CACHE_CONTROL)


@get("/favicon.ico", opt=route_for(Access.OPEN))
async def favicon(request: WebRequest) -> Response[bytes]:
    """Where browsers look for it unasked."""
    return _file(request, parts_of(request).assets.get("img/favicon.ico"), FAVICON_CACHE)


def _file(request: WebRequest, asset: Asset, cache_control: str) -> Response[bytes]:
    headers = {"Cache-Control": cache_control, "ETag": asset.etag, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == asset.etag:
        return Response(b"", status_code=304, headers=headers)
    body = asset.body
    if asset.gzipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = asset.gzipped, "gzip"
    # The framework adds the charset to every kind of text.
    return Response(body, media_type=asset.content_type.partition(";")[0], headers=headers)
