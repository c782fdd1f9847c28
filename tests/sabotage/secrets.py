"""Keys, logs, the chained history, bodies and files, each cure taken out.

The marks are those of docs/proof/security.md. What browsers are sent is tried in outside.py.
"""

from __future__ import annotations

from tests.sabotage.mutant import Mutant, tests_of

SIGN_IN = "tests/web/test_sign_in.py"
DOORS = "tests/web/test_every_door.py"
LOGS = "tests/runtime/test_logs.py"
BOOKS = "tests/shop/test_books.py"
BUTTONS = "tests/bot/test_bad_input.py"
WEBHOOK = "tests/bot/test_webhook.py"
DOWNLOADS = "tests/bot/test_downloads.py"
LOG = "db/logs.py"

MUTANTS: tuple[Mutant, ...] = (
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
