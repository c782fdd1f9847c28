"""The traps of our stack, each with its cure taken out. The numbers are those of docs/proof/security.md."""

from __future__ import annotations

from collections.abc import Mapping

from tests.sabotage.mutant import Mutant, tests_of

SIGN_IN = "tests/web/test_sign_in.py"
TRIES = "tests/web/test_tries.py"
PROTECTION = "tests/web/test_protection.py"
MATRIX = "tests/web/test_matrix.py"
DOORS = "tests/web/test_every_door.py"
STRANGE = "tests/web/test_strange_input.py"
LOGS = "tests/runtime/test_logs.py"
KEYS = "tests/shop/test_keys.py"
WALLS = "tests/house/test_walls.py"
POOL = "tests/house/test_pool.py"
DOWNLOADS = "tests/bot/test_downloads.py"
INBOX = "tests/bot/test_inbox.py"
WEBHOOK = "tests/bot/test_webhook.py"
MEDIA = "tests/shop/test_media.py"
REHEARSAL = "tests/runtime/test_rehearsal.py"

DECIDED_AGAINST: Mapping[str, str] = {
    "trap 17": "`set_config` stays granted, because the driver calls it itself for types it does not know "
    "(ADR 0008, R9); statements take parameters only, which ruff's S608 and sqlmap in `make attack` watch."
}

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "the browser keeps the cookie it came with",
        "web/routes/auth.py",
        "_after_sign_in(target, is_master=opened.is_master), send_cookies=[keep_session(parts, opened)]\n",
        "_after_sign_in(target, is_master=opened.is_master),\n        send_cookies=[] if request.cookies.get("
        "parts.cookies.session) else [keep_session(parts, opened)],\n",
        tests_of(SIGN_IN, "test_a_planted_cookie_is_never_adopted"),
        meets="trap 1, A7",
    ),
    Mutant(
        "the session before goes on after signing in anew",
        "shop/staff/sign_in.py",
        "            await sessions.end(uow, known.id_hash)\n",
        "            pass\n",
        tests_of(SIGN_IN, "test_signing_in_again_makes_the_old_cookie_worthless"),
        meets="trap 1, A7",
    ),
    Mutant(
        "whoever looks is given a cookie",
        "web/security.py",
        'headers += [(b"set-cookie", value) for value in chosen]',
        'headers += [(b"set-cookie", value) for value in (*chosen, b"pishkhan=new; Path=/")]',
        tests_of(SIGN_IN, "test_nobody_gets_a_row_or_a_session_cookie_for_looking"),
        meets="trap 2",
    ),
    Mutant(
        "refusals go without the headers",
        "web/security.py",
        'if message["type"] == "http.response.start":',
        'if message["type"] == "http.response.start" and message["status"] < 400:',
        tests_of(PROTECTION, "test_every_answer_carries_the_headers"),
        meets="trap 3, W4",
    ),
    Mutant(
        "one token of a form serves every session",
        "web/auth.py",
        "base64.urlsafe_b64encode(who.csrf_secret)",
        'base64.urlsafe_b64encode(b"everybody\'s")',
        tests_of(PROTECTION, "test_the_token_of_another_session_is_worth_nothing"),
        meets="trap 4, W3",
    ),
    Mutant(
        "a page of another site may post",
        "web/guards.py",
        "if is_unsafe(connection) and not _is_from_here(connection):",
        "if False:",
        tests_of(PROTECTION, "test_a_page_of_another_site_cannot_post_even_with_the_token"),
        meets="trap 4, W3",
    ),
    Mutant(
        "bad tries are not added up",
        "shop/staff/sign_in.py",
        "else_=func.least(LoginAttempt.failures + 1, 2 * BAD_PER_ADDRESS)",
        "else_=1",
        tests_of(TRIES, "test_of_a_hundred_bad_tries_at_once_from_one_address_exactly_twenty_are_looked_at"),
        meets="trap 5, A12",
    ),
    Mutant(
        "whoever claims an address is believed",
        "web/peers.py",
        "    if nearest is None or not _is_trusted(nearest, trusted):\n        return peer\n",
        "    if nearest is None:\n        return peer\n",
        tests_of("tests/rules/test_peers.py"),
        meets="trap 5, A12",
    ),
    Mutant(
        "an address is believed where no proxy is named",
        "web/auth.py",
        "if trusted else peer",
        'if trusted else connection.headers.get("x-forwarded-for", peer)',
        tests_of(TRIES, "test_a_claimed_address_counts_as_the_peer"),
        meets="trap 5, A12",
    ),
    Mutant(
        "the table keeps the cookie itself",
        "shop/staff/sessions.py",
        "return sha256(cookie.encode()).digest()",
        "return cookie.encode()[:32]",
        tests_of(SIGN_IN, "test_the_token_is_never_the_cookie_and_neither_is_kept_in_the_clear"),
        meets="trap 6, A8",
    ),
    Mutant(
        "the framework publishes its schema",
        "web/app.py",
        "        openapi_config=None,\n",
        "",
        tests_of(PROTECTION, "test_nothing_is_public_that_nobody_asked_for"),
        meets="trap 7",
    ),
    Mutant(
        "an id may be larger than the database holds",
        "web/forms.py",
        "if _ID.fullmatch(text) is None or int(text) > LARGEST_ID:",
        "if _ID.fullmatch(text) is None:",
        tests_of(PROTECTION, "test_what_is_no_id_does_not_exist"),
        meets="trap 8, I1",
    ),
    Mutant(
        "a text may hold NUL",
        "shop/formatting.py",
        'unicodedata.category(character) not in {"Cc", "Cf", "Cs"}',
        'unicodedata.category(character) not in {"Cf", "Cs"}',
        tests_of(PROTECTION, "test_nul_and_marks_of_direction_in_a_reason_are_dropped"),
        meets="trap 8, I1",
    ),
    Mutant(
        "hidden files are served",
        "web/assets.py",
        " and not _is_hidden(n)]",
        "]",
        tests_of("tests/look/test_static.py", "test_a_hidden_file_and_a_note_are_not_served"),
        meets="trap 9",
    ),
    Mutant(
        "a sealed value opens in any row",
        "db/crypto.py",
        "encrypt(nonce, plain.encode(), context.encode())",
        "encrypt(nonce, plain.encode(), None)",
        tests_of(KEYS, "test_a_card_number_opens_in_its_own_row_alone"),
        meets="trap 10, S1",
        also=(("decrypt(nonce, body, context.encode())", "decrypt(nonce, body, None)"),),
    ),
    Mutant(
        "repr shows the keys",
        "db/crypto.py",
        "@dataclass(frozen=True, slots=True, repr=False)\nclass Vault:",
        "@dataclass(frozen=True, slots=True)\nclass Vault:",
        tests_of(KEYS, "test_nothing_that_is_printed_shows_a_key"),
        meets="trap 10, S1",
        also=(("    secret_keys: Sequence[str] = field(repr=False)\n", "    secret_keys: Sequence[str]\n"),),
    ),
    Mutant(
        "the newest key alone opens",
        "db/crypto.py",
        "        for secret in self.secret_keys:\n            known_id, key = self._derive(secret)\n",
        "        for secret in self.secret_keys[:1]:\n            known_id, key = self._derive(secret)\n",
        tests_of(KEYS, "test_it_moves_while_the_shops_go_on_and_twice_at_once"),
        meets="trap 10, S2",
    ),
    Mutant(
        "a failed download tells its address",
        "bot/downloads.py",
        "raise DownloadFailed(type(error).__name__) from None",
        "raise DownloadFailed(str(error)) from error",
        tests_of(DOWNLOADS, "test_no_failure_of_a_download_tells_the_token"),
        meets="trap 11",
    ),
    Mutant(
        "the token is looked for at the edge of a word",
        "db/logs.py",
        r'_BOT_TOKEN = re.compile(r"(?<!\d)\d{6,12}:',
        r'_BOT_TOKEN = re.compile(r"\b\d{6,12}:',
        tests_of(LOGS, "test_secrets_and_personal_numbers_are_taken_out"),
        meets="trap 12, S4",
    ),
    Mutant(
        "updates are confirmed before they are kept",
        "bot/polling.py",
        "            await self.store(updates)\n",
        '            await self._fetch(max(update["update_id"] for update in updates) + 1)\n'
        "            await self.store(updates)\n",
        tests_of(INBOX, "test_an_update_that_could_not_be_stored_is_not_confirmed"),
        meets="trap 13",
    ),
    Mutant(
        "an update brought to the door is acknowledged although it was not kept",
        "bot/front_door.py",
        "            return _come_again()\n        return web.Response()\n",
        "        return web.Response()\n",
        tests_of(WEBHOOK, "test_without_the_database_telegram_is_asked_to_come_again_soon"),
        meets="trap 13, I9",
    ),
    Mutant(
        "a picture may have any number of pixels and any memory",
        "shop/media/decoder.py",
        "    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))\n",
        "",
        tests_of(MEDIA, "test_what_is_no_picture_is_refused_and_hurts_nobody"),
        meets="trap 14, I4",
        also=(
            ("    Image.MAX_IMAGE_PIXELS = MAX_PIXELS\n", "    Image.MAX_IMAGE_PIXELS = None\n"),
            ("if source.width * source.height > MAX_PIXELS:", "if False:"),
        ),
    ),
    Mutant(
        "whatever Pillow can open is a picture",
        "shop/media/decoder.py",
        "formats=FORMATS",
        "formats=None",
        tests_of(MEDIA),
        meets="trap 14, I4",
    ),
    Mutant(
        "a picture is kept as it came",
        "shop/media/decoder.py",
        "    return about, out.getvalue()\n",
        "    return about, content\n",
        tests_of(MEDIA, "test_a_picture_becomes_our_own_without_what_was_hidden_in_it"),
        meets="trap 14, I4",
    ),
    Mutant(
        "the policy reads a setting that was there before as a number",
        "db/walls.py",
        "(SELECT nullif(current_setting('app.bot_id', true), '')::bigint)",
        "(SELECT current_setting('app.bot_id', true)::bigint)",
        tests_of(WALLS, "test_the_shop_of_one_transaction_is_gone_in_the_next"),
        meets="trap 15",
    ),
    Mutant(
        "the shop stays on the connection",
        "db/tenancy.py",
        "return f\"SET LOCAL app.bot_id = '{shop}'; SET LOCAL app.platform = '{platform}';\"",
        "return f\"SET app.bot_id = '{shop}'; SET app.platform = '{platform}';\"",
        tests_of(POOL),
        meets="trap 16, R4",
    ),
    Mutant(
        "what somebody left on the connection counts",
        "db/tenancy.py",
        "return f\"SET LOCAL app.bot_id = '{shop}'; SET LOCAL app.platform = '{platform}';\"",
        "return f\"SET LOCAL app.bot_id = '{shop}';\" + (\"SET LOCAL app.platform = 'on';\" * self.platform)",
        tests_of(POOL, "test_what_somebody_left_on_the_connection_does_not_widen_a_units_sight"),
        meets="trap 16, R4",
    ),
    Mutant(
        "the backup's role meets the wall",
        "docs/deploy/roles.sql",
        "create role pishkhan_backup login bypassrls password",
        "create role pishkhan_backup login password",
        tests_of(REHEARSAL, "test_a_backup_by_its_own_role_is_restored_with_every_row_policy_and_flag"),
        meets="trap 18, R1",
    ),
    Mutant(
        "what strangers write is markup",
        "web/jinja.py",
        "        autoescape=True,\n",
        "        autoescape=False,\n",
        tests_of("tests/web/test_desk.py", "test_names_and_captions_stay_words"),
        meets="trap 20, W5",
    ),
)
"""Trap 19, a key that is no lock, is among the guards of the money path."""
