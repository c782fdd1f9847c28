"""What keeps a test purchase apart from the shop that is tried, and in one person's hands, taken out."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant, tests_of

STAGE = "tests/shop/test_rehearsals.py"
PAGES = "tests/web/test_rehearsals.py"
BOT = "tests/bot/test_rehearsals.py"
VERBS = "shop/rehearsals/service.py"
ARRIVALS = "bot/arrivals.py"

TWICE = "test_pressing_twice_is_one_rehearsal_and_one_begun_after_its_end_is_another"
TAKEN_OVER = "test_a_rehearsal_has_the_shops_plans_and_cards_of_the_moment_and_none_of_its_counters"
ONLY_HE = "test_a_customer_beside_him_buys_for_real_and_so_does_he_when_it_is_over"
LISTED = "test_it_appears_in_no_list_of_the_platforms"
WHO_RUNS = "test_only_who_runs_the_shop_begins_one"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "a rehearsal becomes a shop",
        "db/migrations/versions/0026_rehearsals.py",
        "  IF NEW.rehearsal_of IS DISTINCT FROM OLD.rehearsal_of THEN\n",
        "  IF FALSE THEN\n",
        tests_of(STAGE, "test_nothing_turns_a_rehearsal_into_a_shop_or_its_rows_into_real_ones"),
    ),
    Mutant(
        "the platform lists rehearsals among its shops",
        "shop/bots/queries.py",
        "    return Bot.rehearsal_of.is_(None)\n",
        "    return Bot.id > 0\n",
        tests_of(STAGE, LISTED),
    ),
    Mutant(
        "a rehearsal is opened as if it were a shop",
        VERBS,
        "        .where(Bot.id == shop_id, Bot.deleted_at.is_(None), Bot.rehearsal_of.is_(None))\n",
        "        .where(Bot.id == shop_id, Bot.deleted_at.is_(None))\n",
        tests_of(STAGE, TWICE),
    ),
    Mutant(
        "whoever may not change settings begins a rehearsal",
        VERBS,
        "    require(uow.actor, SETTINGS_MANAGE)\n    require(uow.actor, RECEIPTS_APPROVE)\n",
        "",
        tests_of(STAGE, WHO_RUNS),
    ),
    Mutant(
        "whoever may not change settings clears a rehearsal",
        VERBS,
        "    require(uow.actor, SETTINGS_MANAGE)\n    shop = await _lock(uow, shop_id)\n"
        "    home = await uow.enter(shop_id)\n    stage",
        "    shop = await _lock(uow, shop_id)\n    home = await uow.enter(shop_id)\n    stage",
        tests_of(PAGES, "test_a_colleague_who_may_only_look_neither_begins_it_nor_decides_in_it"),
    ),
    Mutant(
        "a second press begins another rehearsal",
        VERBS,
        "    if going_on is not None and going_on.rehearsal_for == me and _lasts(going_on, uow.now):\n",
        "    if False:\n",
        tests_of(STAGE, TWICE),
    ),
    Mutant(
        "a colleague who presses gets a rehearsal that does not hear him",
        VERBS,
        "going_on.rehearsal_for == me and ",
        "",
        tests_of(STAGE, "test_a_colleague_who_presses_has_one_of_his_own_and_the_former_is_put_away"),
    ),
    Mutant(
        "the rehearsal before stays open beside the new one",
        VERBS,
        "    await _put_away(uow, going_on)\n",
        "",
        tests_of(STAGE, "test_a_colleague_who_presses_has_one_of_his_own_and_the_former_is_put_away"),
    ),
    Mutant(
        "a rehearsal lasts for a day",
        "shop/rehearsals/rules.py",
        "LASTS = timedelta(hours=1)",
        "LASTS = timedelta(hours=24)",
        tests_of(STAGE, TWICE),
    ),
    Mutant(
        "a rehearsal begins with the counters of the shop's cards",
        VERBS,
        "_copy(card, stage, but=_COUNTED)",
        "_copy(card, stage)",
        tests_of(STAGE, TAKEN_OVER),
    ),
    Mutant(
        "a rehearsal shows cards that are switched off",
        VERBS,
        ".where(TenantPaymentCard.is_active, TenantPaymentCard.archived_at.is_(None))",
        ".where(TenantPaymentCard.archived_at.is_(None))",
        tests_of(PAGES, "test_what_is_missing_for_it_is_said_and_a_press_all_the_same_is_refused"),
    ),
    Mutant(
        "a rehearsal sells plans that are switched off",
        VERBS,
        "select(BotPlan).where(BotPlan.is_active, BotPlan.archived_at.is_(None))",
        "select(BotPlan).where(BotPlan.archived_at.is_(None))",
        tests_of(PAGES, "test_what_is_missing_for_it_is_said_and_a_press_all_the_same_is_refused"),
    ),
    Mutant(
        "a card's number is copied as the shop has it sealed",
        VERBS,
        "        keep_number(stage, cards[-1], number)\n",
        "        pass\n",
        tests_of(STAGE, TAKEN_OVER),
    ),
    Mutant(
        "questions of a test are asked where nobody reads them",
        "shop/rehearsals/rules.py",
        'LEFT_OUT = ("support_tickets",)',
        "LEFT_OUT: tuple[str, ...] = ()",
        tests_of(STAGE, "test_nobody_is_asked_in_a_rehearsal_where_nobody_would_read_it"),
    ),
    Mutant(
        "a rehearsal begins while the bot is silent",
        VERBS,
        '    if not shop.is_active or shop.token_state != "live":',
        "    if False:",
        tests_of(PAGES, "test_what_is_missing_for_it_is_said_and_a_press_all_the_same_is_refused"),
    ),
    Mutant(
        "everybody who writes to the shop is in its rehearsal",
        ARRIVALS,
        " AND t.rehearsal_for = a.person AND t.rehearsal_for = a.chat\n",
        "\n",
        tests_of(BOT, ONLY_HE),
    ),
    Mutant(
        "a rehearsal goes on in the bot after its hour",
        ARRIVALS,
        "        AND t.rehearsal_until > :now AND NOT a.at_home\n",
        "        AND t.rehearsal_until > :now - interval '1 day' AND NOT a.at_home\n",
        tests_of(BOT, ONLY_HE),
    ),
    Mutant(
        "whoever rehearses cannot answer for his shop",
        ARRIVALS,
        "        AND t.rehearsal_until > :now AND NOT a.at_home\n",
        "        AND t.rehearsal_until > :now\n",
        tests_of(BOT, "test_whoever_rehearses_decides_for_the_shop_on_its_cards_all_the_while"),
    ),
    Mutant(
        "a message of a test says nothing of it",
        "bot/views/words.py",
        "    if not reader.is_test:\n",
        "    if True:\n",
        tests_of(BOT, ONLY_HE),
    ),
    Mutant(
        "what was decided later says nothing of a test",
        "bot/due.py",
        "shop.rehearsal_of IS NOT NULL AS is_test",
        "FALSE AS is_test",
        tests_of(BOT, "test_what_was_decided_while_the_bot_was_down_is_told_when_it_is_back"),
    ),
    Mutant(
        "a test that was ordered counts as one that was delivered",
        "shop/rehearsals/queries.py",
        "        return any(one.is_delivered for one in self.attempts)\n",
        "        return any(self.attempts)\n",
        tests_of(STAGE, "test_the_owner_buys_decides_on_his_own_receipt_and_gets_what_a_customer_gets"),
    ),
    Mutant(
        "whoever may see no receipts sees the tests",
        "shop/rehearsals/queries.py",
        "    require(stage.actor, RECEIPTS_SEE)\n",
        "",
        tests_of(STAGE, "test_whoever_may_see_no_receipts_sees_no_test"),
    ),
)
