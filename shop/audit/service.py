"""Write one line of history in the same transaction as the thing it tells."""

from __future__ import annotations

from db.batch import Into
from db.models import AuditEntry
from shop import security
from shop.unit_of_work import UnitOfWork

_HISTORY = Into(
    AuditEntry,
    (
        *("bot_id", "actor", "actor_name", "channel", "action", "subject_type", "subject_id", "data"),
        *("created_at", "updated_at"),
    ),
)


async def record(
    uow: UnitOfWork, action: str, subject_type: str, subject_id: int | None, **data: object
) -> None:
    """Note that the unit's actor did ``action`` (``receipt.approved``) to one thing of this shop.

    ``data`` must be plain JSON and must hold no secret: staff read it.
    """
    uow.last.insert(
        _HISTORY,
        uow.bot_id,
        uow.actor.label,
        uow.actor.name,
        uow.channel,
        action,
        subject_type,
        subject_id,
        data,
        uow.now,
        uow.now,
    )
    security.note(
        uow.session.info,
        action,
        who=uow.actor.label,
        shop=uow.bot_id,
        channel=uow.channel,
        subject=subject_type if subject_id is None else f"{subject_type}:{subject_id}",
        **{name: value for name, value in data.items() if name in security.DETAILS},
    )
