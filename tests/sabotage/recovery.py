"""What brings the product back after a kill or a fault, taken out: the narrow tests must notice, not only
``make chaos``."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant, tests_of

INBOX = "tests/bot/test_inbox.py"
OUTBOX = "tests/bot/test_outbox.py"
RESTART = "tests/bot/test_restart.py"
NOTING = "tests/bot/test_noting.py"
TOGETHER = "tests/bot/test_together.py"
LAST = "tests/shop/test_last.py"
FLEET = "tests/bot/test_fleet.py"
BOUNDS = "tests/runtime/test_bounds.py"
CONNECTIONS = "tests/shop/test_connections.py"
REFUSALS = "tests/web/test_protection.py"
PENALTY = "test_a_new_leader_frees_also_what_had_failed_before"

BATCH = "bot/together.py"
TAKEN = "bot/inbox.py"
PROMISED = "bot/outbox.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "a receipt whose update comes again is a second receipt",
        "bot/handlers/receipts.py",
        "    if offering is not None and await counter.has_already(message, offering):\n        return\n",
        "",
        tests_of(RESTART, "test_a_receipt_whose_update_comes_again_is_the_same_receipt"),
        meets="chaos",
    ),
    Mutant(
        "a killed process counts against the update it had in hand",
        TAKEN,
        ".values(lease_until=None, attempts=func.greatest(TelegramUpdate.attempts - 1, 0))",
        ".values(lease_until=None)",
        tests_of(INBOX, PENALTY),
        meets="chaos",
    ),
    Mutant(
        "what a dead process had taken waits for its lease",
        "bot/app.py",
        "            await crew.inbox.take_over()\n",
        "",
        tests_of(INBOX, "test_what_a_dead_process_had_taken_is_handled_after_the_restart")
        + tests_of(RESTART, "test_what_a_killed_process_had_in_hand_is_taken_up_by_the_next_one"),
        meets="chaos",
    ),
    Mutant(
        "what a dead process was sending waits for its lease",
        "bot/app.py",
        "            await crew.outbox.take_over()\n",
        "",
        tests_of(RESTART, "test_what_a_killed_process_had_in_hand_is_taken_up_by_the_next_one"),
        meets="chaos",
    ),
    Mutant(
        "a database that is away costs an update an attempt",
        TAKEN,
        "        elif is_away(error):\n",
        "        elif False:\n",
        tests_of(INBOX, "test_a_database_that_is_away_costs_an_update_no_attempt"),
        meets="chaos",
    ),
    Mutant(
        "a message being sent may be taken over",
        PROMISED,
        "                    OutboxMessage.id.not_in(self._in_hand),\n",
        "",
        tests_of(OUTBOX, "test_what_we_are_sending_ourselves_is_not_taken_over"),
        meets="chaos",
    ),
    Mutant(
        "a new leader forgets the pauses of the one before",
        PROMISED,
        "                    OutboxMessage.last_error.is_(None),\n",
        "",
        tests_of(OUTBOX, "test_a_new_leader_respects_the_pauses_of_the_one_before"),
        meets="chaos",
    ),
    Mutant(
        "what was done is noted once or never",
        "bot/noting.py",
        "            if not is_passing(error) or time.monotonic() > until:\n",
        "            if True:\n",
        tests_of(NOTING, "test_a_note_waits_until_the_database_is_back"),
        meets="chaos",
    ),
    Mutant(
        "a note is tried for ever",
        "bot/noting.py",
        "            if not is_passing(error) or time.monotonic() > until:\n",
        "            if not is_passing(error):\n",
        tests_of(NOTING, "test_a_note_gives_up_when_its_time_is_over"),
    ),
    Mutant(
        "a note that no waiting cures is tried again",
        "bot/noting.py",
        "            if not is_passing(error) or time.monotonic() > until:\n",
        "            if time.monotonic() > until:\n",
        tests_of(NOTING, "test_a_note_that_no_waiting_cures_is_an_error_at_once"),
    ),
    Mutant(
        "each note is a write of its own",
        BATCH,
        "        batch, self._waiting = self._waiting, []\n",
        "        batch, self._waiting = self._waiting[:1], self._waiting[1:]\n",
        tests_of(TOGETHER, "test_what_comes_while_one_write_is_under_way_makes_up_the_next"),
    ),
    Mutant(
        "whose write failed waits for ever",
        BATCH,
        "                    written.set_exception(failed)\n                    written.exception()",
        "                    written.exception",
        tests_of(TOGETHER, "test_everybody_whose_write_failed_is_told_and_the_next_write_is_tried"),
    ),
    Mutant(
        "whose write was cut short believes it written",
        BATCH,
        "            if not isinstance(error, Exception):\n                raise\n",
        "",
        tests_of(TOGETHER, "test_who_waited_for_a_write_that_was_cut_short_is_told_so"),
    ),
    Mutant(
        "what a unit says last goes one by one",
        "shop/unit_of_work.py",
        "        self.rows.setdefault(into, []).append(row)\n",
        "        self.rows[into] = [row]\n",
        tests_of(LAST, "test_history_promises_and_signals_of_a_unit_go_in_one_statement"),
    ),
    Mutant(
        "the same signal twice is two",
        "shop/unit_of_work.py",
        "        self.signals[channel, payload] = None\n",
        '        self.signals[channel, payload + " " * len(self.signals)] = None\n',
        tests_of(LAST, "test_a_unit_that_fails_has_said_nothing"),
    ),
    Mutant(
        "a unit that fails says what it had to say",
        "shop/unit_of_work.py",
        "                finally:\n                    _open.set(False)\n",
        "                finally:\n                    await uow.last.write(session)\n                    "
        "await session.commit()\n                    _open.set(False)\n",
        tests_of(LAST, "test_a_unit_that_fails_has_said_nothing"),
    ),
    Mutant(
        "a connection cut in the middle is our mistake",
        "db/passing.py",
        "    if isinstance(error, PoolTimeout | OSError | BROKEN):",
        "    if isinstance(error, PoolTimeout | OSError):",
        tests_of(
            "tests/web/test_refusals.py",
            "test_what_may_go_through_a_second_time_is_told_from_our_own_mistakes",
        ),
        meets="chaos",
    ),
    Mutant(
        "a connection that the server ended is handed out",
        "db/engine.py",
        '        raise DisconnectionError("the server ended the connection")\n',
        "        return\n",
        tests_of(CONNECTIONS, "test_connections_that_the_server_ended_are_not_handed_out"),
        meets="chaos",
    ),
    Mutant(
        "a connection that died while it rested is handed out",
        "db/engine.py",
        "        connection.run_async(_ask)\n",
        "        pass\n",
        tests_of(CONNECTIONS, "test_a_connection_that_died_in_silence_while_it_rested_is_found_out"),
        meets="chaos",
    ),
    Mutant(
        "the server bears with a silent connection for ever",
        "db/bounds.py",
        '    "tcp_user_timeout": "9000",\n',
        "",
        tests_of(BOUNDS, "test_the_server_is_told_to_give_up_a_peer_that_is_silent_for_nine_seconds"),
        meets="chaos",
    ),
    Mutant(
        "a locked table is waited for as long as a statement may take",
        "db/bounds.py",
        '    "lock_timeout": "3s",\n',
        "",
        tests_of(BOUNDS),
        meets="chaos",
    ),
    Mutant(
        "a migration that found its table locked gives up",
        "db/migrate.py",
        "                    if not tries_left or not is_locked_out(error):\n",
        "                    if True:\n",
        tests_of(BOUNDS, "test_a_migration_lets_others_pass_and_tries_again"),
        meets="chaos",
    ),
    Mutant(
        "a database that does not answer is said to be our fault",
        "web/errors.py",
        "    if is_passing(error):\n",
        "    if False:\n",
        tests_of(REFUSALS, "test_a_database_that_does_not_answer_is_said_so_with_a_time_to_come_back"),
        meets="chaos",
    ),
    Mutant(
        "two processes lead",
        "bot/leader.py",
        'await connection.fetchval("select pg_try_advisory_lock($1)", LOCK)',
        'await connection.fetchval("select $1::bigint > 0", LOCK)',
        tests_of(FLEET, "test_a_second_process_stands_by_and_takes_over"),
        meets="chaos",
    ),
    Mutant(
        "a worker outlives its launcher",
        "web/__main__.py",
        "    die_with_parent(signal.SIGKILL, parent=launcher)\n",
        "",
        tests_of("tests/runtime/test_launcher.py"),
        meets="chaos",
    ),
)
