"""The menu, the languages, and the list of commands beside the input field."""

from __future__ import annotations

from aiogram.types import BotCommand

from bot.callbacks import Go, SetLanguage
from bot.views.screen import Reader, Row, Screen, keyboard, press, support
from bot.views.words import write
from shop.i18n import LANGUAGE_NAMES, LANGUAGES, N_, gettext_for

COMMANDS: tuple[tuple[str, str], ...] = (
    ("start", N_("Menu")),
    ("buy", N_("Buy a subscription")),
    ("my", N_("My subscriptions")),
    ("status", N_("My orders")),
    ("lang", N_("Language")),
)


def menu(reader: Reader, *, name: str, has_orders: bool) -> Screen:
    """Where everything begins. ``has_orders``: something waits for a payment or a decision."""
    _ = reader.gettext
    orders = [press(_("🧾 My orders"), Go(place="status"))] if has_orders else []
    return Screen(
        write("start", reader, name=name),
        keyboard(
            [press(_("🛒 Buy a subscription"), Go(place="plans"), style="primary")],
            [press(_("📦 My subscriptions"), Go(place="my")), *orders],
            [*support(reader, keep=False), press(_other_language(reader), _switch(reader))],
        ),
    )


def _other_language(reader: Reader) -> str:
    return f"🌐 {LANGUAGE_NAMES[_switch(reader).language]}"


def _switch(reader: Reader) -> SetLanguage:
    return SetLanguage(language="en" if reader.language == "fa" else "fa")


def language(reader: Reader) -> Screen:
    """Every language in its own words, the present one marked."""
    buttons = [
        press(f"{LANGUAGE_NAMES[one]} ✓" if one == reader.language else LANGUAGE_NAMES[one], choice)
        for one in LANGUAGES
        for choice in (SetLanguage(language=one),)
    ]
    return Screen(write("language", reader), keyboard(buttons, back(reader)))


def back(reader: Reader, *, keep: bool = False) -> Row:
    """The way home. ``keep``: under a message that must stay as it is."""
    return (press(reader.gettext("🏠 Main menu"), Go(place="menu", keep=keep)),)


def commands(language: str) -> list[BotCommand]:
    """What Telegram lists beside the input field, in one language."""
    _ = gettext_for(language)
    return [BotCommand(command=name, description=_(label)) for name, label in COMMANDS]
