"""Updates as Telegram writes them, for what the sandbox's people cannot do: old buttons, forged data,
stickers, albums."""

from __future__ import annotations

import secrets
from itertools import count
from typing import Any

_update_ids = count(900_000_000)
_message_ids = count(500_000)


def next_update_id() -> int:
    return next(_update_ids)


def person(user_id: int, *, language: str = "en", name: str = "Carol") -> dict[str, Any]:
    return {"id": user_id, "is_bot": False, "first_name": name, "language_code": language}


def message(user_id: int, *, language: str = "en", **content: Any) -> dict[str, Any]:
    """A message of a person in the private chat; ``content`` is its kind: ``text="…"``, ``sticker={…}``."""
    return {
        "update_id": next_update_id(),
        "message": {
            "message_id": next(_message_ids),
            "date": 1_795_000_000,
            "chat": {"id": user_id, "type": "private", "first_name": "Carol"},
            "from": person(user_id, language=language),
            **content,
        },
    }


def press(user_id: int, data: str, *, language: str = "en") -> dict[str, Any]:
    """A press of a button under a message too old to be edited."""
    return {
        "update_id": next_update_id(),
        "callback_query": {
            "id": str(secrets.randbits(60)),
            "chat_instance": "1",
            "from": person(user_id, language=language),
            "data": data,
            "message": {
                "message_id": next(_message_ids),
                "date": 0,
                "chat": {"id": user_id, "type": "private", "first_name": "Carol"},
            },
        },
    }


def sticker() -> dict[str, Any]:
    return {
        "file_id": "s",
        "file_unique_id": "s",
        "type": "regular",
        "width": 1,
        "height": 1,
        "is_animated": False,
        "is_video": False,
    }
