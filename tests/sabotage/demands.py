"""Cures beyond the twenty traps: sign-in, rights, walls, secrets and browsers, each taken out.

The marks are those of docs/proof/security.md. What browsers are sent is tried in outside.py.
"""

from __future__ import annotations

from tests.sabotage.mutant import Mutant, tests_of

SIGN_IN = "tests/web/test_sign_in.py"
FACTOR = "tests/web/test_second_factor.py"
TAPS = "tests/bot/test_sign_in.py"
MATRIX = "tests/web/test_matrix.py"
PLATFORM = "tests/web/test_platform.py"
DOORS = "tests/web/test_every_door.py"
WALLS = "tests/house/test_walls.py"
KEYS = "tests/shop/test_keys.py"
LOGS = "tests/runtime/test_logs.py"
BOOKS = "tests/shop/test_books.py"
BUTTONS = "tests/bot/test_bad_input.py"
NEIGHBOURS = "tests/shop/test_neighbours.py"
WEBHOOK = "tests/bot/test_webhook.py"
DOWNLOADS = "tests/bot/test_downloads.py"
COOKIES = "tests/web/test_cookies.py"
MOVED = "test_the_report_says_which_key_is_still_needed_and_for_what"
LOST = "test_whoever_lost_the_right_after_signing_in_gets_what_nobody_gets"
GRANTED = "test_the_application_may_do_what_the_list_says_and_nothing_else"
STEPS_AROUND = "test_nothing_in_the_schema_steps_around_the_wall"
LOOK_ENDS = "test_a_look_ends_by_itself_after_half_an_hour_and_says_so_from_the_start"
FOREIGN_IDS = "test_ids_of_another_shop_or_person_are_refused_politely_and_change_nothing"

SESSIONS = "shop/staff/sessions.py"
WHO_ASKS = "db/migrations/versions/0014_who_asks.py"
DOOR = "shop/staff/sign_in.py"
LIFETIMES = "shop/staff/lifetimes.py"
CHALLENGES = "shop/staff/challenges.py"
TOKENS = "shop/staff/service.py"
GUARDS = "web/guards.py"
VIEWING = "shop/platform/viewing.py"
WALL = "db/walls.py"
TENANCY = "db/tenancy.py"
LOG = "db/logs.py"

