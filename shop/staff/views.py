"""Lists that a person of the shop comes back to: filters and order under a name of his own.

A view is its person's alone, and changes nothing but what he sees first; so the history does not tell of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from db.models import SavedView, Staff
from shop.actors import RECEIPTS_SEE, SHOP_SEE, TICKETS_SEE, require, staff_id
from shop.errors import BadInput, NotAllowed, NotFound
from shop.formatting import normalise_text
from shop.unit_of_work import UnitOfWork

MOST_VIEWS = 10
"""Of one list, for one person: more would be a list to search through."""
LONGEST_NAME = 32
"""It stands on a tab."""
LISTS: Mapping[str, str] = {
    "customers": SHOP_SEE,
    "subscriptions": SHOP_SEE,
    "transactions": SHOP_SEE,
    "receipts": RECEIPTS_SEE,
    "tickets": TICKETS_SEE,
    "broadcasts": SHOP_SEE,
    "audit": SHOP_SEE,
}
"""The lists that views are kept of, each with what opens it."""


@dataclass(frozen=True, slots=True)
class ViewRow:
    view_id: int
    name: str
    query: str
    """As the list writes it into its address."""


async def list_views(uow: UnitOfWork, of: str) -> list[ViewRow]:
    """The own views of one list, in the order they were made; for who is nobody of this shop, none."""
    rows = await uow.session.execute(
        select(SavedView.id, SavedView.name, SavedView.query).where(
            SavedView.staff_id == staff_id(uow.actor), SavedView.list == of
        )
    )
    # There are MOST_VIEWS at most: whoever sorts them here needs no index that has them in order.
    kept = [ViewRow(view_id, name, query) for view_id, name, query in rows]
    return sorted(kept, key=lambda view: view.view_id)


async def keep(uow: UnitOfWork, of: str, name: str, query: str) -> None:
    """One more view of a list; the very same once more changes nothing.

    ``query``: as the list itself writes it, never as somebody sent it. Raises NotFound for no such list,
    NotAllowed, BadInput.
    """
    if of not in LISTS:
        raise NotFound("list", of)
    require(uow.actor, LISTS[of])
    if not query:
        raise BadInput("name", "nothing_filtered")
    me, called = await _lock_own(uow), _clean(name)
    views = await list_views(uow, of)
    if (called, query) in {(view.name, view.query) for view in views}:
        return
    twin = next((view.name for view in views if view.query == query), None)
    if twin is not None:
        raise BadInput("name", "view_kept_already", twin)
    _check_free(views, called)
    if len(views) >= MOST_VIEWS:
        raise BadInput("name", "too_many_views", MOST_VIEWS)
    now = uow.now
    uow.session.add(SavedView(staff_id=me, list=of, name=called, query=query, created_at=now, updated_at=now))
    await uow.session.flush()


async def rename(uow: UnitOfWork, view_id: int, name: str) -> None:
    """Call an own view otherwise. Raises NotAllowed, NotFound, BadInput."""
    view = await _own(uow, await _lock_own(uow), view_id)
    called = _clean(name)
    _check_free([one for one in await list_views(uow, view.list) if one.view_id != view_id], called)
    view.name, view.updated_at = called, uow.now
    await uow.session.flush()


async def delete(uow: UnitOfWork, view_id: int) -> None:
    """Drop an own view; what it showed stays. Raises NotAllowed, NotFound."""
    await uow.session.delete(await _own(uow, await _lock_own(uow), view_id))
    await uow.session.flush()


def _clean(name: str) -> str:
    called = " ".join(normalise_text(name).split())
    if not called:
        raise BadInput("name", "required")
    if len(called) > LONGEST_NAME:
        raise BadInput("name", "too_long", LONGEST_NAME)
    return called


def _check_free(others: list[ViewRow], called: str) -> None:
    if called in {view.name for view in others}:
        raise BadInput("name", "view_name_taken")


async def _lock_own(uow: UnitOfWork) -> int:
    """The key of who acts: his views change one after the other. Raises NotAllowed for a stranger here."""
    me: int | None = await uow.session.scalar(
        select(Staff.id).where(Staff.id == staff_id(uow.actor)).with_for_update(key_share=True)
    )
    if me is None:
        raise NotAllowed(SHOP_SEE)
    return me


async def _own(uow: UnitOfWork, me: int, view_id: int) -> SavedView:
    view: SavedView | None = await uow.session.scalar(
        select(SavedView).where(SavedView.id == view_id, SavedView.staff_id == me)
    )
    if view is None:
        raise NotFound("view", view_id)
    return view
