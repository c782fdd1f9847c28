"""What the bot does. A handler reads: network, one unit of work, network.

Every module ends with a ``router()`` that says which event goes where; the order of ``ROUTERS`` decides
who is asked first.
"""

from __future__ import annotations

from collections.abc import Callable

from aiogram import Router

from bot.handlers import (
    buy,
    checkout,
    fallback,
    menu,
    presence,
    receipt_questions,
    receipts,
    sign_in,
    subscriptions,
    team,
    ticket_desk,
    tickets,
)

ROUTERS: tuple[Callable[[], Router], ...] = (
    ticket_desk.router,
    team.router,
    menu.router,
    buy.router,
    subscriptions.router,
    sign_in.router,
    receipt_questions.router,
    tickets.router,
    receipts.router,
    checkout.router,
    presence.router,
    fallback.router,
)
