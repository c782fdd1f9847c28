"""Whether the process lives, and whether it can serve."""

from __future__ import annotations

from litestar import Response, get

from web.access import Access, route_for
from web.parts import WebRequest, parts_of


@get("/health/live", opt=route_for(Access.OPEN))
async def live() -> Response[dict[str, str]]:
    """The process answers."""
    return Response({"status": "live"})


@get("/health/ready", opt=route_for(Access.OPEN))
async def ready(request: WebRequest) -> Response[dict[str, str]]:
    """The database answers too, and its schema is the one this code was written for."""
    state = await parts_of(request).readiness()
    return Response({"status": state}, status_code=200 if state == "ready" else 503)
