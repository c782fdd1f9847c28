"""What an open page is told: everything on it that others can change, whole, as this viewer may see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast, get_args

from shop import signals
from shop.actors import TICKETS_SEE, may
from shop.overview.queries import chosen_range, load_overview
from shop.receipts.desk import Desk, count_waiting, load_desk
from shop.tickets.queries import count_waiting as count_unanswered
from shop.tickets.queries import load_ticket
from shop.unit_of_work import UnitOfWork
from web.broadcasts import context_of as broadcast_context
from web.forms import parse_id
from web.parts import WebRequest
from web.queue import Part
from web.rendering import Screen
from web.streams import Snapshot

Topic = Literal["counts", "overview", "desk", "ticket", "broadcast"]
LONG = 3600.0
FIGURES = 60.0
"""Not everything the overview counts is announced, and this time yesterday moves on."""
SHORT = 1.0


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows; the address of its stream says so."""

    topic: Topic
    part: Part
    item: int | None
    range_days: int

    @classmethod
    def of(cls, request: WebRequest) -> View:
        """What it does not know counts as not said. Raises NotFound for an item that is no number."""
        asked = request.query_params
        topic, item = asked.get("topics"), asked.get("item")
        return cls(
            topic=cast("Topic", topic) if topic in get_args(Topic) else "counts",
            part=Part.of(request),
            item=parse_id("receipt", item) if item else None,
            range_days=chosen_range(asked.get("range")),
        )


async def take(screen: Screen, uow: UnitOfWork, view: View) -> Snapshot:
    """Look now. Raises NotAllowed and NotFound, like the page itself."""
    # Before the rows are read: what they show is at least as new as the moment says.
    moment = await signals.moment(uow)
    context: dict[str, Any]
    true_for = LONG
    if view.topic == "desk":
        desk = await load_desk(
            uow,
            tab=view.part.tab,
            **view.part.asked,
            payment_id=view.item,
            # What a colleague decides must not take the queue away from whoever works in it.
            stays=True,
            language=screen.lang,
        )
        context = {"desk": desk, "waiting": desk.counts["waiting"]}
        true_for = _true_for(desk, uow.now)
    elif view.topic == "overview":
        shown = await load_overview(uow, range_days=view.range_days, language=screen.lang)
        context = {"overview": shown, "waiting": shown.waiting_count}
        true_for = FIGURES
    elif view.topic == "ticket" and view.item is not None:
        talk = await load_ticket(uow, view.item, screen.lang)
        context = {"waiting": await count_waiting(uow), "ticket": talk}
    elif view.topic == "broadcast" and view.item is not None:
        of_broadcast = await broadcast_context(screen, uow, view.item)
        context = {"waiting": await count_waiting(uow), **of_broadcast}
    else:
        context = {"waiting": await count_waiting(uow)}
    if may(uow.actor, TICKETS_SEE):
        context["tickets"] = await count_unanswered(uow)
    parts = {"desk": None, "overview": None, "ticket": None, "tickets": None, "one": None, **context}
    return Snapshot(moment, screen.text("live/_snapshot.html", **parts), true_for)


def _true_for(desk: Desk, now: datetime) -> float:
    """Seconds until a look at a receipt is too old to be believed, or a held decision counts."""
    seen = [entry.reviewer for entry in (*desk.queue, desk.item) if entry is not None]
    ends = [reviewer.until for reviewer in seen if reviewer is not None]
    ends += [held.commit_at for held in desk.held if held.commit_at > now]
    return max((min(ends) - now).total_seconds(), SHORT) if ends else LONG
