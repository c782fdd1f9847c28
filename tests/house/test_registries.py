"""Every switch and every setting is declared once, told in the documents, and leads to no circle."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shop.configurations.registry import SECRETS, SETTINGS
from shop.features.catalogue import FEATURES, GROUPS
from shop.features.registry import BUILT

ROOT = Path(__file__).parents[2]
ASKED = re.compile(
    r"""(?:is_on|require_on|is_feature_enabled)\([^()]*(?:\([^()]*\)[^()]*)*"([a-z_0-9]+)"\s*\)"""
)
PAGE = (Path(__file__).parents[2] / "docs" / "features.md").read_text()


@pytest.mark.parametrize("entry", [*FEATURES, *SETTINGS, *SECRETS], ids=lambda entry: entry.key)
def test_it_is_on_its_page(entry):
    assert f"| `{entry.key}` |" in PAGE
    assert entry.label in PAGE


@pytest.mark.parametrize("registry", [FEATURES, (*SETTINGS, *SECRETS)], ids=["features", "settings"])
def test_keys_and_labels_are_each_their_own(registry):
    for names in ([entry.key for entry in registry], [entry.label for entry in registry]):
        assert len(names) == len(set(names))


def test_what_a_feature_needs_exists_and_never_needs_it_back():
    needs = {feature.key: feature.needs for feature in FEATURES}

    def walk(key: str, path: tuple[str, ...]) -> None:
        assert key not in path, " → ".join((*path, key))
        for need in needs[key]:
            walk(need, (*path, key))

    for key in needs:
        walk(key, ())


def test_every_feature_stands_in_a_known_group():
    assert {feature.group for feature in FEATURES} <= set(GROUPS)


def test_a_switch_is_offered_where_something_asks_for_it_and_nowhere_else():
    sources = [path for folder in ("bot", "shop") for path in (ROOT / folder).rglob("*.py")]

    asked = {key for path in sources for key in ASKED.findall(path.read_text())}
    assert asked == set(BUILT)


def test_every_choice_has_a_word_or_none_has():
    assert [one.key for one in SETTINGS if one.words and len(one.words) != len(one.choices)] == []
