"""News for the open chat pages: who looks at a conversation hears at once what happens in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.sandbox.protocol import JsonObject

Conversation = tuple[int, int]
"""A bot's id and a person's."""
EVERYWHERE: Conversation = (0, 0)

BYE: JsonObject = {"event": "bye"}

_BACKLOG = 1_000


class Hub:
    def __init__(self) -> None:
        self._listeners: dict[Conversation, set[asyncio.Queue[JsonObject]]] = {}

    @contextmanager
    def listen(self, *conversations: Conversation) -> Iterator[asyncio.Queue[JsonObject]]:
        queue: asyncio.Queue[JsonObject] = asyncio.Queue(_BACKLOG)
        for conversation in conversations:
            self._listeners.setdefault(conversation, set()).add(queue)
        try:
            yield queue
        finally:
            for conversation in conversations:
                others = self._listeners[conversation]
                others.discard(queue)
                if not others:
                    del self._listeners[conversation]

    def tell(self, conversation: Conversation, make: Callable[[], JsonObject]) -> None:
        """Pass the news on; ``make`` runs only when somebody listens, for mostly nobody does.

        A page too slow to keep up is told to load the conversation anew.
        """
        listeners = self._listeners.get(conversation)
        if not listeners:
            return
        self._pass_on(listeners, make())

    def close(self) -> None:
        """Let every page go, so that the server can stop at once."""
        for listeners in self._listeners.values():
            self._pass_on(listeners, BYE)

    @staticmethod
    def _pass_on(listeners: set[asyncio.Queue[JsonObject]], event: JsonObject) -> None:
        for queue in listeners:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait({"event": "reload"})
            queue.put_nowait(event)