SIGNING_IN = (
    Mutant(
        "a mistyped token costs a query",
        "shop/staff/rules.py",
        "if match is None or _check_sum(match[1]) != match[3]:",
        "if match is None:",
        tests_of("tests/rules/test_tokens.py", "test_one_wrong_character_fails_the_check_sum"),
        meets="A1",
    ),
    Mutant(
        "tokens stay under the key before",
        TOKENS,
        "    if holder.newer_hash is None:\n        return\n",
        "    return\n",
        tests_of(KEYS, MOVED),
        meets="A2, S2",
    ),
    Mutant(
        "an unknown token is refused without hashing it",
        TOKENS,
        "    kept = _NO_SUCH_HASH if row is None else row.token_hash\n",
        "    if row is None:\n        return None\n    kept = row.token_hash\n",
        tests_of("tests/shop/test_api_tokens.py", "test_an_unknown_token_costs_the_same_comparison"),
        meets="A3, A16",
    ),
    Mutant(
        "a revoked token opens the door",
        TOKENS,
        "        ApiToken.revoked_at.is_(None)\n        & or_(",
        "        or_(",
        tests_of(SIGN_IN, "test_unknown_revoked_expired_left_and_suspended_are_answered_alike"),
        meets="A16",
    ),
    Mutant(
        "the wait is for whoever is signed in, too",
        DOOR,
        "        if known is None:\n            wait = await",
        "        if True:\n            wait = await",
        tests_of(SIGN_IN, "test_nobody_can_lock_the_owner_out_of_a_browser_that_is_signed_in"),
        meets="A12",
    ),
    Mutant(
        "good tries count as bad ones",
        DOOR,
        "        await _forgive(uow, subjects, counted=known is None)\n    return opened\n",
        "    return opened\n",
        tests_of(SIGN_IN, "test_good_tokens_are_no_bad_tries"),
        meets="A12",
    ),
    Mutant(
        "a session lies idle for a day",
        LIFETIMES,
        "IDLE = timedelta(hours=12)",
        "IDLE = timedelta(hours=24)",
        tests_of(SIGN_IN, "test_an_idle_session_ends_after_twelve_hours"),
        meets="A8",
    ),
    Mutant(
        "a session in use never ends",
        LIFETIMES,
        "    if now >= expires_at:\n        return True\n",
        "",
        tests_of(SIGN_IN, "test_a_session_in_use_ends_after_seven_days"),
        meets="A8",
    ),
    Mutant(
        "the master's idle session lives as long as everybody's",
        LIFETIMES,
        "        return now - last_seen_at >= MASTER_IDLE\n",
        "        return now - last_seen_at >= IDLE\n",
        tests_of(SIGN_IN, "test_the_master_is_out_after_half_an_hour_of_nothing_or_eight_hours"),
        meets="A8",
    ),
    Mutant(
        "the master stays for a week",
        LIFETIMES,
        "        return now + MASTER_LONGEST\n",
        "        return now + LONGEST\n",
        tests_of(SIGN_IN, "test_the_master_is_out_after_half_an_hour_of_nothing_or_eight_hours"),
        meets="A8",
    ),
    Mutant(
        "a revoked token keeps its sessions",
        WHO_ASKS,
        "        AND token.revoked_at IS NULL\n",
        "",
        tests_of(MATRIX, LOST),
        meets="A9, B1",
    ),
    Mutant(
        "a suspended shop's people stay in",
        WHO_ASKS,
        "        AND home.status = ANY (open_shops)\n",
        "",
        tests_of(MATRIX, LOST),
        meets="A9, B1",
    ),
    Mutant(
        "who has left stays in",
        WHO_ASKS,
        "        AND person.is_active\n",
        "",
        tests_of(MATRIX, LOST),
        meets="A9, B1",
    ),
    Mutant(
        "signing out everywhere ends nothing",
        SESSIONS,
        "        .where(StaffSession.staff_id == staff_id)\n",
        "        .where(StaffSession.staff_id == -staff_id)\n",
        tests_of(SIGN_IN, "test_signing_out_everywhere_ends_all_of_ones_own_sessions_and_no_others"),
        meets="A10",
    ),
    Mutant(
        "scripts may read the session's cookie",
        "web/cookies.py",
        "            httponly=True,\n",
        "            httponly=False,\n",
        tests_of(COOKIES, "test_every_cookie_of_every_route_is_shut_in"),
        meets="A11",
    ),
    Mutant(
        "a cookie is not bound to its host",
        "web/cookies.py",
        'return f"__Host-{name}" if self.secure else name',
        "return name",
        tests_of(COOKIES, "test_every_cookie_of_every_route_is_shut_in"),
        meets="A11",
    ),
    Mutant(
        "a challenge may be answered again",
        CHALLENGES,
        "is_theirs, SignInChallenge.answer.is_(None), SignInChallenge.expires_at",
        "is_theirs, SignInChallenge.expires_at",
        tests_of(FACTOR, "test_it_is_answered_once"),
        meets="A13",
    ),
    Mutant(
        "any number lets the browser in",
        CHALLENGES,
        '(SignInChallenge.number == number, "approved")',
        '(SignInChallenge.number > 0, "approved")',
        tests_of(FACTOR, "test_another_number_refuses_and_the_right_one_comes_too_late"),
        meets="A13",
    ),
    Mutant(
        "anybody may tap",
        CHALLENGES,
        "is_theirs = (SignInChallenge.ref == ref) & (SignInChallenge.telegram_id == telegram_id)",
        "is_theirs = SignInChallenge.ref == ref",
        tests_of(FACTOR, "test_nobody_else_may_tap"),
        meets="A13",
        also=((".where(is_theirs, Staff.telegram_id == telegram_id, Staff.is_active)", ".where(is_theirs)"),),
    ),
    Mutant(
        "a tap opens as many sessions as one likes",
        CHALLENGES,
        "    gone = await uow.session.scalar(\n        delete(SignInChallenge)\n        .where(",
        '    gone = await uow.session.scalar(\n        update(SignInChallenge).values(answer="approved")\n'
        "        .where(",
        tests_of(FACTOR, "test_a_tap_is_worth_one_session"),
        meets="A13",
    ),
    Mutant(
        "nobody needs to have tapped",
        CHALLENGES,
        '            SignInChallenge.answer == "approved",\n',
        "",
        tests_of(FACTOR, "test_the_right_number_lets_the_browser_in_and_nothing_before_it"),
        meets="A13",
    ),
    Mutant(
        "a tap counts after five minutes",
        CHALLENGES,
        "SignInChallenge.answer.is_(None), SignInChallenge.expires_at > uow.now)",
        "SignInChallenge.answer.is_(None))",
        tests_of(FACTOR, "test_after_five_minutes_neither_the_tap_nor_the_browser_counts"),
        meets="A13",
    ),
    Mutant(
        "a tap for a sign-in is a proof",
        DOOR,
        "return found if found is not None and found.purpose == purpose else None",
        "return found",
        tests_of(FACTOR, "test_a_tap_for_a_sign_in_is_no_proof"),
        meets="A13",
        also=(("if found is None or found.session_hash != who.id_hash:", "if found is None:"),),
    ),
    Mutant(
        "a tap proves any session",
        DOOR,
        "if found is None or found.session_hash != who.id_hash:",
        "if found is None:",
        tests_of(FACTOR, "test_a_tap_proves_one_session_only_and_signs_nobody_in"),
        meets="A13",
    ),
    Mutant(
        "a tap counts in any chat",
        "bot/handlers/sign_in.py",
        "by = query.from_user.id if is_own_chat else NOBODY",
        "by = query.from_user.id",
        tests_of(TAPS, "test_a_tap_counts_in_the_persons_own_chat_alone"),
        meets="A13",
    ),
    Mutant(
        "an owner may take a lost account away",
        "shop/staff/telegram.py",
        "    require(uow.actor, PLATFORM_MANAGE)\n    person = await _lock(uow, staff_id)\n    await ses",
        "    person = await _lock(uow, staff_id)\n    await ses",
        tests_of(FACTOR, "test_only_the_platform_unlinks_an_account_and_everybody_learns_of_it"),
        meets="A14",
    ),
    Mutant(
        "whoever took the lost account stays in",
        "shop/staff/telegram.py",
        "    await sessions.end_all(uow, staff_id)\n    await challenges.forget(uow, staff_id)\n    if",
        "    await challenges.forget(uow, staff_id)\n    if",
        tests_of(FACTOR, "test_the_master_helps_whoever_lost_his_account_and_only_after_a_fresh_proof"),
        meets="A14",
    ),
    Mutant(
        "what is delicate wants no fresh proof",
        GUARDS,
        "if fresh_from(handler) is None or who is None:",
        "if who is not None:",
        tests_of(MATRIX, "test_what_is_delicate_wants_a_fresh_proof_and_offers_a_way_to_give_it"),
        meets="A15",
    ),
)

