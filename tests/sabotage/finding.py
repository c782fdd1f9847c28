"""What finds people by what somebody remembers of them, and nobody else, taken out."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant, tests_of

SEARCH = "tests/web/test_customers.py"
TALK = "tests/shop/test_tickets.py"
FINDING = "shop/finding.py"
WORDS = "db/migrations/versions/0019_customers_by_any_word.py"

TYPED = "test_a_name_is_found_however_it_is_typed"
NUMBERS = "test_a_number_of_an_order_of_its_receipt_or_of_the_bank_finds_what_belongs_to_it"
CHANGED = "test_a_changed_name_is_found_and_the_former_one_no_more"
INDEXED = "test_search_under_the_wall_is_served_by_the_index_of_the_words"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "an Arabic letter finds nobody",
        FINDING,
        "    said = func.name_folded(literal(word))\n",
        "    said = func.lower(literal(word))\n",
        tests_of(SEARCH, TYPED),
    ),
    Mutant(
        "any word of several is enough",
        FINDING,
        "    return each[0] if len(each) == 1 else intersect(*each)\n",
        "    return each[0] if len(each) == 1 else union_all(*each)\n",
        tests_of(SEARCH, "test_of_several_words_every_one_has_to_fit"),
    ),
    Mutant(
        "a space too many finds nobody",
        FINDING,
        '        ways.append(_with(["".join(said)]))\n',
        "        ways += [_with(said)]\n",
        tests_of(SEARCH, TYPED),
    ),
    Mutant(
        "a picture in a name is a word that has to fit",
        FINDING,
        "[word for word in words.split() if any(map(str.isalnum, word))]",
        "words.split()",
        tests_of(SEARCH, TYPED),
    ),
    Mutant(
        "Telegram's number finds nobody",
        FINDING,
        "for column in (User.telegram_id, User.id)]",
        "for column in (User.id,)]",
        tests_of(SEARCH, TYPED),
    ),
    Mutant(
        "a number of a receipt finds nothing",
        FINDING,
        "[of_paid.where(paid.tracking_number == number), of_paid.where(paid.payer_reference == number)]",
        "[of_paid.where(paid.payer_reference == number)]",
        tests_of(SEARCH, NUMBERS),
    ),
    Mutant(
        "the bank's number finds nothing",
        FINDING,
        "[of_paid.where(paid.tracking_number == number), of_paid.where(paid.payer_reference == number)]",
        "[of_paid.where(paid.tracking_number == number)]",
        tests_of(SEARCH, NUMBERS),
    ),
    Mutant(
        "Persian digits are no number",
        FINDING,
        'found = _NUMBER.fullmatch("".join(latin(words).split()))',
        'found = _NUMBER.fullmatch("".join(words.split()))',
        tests_of(SEARCH, NUMBERS),
    ),
    Mutant(
        "an order's number finds all that its customer has",
        FINDING,
        "select(mine.id).where(mine.user_id == sold.c.user_id, mine.order_id == sold.c.order_id)",
        "select(mine.id).where(mine.user_id == sold.c.user_id)",
        tests_of(
            "tests/web/test_transactions.py",
            "test_an_orders_number_finds_its_own_rows_and_not_all_of_its_customers",
        ),
    ),
    Mutant(
        "the search reads every word of the shop",
        FINDING,
        "    return and_(column >= said, column < said.concat(_AFTER_EVERY_LETTER))\n",
        '    return column.like(said.concat("%"))\n',
        tests_of(SEARCH, INDEXED),
    ),
    Mutant(
        "who is found is asked anew at every row",
        FINDING,
        "    found: ColumnElement[bool] = column == any_(func.array(keys, type_=ARRAY(BigInteger)))\n"
        "    return found\n",
        "    found: ColumnElement[bool] = column.in_(ways[0] if len(ways) == 1 else union_all(*ways))\n"
        "    return found\n",
        tests_of(SEARCH, INDEXED),
    ),
    Mutant(
        "a former name still finds",
        WORDS,
        "  DELETE FROM user_words WHERE bot_id = NEW.bot_id AND user_id = NEW.id;\n",
        "",
        tests_of(SEARCH, CHANGED),
    ),
    Mutant(
        "a ticket's number is looked for among names",
        "shop/tickets/queries.py",
        "    if number is not None:\n        found = found.where(Ticket.id == int(number[1]))\n    elif",
        "    if",
        tests_of(TALK, "test_a_ticket_is_found_by_its_number_and_by_nothing_else"),
    ),
)
