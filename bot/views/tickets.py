"""Tickets: the invitation to write, what became of it, and how it reads in the shop's own chat."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.callbacks import AskSupport, CloseTicket, ConfirmReference, ReopenTicket, ToSupport, TurnTicket
from bot.views.menu import back
from bot.views.screen import Reader, Screen, contact, keyboard, press, support
from bot.views.words import write
from shop.errors import ShopError
from shop.formatting import digits, minutes
from shop.i18n import N_
from shop.tickets.chat import Posting, Reminder
from shop.tickets.queries import OfferedOrder, OpenTicket
from shop.tickets.service import Asked

TEXT_UNITS, CAPTION_UNITS = 3500, 700
"""UTF-16 units of a customer's words in a post: Telegram's bounds, less what stands around them."""
LONGEST_TOPIC = 128
REFUSALS: Mapping[str, str] = {
    "not_allowed": N_("Only the shop's people who may answer tickets answer here."),
    "not_found": N_("This ticket is not here any more."),
    "ticket_closed": N_("This ticket is closed; open it again first."),
    "already_exists": N_("This customer has a newer ticket open: answer there."),
    "bad_input": N_("This is too long for one answer; nothing was sent."),
    "file_too_large": N_("The file is too large; nothing was sent."),
    "unreadable_file": N_("This file cannot be read; nothing was sent."),
}


def begin(
    reader: Reader, found: OpenTicket | None, orders: Sequence[OfferedOrder] = (), *, about: int | None = None
) -> Screen:
    """Before the first words, or the next ones. ``about``: the chosen order; ``orders``: to choose from."""
    ticket_id = None if found is None else found.ticket_id
    done = () if ticket_id is None else (_done(reader, ticket_id),)
    choose = [
        [
            press(
                reader.gettext("📦 About order #%(id)s, %(plan)s")
                % {"id": digits(one.order_id, reader.language), "plan": one.plan_name},
                AskSupport(order_id=one.order_id),
            )
        ]
        for one in orders
    ]
    return Screen(
        write("ticket_begin", reader, ticket_id=ticket_id, order_id=about),
        keyboard(*choose, done, contact(reader), back(reader)),
    )


def asked(reader: Reader, asked: Asked) -> Screen:
    """A message to keep: the proof that we have it."""
    return Screen(
        write("ticket_asked", reader, ticket_id=asked.ticket_id, is_new=asked.is_new),
        keyboard([_done(reader, asked.ticket_id)], back(reader, keep=True)),
    )


def which(reader: Reader, *, message_id: int) -> Screen:
    """A picture while an order waits for its receipt and a ticket is open."""
    _ = reader.gettext
    return Screen(
        write("ticket_or_receipt", reader),
        keyboard(
            [
                press(_("🧾 The receipt"), ConfirmReference(message_id=message_id)),
                press(_("💬 For support"), ToSupport(message_id=message_id)),
            ]
        ),
    )


def closed(reader: Reader, ticket_id: int) -> Screen:
    """The customer's own wish."""
    again = press(reader.gettext("↩️ It is not solved"), ReopenTicket(ticket_id=ticket_id))
    return Screen(
        write("ticket_done", reader, ticket_id=ticket_id),
        keyboard([again] if reader.has_tickets else (), support(reader), back(reader, keep=True)),
    )


def unreadable(reader: Reader) -> Screen:
    """A voice, a film: nothing that the dashboard could show."""
    return Screen(write("ticket_unreadable", reader), keyboard(back(reader, keep=True)))


def refused(reader: Reader, refusal: ShopError) -> Screen:
    """Why an answer in the shop's chat did not go out."""
    return Screen(html.escape(refused_shortly(reader, refusal)))


def refused_shortly(reader: Reader, refusal: ShopError) -> str:
    """The same over the chat."""
    return reader.gettext(REFUSALS.get(refusal.code, N_("That did not work; look at it in the dashboard.")))


def not_sent(reader: Reader) -> Screen:
    """A voice, a film, a file that nobody could open: it does not go to the customer."""
    return Screen(write("ticket_not_sent", reader))


def sent(reader: Reader, ticket_id: int) -> Screen:
    """An answer from the shop's chat is on its way."""
    return Screen(write("ticket_sent", reader, ticket_id=ticket_id))


def post(reader: Reader, posting: Posting, *, in_topic: bool, is_without_picture: bool = False) -> Screen:
    """One message of a ticket for the shop's own chat."""
    has_picture = posting.located is not None and not is_without_picture
    text = write(
        "ticket_post",
        reader,
        ticket_id=posting.ticket_id,
        name=posting.customer_name,
        username=posting.username,
        author=posting.author if posting.sender == "staff" else "",
        words=cut(posting.words, CAPTION_UNITS if has_picture else TEXT_UNITS),
        in_topic=in_topic,
        is_without_picture=is_without_picture,
    )
    return Screen(text, desk_buttons(reader, posting.ticket_id, is_closed=posting.is_closed))


def reminder(reader: Reader, found: Reminder, *, in_topic: bool) -> Screen:
    """Somebody waits, for the shop's own chat."""
    text = write(
        "ticket_reminded",
        reader,
        ticket_id=found.ticket_id,
        name=found.customer_name,
        subject=found.subject,
        in_hands_of=found.in_hands_of,
        is_over=found.is_over,
        waited=minutes(found.waited_minutes, reader.language),
        bound=minutes(found.within_hours * 60, reader.language),
        in_topic=in_topic,
    )
    return Screen(text, desk_buttons(reader, found.ticket_id, is_closed=False))


def turned(reader: Reader, ticket_id: int, *, by: str, is_closed: bool) -> Screen:
    """A line in the topic: it is closed, or goes on."""
    return Screen(
        write("ticket_turned", reader, ticket_id=ticket_id, by=by, is_closed=is_closed),
        desk_buttons(reader, ticket_id, is_closed=is_closed),
    )


def turned_shortly(reader: Reader, ticket_id: int, *, is_closed: bool) -> str:
    """The same over the chat, for whoever pressed."""
    return html.unescape(write("ticket_turned", reader, ticket_id=ticket_id, by="", is_closed=is_closed))


def desk_buttons(reader: Reader, ticket_id: int, *, is_closed: bool) -> InlineKeyboardMarkup | None:
    """What the shop's people may do with it where they read it."""
    _ = reader.gettext
    label = _("↩️ Open again") if is_closed else _("✅ Close the ticket")
    return keyboard([press(label, TurnTicket(ticket_id=ticket_id, is_closed=not is_closed))])


def topic_name(posting: Posting) -> str:
    return f"#{posting.ticket_id} {posting.customer_name}: {posting.subject}".strip(" :")[:LONGEST_TOPIC]


def cut(words: str, units: int) -> str:
    """At most so many UTF-16 units, as Telegram counts."""
    raw = words.encode("utf-16-le")
    if len(raw) <= 2 * units:
        return words
    return raw[: 2 * units].decode("utf-16-le", "ignore").rstrip() + "…"


def _done(reader: Reader, ticket_id: int) -> InlineKeyboardButton:
    return press(reader.gettext("✅ No answer needed"), CloseTicket(ticket_id=ticket_id))