RIGHTS = (
    Mutant(
        "nobody may enter",
        GUARDS,
        "    if who is None:\n        raise NotAuthorizedException\n    if access is Access.MASTER and not",
        "    if who is None:\n        return\n    if access is Access.MASTER and not",
        tests_of(MATRIX, "test_nobody_and_forged_cookies_get_nothing"),
        meets="B1",
    ),
    Mutant(
        "an owner reaches the master's pages",
        GUARDS,
        "    if access is Access.MASTER and not who.is_master:\n",
        "    if False:\n",
        tests_of(MATRIX, "test_mallory_gets_nothing_of_alices_and_changes_nothing"),
        meets="B1",
    ),
    Mutant(
        "what is another's is said to be forbidden",
        "web/errors.py",
        "    refusals.NotFound: (404, NOT_HERE),\n",
        "    refusals.NotFound: (403, NOT_HERE),\n",
        tests_of(MATRIX, "test_mallory_gets_nothing_of_alices_and_changes_nothing"),
        meets="B2",
    ),
    Mutant(
        "the answer about another's names what was asked for",
        "web/errors.py",
        "    refusals.NotFound: (404, NOT_HERE),\n",
        '    refusals.NotFound: (404, "%(id)s"),\n',
        tests_of(MATRIX, "test_what_is_anothers_is_answered_like_what_does_not_exist_byte_by_byte"),
        meets="B2",
    ),
    Mutant(
        "the shop comes from the address",
        "web/deps.py",
        "units.begin(who.shop.bot_id, who.actor)",
        'units.begin(int(request.query_params.get("bot_id", who.shop.bot_id)), who.actor)',
        tests_of("tests/web/test_mass_assignment.py", "test_no_name_in_an_address_leads_into_another_shop"),
        meets="B3",
    ),
    Mutant(
        "a button shows anybody's order",
        "shop/orders/queries.py",
        "select(Order).where(Order.id == order_id, Order.user_id == user_id)",
        "select(Order).where(Order.id == order_id)",
        tests_of(BUTTONS, FOREIGN_IDS),
        meets="B4",
    ),
    Mutant(
        "a button cancels anybody's order",
        "shop/orders/service.py",
        "select(Order).where(Order.id == order_id, Order.user_id == user_id)",
        "select(Order).where(Order.id == order_id)",
        tests_of(BUTTONS, FOREIGN_IDS),
        meets="B4",
    ),
    Mutant(
        "a button shows the card of anybody's order",
        "shop/payments/service.py",
        "select(Order).where(Order.id == order_id, Order.user_id == user_id)",
        "select(Order).where(Order.id == order_id)",
        tests_of(BUTTONS, FOREIGN_IDS),
        meets="B4",
    ),
    Mutant(
        "a receipt is handed in for anybody's payment",
        "shop/payments/rest.py",
        ".where(CardToCardPayment.id == payment_id, CardToCardPayment.user_id == user.id)",
        ".where(CardToCardPayment.id == payment_id)",
        tests_of(NEIGHBOURS, "test_nobody_hands_a_receipt_in_for_a_neighbours_payment"),
        meets="B4",
    ),
    Mutant(
        "a button shows anybody's subscription",
        "shop/subscriptions/queries.py",
        "_rows().where(Subscription.user_id == user_id, Subscription.id == subscription_id)",
        "_rows().where(Subscription.id == subscription_id)",
        tests_of(NEIGHBOURS, "test_nobody_reads_a_neighbours_subscription"),
        meets="B4",
    ),
    Mutant(
        "the master changes a shop he looks at",
        GUARDS,
        "if who.is_viewing and is_unsafe(connection) and not is_allowed_while_viewing(handler):",
        "if False:",
        tests_of(MATRIX, "test_the_master_who_looks_at_a_shop_changes_nothing_in_it"),
        meets="B5",
    ),
    Mutant(
        "the master's look goes on after half an hour",
        WHO_ASKS,
        "CASE WHEN session.viewing_until > at THEN session.viewing_bot_id END,",
        "session.viewing_bot_id,",
        tests_of(PLATFORM, LOOK_ENDS),
        meets="B5",
    ),
    Mutant(
        "a look lasts for a day",
        LIFETIMES,
        "VIEWING = timedelta(minutes=30)",
        "VIEWING = timedelta(hours=24)",
        tests_of(PLATFORM, LOOK_ENDS),
        meets="B5",
    ),
    Mutant(
        "the shop's history says nothing of a look",
        VIEWING,
        '    await _tell(uow, bot_id, "shop.viewed", until=until.isoformat())\n',
        "",
        tests_of(
            PLATFORM, "test_looking_into_a_shop_is_marked_on_the_screen_and_in_the_shops_history", LOOK_ENDS
        ),
        meets="B5",
    ),
    Mutant(
        "a look into another shop leaves the first one's history open",
        VIEWING,
        "    await leave_shop(uow, who)\n    until",
        "    until",
        tests_of(PLATFORM, "test_going_from_one_shop_to_another_leaves_the_first"),
        meets="B5",
    ),
    Mutant(
        "anybody may look into a shop",
        VIEWING,
        "    require(uow.actor, PLATFORM_MANAGE)\n    shop = select",
        "    shop = select",
        tests_of(PLATFORM, "test_the_verb_itself_lets_nobody_but_the_master_look"),
        unnoticed_because="leaving the shop before, which comes first, asks for the same right",
        meets="B5",
    ),
    Mutant(
        "whoever is no master any more keeps looking",
        WHO_ASKS,
        "        AND (session.viewing_bot_id IS NULL OR person.role = 'master');\n",
        ";\n",
        tests_of(PLATFORM, "test_whoever_is_no_master_any_more_loses_the_shop_on_the_screen"),
        meets="B5",
    ),
)

