"""Sign-in and what proves who somebody is, each cure taken out.

The marks are those of docs/proof/security.md.
"""

from __future__ import annotations

from tests.sabotage.mutant import Mutant, tests_of

SIGN_IN = "tests/web/test_sign_in.py"
TRIES = "tests/web/test_tries.py"
FACTOR = "tests/web/test_second_factor.py"
LOST_ACCOUNT = "tests/web/test_lost_account.py"
TAPS = "tests/bot/test_sign_in.py"
MATRIX = "tests/web/test_matrix.py"
KEYS = "tests/shop/test_keys.py"
COOKIES = "tests/web/test_cookies.py"
MOVED = "test_the_report_says_which_key_is_still_needed_and_for_what"
LOST = "test_whoever_lost_the_right_after_signing_in_gets_what_nobody_gets"
SESSIONS = "shop/staff/sessions.py"
WHO_ASKS = "db/migrations/versions/0034_cards_are_shut.py"
DOOR = "shop/staff/sign_in.py"
LIFETIMES = "shop/staff/lifetimes.py"
CHALLENGES = "shop/staff/challenges.py"
TOKENS = "shop/staff/service.py"
GUARDS = "web/guards.py"

MUTANTS: tuple[Mutant, ...] = (
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
        tests_of(TRIES, "test_nobody_can_lock_the_owner_out_of_a_browser_that_is_signed_in"),
        meets="A12",
    ),
    Mutant(
        "good tries count as bad ones",
        DOOR,
        "        await _forgive(uow, subjects, counted=known is None)\n    return opened\n",
        "    return opened\n",
        tests_of(TRIES, "test_good_tokens_are_no_bad_tries"),
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
        tests_of(LOST_ACCOUNT, "test_only_the_platform_unlinks_an_account_and_everybody_learns_of_it"),
        meets="A14",
    ),
    Mutant(
        "whoever took the lost account stays in",
        "shop/staff/telegram.py",
        "    await sessions.end_all(uow, staff_id)\n    await challenges.forget(uow, staff_id)\n    if",
        "    await challenges.forget(uow, staff_id)\n    if",
        tests_of(LOST_ACCOUNT, "test_the_master_helps_whoever_lost_his_account_and_only_after_a_fresh_proof"),
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
