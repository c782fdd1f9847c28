"""Every list as a file, read as its owner reads it: in the language of the page, for a spreadsheet."""

from __future__ import annotations

import csv
import re
from io import StringIO
from urllib.parse import unquote

import pytest
from sqlalchemy import CheckConstraint

from db.base import Base
from db.models import broadcast, plan, staff, subscription, ticket, transaction
from shop.receipts.rules import RejectReason
from shop.staff.rules import ABOUT
from tests.web.visiting import OWNERS, Filled, fill
from web import broadcasts, history, words

FILES = [path for path in OWNERS if path.endswith(".csv")]
_LISTED = re.compile(r"\bIN \((.*)\)$")
_PERSIAN = re.compile(r"[\u0600-\u06ff]")
_TOKEN = re.compile(r"[a-z_]+(?:[.:][a-z_]+)*", re.ASCII)


def machine_words() -> frozenset[str]:
    """Whatever a column with known values may hold, and the words of the history beside them."""
    checks = [
        str(one.sqltext)
        for table in Base.metadata.tables.values()
        for one in table.constraints
        if isinstance(one, CheckConstraint)
    ]
    lists = [found[1] for check in checks if (found := _LISTED.search(check))]
    kept = {word for listed in lists for word in re.findall(r"'(\w+)'", listed)}
    told = {*history.ACTIONS, *history.DOORS, *history.SUBJECTS, *history.NAMES, *words.ACTORS}
    return frozenset({*kept, *told, *ABOUT, *RejectReason, "held", "true", "false"})


MACHINE = machine_words()


@pytest.fixture
async def filled(shops) -> Filled:
    return await fill(shops, await shops.open(name="Alice's shop", stock=20), times=2)


@pytest.fixture
async def alice(signed_in, filled):
    return await signed_in(filled.shop)


def lines(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text.removeprefix("\ufeff"))))


def test_there_is_a_file_of_every_list_and_many_words_to_look_for():
    assert len(FILES) >= 10
    assert {"purchase", "card_to_card", "receipt_submitted", "active", "owner", "plan.updated"} <= MACHINE


@pytest.mark.parametrize("path", FILES)
async def test_a_file_has_no_machine_word_in_persian_and_equal_columns_in_both_languages(alice, filled, path):
    file = await alice.get(f"{filled.url(path)}?lang=fa")
    english = await alice.get(f"{filled.url(path)}?lang=en")

    (headings, *rows), (others, *_) = lines(file.text), lines(english.text)
    assert file.content.startswith(b"\xef\xbb\xbf")
    assert len(headings) == len(others) == len(set(headings)) == len(set(others))
    assert [one for one in headings if re.search(r"[a-z_]", one) or not _PERSIAN.search(one)] == []
    assert [one for one in others if "_" in one or not one[0].isupper()] == []
    assert rows or "missed" in path
    assert {len(row) for row in rows} <= {len(headings)}
    assert {word for row in rows for value in row for word in _TOKEN.findall(value)} & MACHINE == set()
    named = unquote(file.headers["content-disposition"].partition("filename*=UTF-8''")[2])
    assert re.fullmatch(r"[\u0600-\u06ff\u200c ]+ 14\d\d-\d\d-\d\d\.csv", named)


@pytest.mark.parametrize(
    ("table", "known"),
    [
        (words.KINDS, transaction.KINDS),
        (words.METHODS, transaction.METHODS),
        (words.SUBSCRIPTION_STATES, subscription.STATUSES),
        (words.TICKET_STATES, ticket.STATUSES),
        (words.RENEWALS, plan.RENEWAL_POLICIES),
        (broadcasts.STATES, broadcast.STATUSES),
        (broadcasts.AUDIENCES, broadcast.AUDIENCES),
        (history.VALUES["role"], staff.ROLES),
        (history.VALUES["reason"], [one.value for one in RejectReason]),
    ],
)
def test_every_value_that_a_column_may_hold_has_words(table, known):
    assert set(table) == set(known)