WALLED = (
    Mutant(
        "a table's wall is not forced on its owner",
        WALL,
        '        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",\n        *(policy',
        "        *(policy",
        tests_of(WALLS, "test_the_wall_is_up_and_forced"),
        meets="R2",
    ),
    Mutant(
        "rows of another shop may be written",
        WALL,
        'check = f" WITH CHECK ({self.check})" if self.check else ""',
        'check = " WITH CHECK (true)" if self.check else ""',
        tests_of(WALLS, "test_a_row_for_another_shop_cannot_be_written"),
        meets="R2",
    ),
    Mutant(
        "a start does not look at the wall",
        "db/ready.py",
        "            await check_wall(connection)\n",
        "",
        tests_of(
            "tests/runtime/test_external_database.py",
            "test_nobody_starts_on_a_database_whose_wall_is_broken",
        ),
        meets="R2, R11",
    ),
    Mutant(
        "a superuser may serve",
        "db/doctor.py",
        '        (role.rolsuper, "is a superuser"),\n',
        "",
        tests_of("tests/runtime/test_external_database.py"),
        meets="R1",
    ),
    Mutant(
        "a role past row-level security may serve",
        "db/doctor.py",
        '        (role.rolbypassrls, "has BYPASSRLS"),\n',
        "",
        tests_of("tests/runtime/test_external_database.py"),
        meets="R1",
    ),
    Mutant(
        "our own queries may name no shop",
        TENANCY,
        "        if owned:\n            raise TenantNotSet",
        "        if owned and scope is not None and scope.bot_id:\n            raise TenantNotSet",
        tests_of(WALLS, "test_our_own_queries_without_a_shop_are_an_error_not_a_leak"),
        meets="R3",
    ),
    Mutant(
        "a row of another shop may be put into the session",
        TENANCY,
        "        elif bot_id is not None and given != bot_id:\n            raise",
        "        elif False:\n            raise",
        tests_of(WALLS, "test_writing_a_row_of_another_shop_through_the_session_is_refused"),
        meets="R3",
    ),
    Mutant(
        "the next user of a connection finds the shop on it",
        TENANCY,
        "        driver.scope = None\n",
        "        pass\n",
        tests_of("tests/house/test_pool.py"),
        meets="R4",
    ),
    Mutant(
        "a key is unique over all shops",
        WALL,
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n',
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n'
        '        "CREATE UNIQUE INDEX IF NOT EXISTS peek ON users (username)",\n',
        tests_of(WALLS, "test_every_unique_key_carries_the_shop_or_is_global_on_purpose"),
        meets="R6",
    ),
    Mutant(
        "a link between shops' tables names no shop",
        WALL,
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n',
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n'
        '        "ALTER TABLE users DROP CONSTRAINT IF EXISTS peek",\n'
        '        "ALTER TABLE users ADD CONSTRAINT peek FOREIGN KEY (id) REFERENCES users (id)",\n',
        tests_of(WALLS, "test_every_link_between_tables_of_shops_carries_the_shop"),
        meets="R5",
    ),
    Mutant(
        "a view shows every shop",
        WALL,
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n',
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n'
        '        "CREATE OR REPLACE VIEW peek AS SELECT * FROM users",\n',
        tests_of(WALLS, STEPS_AROUND),
        meets="R7",
    ),
    Mutant(
        "a materialised view keeps every shop",
        WALL,
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n',
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n'
        '        "CREATE MATERIALIZED VIEW IF NOT EXISTS peek AS SELECT * FROM users",\n',
        tests_of(WALLS, STEPS_AROUND),
        meets="R7",
    ),
    Mutant(
        "a function runs with its definer's rights",
        WALL,
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n',
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n'
        '        "CREATE OR REPLACE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER "\n'
        '        "AS $$SELECT count(*) FROM users$$",\n',
        tests_of(WALLS, STEPS_AROUND),
        meets="R7",
    ),
    Mutant(
        "the application may truncate",
        WALL,
        '        rights = ["SELECT", "INSERT"]\n',
        '        rights = ["SELECT", "INSERT", "TRUNCATE"]\n',
        tests_of(WALLS, GRANTED),
        meets="R8",
    ),
    Mutant(
        "history may be changed",
        WALL,
        '"transactions", "audit_log", ',
        '"transactions", ',
        tests_of(WALLS, "test_history_can_only_be_added_to"),
        meets="R8, S6",
    ),
    Mutant(
        "what was granted before stays granted",
        WALL,
        '        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {quoted}",\n',
        "",
        tests_of(
            "tests/house/test_migrations.py", "test_migrating_takes_back_what_was_granted_beyond_the_list"
        ),
        meets="R8",
    ),
    Mutant(
        "the policy asks for the shop once a row",
        WALL,
        "(SELECT nullif(current_setting('app.bot_id', true), '')::bigint)",
        "nullif(current_setting('app.bot_id', true), '')::bigint",
        tests_of(WALLS, "test_every_policy_asks_for_the_shop_once_a_statement_and_can_use_an_index"),
        meets="R10",
    ),
)

