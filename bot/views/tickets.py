"""Tickets: the invitation to write, what became of it, and how it reads in the shop's own chat."""

from __future__ import annotations

import html
from collections.abc import Mapping

from aiogram.types import InlineKeyboardButton

from bot.callbacks import CloseTicket, ConfirmReference, ToSupport
from bot.views.menu import back
from bot.views.screen import Reader, Screen, contact, keyboard, press, support
from bot.views.words import write
from shop.errors import ShopError
from shop.i18n import N_
from shop.tickets.chat import Posting
from shop.tickets.queries import OpenTicket
from shop.tickets.service import Asked

TEXT_UNITS, CAPTION_UNITS = 3500, 700
"""UTF-16 units of a customer's words in a post: Telegram's bounds, less what stands around them."""
LONGEST_TOPIC = 128
REFUSALS: Mapping[str, str] = {
    "not_allowed": N_("Only the shop's people who may answer tickets answer here."),
    "ticket_closed": N_("This ticket is closed; open it again in the dashboard first."),
    "bad_input": N_("This is too long for one answer; nothing was sent."),
}


def begin(reader: Reader, found: OpenTicket | None) -> Screen:
    """Before the first words, or the next ones."""
    ticket_id = None if found is None else found.ticket_id
    done = () if ticket_id is None else (_done(reader, ticket_id),)
    return Screen(
        write("ticket_begin", reader, ticket_id=ticket_id),
        keyboard(done, contact(reader), back(reader)),
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
    return Screen(
        write("ticket_done", reader, ticket_id=ticket_id),
        keyboard(support(reader), back(reader, keep=True)),
    )


def unreadable(reader: Reader) -> Screen:
    """A voice, a film: nothing that the dashboard could show."""
    return Screen(write("ticket_unreadable", reader), keyboard(back(reader, keep=True)))


def refused(reader: Reader, refusal: ShopError) -> Screen:
    """Why an answer in the shop's chat did not go out."""
    sentence = REFUSALS.get(refusal.code, N_("That did not work; look at it in the dashboard."))
    return Screen(html.escape(reader.gettext(sentence)))


def words_only(reader: Reader) -> Screen:
    """What the shop's chat cannot send on yet."""
    return Screen(write("ticket_words_only", reader))


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
    return Screen(text)


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
