from __future__ import annotations

import pytest

from shop.configurations.registry import BY_KEY, SETTINGS, find
from shop.errors import BadInput, NotFound


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_every_default_is_a_value_its_own_setting_accepts(setting):
    assert setting.check(setting.default) == setting.default


def test_every_setting_is_declared_once():
    assert len(BY_KEY) == len(SETTINGS)
    assert len({setting.label for setting in SETTINGS}) == len(SETTINGS)


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("payment_minutes", 4, "too_small"),
        ("payment_minutes", 5, None),
        ("payment_minutes", 1440, None),
        ("payment_minutes", 1441, "too_large"),
        ("payment_minutes", "30", "not_a_number"),
        ("payment_minutes", 30.0, "not_a_number"),
        ("payment_minutes", True, "not_a_number"),
        ("payment_minutes", None, "not_a_number"),
        ("show_rial", False, None),
        ("show_rial", 1, "not_a_switch"),
        ("show_rial", "true", "not_a_switch"),
        ("hold_seconds", 0, None),
        ("hold_seconds", 15, None),
        ("hold_seconds", 7, "not_a_choice"),
        ("hold_seconds", False, "not_a_choice"),
        ("card_rotation_strategy", "weighted", None),
        ("card_rotation_strategy", "clever", "not_a_choice"),
        ("card_rotation_strategy", ["random"], "not_a_choice"),
    ],
)
def test_a_value_is_checked_by_type_and_bounds(key, value, problem):
    if problem is None:
        assert find(key).check(value) == value
        return
    with pytest.raises(BadInput) as refusal:
        find(key).check(value)

    assert (refusal.value.field, refusal.value.problem) == (key, problem)


def test_an_unknown_key_is_refused():
    with pytest.raises(NotFound):
        find("no_such_setting")
