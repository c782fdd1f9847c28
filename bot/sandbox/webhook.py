"""Delivery of updates to the addresses bots have set."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.sandbox.protocol import JsonObject
from bot.sandbox.state import BotAccount, Webhook, World
from bot.sandbox.updates import Update

_TIMEOUT = ClientTimeout(total=60)
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_LONGEST_WISH = 3_600.0
"""Seconds; what a receiver may ask for by ``Retry-After``."""

Answer = Callable[[BotAccount, JsonObject], Awaitable[None]]
"""Carries out the method call that a receiver put into its reply."""


@dataclass(slots=True)
class _Line:
    """The queues of one bot: in order within a queue, side by side among them."""

    room: asyncio.Semaphore
    queues: dict[str, deque[Update]] = field(default_factory=dict)
    runners: set[asyncio.Task[None]] = field(default_factory=set)


class Courier:
    """Brings updates to webhooks until each is accepted or too old."""

    def __init__(self, world: World, answer: Answer) -> None:
        self._world = world
        self._clock = world.clock
        self._answer = answer
        self._lines: dict[int, _Line] = {}
        self._session: ClientSession | None = None

    def start(self, bot: BotAccount) -> None:
        """Deliver what waits and what will come to the webhook just set."""
        self.stop(bot)
        if bot.webhook is None:
            return
        self._lines[bot.id] = _Line(asyncio.Semaphore(bot.webhook.max_connections))
        bot.updates.offer = lambda update: self._enqueue(bot, update)
        for update in bot.updates.pending():
            self._enqueue(bot, update)

    def stop(self, bot: BotAccount) -> None:
        bot.updates.offer = None
        line = self._lines.pop(bot.id, None)
        for runner in line.runners if line else ():
            runner.cancel()

    async def close(self) -> None:
        runners = [runner for line in self._lines.values() for runner in line.runners]
        for runner in runners:
            runner.cancel()
        await asyncio.gather(*runners, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def _enqueue(self, bot: BotAccount, update: Update) -> None:
        line = self._lines[bot.id]
        if update.queue in line.queues:
            line.queues[update.queue].append(update)
            return
        line.queues[update.queue] = deque([update])
        # Each runner is held in its line and ended with it, so nothing outlives the sandbox.
        runner = asyncio.get_running_loop().create_task(self._run(bot, line, update.queue))
        line.runners.add(runner)
        runner.add_done_callback(line.runners.discard)

    async def _run(self, bot: BotAccount, line: _Line, name: str) -> None:
        queue = line.queues[name]
        while queue:
            await self._deliver(bot, line, queue[0])
            queue.popleft()
        del line.queues[name]

    async def _deliver(self, bot: BotAccount, line: _Line, update: Update) -> None:
        pause = _FIRST_PAUSE
        while bot.webhook is not None and not bot.is_revoked and bot.updates.is_waiting(update):
            async with line.room:
                wish = await self._post(bot, bot.webhook, update)
            if wish is None:
                bot.updates.done(update.update_id)
                return
            await self._clock.sleep(wish or pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _post(self, bot: BotAccount, hook: Webhook, update: Update) -> float | None:
        """Try once. Nothing when it was accepted; else the pause wished for in seconds, 0 for none."""
        if self._session is None:
            self._session = ClientSession(timeout=_TIMEOUT)
        if self._world.witness is not None:
            self._world.witness.brought(update.as_json())
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret_token} if hook.secret_token else {}
        try:
            async with self._session.post(
                hook.url, json=update.as_json(), headers=headers, allow_redirects=False
            ) as response:
                body = await response.read()
        except (ClientError, TimeoutError, OSError) as error:
            self._note(hook, f"Connection failed: {type(error).__name__}")
            return 0.0
        if not 200 <= response.status < 300:  # noqa: PLR2004  (HTTP)
            self._note(hook, f"Wrong response from the webhook: {response.status} {_reason(response.status)}")
            wish = response.headers.get("Retry-After", "")
            return min(float(wish), _LONGEST_WISH) if wish.isdigit() else 0.0
        await self._carry_out(bot, body)
        return None

    async def _carry_out(self, bot: BotAccount, body: bytes) -> None:
        call = parse_call(body)
        if call is not None:
            await self._answer(bot, call)

    def _note(self, hook: Webhook, error: str) -> None:
        hook.last_error_at = self._clock.stamp()
        hook.last_error = error


def parse_call(body: bytes) -> JsonObject | None:
    """The method call in a receiver's reply, if there is one."""
    if not body.lstrip().startswith(b"{"):
        return None
    try:
        call = json.loads(body)
    except ValueError:
        return None
    return call if isinstance(call, dict) and isinstance(call.get("method"), str) else None


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
