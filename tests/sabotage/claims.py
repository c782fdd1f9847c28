"""Whose a receipt is at the desk, and why one is refused: what two reviewers rely on, taken out."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant, tests_of

WHOSE = "tests/shop/test_claims.py"
ON_THE_DESK = "tests/web/test_claims.py"
QUEUE = "tests/web/test_queue_parts.py"
LOOKS = "tests/shop/test_presence.py"
RIGHTS = "tests/web/test_permissions.py"
CLAIMS = "shop/receipts/claims.py"
PRESENCE = "shop/receipts/presence.py"
DESK = "web/routes/receipts.py"

HANDED_TO = "test_a_receipt_is_handed_only_to_who_may_decide_here"
PUT_OFF = "test_what_is_put_off_comes_again_at_the_end_and_for_colleagues_in_its_place"
HANDED_ON = "test_what_is_handed_on_comes_first_for_him_and_last_for_everybody_else"
TAKEN_OVER = "test_a_decision_on_what_a_colleague_reviews_asks_to_take_it_over_first"
LACKS = "test_whoever_lacks_one_of_them_is_refused_whatever_else_he_holds"
LATE = "test_who_may_only_see_and_who_comes_too_late_change_nothing"

BEING_GIVEN = (
    Mutant(
        "a receipt is given to two",
        CLAIMS,
        "            free,\n            *passes(",
        "            *passes(",
        tests_of(WHOSE, "test_two_reviewers_are_never_given_the_same_receipt"),
    ),
    Mutant(
        "whoever asks waits for who was asking before",
        CLAIMS,
        ".with_for_update(skip_locked=True)",
        ".with_for_update()",
        tests_of(WHOSE, "test_nobody_waits_for_a_colleague_who_is_just_being_given_one"),
    ),
    Mutant(
        "whoever opens a receipt takes it from who was just given it",
        PRESENCE,
        "and_(CardToCardPayment.id == payment_id, _waits(), still)",
        "and_(CardToCardPayment.id == payment_id, _waits())",
        tests_of(WHOSE, "test_who_opens_what_a_colleague_is_just_being_given_leaves_it_with_him"),
    ),
    Mutant(
        "a claim lasts for an hour",
        PRESENCE,
        "CLAIM = timedelta(seconds=60)",
        "CLAIM = timedelta(seconds=3600)",
        tests_of(WHOSE, "test_a_claim_nobody_renews_is_over_after_a_minute"),
    ),
    Mutant(
        "a claim that is over stands in the way",
        CLAIMS,
        "                CardToCardPayment.claimed_until > uow.now,\n",
        "",
        tests_of(WHOSE, "test_a_claim_that_is_over_is_in_nobodys_way"),
    ),
    Mutant(
        "ones own claim stands in the way",
        CLAIMS,
        "                CardToCardPayment.claimed_by != staff_id(uow.actor),\n",
        "",
        tests_of(WHOSE, "test_what_a_colleague_reviews_is_decided_after_it_was_taken_over"),
    ),
    Mutant(
        "one person keeps every receipt that he opened",
        PRESENCE,
        "    left = await _release(uow, CardToCardPayment.id != payment_id)\n",
        "    left = False\n",
        tests_of(LOOKS, "test_one_person_looks_at_one_receipt"),
    ),
    Mutant(
        "the next one comes from outside of the part asked for",
        CLAIMS,
        "            *narrowing.conditions(narrowed),\n",
        "",
        tests_of(QUEUE, "test_after_a_decision_the_next_of_the_same_part_comes"),
    ),
    Mutant(
        "the next one is none of the tab asked for",
        CLAIMS,
        "            *passes(chosen),\n",
        "",
        tests_of(QUEUE, "test_flagged_ones_are_worked_through_as_flagged_ones"),
    ),
    Mutant(
        "the queue begins again after every decision",
        CLAIMS,
        "        plain.where(CardToCardPayment.receipt_submitted_at >= came.correlate(None)"
        ".scalar_subquery()),\n",
        "",
        tests_of(WHOSE, "test_the_queue_goes_on_after_the_one_it_was_left_at_and_begins_again"),
    ),
    Mutant(
        "the queue ends at its newest",
        CLAIMS,
        "        plain,\n        first,\n",
        "",
        tests_of(WHOSE, "test_the_queue_goes_on_after_the_one_it_was_left_at_and_begins_again"),
    ),
    Mutant(
        "an approval asks nobody who has the receipt open",
        DESK,
        "            await claims.require_free(uow, receipt)\n            is_sure",
        "            is_sure",
        tests_of(ON_THE_DESK, TAKEN_OVER),
    ),
    Mutant(
        "a rejection asks nobody who has the receipt open",
        DESK,
        "                await claims.require_free(uow, receipt)\n                reason, text",
        "                reason, text",
        tests_of(ON_THE_DESK, TAKEN_OVER),
    ),
)

PASSED_ON = (
    Mutant(
        "whoever may only see takes over",
        CLAIMS,
        "    require(uow.actor, RECEIPTS_APPROVE)\n    before = await _lock_waiting(uow, payment_id)\n",
        "    before = await _lock_waiting(uow, payment_id)\n",
        tests_of(WHOSE, LATE),
    ),
    Mutant(
        "whoever may only see puts off",
        CLAIMS,
        "    require(uow.actor, RECEIPTS_APPROVE)\n    before, me",
        "    before, me",
        tests_of(WHOSE, LATE),
    ),
    Mutant(
        "whoever may only see hands on",
        CLAIMS,
        "    require(uow.actor, RECEIPTS_APPROVE)\n    colleague",
        "    colleague",
        tests_of(
            RIGHTS, "test_whoever_lacks_one_of_them_is_refused_whatever_else_he_holds[receipts.approve]"
        ),
    ),
    Mutant(
        "what was decided is taken over all the same",
        CLAIMS,
        "    if row.status not in rules.DECIDABLE or row.commit_at is not None:\n",
        "    if False:\n",
        tests_of(WHOSE, LATE),
    ),
    Mutant(
        "the history calls every look a taking over",
        CLAIMS,
        "    if before is not None and before.staff_id != me:\n",
        "    if before is not None:\n",
        tests_of(WHOSE, "test_the_history_says_who_took_a_receipt_over_from_whom"),
    ),
    Mutant(
        "later is later for everybody",
        CLAIMS,
        'put_off = _marked(DeskMark.kind == "later", DeskMark.staff_id == _ME)',
        'put_off = _marked(DeskMark.kind == "later")',
        tests_of(WHOSE, PUT_OFF),
    ),
    Mutant(
        "what was put off comes next again",
        CLAIMS,
        "    plain = first.where(~put_off, ~others)\n",
        "    plain = first.where(~others)\n",
        tests_of(WHOSE, PUT_OFF),
    ),
    Mutant(
        "the only one comes again as soon as it is put off",
        CLAIMS,
        "            CardToCardPayment.id.is_distinct_from(_AFTER),\n",
        "",
        tests_of(WHOSE, "test_the_only_one_is_not_given_again_to_who_has_just_put_it_off"),
    ),
    Mutant(
        "later is for ever",
        CLAIMS,
        "PUT_OFF = timedelta(minutes=15)",
        "PUT_OFF = timedelta(days=15)",
        tests_of(WHOSE, "test_after_a_quarter_of_an_hour_it_stands_where_it_came"),
    ),
    Mutant(
        "whoever puts a receipt off keeps it from his colleagues",
        CLAIMS,
        "        await _claim(uow, payment_id, claimed_by=None, claimed_until=None)\n"
        "    await desk_changed(uow)\n",
        "        pass\n    await desk_changed(uow)\n",
        tests_of(WHOSE, PUT_OFF),
    ),
    Mutant(
        "putting off takes a colleague's receipt from him",
        CLAIMS,
        "    if before is None or before.staff_id == me:\n",
        "    if True:\n",
        tests_of(WHOSE, "test_putting_off_what_a_colleague_reviews_leaves_it_with_him"),
    ),
    Mutant(
        "what was handed to somebody waits among the others",
        CLAIMS,
        "        first.where(mine, ~put_off),\n",
        "",
        tests_of(WHOSE, HANDED_ON),
    ),
    Mutant(
        "what was handed to somebody comes next for everybody",
        CLAIMS,
        "    plain = first.where(~put_off, ~others)\n",
        "    plain = first.where(~put_off)\n",
        tests_of(WHOSE, "test_what_was_handed_to_a_colleague_is_passed_over_while_there_is_another"),
    ),
    Mutant(
        "what was handed on comes first however often it is put off",
        CLAIMS,
        "        first.where(mine, ~put_off),\n",
        "        first.where(mine),\n",
        tests_of(WHOSE, "test_what_was_handed_on_and_put_off_comes_first_no_more"),
    ),
    Mutant(
        "what was handed to somebody who is away is lost",
        CLAIMS,
        "        plain,\n        first,\n",
        "        plain,\n",
        tests_of(WHOSE, "test_what_was_handed_to_somebody_who_does_not_come_is_not_lost"),
    ),
    Mutant(
        "what was handed on is somebody's for ever",
        CLAIMS,
        "HANDED = timedelta(hours=24)",
        "HANDED = timedelta(days=24)",
        tests_of(WHOSE, "test_after_a_day_what_was_handed_on_stands_where_it_came"),
    ),
    Mutant(
        "what was handed on twice is two people's",
        CLAIMS,
        "        .values(until=uow.now, updated_at=uow.now)\n",
        "        .values(updated_at=uow.now)\n",
        tests_of(WHOSE, "test_handed_on_twice_it_comes_first_for_the_last_one_alone"),
    ),
    Mutant(
        "whoever hands a receipt on keeps it open",
        CLAIMS,
        "    await _claim(uow, payment_id, claimed_by=None, claimed_until=None)\n    told",
        "    told",
        tests_of(WHOSE, "test_what_is_handed_on_while_it_is_open_is_his_at_once"),
    ),
    Mutant(
        "a receipt is handed to who has left",
        CLAIMS,
        "            Staff.is_active,\n",
        "",
        tests_of(WHOSE, HANDED_TO),
    ),
    Mutant(
        "a receipt is handed to who may not decide",
        CLAIMS,
        '            or_(Staff.role == "owner", Staff.permissions.contains([RECEIPTS_APPROVE])),\n',
        "",
        tests_of(WHOSE, HANDED_TO),
    ),
    Mutant(
        "a receipt is handed to oneself",
        CLAIMS,
        "            Staff.id.is_distinct_from(staff_id(uow.actor)),\n",
        "",
        tests_of(WHOSE, HANDED_TO),
    ),
    Mutant(
        "a receipt is handed into another shop",
        CLAIMS,
        "            Staff.bot_id == uow.bot_id,\n",
        "",
        tests_of(WHOSE, HANDED_TO),
        unnoticed_because="The database's wall shows a shop nobody of another shop's team.",
    ),
    Mutant(
        "nobody is told what was handed to him",
        CLAIMS,
        "    await _tell(uow, payment_id, to, words)\n",
        "",
        tests_of(WHOSE, "test_the_colleagues_chat_is_told_once_for_each_time"),
    ),
    Mutant(
        "the second time nobody is told",
        CLAIMS,
        'mark=f"{to}:{int(uow.now.timestamp())}"',
        'mark=f"{to}"',
        tests_of(WHOSE, "test_the_colleagues_chat_is_told_once_for_each_time"),
    ),
)

REASONS = "shop/receipts/reasons.py"
WORDING = "shop/receipts/wording.py"
SAID = "tests/web/test_reasons.py"

REFUSED = (
    Mutant(
        "what the customer is to do next is left out",
        REASONS,
        "return RejectReason.OTHER, reason.said(",
        "return RejectReason.OTHER, reason.label(",
        tests_of(SAID, "test_the_customer_is_told_in_his_language_what_the_dialog_promised"),
    ),
    Mutant(
        "the customer is told in the reviewer's language",
        REASONS,
        "reason.said(language or LANGUAGES[0])",
        "reason.said(LANGUAGES[1])",
        tests_of(SAID, "test_the_customer_is_told_in_his_language_what_the_dialog_promised"),
    ),
    Mutant(
        "a reason in one language says nothing in the other",
        REASONS,
        'return said.get(language) or next((said[one] for one in LANGUAGES if said.get(one)), "")',
        'return said.get(language, "")',
        tests_of(SAID, "test_a_reason_in_one_language_is_said_in_it_to_everybody"),
    ),
    Mutant(
        "a reason that is gone rejects without words",
        REASONS,
        '        raise BadInput("reason_code", "unknown")\n',
        '        return RejectReason.OTHER, "-"\n',
        tests_of(SAID, "test_a_reason_that_was_deleted_meanwhile_is_asked_for_again_and_nothing_happens"),
    ),
    Mutant(
        "a reason that is switched off is offered",
        REASONS,
        "return tuple(reason for reason in reasons if reason.is_on)",
        "return tuple(reasons)",
        tests_of(SAID, "test_the_dialog_offers_ours_until_the_owner_writes_changes_and_orders_them"),
    ),
    Mutant(
        "there are more reasons than keys",
        WORDING,
        "    if len(reasons) >= MOST:\n",
        "    if False:\n",
        tests_of(SAID, "test_there_are_never_more_than_keys_to_choose_them"),
    ),
    Mutant(
        "our reasons are worded anew",
        WORDING,
        '    if old.is_ours:\n        raise NotFound("reject_reason", code)\n    made',
        "    made",
        tests_of(SAID, "test_ours_are_neither_worded_here_nor_deleted_and_unknown_ones_are_not_there"),
    ),
    Mutant(
        "our reasons are deleted",
        WORDING,
        '    if old.is_ours:\n        raise NotFound("reject_reason", code)\n    del',
        "    del",
        tests_of(SAID, "test_ours_are_neither_worded_here_nor_deleted_and_unknown_ones_are_not_there"),
    ),
    Mutant(
        "the first reason moves up to the end",
        WORDING,
        "    if not 0 <= to < len(reasons):\n        return\n",
        "    to %= len(reasons)\n",
        tests_of(SAID, "test_the_first_does_not_move_up_nor_the_last_down"),
    ),
    Mutant(
        "anybody of the team writes reasons",
        WORDING,
        "    require(uow.actor, SETTINGS_MANAGE)\n",
        "",
        tests_of(SAID, "test_a_reviewer_looks_and_changes_nothing_and_a_neighbour_has_a_list_of_his_own"),
    ),
    Mutant(
        "of two who write reasons at once one is forgotten",
        WORDING,
        "    await uow.session.execute(select(Bot.id).where(Bot.id == uow.bot_id)"
        ".with_for_update(key_share=True))\n",
        "",
        tests_of(SAID, "test_two_who_write_a_reason_at_once_write_two"),
    ),
    Mutant(
        "a code of a reason comes again with other words",
        WORDING,
        'Reason(f"{OWN}{secrets.token_hex(3)}")',
        'Reason(f"{OWN}{len(reasons):06x}")',
        tests_of(SAID, "test_the_code_of_a_reason_that_is_gone_never_comes_again"),
    ),
    Mutant(
        "who paid himself is offered to decide on the page",
        "shop/receipts/detail.py",
        '_paid_by_staff(me=True).label("is_mine")',
        'literal(value=False).label("is_mine")',
        tests_of(SAID, "test_who_paid_himself_is_offered_no_decision_and_told_why"),
    ),
    Mutant(
        "who paid himself is offered to decide in his chat",
        "bot/views/review.py",
        'is_own = state == "waiting" and chat_id == shown.detail.customer_telegram_id',
        "is_own = False",
        tests_of(
            "tests/bot/test_reasons.py",
            "test_who_paid_himself_gets_no_buttons_in_his_own_chat_and_a_group_is_told",
        ),
    ),
)

MUTANTS: tuple[Mutant, ...] = (*BEING_GIVEN, *PASSED_ON, *REFUSED)