SECRETS = (
    Mutant(
        "a short key is taken",
        "db/settings.py",
        "        if len(key) < KEY_CHARACTERS:",
        "        if not key:",
        tests_of("tests/runtime/test_settings.py"),
        meets="S3",
    ),
    Mutant(
        "an example is taken for a key",
        "db/settings.py",
        "        if len(set(key)) < _KEY_VARIETY or _AN_EXAMPLE.search(key):",
        "        if False:",
        tests_of("tests/runtime/test_settings.py"),
        meets="S3",
    ),
    Mutant(
        "a value may pretend to be a line of the log",
        LOG,
        '.replace("\\n", "\\n  ")',
        "",
        tests_of(LOGS, "test_a_value_cannot_pretend_to_be_a_line_of_its_own"),
        meets="S4",
    ),
    Mutant(
        "what nobody caught is told as it is",
        LOG,
        "    sys.excepthook = _log_uncaught\n",
        "",
        tests_of(LOGS, "test_what_nobody_caught_is_redacted_too"),
        meets="S4",
    ),
    Mutant(
        "card numbers stay in the log",
        LOG,
        "    text = _CARD.sub(_card, text)\n",
        "",
        tests_of(LOGS, "test_secrets_and_personal_numbers_are_taken_out"),
        meets="S4",
    ),
    Mutant(
        "the installation's own secrets stay in the log",
        LOG,
        '        text = text.replace(secret, "***")\n',
        "        pass\n",
        tests_of(LOGS),
        meets="S4",
    ),
    Mutant(
        "libraries log whole addresses",
        LOG,
        "        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))\n",
        "        pass\n",
        tests_of(LOGS, "test_libraries_that_would_log_whole_addresses_are_quiet_but_for_their_warnings"),
        meets="S4, trap 11",
    ),
    Mutant(
        "what was taken back is told all the same",
        "shop/security.py",
        "        info.setdefault(_TO_TELL, []).append((event, fields))\n",
        "        tell(event, **fields)\n",
        tests_of("tests/web/test_security_events.py", "test_what_is_taken_back_is_never_told"),
        meets="S5",
    ),
    Mutant(
        "a link covers its entry alone",
        "shop/audit/chain.py",
        "return hashlib.sha256(before + canonical.encode()).digest()",
        "return hashlib.sha256(canonical.encode()).digest()",
        tests_of(BOOKS, "test_a_link_covers_all_links_before_it"),
        meets="S6",
    ),
    Mutant(
        "two who seal at once do not take turns",
        "shop/audit/chain.py",
        "    await uow.session.execute(select(func.pg_advisory_xact_lock(TURN, func.hashint8(uow.bot_id))))\n"
        "    last, done",
        "    last, done",
        tests_of(BOOKS, "test_two_who_seal_at_once_make_one_chain"),
        meets="S6",
    ),
)

