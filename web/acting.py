"""One act of a form: done, or refused and shown again with nothing lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from litestar import Response

from shop.errors import ShopError
from shop.unit_of_work import UnitOfWork
from web.auth import signed_in
from web.parts import WebRequest, parts_of
from web.rendering import Screen, see_other, wants_part

Refusal = TypeVar("Refusal", bound=ShopError)


async def do_once(
    request: WebRequest,
    act: Callable[[UnitOfWork], Awaitable[object]],
    show: Callable[[Screen, UnitOfWork, Refusal | None], Awaitable[Response[str]]],
    *,
    refusals: tuple[type[Refusal], ...],
    there: str,
    notice: str,
) -> Response[str]:
    """Let ``act`` change something, then ``show`` what is true; without script, go ``there`` and say so.

    Of one of the ``refusals`` nothing stays: ``show`` is given it, in a unit of its own. Any other is the
    caller's.
    """
    screen, who, units = Screen.of(request), signed_in(request), parts_of(request).units
    refused: Refusal | None = None
    try:
        async with units.begin(who.shop.bot_id, who.actor) as uow:
            await act(uow)
    except refusals as refusal:
        refused = refusal
    if refused is None and not wants_part(request):
        return see_other(there, send_cookies=[screen.parts.cookies.keep_notice(notice)])
    async with units.begin(who.shop.bot_id, who.actor) as uow:
        return await show(screen, uow, refused)
