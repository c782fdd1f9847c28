"""What a person holds out: perhaps a receipt. It waits in the conversation while we ask what it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from aiogram.types import Message

READABLE = ("image/", "application/pdf")


@dataclass(frozen=True, slots=True)
class Offering:
    """``file_id`` belongs to the bot that received it. ``size`` is what Telegram says, in bytes."""

    kind: Literal["photo", "document", "text"]
    message_id: int
    file_id: str | None = None
    file_name: str | None = None
    size: int | None = None
    text: str | None = None
    """The caption, or the whole text."""

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        return cls(**data)


def offering_in(message: Message) -> Offering | None:
    """The photo or document of a message; None for a kind that cannot be a receipt."""
    if message.photo:
        largest = message.photo[-1]
        return Offering(
            "photo", message.message_id, largest.file_id, None, largest.file_size, message.caption
        )
    document = message.document
    if document is None or not (document.mime_type or "").startswith(READABLE):
        return None
    return Offering(
        "document",
        message.message_id,
        document.file_id,
        document.file_name,
        document.file_size,
        message.caption,
    )
