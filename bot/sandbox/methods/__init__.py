"""The methods a bot may call."""

from __future__ import annotations

from bot.sandbox.methods import chats, delivery, editing, media, profile, queries, sending
from bot.sandbox.methods.call import Handler

_BY_NAME: dict[str, tuple[str, Handler]] = {
    name.lower(): (name, handler)
    for module in (chats, delivery, editing, media, profile, queries, sending)
    for name, handler in module.METHODS.items()
}


def find_method(name: str) -> tuple[str, Handler] | None:
    """A method and its proper name, however it was written: names know no capitals."""
    return _BY_NAME.get(name.lower())
