"""What a reviewer and a customer rely on around the decision, and what stands there without it."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant, tests_of

REST = "tests/shop/test_rest.py"
REST_BY_PHONE = "tests/bot/test_rest.py"
SAID = "tests/bot/test_other_amount.py"
CHAT_AMOUNT = "shop/receipts/chat_amount.py"

LIKENESS = "tests/shop/test_likeness.py"
LOOKS = "shop/receipts/likeness.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "two copies of a picture at the same moment overlook each other",
        LOOKS,
        "    await uow.session.execute(select(func.pg_advisory_xact_lock(TURN, key)))\n",
        "",
        tests_of(LIKENESS, "test_of_two_copies_at_the_same_moment_the_later_one_finds_the_earlier"),
    ),
    Mutant(
        "a receipt looks like the picture that it replaced",
        LOOKS,
        "execute(delete(PictureSketch).where(PictureSketch.payment_id == payment.id))",
        "flush()",
        tests_of(LIKENESS, "test_sent_again_for_the_same_payment_it_is_like_nothing"),
    ),
    Mutant(
        "the very same file is told twice",
        LOOKS,
        "        .where(PictureSketch.sha256 != digest)\n",
        "",
        tests_of(LIKENESS, "test_the_very_same_file_is_told_by_its_hash_alone"),
    ),
    Mutant(
        "every receipt of a template is the same picture",
        "shop/media/sketch.py",
        "SAME_UP_TO = 24",
        "SAME_UP_TO = 60",
        tests_of(LIKENESS, "test_another_receipt_of_the_same_bank_card_day_and_amount_is_another_picture"),
    ),
    Mutant(
        "pictures that show nothing are all the same",
        "shop/media/sketch.py",
        "    if lightest - darkest < FLATTEST:",
        "    if lightest - darkest < 0:",
        tests_of(LIKENESS, "test_a_picture_that_shows_nothing_is_like_no_other"),
    ),
    Mutant(
        "all pictures of a shop are looked at for each receipt",
        LOOKS,
        "        .limit(LOOKED_AT)\n",
        "",
        tests_of(LIKENESS, "test_only_the_newest_pictures_are_looked_at"),
    ),
    Mutant(
        "a draft stays when its picture was taken away",
        "shop/media/service.py",
        "PictureSketch.media_id.in_([media_id for media_id, _ in old])",
        "PictureSketch.media_id.in_([])",
        tests_of(LIKENESS, "test_the_draft_goes_with_the_picture_and_what_it_showed_stays"),
    ),
    Mutant(
        "a hint stays when another picture took the place",
        LOOKS,
        "    payment.alike_payment_id = found.payment_id if found else None\n",
        "    payment.alike_payment_id = found.payment_id if found else payment.alike_payment_id\n",
        tests_of(LIKENESS, "test_the_hint_goes_with_the_picture_that_a_newer_one_replaced"),
        also=(
            (
                "    payment.alike_difference = found.difference if found else None\n",
                "    payment.alike_difference = found.difference if found else payment.alike_difference\n",
            ),
        ),
    ),
    Mutant(
        "a receipt for the rest of an order is refused",
        "shop/payments/rest.py",
        "    payment_id = await payment_for(uow, user, payment_id)\n",
        "",
        (REST, REST_BY_PHONE),
    ),
    Mutant(
        "an order paid in part waits for no photo",
        "shop/receipts/queries.py",
        "            and_(_LACKS, _MISSING > 0),\n",
        "",
        (REST_BY_PHONE,),
    ),
    Mutant(
        "a photo for the rest hides behind another order that waits",
        "bot/receiving.py",
        'if one.status in ("created", "partially_paid")]',
        'if one.status == "created"]',
        (REST_BY_PHONE,),
    ),
    Mutant(
        "somebody else's order takes the receipt for its rest",
        "shop/payments/rest.py",
        "            CardToCardPayment.user_id == user.id,\n",
        "",
        (REST,),
        unnoticed_because="what it would begin is then looked for among his own payments, and taken back",
    ),
    Mutant(
        "two payments are begun for one rest",
        "shop/payments/rest.py",
        "    if waiting is not None:\n",
        "    if False:\n",
        (REST,),
    ),
    Mutant(
        "a receipt for the rest takes no room on its card",
        "shop/payments/rest.py",
        'outcome="reopened"',
        'outcome="released"',
        (REST,),
    ),
    Mutant(
        "another amount is asked for in the chat with no word of the warning",
        CHAT_AMOUNT,
        "    if grave and not despite_warnings:\n",
        "    if False:\n",
        (SAID,),
    ),
    Mutant(
        "an amount said in the chat overrules every warning",
        CHAT_AMOUNT,
        "despite_warnings=question.kind == ASKED_ANYWAY",
        "despite_warnings=True",
        (SAID,),
    ),
    Mutant(
        "an amount said about an older receipt counts for the newer one",
        CHAT_AMOUNT,
        "    await chat.require_newest(reviewer, question.payment_id, question.turn)\n",
        "",
        (SAID,),
    ),
    Mutant(
        "digits after a space are taken for words",
        CHAT_AMOUNT,
        "if amount is None or why[:1].isdigit():",
        "if amount is None:",
        (SAID,),
    ),
    Mutant(
        "Rial is taken for Toman in the chat",
        CHAT_AMOUNT,
        'if _RIAL.search(found["amount"]) or _RIAL.match(rest):',
        "if False:",
        (SAID,),
    ),
)
