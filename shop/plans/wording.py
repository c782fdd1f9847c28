"""What the bot's price list says, worded once: the bot sends it, and the dashboard shows it beforehand."""

from __future__ import annotations

from collections.abc import Iterable

from shop.formatting import amount
from shop.i18n import N_, translations
from shop.plans.queries import Offer

NAME_ON_BUTTON = 30
LABEL = N_("%(plan)s, %(price)s")
DRAWER = N_("%(group)s ›")


def button(offer: Offer, language: str) -> str:
    """The words on a plan's button. A long name is cut: Telegram would cut it, perhaps with the price."""
    words = {"plan": short_name(offer.name), "price": amount(offer.price, language)}
    return translations(language).gettext(LABEL) % words


def drawer(name: str, language: str) -> str:
    """The words on the button of a group."""
    return translations(language).gettext(DRAWER) % {"group": short_name(name)}


def short_name(name: str) -> str:
    return name if len(name) <= NAME_ON_BUTTON else f"{name[: NAME_ON_BUTTON - 1]}…"


def common_device_limit(offers: Iterable[Offer]) -> int:
    """How many devices every plan allows; 0 where they differ, or none has a limit."""
    limits = {offer.device_limit for offer in offers}
    return limits.pop() if len(limits) == 1 else 0
