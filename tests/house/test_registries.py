"""Every switch and every setting is declared once, told in the documents, and leads to no circle."""

from __future__ import annotations

from pathlib import Path

import pytest

from shop.configurations.registry import SETTINGS
from shop.features.catalogue import FEATURES, GROUPS

PAGE = (Path(__file__).parents[2] / "docs" / "features.md").read_text()


@pytest.mark.parametrize("entry", [*FEATURES, *SETTINGS], ids=lambda entry: entry.key)
def test_it_is_on_its_page(entry):
    assert f"| `{entry.key}` |" in PAGE
    assert entry.label in PAGE


@pytest.mark.parametrize("registry", [FEATURES, SETTINGS], ids=["features", "settings"])
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
