"""Filters of a list: folded on a phone while nothing is chosen, and never hiding what is."""

from __future__ import annotations

import re
from html import unescape

import pytest

FOLD = re.compile(r'<details class="fold"( open)?>\s*<summary[^>]*>(.*?)</summary>', re.DOTALL)
SEARCH = re.compile(r'type="search"')


@pytest.fixture
async def alice(shops, signed_in):
    browser = await signed_in(await shops.open(name="Nasim"))
    await browser.get("/customers?lang=en")
    return browser


@pytest.mark.parametrize(
    ("path", "is_open", "says"),
    [
        ("/customers", False, "Filters"),
        ("/customers?q=carol", False, "Filters"),
        ("/customers?state=active&q=carol", True, "Filters (1)"),
        ("/transactions?kind=deposit&days=7&sort=oldest", True, "Filters (2)"),
        ("/subscriptions?customer=7", False, "Filters"),
        ("/subscriptions?customer=7&state=active", True, "Filters (1)"),
        ("/receipts/all?least=x", True, "Filters"),
        ("/tickets?state=closed", False, "Filters"),
        ("/broadcasts?sort=oldest", False, "Filters"),
        ("/audit", False, "Filters"),
        ("/audit?since=week&kind=plans", True, "Filters (2)"),
    ],
)
@pytest.mark.parametrize("within", ["true", "false"])
async def test_the_fold_says_how_many_are_chosen_and_is_open_while_any_is(alice, path, is_open, says, within):
    page = (await alice.get(path, hx_request=within)).text

    ((opened, words),) = FOLD.findall(page)
    assert bool(opened) == is_open
    assert unescape(re.sub(r"<[^>]+>", "", words)).strip() == says


@pytest.mark.parametrize("path", ["/customers", "/transactions", "/subscriptions", "/tickets"])
async def test_what_is_looked_for_is_never_folded(alice, path):
    page = (await alice.get(path)).text

    assert SEARCH.search(page).start() < FOLD.search(page).start()
    assert len(SEARCH.findall(page)) == 1
