"""What browsers are sent and what strangers send: the cures of W1 to W10 and I1 to I6, each taken out.

Those of them that are cures of a trap, too, are among the traps.
"""

from __future__ import annotations

from tests.sabotage.mutant import Mutant, tests_of

DOORS = "tests/web/test_every_door.py"
SIGN_IN = "tests/web/test_sign_in.py"
TEMPLATES = "tests/look/test_templates.py"
CONVENTIONS = "tests/house/test_conventions.py"
FORMATTING = "tests/look/test_formatting.py"
DESK = "tests/web/test_desk.py"
MEDIA = "tests/shop/test_media.py"
BROWSER = "tests/browser/test_pages.py"
HOSTILE = "tests/browser/test_hostile_words.py"

BASE = "templates/web/_layouts/base.html"
QUEUE = "templates/web/receipts/_queue.html"
POLICY = "web/security.py"
DECODER = "shop/media/decoder.py"
PICTURE = "shop/media/picture.py"
CONFIRMING = "web/routes/confirming.py"
RECEIPTS = "web/routes/receipts.py"

INLINE = "test_nothing_needs_inline_script_or_style"
TITLE = "test_the_title_counts_what_waits"
READ = "test_words_of_strangers_are_read_and_do_nothing"
SENT_ON = "test_nobody_is_sent_to_another_site_from_any_form_that_says_where_to_go_on"
SHUT_IN = "test_the_picture_is_ours_private_and_shut_in"
SHARE = "test_a_small_picture_that_wants_more_than_its_share_is_refused_and_the_next_is_served"

