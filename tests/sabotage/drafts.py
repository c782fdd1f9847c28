"""What whoever answers tickets relies on, taken out: his draft, the next one that waits, a reminder."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant, tests_of

PAGE = "tests/web/test_tickets.py"
REMINDED = "tests/shop/test_reminding.py"
BOT = "tests/bot/test_tickets.py"
DRAFTS = "shop/tickets/drafts.py"
QUERIES = "shop/tickets/queries.py"
NEXT = "shop/tickets/following.py"
JOB = "shop/tickets/reminding.py"
VERBS = "shop/tickets/service.py"
CHAT = "shop/tickets/chat.py"
ROUTE = "web/routes/tickets.py"

BEGUN = "test_what_is_begun_waits_in_the_box_for_its_writer_and_for_nobody_else"
SENT = "test_what_was_sent_is_no_draft_even_where_its_last_words_arrive_later"
BOUNDED = "test_a_draft_is_no_longer_than_an_answer_and_needs_the_right_to_give_one"
SURVIVES = "test_what_stands_in_the_box_survives_the_other_forms_of_the_page_and_a_refusal"
NARROWED = "test_the_next_one_that_waits_is_the_next_of_the_narrowed_list"
ONCE_EACH = "test_it_is_told_at_half_of_the_time_and_after_it_and_once_each"
ANEW = "test_who_was_answered_is_not_told_of_and_who_asks_again_waits_anew"
SWITCHED = "test_without_the_switch_nobody_is_told"
NIGHT = "test_in_quiet_hours_nothing_is_told_and_afterwards_one_message_says_it_all"
MEANWHILE = "test_who_was_answered_before_the_reminder_is_not_told_of_and_without_topics_it_takes_answers"

OF_THE_BOX = (
    Mutant(
        "a draft is read by colleagues",
        QUERIES,
        "        TicketDraft.staff_id == (staff_id(uow.actor) or 0),\n",
        "",
        tests_of(PAGE, BEGUN),
    ),
    Mutant(
        "an answer leaves its draft behind",
        ROUTE,
        "            await drafts.forget(uow, number)\n",
        "",
        tests_of(PAGE, SENT),
    ),
    Mutant(
        "the last words of an answer come back as a draft",
        DRAFTS,
        "    if await uow.session.scalar(select(TicketMessage.id).where(TicketMessage.cause == cause)):\n"
        "        return\n",
        "",
        tests_of(PAGE, SENT),
    ),
    Mutant(
        "an emptied box keeps its draft",
        DRAFTS,
        "        await forget(uow, ticket_id)\n",
        "",
        tests_of(PAGE, BEGUN),
    ),
    Mutant(
        "whoever may not answer keeps a draft",
        DRAFTS,
        "    require(uow.actor, TICKETS_ANSWER)\n",
        "",
        tests_of(PAGE, BOUNDED),
    ),
    Mutant(
        "a draft is as long as somebody likes",
        "shop/tickets/rules.py",
        '    if len(words) > LONGEST_ANSWER:\n        raise BadInput("words", "too_long", LONGEST_ANSWER)\n'
        "    return words if",
        "    return words if",
        tests_of(PAGE, BOUNDED),
    ),
    Mutant(
        "another form of the page empties the box",
        ROUTE,
        'IN_BOX = ("words", "form_key")',
        'IN_BOX = ("form_key",)',
        tests_of(PAGE, SURVIVES),
    ),
)

ONE_AFTER_THE_OTHER = (
    Mutant(
        "the next one is of any list",
        NEXT,
        "    waiting = replace(sought, state=None)\n",
        "    waiting = Sought()\n",
        tests_of(PAGE, NARROWED),
    ),
    Mutant(
        "the next one waits for nobody",
        NEXT,
        "    waiting = replace(sought, state=None)\n",
        "    waiting = sought\n",
        tests_of(PAGE, NARROWED),
    ),
    Mutant(
        "the next one is always the first",
        NEXT,
        "dict.fromkeys((after, None))",
        "(None,)",
        tests_of(PAGE, NARROWED),
    ),
    Mutant(
        "what was passed over does not come again",
        NEXT,
        "dict.fromkeys((after, None))",
        "(after,)",
        tests_of(PAGE, NARROWED),
    ),
)

BROUGHT_TO_MIND = (
    Mutant(
        "a reminder is told again and again",
        JOB,
        "            ticket.reminded = part\n",
        "",
        tests_of(REMINDED, ONCE_EACH),
        unnoticed_because="The promise has the same key as the one before: the outbox takes it once.",
    ),
    Mutant(
        "the second wait of a ticket is told of by the first",
        VERBS,
        "    ticket.status, ticket.unanswered, ticket.waiting_since = rules.ANSWERED, 0, None\n"
        "    ticket.reminded = rules.NOT_YET\n",
        "    ticket.status, ticket.unanswered, ticket.waiting_since = rules.ANSWERED, 0, None\n",
        tests_of(REMINDED, ANEW),
    ),
    Mutant(
        "what was closed and opened again was told of before",
        VERBS,
        "    ticket.status, ticket.unanswered, ticket.waiting_since = rules.CLOSED, 0, None\n"
        "    ticket.reminded = rules.NOT_YET\n",
        "    ticket.status, ticket.unanswered, ticket.waiting_since = rules.CLOSED, 0, None\n",
        tests_of(REMINDED, "test_what_was_closed_and_opened_again_waits_anew_too"),
    ),
    Mutant(
        "reminders come at night",
        JOB,
        "    if not is_on or await quiet_until(uow, QUIET) is not None:\n",
        "    if not is_on:\n",
        tests_of(REMINDED, NIGHT),
    ),
    Mutant(
        "reminders come where tickets are switched off",
        JOB,
        "    if not is_on or await quiet_until(uow, QUIET) is not None:\n",
        "    if await quiet_until(uow, QUIET) is not None:\n",
        tests_of(REMINDED, SWITCHED),
    ),
    Mutant(
        "every shop has the same time",
        JOB,
        "    hours = int(await get_config_value(uow, WITHIN))\n",
        "    hours = 12\n",
        tests_of(REMINDED, ONCE_EACH, "test_the_time_is_the_shops_own"),
    ),
    Mutant(
        "who was answered meanwhile is told of",
        CHAT,
        "                Ticket.status == rules.WAITING,\n                Ticket.waiting_since == since,\n",
        "",
        tests_of(BOT, MEANWHILE),
    ),
    Mutant(
        "an answer to a reminder reaches nobody",
        "bot/ticket_posts.py",
        "        async def note(uow: UnitOfWork) -> None:\n"
        "            await chat.posted(uow, found.ticket_id, chat_id=promise.chat_id, "
        "message_id=sent.message_id)\n\n"
        "        return Kept(sent.message_id, note)\n",
        "        return Kept(sent.message_id)\n",
        tests_of(BOT, MEANWHILE),
    ),
)

MUTANTS: tuple[Mutant, ...] = (*OF_THE_BOX, *ONE_AFTER_THE_OTHER, *BROUGHT_TO_MIND)
