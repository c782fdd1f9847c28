"""Refusals and failures to a status and a sentence: the only tables of their kind."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from litestar import Response
from litestar.exceptions import HTTPException

from db.passing import is_passing
from shop import errors as refusals
from shop import security
from shop.errors import BadInput, ShopError, TooManyAttempts
from shop.formatting import digits, number
from shop.i18n import N_
from web.access import fresh_from
from web.auth import person_at
from web.guards import FROM_ANOTHER_SITE, NOT_FRESH, ONLY_LOOKING, ONLY_MASTER, TOKEN_MISSING
from web.parts import WebRequest
from web.rendering import TO_TOASTS, Screen, to_confirmation, to_sign_in, wants_part

logger = logging.getLogger(__name__)

NOT_HERE = N_("This page does not exist, or it is not yours.")

# The sentences may use the refusal's own fields. tests/house asserts that no refusal is missing.
ANSWERS: dict[type[ShopError], tuple[int, str]] = {
    refusals.NotFound: (404, NOT_HERE),
    refusals.NotAllowed: (403, N_("You do not have the right to do this. Ask the owner of the shop.")),
    refusals.BadInput: (422, N_("Check what you entered; nothing was saved.")),
    refusals.FeatureOff: (409, N_("This is switched off in this shop.")),
    refusals.ShopClosed: (409, N_("The shop is closed; nothing was changed.")),
    refusals.UserBlocked: (409, N_("This customer is blocked.")),
    refusals.PlanUnavailable: (409, N_("This plan is not on sale any more.")),
    refusals.PriceChanged: (409, N_("The price has changed meanwhile.")),
    refusals.NoCardAvailable: (409, N_("No card can take this amount now.")),
    refusals.TooManyOpenOrders: (409, N_("This customer has %(limit)s open orders already.")),
    refusals.PlanLimitReached: (
        409,
        N_("This customer has had this plan %(limit)s times: as often as it allows."),
    ),
    refusals.OrderClosed: (409, N_("This order is closed; nothing more can happen to it.")),
    refusals.NoOpenPayment: (409, N_("No order waits for this receipt.")),
    refusals.TooManyReceipts: (409, N_("This payment has had %(limit)s receipts already.")),
    refusals.FileTooLarge: (413, N_("The file is too large.")),
    refusals.UnreadableFile: (422, N_("This file cannot be read.")),
    refusals.ReceiptAlreadyReviewed: (409, N_("This receipt was already decided; nothing was changed.")),
    refusals.ReceiptNotSubmitted: (409, N_("This payment has no receipt to decide on.")),
    refusals.WarningsStand: (
        409,
        N_("A warning stands against this receipt; approve it despite the warning."),
    ),
    refusals.DecisionHeld: (409, N_("%(by)s decided this a moment ago; it can still be taken back.")),
    refusals.ClaimedByColleague: (409, N_("%(by)s is reviewing this now; take it over to decide yourself.")),
    refusals.TooLate: (409, N_("Too late; the decision counts already and the customer was told.")),
    refusals.NothingHeld: (409, N_("There is nothing to take back; the receipt waits again.")),
    refusals.OwnReceipt: (409, N_("You paid this yourself; a colleague has to decide.")),
    refusals.ReceiptReplaced: (409, N_("The customer sent a newer receipt; look at that one.")),
    refusals.AnsweredMeanwhile: (
        409,
        N_("%(by)s answered meanwhile. Read it, and send yours if it is still wanted."),
    ),
    refusals.TicketClosed: (409, N_("This ticket is closed; open it again before you answer.")),
    refusals.TooManyQuestions: (409, N_("%(limit)s messages of this customer wait for an answer.")),
    refusals.BroadcastMoved: (409, N_("It is in another state by now; look at it as it is.")),
    refusals.AlreadyExists: (409, N_("This exists already.")),
    refusals.InvalidLinkCode: (422, N_("This code is not valid any more.")),
    refusals.OtherAccount: (409, N_("Another Telegram account is linked; the platform admin can unlink it.")),
    refusals.ChangedMeanwhile: (
        409,
        N_("Somebody else changed this meanwhile; nothing was saved. Look at both and save again."),
    ),
    refusals.ListChanged: (409, N_("The list has changed meanwhile; look at it as it is now.")),
    refusals.StillInUse: (409, N_("This has a history and cannot be deleted; switch it off instead.")),
    refusals.InvalidToken: (
        422,
        N_("This token is not valid or was revoked. Paste it again, in full."),
    ),
    refusals.TokenEnded: (409, N_("This token was replaced or revoked before; nothing was changed.")),
    refusals.TokenAlreadyMade: (409, N_("This token is made already, and is shown only once.")),
    refusals.TooManyAttempts: (429, N_("Too many tries; wait %(seconds)s seconds.")),
    refusals.AboveYourLimit: (
        409,
        N_("You approve up to %(limit)s Toman; a colleague with a higher limit has to decide on this."),
    ),
    refusals.RehearsalNotReady: (
        409,
        N_("To try a purchase you need a linked Telegram account, a bot that answers, a card and a plan."),
    ),
    refusals.InsufficientBalance: (409, N_("There is not enough money in the wallet.")),
}

LONG_WAIT = N_("Too many tries; wait %(minutes)s minutes.")
LONG_SECONDS = 90

PROBLEMS: Mapping[tuple[str, str], str] = {
    ("reason_text", "required"): N_("Write the reason; the customer will read it."),
    ("arrived", "required"): N_("Write the amount that arrived, in Toman."),
    ("arrived", "far_too_much"): N_("Ten times too much: is this in Rial? Write it in Toman."),
    ("note", "required"): N_("Write something first."),
    ("to_wallet", "not_late"): N_("It came in time, so its order is delivered."),
    ("why", "required"): N_("Write a few words; your colleagues will read them here."),
    ("reason_code", "unknown"): N_("Choose a reason."),
    ("receipts", "required"): N_("Choose at least one receipt."),
    ("receipts", "too_many"): N_("At most %(limit)s receipts at once."),
    ("receipts", "not_flagged"): N_("It was not seen before, so it is looked at by itself."),
    ("words_fa", "required"): N_("Write the reason, in at least one language."),
    ("words_fa", "too_many"): N_("There are %(limit)s already; delete one of yours first."),
    ("name", "required"): N_("Give it a name, so that you know it again."),
    ("name", "too_long"): N_("A name of at most %(limit)s characters, please."),
    ("name", "nothing_filtered"): N_("Choose a filter first; the whole list needs no view."),
    ("name", "view_kept_already"): N_("You have this very view already: “%(limit)s”."),
    ("name", "view_name_taken"): N_("Another view of yours has this name; give it another."),
    ("name", "too_many_views"): N_("You have %(limit)s views of this list already; delete one first."),
    ("permissions", "required"): N_("Choose at least one thing this person may do."),
    ("scope", "required"): N_("Choose at least one thing this token may do."),
    ("scope", "unknown"): N_("A token may do nothing that you may not do here yourself."),
    ("days", "unknown"): N_("Choose one of the ends."),
    ("last_day", "not_a_day"): N_("A day as 1405/12/29, please."),
    ("last_day", "gone_by"): N_("This day is over already."),
    ("last_day", "too_far"): N_("At most three years ahead, please."),
    ("last_day", "choose_one"): N_("Choose a length or write the last day, not both."),
    ("plans", "required"): N_("Choose at least one plan."),
    ("", "words_required"): N_(
        "Write something in your shop's own language; whoever reads another gets it too."
    ),
    ("preview", "no_chat"): N_("Link your Telegram account first, and press start in the shop's bot."),
    ("picture", "file_too_large"): N_("The picture is larger than 1 MB. Make it smaller first."),
    ("picture", "not_a_picture"): N_("This is no picture that can be read."),
    ("button_url", "not_an_address"): N_("A whole address as https://example.com, please."),
    ("label_fa", "required"): N_("Write what stands on the button."),
    ("label_en", "required"): N_("Write what stands on the button."),
    ("named", "required"): N_("Name at least one person."),
    ("named", "not_a_person"): N_("%(limit)s is no Telegram number and no @name."),
    ("named", "too_many"): N_("At most %(limit)s people, please."),
    ("", "caption_too_long"): N_("Below a picture at most %(limit)s characters, with the longest names."),
    ("clock", "not_a_time"): N_("A time as 09:30, please."),
    ("clock", "gone_by"): N_("This time has passed already."),
    ("clock", "too_far"): N_("At most thirty days ahead, please."),
    ("", "too_long"): N_("At most %(limit)s characters, please."),
    ("", "not_a_number"): N_("A whole number, please."),
    ("", "too_small"): N_("At least %(limit)s, please."),
    ("", "too_large"): N_("At most %(limit)s, please."),
    ("", "not_a_choice"): N_("Choose one of those offered."),
    ("support_username", "not_a_telegram_name"): N_("A Telegram @name has letters, digits and underscores."),
    ("telegram_bot_token", "not_a_telegram_token"): N_(
        "This is no token of @BotFather: a number, a colon and 35 letters. Copy the whole line."
    ),
    ("telegram_bot_token", "same_token"): N_("Your bot has this very token already."),
    ("telegram_bot_token", "another_bot"): N_(
        "This is the token of another bot. If you mean it, tick the box below and paste it once more."
    ),
    ("telegram_bot_token", "of_the_server"): N_("The platform's own bot takes its token from the server."),
    ("timezone", "unknown_timezone"): N_("This time zone is not known; write it like Asia/Tehran."),
    ("reason", "required"): N_("Write the reason; the customer and the history keep it."),
    ("reason", "too_long"): N_("At most %(limit)s characters, please."),
    ("words", "required"): N_("Write something first."),
    ("words", "too_long"): N_("At most %(limit)s characters, please."),
    ("amount", "above_the_days_limit"): N_("Above your limit of a day; %(limit)s Toman are left."),
    ("days", "nothing_given"): N_("Give days, volume or both."),
    ("gigabytes", "unlimited"): N_("Its volume is unlimited already."),
    ("card_number", "not_sixteen_digits"): N_("A card number has %(limit)s digits."),
    ("card_number", "wrong_check_digit"): N_("One digit is wrong: this number belongs to no card."),
    ("holder_name", "required"): N_("Write the name on the card; the customer compares it."),
    ("holder_name", "too_long"): N_("A name of at most %(limit)s characters, please."),
    ("card_rotation_strategy", "not_a_choice"): N_("Choose one of the four ways."),
    ("cards", "required"): N_("Paste at least one line, or choose a file that has some."),
    ("cards", "too_many"): N_("More than %(limit)s lines at once. Add them in several goes."),
    ("cards", "wrong_lines"): N_("%(limit)s lines are wrong; nothing was added."),
    ("active_from", "not_a_time"): N_("A time as 09:30, please."),
    ("active_until", "not_a_time"): N_("A time as 09:30, please."),
    ("", "unknown_placeholder"): N_("%(limit)s is not known here; use only the places shown."),
    ("", "missing_placeholder"): N_("%(limit)s is missing; without it the message would say too little."),
    ("", "markup"): N_(
        "%(limit)s: Telegram would refuse this. Close each tag, and use only those named below."
    ),
    ("", "message_too_long"): N_(
        "The whole message could become longer than the %(limit)s characters of Telegram."
    ),
    ("form", "unreadable"): N_("The form could not be read; nothing was saved."),
    ("lines", "required"): N_("Paste at least one line, or choose a file that has some."),
    ("lines", "too_large"): N_("This is more than 1 MB. Paste less at once."),
    ("lines", "too_many"): N_("More than %(limit)s lines at once. Add them in several goes."),
    ("lines", "line_too_long"): N_("Line %(limit)s is too long for a message. Nothing was added."),
    ("file", "too_large"): N_("The file is larger than 1 MB. Split it and upload the parts."),
    ("file", "not_text"): N_("This is not a text file. Save it as plain text (.txt) and choose it again."),
    ("file", "line_too_long"): N_("Line %(limit)s of the file is too long for a message. Nothing was added."),
}
"""(field, problem) of a BadInput to the sentence beside the field; it may use ``limit``. Without a field: for
every field that has no sentence of its own."""

STATUSES: dict[int, str] = {
    400: N_("This request could not be understood."),
    403: N_("You do not have the right to do this. Ask the owner of the shop."),
    404: NOT_HERE,
    405: N_("This cannot be done here."),
    408: N_("This took too long to arrive; nothing was saved. Try again."),
    413: N_("This is too large; nothing was saved."),
    429: N_("Too many requests; wait a moment."),
    500: N_("Our fault; your request was not saved."),
    503: N_("The database does not answer; nothing was saved. Try again in a moment."),
}

REASONS = {
    FROM_ANOTHER_SITE: N_("This request came from another site and was refused."),
    TOKEN_MISSING: N_("This form is out of date; nothing was saved. Load the page again."),
    ONLY_LOOKING: N_("You are only looking at this shop; nothing was changed."),
}
"""Why a guard answered 403."""

RETRY_SECONDS = 5
FORBIDDEN = 403


def sentence_for(screen: Screen, error: ShopError) -> str:
    """What to tell the person, in the person's language and digits."""
    if isinstance(error, BadInput):
        general = PROBLEMS.get(("", error.problem), ANSWERS[BadInput][1])
        known = PROBLEMS.get((error.field, error.problem), general)
        limit = error.limit
        shown = number(limit, screen.lang) if isinstance(limit, int) else digits(limit or "", screen.lang)
        return screen.say(known) % {"limit": shown}
    details = {name: digits(value, screen.lang) for name, value in error.details().items()}
    if isinstance(error, refusals.AboveYourLimit):
        details["limit"] = number(error.limit, screen.lang)
    if isinstance(error, TooManyAttempts):
        wait = error.retry_after
        if wait > LONG_SECONDS:
            return screen.say(LONG_WAIT) % {"minutes": digits(-(-wait // 60), screen.lang)}
        details["seconds"] = digits(wait, screen.lang)
    return screen.say(ANSWERS[type(error)][1]) % details


def refused(request: WebRequest, error: ShopError) -> Response[str]:
    """A use case said no."""
    screen = Screen.of(request)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooManyAttempts) else {}
    reference = None
    if isinstance(error, refusals.NotAllowed):
        _tell_refusal(request, error.permission)
        reference = security.origin().request_id
    return answer(
        screen,
        ANSWERS[type(error)][0],
        sentence_for(screen, error),
        headers=headers,
        reference=reference,
    )


def not_served(request: WebRequest, error: HTTPException) -> Response[str]:
    """The framework, or a guard, said no: unknown path, wrong method, not signed in, too large."""
    status = error.status_code
    if status == 401:  # noqa: PLR2004  (the status itself is the clearest name)
        return to_sign_in(request)
    if status >= 500:  # noqa: PLR2004  (likewise)
        return failed(request, error)
    screen = Screen.of(request)
    if status == FORBIDDEN or error.detail == ONLY_MASTER:
        _tell_refusal(request, error.detail)
    if error.detail == NOT_FRESH:
        return to_confirmation(screen, fresh_from(request.route_handler) or "/")
    known = REASONS.get(error.detail) or STATUSES.get(status, STATUSES[400])
    told = (error.headers or {}).items()
    headers = {name: value for name, value in told if name.lower() in {"allow", "connection"}}
    reference = security.origin().request_id if status == FORBIDDEN else None
    return answer(screen, status, screen.say(known), headers=headers, reference=reference)


def _tell_refusal(request: WebRequest, reason: str) -> None:
    who = person_at(request)
    security.tell(
        "access.refused",
        channel="web",
        who=who.person.label if who is not None else "",
        shop=who.shop.bot_id if who is not None else None,
        method=request.method,
        path=request.scope["path"],
        reason=reason,
    )


def failed(request: WebRequest, error: Exception) -> Response[str]:
    """Something broke. The log has it under a reference, the person gets the reference and an apology."""
    screen, reference = Screen.of(request), security.origin().request_id
    if is_passing(error):
        logger.warning("the database did not answer, reference %s: %s", reference, error)
        headers = {"Retry-After": str(RETRY_SECONDS)}
        return answer(screen, 503, screen.say(STATUSES[503]), headers=headers, reference=reference)
    logger.error("a request failed, reference %s", reference, exc_info=error)
    return answer(screen, 500, screen.say(STATUSES[500]), reference=reference)


def answer(
    screen: Screen,
    status: int,
    sentence: str,
    *,
    headers: Mapping[str, str] | None = None,
    reference: str | None = None,
) -> Response[str]:
    """A toast over the page for htmx, a whole page otherwise; the status is the same."""
    if wants_part(screen.request):
        return screen.part(
            "_shared/_toast.html",
            code=status,
            headers={**TO_TOASTS, **(headers or {})},
            message=sentence,
            tone="bad",
            reference=reference,
        )
    return screen.page(
        "error.html",
        code=status,
        headers=headers,
        status=status,
        message=sentence,
        reference=reference,
    )
