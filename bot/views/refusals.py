"""Refusals in words, with the way on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.callbacks import Go
from bot.views.menu import back
from bot.views.screen import Reader, Row, Screen, contact, keyboard, press, support
from bot.views.words import exists, write
from shop.errors import ShopError


def refusal(reader: Reader, error: ShopError) -> Screen:
    """What to say to a person who may not, or cannot; a refusal made for staff gets a general sentence."""
    way_on = WAYS_ON.get(error.code)
    return Screen(
        sentence(reader, error),
        keyboard(way_on(reader) if way_on else (), back(reader, keep=True)),
    )


def sentence(reader: Reader, error: ShopError) -> str:
    """Only the words, for the top of another screen."""
    template = f"error_{error.code}"
    return write(template if exists(template) else "error_general", reader, **error.details())


def incident(reader: Reader, mark: str) -> Screen:
    """Our fault. ``mark`` finds it in the log."""
    return Screen(write("error_incident", reader, incident=mark), keyboard(contact(reader)))


def _plans(reader: Reader) -> Row:
    return (press(reader.gettext("🛒 Plans"), Go(place="plans", keep=True)),)


def _orders(reader: Reader) -> Row:
    return (press(reader.gettext("🧾 My orders"), Go(place="status", keep=True)),)


WAYS_ON: Mapping[str, Callable[[Reader], Row]] = {
    "plan_unavailable": _plans,
    "price_changed": _plans,
    "plan_limit_reached": _plans,
    "no_open_payment": _plans,
    "order_closed": _plans,
    "no_card_available": support,
    # Whom the bot does not serve, it takes no question from.
    "user_blocked": contact,
    "feature_off": contact,
    "shop_closed": contact,
    "too_many_open_orders": _orders,
    "too_many_receipts": _orders,
}
