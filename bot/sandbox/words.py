"""What the chat page's scripts say; the rest of its words stand in the templates."""

from __future__ import annotations

from shop.i18n import N_

PAGE_WORDS: dict[str, str] = {
    "bot": N_("bot"),
    "typing": N_("is typing…"),
    "sending_photo": N_("is sending a photo…"),
    "sending_file": N_("is sending a file…"),
    "edited": N_("edited"),
    "copied": N_("Copied"),
    "copy_failed": N_("Copying did not work."),
    "platform_bot": N_("platform"),
    "revoked": N_("token revoked"),
    "blocked": N_("you have blocked this bot"),
    "block": N_("Block the bot"),
    "unblock": N_("Unblock the bot"),
    "no_answer": N_("The bot did not answer."),
    "failed": N_("That did not work. Try again."),
    "too_large": N_("The file is larger than 50 MB."),
    "no_app": N_("Mini apps do not open here."),
    "not_here": N_("This button does nothing here."),
    "no_bot": N_("Waiting for a bot…"),
    "photo": N_("Photo"),
    "file": N_("File"),
    "pay_done": N_("Paid."),
    "pay_failed": N_("The bot refused the payment."),
    "topic": N_("Topic: %s"),
    "payment": N_("Paid: %s"),
    "today": N_("Today"),
    "writes_as": N_("as %s"),
    "more": N_("Show more"),
    "less": N_("Show less"),
    "no_description": N_("Press Start and see."),
    "receipt_title": N_("Transfer successful"),
    "receipt_from": N_("From card"),
    "receipt_to": N_("To card"),
    "receipt_date": N_("Date"),
    "receipt_time": N_("Time"),
    "receipt_number": N_("Tracking number"),
    "receipt_rial": N_("Rial"),
}