PAGES = (
    Mutant(
        "pages may have styles of their own",
        POLICY,
        "style-src 'self'; ",
        "style-src 'self' 'unsafe-inline'; ",
        tests_of(DOORS, "test_every_answer_of_every_door_carries_every_header"),
        meets="W1",
    ),
    Mutant(
        "a page asks for what its policy forbids",
        BASE,
        '  <body class="',
        '  <body style="margin:0" class="',
        tests_of(BROWSER, TITLE),
        meets="W1",
    ),
    Mutant(
        "a template has a style of its own",
        QUEUE,
        '<section class="queue" ',
        '<section class="queue" style="margin:0" ',
        tests_of(TEMPLATES, INLINE),
        meets="W2",
    ),
    Mutant(
        "a template trusts a name",
        QUEUE,
        "<bdi>{{ q.customer_name }}</bdi>",
        "<bdi>{{ q.customer_name|safe }}</bdi>",
        tests_of(TEMPLATES, INLINE),
        meets="W2",
    ),
    Mutant(
        "a module makes markup without saying why",
        "web/page.py",
        "from __future__ import annotations\n",
        "from __future__ import annotations\n\nfrom markupsafe import Markup as Markup\n",
        tests_of(CONVENTIONS, "test_markup_is_made_in_two_modules_and_everywhere_else_escaped"),
        meets="W2",
    ),
    Mutant(
        "looking at a receipt claims it",
        RECEIPTS,
        '        return await _look_at(request, uow, parse_id("receipt", payment_id))\n',
        '        await presence.look(uow, parse_id("receipt", payment_id))\n'
        '        return await _look_at(request, uow, parse_id("receipt", payment_id))\n',
        tests_of(DOORS, "test_looking_changes_nothing"),
        meets="W3",
    ),
    Mutant(
        "answers name the server",
        POLICY,
        '    b"server": b"pishkhan",\n',
        "",
        tests_of(DOORS, "test_every_answer_of_every_door_carries_every_header"),
        meets="W4",
    ),
    Mutant(
        "pages may be kept",
        POLICY,
        '    b"cache-control": b"no-store",\n',
        "",
        tests_of(DOORS, "test_every_answer_of_every_door_carries_every_header"),
        meets="W4",
    ),
    Mutant(
        "a browser reads what strangers write as markup",
        "web/jinja.py",
        "        autoescape=True,\n",
        "        autoescape=False,\n",
        tests_of(HOSTILE, READ),
        meets="W5",
    ),
    Mutant(
        "marks that nobody sees are kept",
        "shop/formatting.py",
        'unicodedata.category(character) not in {"Cc", "Cf", "Cs"}',
        'unicodedata.category(character) not in {"Cc", "Cs"}',
        tests_of(FORMATTING),
        meets="W6",
    ),
    Mutant(
        "marks are piled on a letter",
        "shop/formatting.py",
        "        if marks <= MOST_MARKS:\n",
        "        if True:\n",
        tests_of(FORMATTING),
        meets="W6",
    ),
    Mutant(
        "the bot keeps a name as it came",
        "shop/users/rules.py",
        'normalise_text(text or "").split()',
        '(text or "").split()',
        tests_of("tests/bot/test_users.py"),
        meets="W6",
    ),
    Mutant(
        "a confirmation leads anywhere",
        CONFIRMING,
        '    target, parts = local_path(fields.get("next")), parts_of(request)\n',
        '    target, parts = fields.get("next") or "/", parts_of(request)\n',
        tests_of(SIGN_IN, SENT_ON),
        meets="W8",
    ),
    Mutant(
        "a confirmation in the chat leads anywhere",
        CONFIRMING,
        '    parts, target = parts_of(request), local_path((await read_form(request)).get("next"))\n',
        '    parts, target = parts_of(request), (await read_form(request)).get("next") or "/"\n',
        (*tests_of(SIGN_IN, SENT_ON), *tests_of(CONVENTIONS)),
        meets="W8",
    ),
    Mutant(
        "the sign-in page hands any place on",
        "web/routes/auth.py",
        '    target = local_path(request.query_params.get("next"))\n',
        '    target = request.query_params.get("next") or "/"\n',
        tests_of(SIGN_IN, SENT_ON),
        meets="W8",
    ),
    Mutant(
        "a variable of somebody's environment shows our insides",
        "web/app.py",
        "        debug=False,\n",
        "",
        tests_of(DOORS, "test_no_variable_of_somebodys_environment_shows_our_insides"),
        meets="W9",
    ),
    Mutant(
        "browsers look for an icon in vain",
        "web/app.py",
        "    files.favicon,\n",
        "",
        tests_of("tests/web/test_matrix.py"),
        meets="W10",
    ),
    Mutant(
        "a page asks another host",
        BASE,
        '    <link rel="icon" href="{{ asset("img/icon.svg") }}" type="image/svg+xml" />\n',
        '    <link rel="icon" href="https://icons.example/icon.svg" type="image/svg+xml" />\n'
        '    <link rel="stylesheet" href="https://styles.example/ours.css" />\n',
        tests_of(BROWSER, TITLE),
        meets="W10",
    ),
)
BODIES = (
    Mutant(
        "SQL is made of a stranger's words",
        "shop/users/service.py",
        "from __future__ import annotations\n",
        "from __future__ import annotations\n\n\ndef find(name: str) -> str:\n"
        "    return f\"SELECT id FROM users WHERE name = '{name}'\"\n",
        tests_of("tests/house/test_sql.py"),
        meets="I2",
    ),
    Mutant(
        "the connection breaks on whoever sends too much",
        POLICY,
        "await Drained(self.app)(scope, receive, send_hardened)",
        "await self.app(scope, receive, send_hardened)",
        tests_of("tests/web/test_draining.py"),
        meets="I3",
    ),
    Mutant(
        "a refused body is listened to for ever",
        "web/draining.py",
        "while taken <= MOST_BYTES:",
        "while True:",
        tests_of("tests/web/test_draining.py", "test_nobody_may_go_on_for_ever"),
        meets="I3",
    ),
    Mutant(
        "a picture may have any memory",
        DECODER,
        "    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))\n",
        "",
        tests_of(MEDIA, SHARE),
        meets="I4",
    ),
    Mutant(
        "a picture may take any time",
        DECODER,
        "    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))\n",
        "",
        tests_of(MEDIA, SHARE),
        meets="I4",
    ),
    Mutant(
        "a decoder that is too slow goes on",
        PICTURE,
        "                child.kill()\n                await child.wait()\n",
        "                pass\n",
        tests_of(MEDIA, "test_a_picture_that_takes_too_long_is_refused_and_its_child_is_gone"),
        meets="I4",
    ),
    Mutant(
        "a picture lies on its side",
        DECODER,
        'ImageOps.exif_transpose(source).convert("RGB")',
        'source.convert("RGB")',
        tests_of(MEDIA, "test_a_picture_lying_on_its_side_is_set_upright"),
        meets="I4",
    ),
    Mutant(
        "a picture is not shut in",
        RECEIPTS,
        "PICTURE_POLICY = \"sandbox; default-src 'none'\"",
        "PICTURE_POLICY = \"default-src 'none'\"",
        tests_of(DESK, SHUT_IN),
        meets="I5",
    ),
    Mutant(
        "a picture opened by itself is not shut in",
        RECEIPTS,
        "PICTURE_POLICY = \"sandbox; default-src 'none'\"",
        "PICTURE_POLICY = \"default-src 'none'\"",
        tests_of(HOSTILE, "test_a_picture_and_a_pdf_opened_by_themselves_run_nothing"),
        meets="I5",
    ),
    Mutant(
        "a document is shown",
        RECEIPTS,
        "    if not stored.is_picture:\n",
        "    if False:\n",
        tests_of(DESK, "test_a_document_is_for_saving_never_for_showing"),
        meets="I5",
    ),
    Mutant(
        "the same form makes a token again",
        "shop/staff/service.py",
        'cause=cause if once else b""',
        'cause=b""',
        tests_of(
            "tests/web/test_tokens.py", "test_the_answer_with_the_token_loaded_again_makes_no_second_one"
        ),
        meets="A4",
    ),
)
MUTANTS = (*PAGES, *BODIES)
