from __future__ import annotations

from types import SimpleNamespace

import pytest

from shop.errors import BadInput
from shop.plans import rules, sold


def plan(**difference):
    valid = {
        "id": 7,
        "name": "یک‌ماهه",
        "description": "پرسرعت",
        "translations": {"en": {"name": "1 month"}},
        "period_days": 30,
        "price": 125_000,
        "traffic_limit_gb": 50,
        "device_limit": 2,
        "provisioner": "stock",
        "renewal_policy": "extend",
    }
    return SimpleNamespace(**(valid | difference))


def test_a_plan_reads_in_the_customers_language_where_the_shop_wrote_one():
    assert rules.localised(plan(), "en") == ("1 month", "پرسرعت")
    assert rules.localised(plan(), "fa") == ("یک‌ماهه", "پرسرعت")
    assert rules.localised(plan(translations={}), "en") == ("یک‌ماهه", "پرسرعت")


def test_a_snapshot_holds_everything_delivery_reads_later():
    frozen = rules.snapshot(plan())

    assert frozen == {
        "plan_id": 7,
        "name": "یک‌ماهه",
        "description": "پرسرعت",
        "translations": {"en": {"name": "1 month"}},
        "period_days": 30,
        "traffic_limit_gb": 50,
        "device_limit": 2,
        "list_price": 125_000,
        "provisioner": "stock",
        "renewal_policy": "extend",
    }
    assert sold.name(frozen, "en") == "1 month"


@pytest.mark.parametrize(
    ("check", "value", "problem"),
    [
        (rules.price, 0, "too_small"),
        (rules.price, 1, None),
        (rules.price, rules.LARGEST_PRICE, None),
        (rules.price, rules.LARGEST_PRICE + 1, "too_large"),
        (rules.period_days, 0, "too_small"),
        (rules.period_days, 1, None),
        (rules.traffic_limit_gb, -1, "too_small"),
        (rules.traffic_limit_gb, 0, None),
        (rules.device_limit, 1_001, "too_large"),
        (rules.renewal_policy, "reset", None),
        (rules.renewal_policy, "never", "not_a_choice"),
    ],
)
def test_numbers_of_a_plan_have_bounds(check, value, problem):
    if problem is None:
        assert check(value) == value
        return
    with pytest.raises(BadInput) as refusal:
        check(value)

    assert refusal.value.problem == problem


@pytest.mark.parametrize(
    ("typed", "problem"),
    [("", "required"), ("  \u200f ", "required"), ("x" * 65, "too_long")],
)
def test_a_name_must_be_there_and_short(typed, problem):
    with pytest.raises(BadInput) as refusal:
        rules.name(typed)

    assert refusal.value.problem == problem


def test_translations_keep_known_languages_and_drop_empty_words():
    typed = {"en": {"name": " 1 month ", "description": " "}, "fa": {"name": ""}}

    assert rules.translations(typed) == {"en": {"name": "1 month"}}


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"xx": {"name": "?"}}, "unknown_language"),
        ({"en": {"price": "1"}}, "unknown_field"),
        ({"en": {"name": "x" * 65}}, "too_long"),
    ],
)
def test_translations_of_another_shape_are_refused(typed, problem):
    with pytest.raises(BadInput) as refusal:
        rules.translations(typed)

    assert refusal.value.problem == problem
