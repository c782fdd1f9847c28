"""What somebody else changed while a form was being filled in: beside what was typed, and who it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shop.audit.queries import HistoryRow, newest_of
from shop.errors import ChangedMeanwhile, ShopError
from shop.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is kept otherwise than it was typed."""

    label: str
    kept: str
    typed: str
    by: str = ""
    """Who changed it last; empty where nobody ever did."""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A field as it is compared; ``key`` is its name in the history."""

    key: str
    label: str
    kept: str
    typed: str


async def differences(
    uow: UnitOfWork,
    refusal: ShopError | None,
    fields: Iterable[Field],
    actions: Sequence[str],
) -> list[Difference]:
    """Where the two disagree, and whose act of ``actions`` it was; nothing after any other refusal."""
    if not isinstance(refusal, ChangedMeanwhile):
        return []
    acts = await newest_of(uow, actions)
    return [
        Difference(field.label, field.kept, field.typed, *_last(acts, field.key))
        for field in fields
        if field.kept != field.typed.strip()
    ]


async def whose(
    uow: UnitOfWork, refusal: ShopError | None, actions: Sequence[str], subject_id: int
) -> HistoryRow | None:
    """The newest act of ``actions`` upon this very thing; None after any other refusal."""
    if not isinstance(refusal, ChangedMeanwhile):
        return None
    return next(iter(await newest_of(uow, actions, subject_id=subject_id)), None)


def _last(acts: Sequence[HistoryRow], key: str) -> tuple[str, datetime | None]:
    found = next((act for act in acts if _is_about(act.data, key)), None)
    return ("", None) if found is None else (found.actor_name, found.at)


def _is_about(data: Mapping[str, object], key: str) -> bool:
    if data.get("key") == key:
        return True
    before, after, fields = data.get("before"), data.get("after"), data.get("fields")
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return before.get(key) != after.get(key)
    return isinstance(fields, list) and key in fields
