"""What a customer who asks and a shop that answers rely on, taken out."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant, tests_of

TALK = "tests/shop/test_tickets.py"
PAGE = "tests/web/test_tickets.py"
BOT = "tests/bot/test_tickets.py"
TURNED = "tests/bot/test_ticket_pictures.py"
VERBS = "shop/tickets/service.py"
CHAT = "shop/tickets/chat.py"

ONCE = "test_the_same_message_and_the_same_form_twice_are_one"
NEIGHBOURS = "test_another_shop_and_another_customer_meet_nothing"
SHUT = "test_nothing_is_asked_of_a_shop_that_takes_no_questions_nor_by_whom_it_blocked"
BOUNDED = "test_words_are_bounded_and_so_are_messages_without_an_answer"
CLOSED = "test_either_side_closes_and_the_other_is_told_once"
QUIET = "test_a_word_that_came_since_it_was_found_quiet_keeps_a_ticket_open"
WAITED = "test_a_customer_waits_from_his_first_unanswered_word_until_somebody_answers"
HANDS = "test_whoever_answers_first_has_it_and_it_is_put_into_anothers_hands"
ORDERS = "test_a_ticket_is_about_an_order_of_its_customer_and_of_nobody_else"
AUTOCLOSE = "test_what_was_answered_long_ago_closes_by_itself_where_the_shop_wishes_it"
STRANGER = "test_whoever_is_not_of_the_shop_answers_nobody_and_another_chat_neither"

ASKED = (
    Mutant(
        "what a customer sent once is asked twice",
        VERBS,
        "    if before is not None:\n        return Asked(before, is_new=False)\n",
        "",
        tests_of(TALK, ONCE),
    ),
    Mutant(
        "an answer that was sent twice is given twice",
        VERBS,
        "    if await _said(uow, cause) is not None:\n        return\n    if ticket",
        "    if ticket",
        tests_of(TALK, ONCE),
    ),
    Mutant(
        "two first messages open two tickets",
        VERBS,
        "    user = await lock_user(uow, user_id)\n    if user.blocked_at",
        "    user = (await uow.session.scalars(select(User).where(User.id == user_id))).one()\n"
        "    if user.blocked_at",
        tests_of(TALK, "test_two_first_messages_at_the_same_time_open_one_ticket"),
    ),
    Mutant(
        "whom the shop has blocked asks",
        VERBS,
        "    if user.blocked_at is not None:\n        raise UserBlocked\n    before",
        "    before",
        tests_of(TALK, SHUT),
    ),
    Mutant(
        "a shop that takes no questions is asked",
        VERBS,
        "    features.require_on(await features.load_state(uow), FEATURE)\n    user = await",
        "    user = await",
        tests_of(TALK, SHUT),
    ),
    Mutant(
        "one customer fills the shelf",
        VERBS,
        "    elif ticket.unanswered >= rules.MOST_UNANSWERED:\n",
        "    elif False:\n",
        tests_of(TALK, BOUNDED),
    ),
    Mutant(
        "an answer may be longer than Telegram takes",
        "shop/tickets/rules.py",
        "    if len(words) > longest:\n",
        "    if False:\n",
        tests_of(TALK, BOUNDED),
    ),
    Mutant(
        "a ticket is about anybody's order",
        VERBS,
        "select(Order.id).where(Order.id == order_id, Order.user_id == user_id)",
        "select(Order.id).where(Order.id == order_id)",
        tests_of(TALK, ORDERS),
    ),
    Mutant(
        "a customer closes anybody's ticket",
        VERBS,
        '    if user.id != user_id:\n        raise NotFound("ticket", ticket_id)\n'
        "    if ticket.status == rules.CLOSED:\n",
        "    if ticket.status == rules.CLOSED:\n",
        tests_of(TALK, NEIGHBOURS),
    ),
    Mutant(
        "a customer opens anybody's ticket again",
        VERBS,
        '    if user.id != user_id:\n        raise NotFound("ticket", ticket_id)\n'
        "    if user.blocked_at is not None:\n",
        "    if user.blocked_at is not None:\n",
        tests_of(
            TURNED, "test_what_is_not_solved_goes_on_in_the_customers_language_and_nobody_opens_anothers"
        ),
    ),
    Mutant(
        "whoever waits begins to wait again with each word",
        VERBS,
        "    ticket.waiting_since = ticket.waiting_since or uow.now\n",
        "    ticket.waiting_since = uow.now\n",
        tests_of(TALK, WAITED),
    ),
)

ANSWERED = (
    Mutant(
        "whoever may only look answers",
        VERBS,
        "    require(uow.actor, TICKETS_ANSWER)\n"
        "    kept = rules.answered(words, has_picture=media_id is not None)\n"
        "    user, ticket",
        "    kept = rules.answered(words, has_picture=media_id is not None)\n    user, ticket",
        tests_of(TALK, "test_who_may_only_look_answers_nothing"),
    ),
    Mutant(
        "whoever may only look leaves notes",
        VERBS,
        "    require(uow.actor, TICKETS_ANSWER)\n"
        "    kept = rules.answered(words, has_picture=media_id is not None)\n"
        "    _, ticket",
        "    kept = rules.answered(words, has_picture=media_id is not None)\n    _, ticket",
        tests_of(TALK, "test_who_may_only_look_answers_nothing"),
    ),
    Mutant(
        "whoever may not see tickets reads them",
        "shop/tickets/queries.py",
        "    require(uow.actor, TICKETS_SEE)\n    found = (await",
        "    found = (await",
        tests_of(TALK, "test_who_may_not_see_tickets_sees_none"),
    ),
    Mutant(
        "what is closed is answered",
        VERBS,
        "    if ticket.status == rules.CLOSED:\n        raise TicketClosed(ticket_id)\n",
        "",
        tests_of(TALK, CLOSED),
    ),
    Mutant(
        "two colleagues answer the same without reading each other",
        VERBS,
        "        await _require_newest(uow, ticket_id, seen)\n",
        "        pass\n",
        tests_of(
            TALK, "test_two_colleagues_answer_at_once_and_the_second_reads_the_first_before_his_goes_out"
        ),
    ),
    Mutant(
        "an answer takes the ticket out of a colleague's hands",
        VERBS,
        "    if ticket.assigned_to is None and isinstance(uow.actor, StaffMember):\n",
        "    if isinstance(uow.actor, StaffMember):\n",
        tests_of(TALK, HANDS),
    ),
    Mutant(
        "a ticket is put into the hands of who may not answer",
        "shop/tickets/answering.py",
        '        if one.role != "master" and TICKETS_ANSWER in held(one.role, one.permissions)\n',
        '        if one.role != "master"\n',
        tests_of(TALK, HANDS),
    ),
    Mutant(
        "the first answer is the last one",
        VERBS,
        "ticket.first_answered_at = ticket.first_answered_at or uow.now",
        "ticket.first_answered_at = uow.now",
        tests_of(TALK, WAITED),
    ),
    Mutant(
        "tickets of long ago count among the figures",
        "shop/tickets/answering.py",
        "                Ticket.last_at >= since,\n                Ticket.created_at >= since,\n",
        "",
        tests_of(TALK, "test_the_figures_are_of_thirty_days_and_of_this_shop_alone"),
    ),
    Mutant(
        "a customer is told of every press that closes",
        VERBS,
        "    if ticket.status == rules.CLOSED or not is_quiet:\n",
        "    if not is_quiet:\n",
        tests_of(TALK, CLOSED),
    ),
    Mutant(
        "a ticket closes over the word that just came",
        VERBS,
        "    is_quiet = quiet_since is None or (ticket.status == rules.ANSWERED and"
        " ticket.last_at <= quiet_since)\n",
        "    is_quiet = True\n",
        tests_of(TALK, QUIET),
    ),
    Mutant(
        "tickets close by themselves where the shop does not wish it",
        "shop/tickets/closing.py",
        "        if after:\n",
        "        after = after or 7\n        if True:\n",
        tests_of(TALK, AUTOCLOSE),
    ),
    Mutant(
        "what waits for the shop closes by itself",
        "shop/tickets/closing.py",
        "        .where(Ticket.status == rules.ANSWERED, Ticket.last_at <= since)\n",
        "        .where(Ticket.last_at <= since)\n",
        tests_of(TALK, AUTOCLOSE),
        unnoticed_because="Closing asks the same again, with the ticket locked.",
    ),
    Mutant(
        "a customer has two open tickets",
        VERBS,
        '    if await _open_of(uow, user.id) is not None:\n        raise AlreadyExists("ticket", "status")\n',
        "",
        tests_of(TALK, "test_a_closed_ticket_goes_on_unless_a_newer_one_is_open"),
    ),
    Mutant(
        "a file of another ticket is shown",
        "shop/tickets/queries.py",
        "            TicketMessage.id == message_id, TicketMessage.ticket_id == ticket_id\n",
        "            TicketMessage.id == message_id\n",
        tests_of(PAGE, "test_the_picture_is_shown_to_whoever_may_see_tickets_and_shut_in"),
    ),
    Mutant(
        "whoever may not answer makes us decode pictures",
        "web/routes/tickets.py",
        "        require(signed_in(request).actor, TICKETS_ANSWER)\n",
        "",
        tests_of(PAGE, "test_nothing_at_all_is_no_answer_and_whoever_only_looks_makes_nobody_decode"),
    ),
)

IN_THE_CHAT = (
    Mutant(
        "anybody in the shop's chat answers customers",
        CHAT,
        "    uow = await reviewer(uow, telegram_id=telegram_id, chat_id=chat_id, right=TICKETS_ANSWER)\n"
        "    await service.answer(",
        "    await service.answer(",
        tests_of(BOT, STRANGER),
    ),
    Mutant(
        "whoever may see receipts answers customers",
        CHAT,
        "    uow = await reviewer(uow, telegram_id=telegram_id, chat_id=chat_id, right=TICKETS_ANSWER)\n"
        "    await service.answer(",
        '    uow = await reviewer(uow, telegram_id=telegram_id, chat_id=chat_id, right="receipts.see")\n'
        "    await service.answer(",
        tests_of(BOT, STRANGER),
        unnoticed_because="The verb asks for the right again, in the person's own name.",
    ),
    Mutant(
        "anybody in the shop's chat closes tickets",
        CHAT,
        "    uow = await reviewer(uow, telegram_id=telegram_id, chat_id=chat_id, right=TICKETS_ANSWER)\n"
        "    if is_closed:\n",
        "    if is_closed:\n",
        tests_of(TURNED, "test_the_topic_closes_and_opens_with_its_ticket_and_a_button_turns_it"),
    ),
    Mutant(
        "an answer in a topic is for another chat's ticket",
        CHAT,
        ".where(TicketPost.chat_id == chat_id, TicketPost.message_id == replied_to)",
        ".where(TicketPost.message_id == replied_to)",
        tests_of(TALK, "test_a_message_of_another_chat_is_about_no_ticket"),
    ),
)

MUTANTS: tuple[Mutant, ...] = (*ASKED, *ANSWERED, *IN_THE_CHAT)
