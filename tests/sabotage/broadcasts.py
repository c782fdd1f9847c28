"""What keeps a broadcast within its bounds, taken out: its rate, its people, and that each gets it once."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant, tests_of

ON_ITS_WAY = "tests/bot/test_broadcasts.py"
WRITTEN = "tests/shop/test_broadcasts.py"
SENDING = "shop/broadcasts/sending.py"
AUDIENCE = "shop/broadcasts/audience.py"
VERBS = "shop/broadcasts/service.py"
CLAIMS = "bot/due.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "a broadcast goes out as fast as the outbox can",
        "bot/broadcasting.py",
        "most=pace.room() if shop in awake else 0",
        "most=50 if shop in awake else 0",
        tests_of(ON_ITS_WAY, "test_a_shop_that_wants_it_slower_gets_it_slower"),
    ),
    Mutant(
        "a broadcast fills the outbox",
        SENDING,
        "    room = min(most, rules.ROOM - await _waiting(uow))\n",
        "    room = most\n",
        tests_of(ON_ITS_WAY, "test_a_bot_gets_a_handful_a_look_so_that_a_receipt_waits_behind_no_more"),
    ),
    Mutant(
        "whoever may have got it twice is not counted",
        CLAIMS,
        "        doubts = o.doubts + o.is_going::int\n",
        "        doubts = o.doubts\n",
        tests_of(
            ON_ITS_WAY,
            "test_what_was_on_its_way_when_the_process_was_killed_may_come_twice_and_is_counted",
            "test_a_lease_that_ran_out_counts_as_a_doubt_too",
        ),
        meets="chaos",
    ),
    Mutant(
        "a crash of the database forgets what was in hand",
        "bot/outbox.py",
        "                await uow.session.execute(KEEP)\n",
        "                pass\n",
        tests_of(ON_ITS_WAY, "test_a_claim_of_a_broadcast_outlives_the_database_and_any_other_need_not"),
        meets="chaos",
    ),
    Mutant(
        "a pause lets go what was promised",
        VERBS,
        '    await _move(uow, one, "paused", "broadcast.paused")\n    await hold_promises(uow, one)\n',
        '    await _move(uow, one, "paused", "broadcast.paused")\n',
        tests_of(ON_ITS_WAY, "test_a_pause_holds_what_waits_and_after_it_everybody_has_it_once"),
    ),
    Mutant(
        "what was taken back is promised under its old name",
        VERBS,
        "SET status = 'pending', turn = r.turn + 1,",
        "SET status = 'pending', turn = r.turn,",
        tests_of(ON_ITS_WAY, "test_a_pause_holds_what_waits_and_after_it_everybody_has_it_once"),
    ),
    Mutant(
        "whoever the shop has blocked, or has left, is among the people",
        AUDIENCE,
        "(*meant(uow, audience, narrowed), User.blocked_at.is_(None), User.unreachable_at.is_(None))",
        "(*meant(uow, audience, narrowed),)",
        tests_of(ON_ITS_WAY, "test_whoever_left_the_bot_is_flagged_and_kept_and_the_others_get_it"),
    ),
    Mutant(
        "a broadcast is for the people of every shop",
        SENDING,
        ").where(User.bot_id == uow.bot_id, *reached(",
        ").where(*reached(",
        tests_of(WRITTEN, "test_its_recipients_are_those_of_the_moment_it_begins_and_of_this_shop_alone"),
        unnoticed_because="The database's wall shows a shop no other shop's customers.",
    ),
    Mutant(
        "a broadcast goes out at night",
        SENDING,
        "    if await quiet_until(uow) is not None:\n        return 0\n",
        "",
        tests_of(WRITTEN, "test_in_quiet_hours_nothing_is_promised_and_afterwards_it_goes_on"),
    ),
    Mutant(
        "a broadcast begins before its hold is over",
        "shop/broadcasts/rules.py",
        "    return max(at, earliest)\n",
        "    return at\n",
        tests_of(WRITTEN, "test_it_never_begins_before_the_hold_is_over_nor_in_the_past_nor_in_a_year"),
    ),
    Mutant(
        "a name in a broadcast is markup",
        "shop/broadcasts/rules.py",
        "name=html.escape(name, quote=False), shop=",
        "name=name, shop=",
        tests_of(WRITTEN, "test_what_stands_in_a_name_is_no_markup"),
    ),
    Mutant(
        "a picture is uploaded for each person",
        "bot/letters.py",
        "        if known is not None:\n",
        "        if False:\n",
        tests_of(
            ON_ITS_WAY,
            "test_a_picture_with_its_button_is_uploaded_once_and_comes_to_everybody_as_it_was_shown",
        ),
    ),
    Mutant(
        "words that Telegram refuses from everybody go on and on",
        SENDING,
        "    if one.failed >= rules.MOST_WITHOUT_SUCCESS and not one.sent:\n",
        "    if False:\n",
        tests_of(ON_ITS_WAY, "test_words_that_telegram_refuses_from_everybody_stop_by_themselves"),
    ),
)
