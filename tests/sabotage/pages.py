"""What every page and list of the owner is held to by construction, taken out: pages, statements, rights."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant, tests_of

WALKING = "tests/web/test_walking.py"
STATEMENTS = "tests/web/test_statements.py"
RIGHTS = "tests/web/test_permissions.py"
PAGING = "shop/paging.py"
ACTORS = "shop/actors.py"

WALKED = "test_a_list_shows_every_row_once_though_rows_come_and_go[/customers-newest]"
LACKS = "test_whoever_lacks_one_of_them_is_refused_whatever_else_he_holds"

SHUT = "tests/web/test_shut.py"
WHO_ASKS = "db/migrations/versions/0034_cards_are_shut.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "the neighbours' cards keep the bar away",
        WHO_ASKS,
        "WHERE card.bot_id = shown.id AND card.is_active AND card.archived_at IS NULL\n"
        "                    AND (card.quarantined_until IS NULL OR card.quarantined_until <= at)\n"
        "                    AND (\n",
        "WHERE card.is_active AND card.archived_at IS NULL\n"
        "                    AND (card.quarantined_until IS NULL OR card.quarantined_until <= at)\n"
        "                    AND (\n",
        tests_of(SHUT, "test_the_neighbours_cards_are_their_own"),
    ),
    Mutant(
        "a card whose day is full keeps the bar away",
        WHO_ASKS,
        "OR card.daily_limit_count > coalesce(today.reserved_count, 0)",
        "OR card.daily_limit_count >= coalesce(today.reserved_count, 0)",
        tests_of(SHUT, "test_pages_and_overview_reckon_alike"),
    ),
    Mutant(
        "whoever may not see the shop is told by the bar",
        "web/rendering.py",
        "who.shop.cards_shut if has_shop and may(who.actor, SHOP_SEE) else None",
        "who.shop.cards_shut if has_shop else None",
        tests_of(SHUT, "test_whoever_may_not_see_the_shop_is_told_nothing_of_its_cards"),
    ),
    Mutant(
        "a page that ends within an instant loses the rest of it",
        PAGING,
        "here, seen = tuple_(moment, key), tuple_(*last)",
        "here, seen = moment, last[0]",
        tests_of(WALKING, WALKED),
    ),
    Mutant(
        "the last row of a page is the first of the next",
        PAGING,
        "here < seen if newest_first else here > seen",
        "here <= seen if newest_first else here >= seen",
        tests_of(WALKING, WALKED),
    ),
    Mutant(
        "rows of one instant stand in any order",
        PAGING,
        "(moment.desc(), key.desc()) if newest_first else",
        "(moment.desc(), key.asc()) if newest_first else",
        tests_of(WALKING, WALKED),
    ),
    Mutant(
        "a list that has pages is walked by nobody",
        "templates/web/cards/_cards.html",
        '<div class="stack" id="cards">\n',
        '{# pager() #}\n<div class="stack" id="cards">\n',
        tests_of(WALKING, "test_every_list_that_has_pages_is_walked"),
    ),
    Mutant(
        "a list is sorted whole for each of its pages",
        "shop/customers/search.py",
        "        User.created_at,\n",
        "        User.updated_at,\n",
        tests_of(
            STATEMENTS,
            "test_every_statement_of_every_page_with_every_filter_is_served_by_an_index_of_the_shop",
        ),
    ),
    Mutant(
        "every row of a list asks once more",
        "shop/tickets/queries.py",
        "        [_row(*found) for found in shown],\n",
        "        [_row(*found) for found in shown if await uow.session.scalar(select(func.now()))],\n",
        tests_of(STATEMENTS, "test_more_rows_do_not_cost_more_statements_on_any_page"),
    ),
    Mutant(
        "whoever is of the team may do everything",
        ACTORS,
        "            return permission in held\n",
        "            return True\n",
        tests_of(RIGHTS, f"{LACKS}[shop.see]"),
    ),
    Mutant(
        "one right is worth nothing without another",
        ACTORS,
        "            return permission in held\n",
        "            return {permission, RECEIPTS_SEE} <= held\n",
        tests_of(RIGHTS, "test_whoever_holds_only_what_a_route_needs_is_let_in"),
    ),
    Mutant(
        "a right that no route asks for can be given",
        ACTORS,
        "    BROADCASTS_MANAGE,\n}\n",
        '    BROADCASTS_MANAGE,\n    "nothing.manage",\n}\n',
        tests_of(RIGHTS, "test_every_route_and_every_permission_is_in_the_table"),
    ),
    Mutant(
        "the page of a plan asks for no right",
        "web/routes/plan_forms.py",
        "    require(uow.actor, SHOP_SEE)\n    plan = await",
        "    plan = await",
        tests_of(RIGHTS, f"{LACKS}[shop.see]"),
    ),
    Mutant(
        "whoever may not see receipts sees the desk",
        "shop/receipts/desk.py",
        "    require(uow.actor, RECEIPTS_SEE)\n",
        "",
        tests_of(RIGHTS, f"{LACKS}[receipts.see]"),
    ),
    Mutant(
        "whoever may not see the shop sees its customers",
        "shop/customers/search.py",
        "    require(uow.actor, SHOP_SEE)\n    spent",
        "    spent",
        tests_of(RIGHTS, f"{LACKS}[shop.see]"),
        also=(("    require(uow.actor, SHOP_SEE)\n    statement", "    statement"),),
    ),
)
