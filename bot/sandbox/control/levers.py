"""Actions for tests and demonstrations: failures on order, the clock, and a look behind the curtain."""

from __future__ import annotations

from bot.sandbox.control.desk import Action, Order, Refused
from bot.sandbox.conversation import seen_by
from bot.sandbox.faults import ANY_METHOD, Fault
from bot.sandbox.methods import find_method
from bot.sandbox.protocol import JsonObject
from bot.sandbox.state import MESSAGE_LIMIT

_UNLIMITED = 1_000_000_000
_USUAL_WORDS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    409: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    413: "Request Entity Too Large",
    500: "Internal Server Error: restart",
    502: "Bad Gateway",
}


def order_fault(order: Order) -> JsonObject:
    """The next ``times`` calls of ``method`` fail; -1 for ever, 0 takes back what was ordered.

    ``method`` may be ``*`` for any and ``file`` for downloads. ``drop`` breaks the connection instead of
    answering, ``after`` carries the call out before, ``delay`` (seconds) lets the caller wait.
    """
    bot = order.bot()
    method = order.text("method", ANY_METHOD)
    if method not in (ANY_METHOD, "file") and find_method(method) is None:
        raise Refused(404, "no such method")
    times = order.integer("times", 1)
    if times == 0:
        bot.faults.clear(method)
        return {"ordered": 0}
    retry_after = order.optional_integer("retry_after")
    code = order.integer("code", 429 if retry_after else 500)
    usual = f"Too Many Requests: retry after {retry_after}" if retry_after else _USUAL_WORDS.get(code, "")
    fault = Fault(
        code=code,
        description=order.text("description", usual),
        retry_after=retry_after,
        times=times if times > 0 else _UNLIMITED,
        drop=order.flag("drop"),
        after=order.flag("after"),
        delay=order.number("delay"),
    )
    bot.faults.add(method, fault)
    return {"ordered": times}


def advance_clock(order: Order) -> JsonObject:
    """Push the sandbox's clock forward by ``advance`` seconds; tells what it shows then."""
    seconds = order.number("advance")
    if seconds < 0:
        raise Refused(400, "time does not go back")
    order.world.clock.advance(seconds)
    return {"now": order.world.clock.now()}


def transcript(order: Order) -> JsonObject:
    """The chat as it stands, oldest first, both sides, with edits applied; the last ``limit`` of it."""
    bot, person = order.bot(), order.person()
    chat = order.chat(bot, person) if "chat_id" in order.body else bot.chats.get(person.id)
    if chat is None:
        return {"messages": [], "keyboard": None, "blocked": False, "answers": []}
    limit = order.integer("limit", MESSAGE_LIMIT)
    shown = list(chat.messages.values())[-limit:] if limit > 0 else []
    return {
        "messages": [seen_by(order.world, bot, chat, message) for message in shown],
        "keyboard": chat.keyboard,
        "blocked": chat.is_blocked,
        "answers": list(chat.answers),
    }


def calls(order: Order) -> JsonObject:
    """What the bot called, oldest first; polls only by ``method``. ``clear`` forgets them after."""
    bot = order.bot()
    wanted = order.optional_text("method")
    found = find_method(wanted) if wanted else None
    if wanted and found is None:
        raise Refused(404, "no such method")
    chosen = bot.calls.select(method=found[0] if found else None, after=order.integer("after", 0))
    reply = {"calls": [call.as_json() for call in chosen], "count": bot.calls.count}
    if order.flag("clear"):
        bot.calls.clear()
    return reply


def pending(order: Order) -> JsonObject:
    """Updates the bot has not confirmed, oldest first."""
    return {"updates": [update.as_json() for update in order.bot().updates.pending()]}


ACTIONS: dict[str, Action] = {
    "fault": order_fault,
    "clock": advance_clock,
    "transcript": transcript,
    "calls": calls,
    "pending": pending,
}
