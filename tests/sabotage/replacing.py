"""A shop's bot token is replaced: each guard with the line that is it."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant, tests_of

REPLACING = "tests/shop/test_replacing.py"
ON_THE_PAGE = "tests/web/test_bot_token.py"
TOKENS = "shop/bots/replacing.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "whoever may not change settings replaces the token",
        TOKENS,
        "    require(uow.actor, SETTINGS_MANAGE)\n    bot = await lock_bot(uow, uow.bot_id",
        "    bot = await lock_bot(uow, uow.bot_id",
        (REPLACING,),
        unnoticed_because="Locking the shop's row asks for the same right.",
    ),
    Mutant(
        "whoever saw an older state replaces the token",
        TOKENS,
        '    require_same("bot_token", seen, (await load_standing(uow)).seen)\n',
        "",
        (REPLACING, ON_THE_PAGE),
    ),
    Mutant(
        "the platform's own bot takes its token from a page",
        TOKENS,
        "    if bot.is_master:\n",
        "    if False:\n",
        (REPLACING,),
    ),
    Mutant(
        "the token in force is checked as if it were new",
        TOKENS,
        "    if bot.token_fingerprint in uow.vault.fingerprints(token.text, purpose=TOKEN_PURPOSE):\n",
        "    if False:\n",
        (REPLACING,),
    ),
    Mutant(
        "another bot takes a shop over without a word",
        TOKENS,
        "    if is_other and not to_other_bot:\n",
        "    if False:\n",
        (REPLACING,),
    ),
    Mutant(
        "a token that waits is kept as it was typed",
        TOKENS,
        "    row.candidate = uow.vault.seal(token.text, context=_context(bot))\n    row.to_other",
        "    row.candidate = token.text.encode()\n    row.to_other",
        (REPLACING,),
    ),
    Mutant(
        "an answer about an earlier token decides on the later one",
        TOKENS,
        "    if row is None or row.candidate != candidate.sealed:\n",
        "    if row is None:\n",
        (REPLACING,),
    ),
    Mutant(
        "a bot of another shop is taken over",
        TOKENS,
        "    reason = refusal or await _known_elsewhere(inside, candidate)\n",
        "    reason = refusal\n",
        (REPLACING,),
    ),
    Mutant(
        "a token that Telegram refuses is taken over",
        TOKENS,
        "    reason = refusal or await _known_elsewhere(inside, candidate)\n",
        "    reason = await _known_elsewhere(inside, candidate)\n",
        (REPLACING,),
    ),
    Mutant(
        "what was decided on is kept",
        TOKENS,
        "    row.candidate, row.decided_at, row.updated_at = None, uow.now, uow.now\n",
        "    row.decided_at, row.updated_at = uow.now, uow.now\n",
        (REPLACING,),
    ),
    Mutant(
        "another bot is sent the files of the one before",
        TOKENS,
        "    if row.to_other_bot:\n",
        "    if False:\n",
        tests_of(REPLACING, "test_another_bot_forgets_what_telegram_gave_the_one_before"),
    ),
    Mutant(
        "a token that was taken over is not the one in force",
        TOKENS,
        "    keep_token(uow.vault, bot, candidate.token, uow.now)\n",
        "",
        (REPLACING,),
    ),
    Mutant(
        "a token that waits stays under the old key",
        TOKENS,
        "    row.candidate = uow.vault.seal(text, context=_context(bot))\n    await",
        "    await",
        (REPLACING,),
    ),
    Mutant(
        "a token that waits can be moved to another shop's row",
        TOKENS,
        'return f"secret_replacements.candidate|{bot.public_id}|{BOT_TOKEN.key}"',
        'return "secret_replacements.candidate"',
        (REPLACING,),
    ),
)
