"""Who may do what, and whose it is, each cure taken out.

The marks are those of docs/proof/security.md.
"""

from __future__ import annotations

from tests.sabotage.mutant import Mutant, tests_of

MATRIX = "tests/web/test_matrix.py"
PLATFORM = "tests/web/test_platform.py"
BUTTONS = "tests/bot/test_bad_input.py"
NEIGHBOURS = "tests/shop/test_neighbours.py"
LOOK_ENDS = "test_a_look_ends_by_itself_after_half_an_hour_and_says_so_from_the_start"
FOREIGN_IDS = "test_ids_of_another_shop_or_person_are_refused_politely_and_change_nothing"
WHO_ASKS = "db/migrations/versions/0034_cards_are_shut.py"
LIFETIMES = "shop/staff/lifetimes.py"
GUARDS = "web/guards.py"
VIEWING = "shop/platform/viewing.py"

MUTANTS: tuple[Mutant, ...] = (
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
