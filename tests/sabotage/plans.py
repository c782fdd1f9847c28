"""The price list in groups: what its owner and a customer would miss, taken out."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant, tests_of

GROUPS = "tests/shop/test_plan_groups.py"
PAGE = "tests/web/test_plan_groups.py"
BOT = "tests/bot/test_plan_groups.py"
AWAY = "test_an_archived_group_lets_its_plans_stand_alone_and_holds_them_again_when_restored"
BACK = "test_a_customer_opens_a_group_and_finds_his_way_back_from_a_plan_in_it"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "a customer is asked for the group where there is only one",
        "shop/plans/counter.py",
        "    if len(together) == 1 and not loose:",
        "    if False:",
        tests_of(GROUPS, "test_where_all_plans_are_in_one_group_nobody_is_asked_which"),
    ),
    Mutant(
        "an archived group is still a button in the bot",
        "shop/plans/queries.py",
        " & PlanGroup.archived_at.is_(None)",
        "",
        tests_of(GROUPS, AWAY),
    ),
    Mutant(
        "to put the list in order forgets what an archived group held",
        "shop/plans/arranging.py",
        "plan.group_id if plan.group_id in groups else None",
        "plan.group_id",
        tests_of(GROUPS, AWAY),
    ),
    Mutant(
        "a plan is put into a group that is archived",
        "shop/plans/groups.py",
        "PlanGroup.id == group_id, PlanGroup.archived_at.is_(None))\n    if",
        "PlanGroup.id == group_id)\n    if",
        tests_of(GROUPS, "test_an_archived_group_takes_no_plan_and_no_other_name"),
    ),
    Mutant(
        "the second of two who rename a group overwrites the first",
        "shop/plans/groups.py",
        '    require_same("plan_group", seen, mark_of(row_of(group)))\n',
        "",
        tests_of(PAGE, "test_of_two_who_rename_a_group_the_second_sees_both"),
    ),
    Mutant(
        "there is no way back out of a group in the bot",
        "bot/views/shopping.py",
        'Go(place="plans"))] if opened else []',
        'Go(place="plans"))] if False else []',
        tests_of(BOT, BACK),
    ),
    Mutant(
        "a rehearsal knows nothing of the groups",
        "shop/rehearsals/service.py",
        "        plan.group_id = None if group is None else group.id\n",
        "        plan.group_id = None\n",
        tests_of(
            "tests/shop/test_rehearsals.py",
            "test_a_rehearsal_has_the_shops_plans_and_cards_of_the_moment_and_none_of_its_counters",
        ),
    ),
)