DOORS_AND_FILES = (
    Mutant(
        "browsers may come back without https",
        "web/security.py",
        "                if self.https:\n                    headers.append(ONLY_HTTPS)\n",
        "",
        tests_of("tests/web/test_protection.py"),
        meets="W4",
    ),
    Mutant(
        "a form may be ten megabytes",
        "web/app.py",
        "        request_max_body_size=LARGEST_BODY,\n",
        "",
        tests_of(DOORS, "test_a_body_larger_than_a_form_is_refused_unread"),
        meets="I3",
    ),
    Mutant(
        "a form may take for ever",
        "web/forms.py",
        "UPLOAD_SECONDS if takes_files(request.route_handler) else FORM_SECONDS",
        "None",
        tests_of(DOORS, "test_a_form_that_never_ends_is_given_up"),
        meets="I3",
    ),
    Mutant(
        "a file is fetched whatever its size",
        "bot/downloads.py",
        "            if len(content) > limit:\n",
        "            if False:\n",
        tests_of(DOWNLOADS, "test_a_file_larger_than_it_was_said_to_be_is_given_up_on_the_way"),
        meets="I6",
    ),
    Mutant(
        "a file that is said to be too large is fetched",
        "bot/handlers/receipts.py",
        "    if offering.size is not None and offering.size > limit:\n",
        "    if False:\n",
        tests_of(BUTTONS, "test_a_file_too_large_is_said_with_the_limit_and_not_fetched"),
        meets="I6",
        also=(),
    ),
    Mutant(
        "any secret opens the bot's door",
        "bot/callers.py",
        "return caller.shop_id if any(matches) else None",
        "return caller.shop_id",
        tests_of(WEBHOOK, "test_strangers_get_the_answer_of_a_path_that_does_not_exist_and_cost_no_query"),
        meets="I9",
    ),
    Mutant(
        "a cell may be a formula",
        "shop/export/cells.py",
        '    text = _text(value)\n    return f"\'{text}" if text.startswith(DANGEROUS) else text\n',
        "    return _text(value)\n",
        tests_of("tests/rules/test_export.py"),
        meets="W7",
    ),
    Mutant(
        "a browser may be sent anywhere",
        "web/forms.py",
        "if text and len(text) <= LONGEST_ADDRESS and _LOCAL_PATH.fullmatch(text):",
        "if text:",
        tests_of(SIGN_IN, "test_nobody_is_sent_to_another_site_after_signing_in"),
        meets="W8",
    ),
    Mutant(
        "a failure tells what failed",
        "web/errors.py",
        "return answer(screen, 500, screen.say(STATUSES[500]), reference=reference)",
        "return answer(screen, 500, repr(error), reference=reference)",
        tests_of("tests/web/test_protection.py", "test_a_failure_gives_a_reference_and_no_detail"),
        meets="W9",
    ),
)

MUTANTS: tuple[Mutant, ...] = (*SIGNING_IN, *RIGHTS, *WALLED, *SECRETS, *DOORS_AND_FILES)
