"""What a handler may ask for by name."""

from __future__ import annotations

from collections.abc import AsyncIterator

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from shop.unit_of_work import UnitOfWork
from web.auth import signed_in
from web.parts import WebRequest, parts_of

# Litestar validates injected values like request data unless told not to; ours is already a value.
Uow = NamedDependency[SkipValidation[UnitOfWork]]


async def provide_uow(request: WebRequest) -> AsyncIterator[UnitOfWork]:
    """One unit for the request, in the shop on the screen; committed before the answer leaves."""
    who = signed_in(request)
    async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
        yield uow
