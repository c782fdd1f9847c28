"""The rehearsal of the shop on the screen, for the pages that show it: walled off, so it is asked apart."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from shop.actors import RECEIPTS_SEE, may
from shop.errors import NotFound
from shop.rehearsals import queries
from shop.rehearsals.queries import Rehearsal
from shop.unit_of_work import UnitOfWork
from web.auth import signed_in
from web.parts import WebRequest, parts_of
from web.rendering import Screen


async def rehearsal_of(request: WebRequest) -> Rehearsal | None:
    """What came of it; None where there is none, or for whom receipts are none of his business."""
    who = signed_in(request)
    if who.shop.rehearsal_id is None or not may(who.actor, RECEIPTS_SEE):
        return None
    async with on_stage(request) as stage:
        return await queries.load(stage, Screen.of(request).lang)


def on_stage(request: WebRequest) -> AbstractAsyncContextManager[UnitOfWork]:
    """A unit of the rehearsal, in the name of who asks. Raises NotFound where there is none."""
    who = signed_in(request)
    if who.shop.rehearsal_id is None:
        raise NotFound("rehearsal", who.shop.bot_id)
    return parts_of(request).units.begin(who.shop.rehearsal_id, who.actor)
