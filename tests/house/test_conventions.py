"""Conventions that nobody has to remember, because they fail here."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

import bot
import db
import shop
import web
from shop import errors
from shop.cards.keeping import CardChanges
from shop.errors import ShopError
from shop.notifications import messages
from shop.plans.service import PlanChanges
from tests.attack.ground import unknown_queries
from web.errors import ANSWERS
from web.history import ACTIONS, NAMES
from web.words import CHANGED

ROOT = Path(__file__).parents[2]
TELEGRAM = ROOT / "templates" / "telegram"
SOURCES = sorted(
    path
    for package in ("web", "bot", "shop", "db")
    for path in (ROOT / package).rglob("*.py")
    if "versions" not in path.parts
)
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60


def refusals() -> list[type[ShopError]]:
    return [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, ShopError) and value is not ShopError
    ]


@pytest.mark.parametrize("package", [web, bot, shop, db], ids=lambda package: package.__name__)
def test_our_packages_are_ours(package):
    """A dependency may ship a package called ``web``; ours must win."""
    assert Path(package.__file__).is_relative_to(ROOT)


@pytest.mark.parametrize("refusal", refusals(), ids=lambda refusal: refusal.code)
def test_every_refusal_has_an_answer_on_the_web(refusal):
    assert refusal in ANSWERS


def test_every_refusal_has_its_own_code():
    codes = [refusal.code for refusal in refusals()]

    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("message", messages.MESSAGES, ids=lambda message: message.kind)
def test_every_promised_message_has_its_words(message):
    assert (TELEGRAM / f"{message.kind}.html").is_file()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for_and_fits_a_reader(path):
    tree = ast.parse(path.read_text())

    assert ast.get_docstring(tree), "a module begins with what it is for"
    assert len(path.read_text().splitlines()) <= LONGEST_MODULE
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno
            assert length <= LONGEST_FUNCTION, f"{node.name} is {length} lines long"


def test_every_todo_names_its_issue():
    for path in [*SOURCES, *(ROOT / "templates").rglob("*.html")]:
        for line in path.read_text().splitlines():
            assert not re.search(r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))", line), f"{path}: {line}"


RECORDS = {"record", "_changed", "_switch", "_record"}
ACTION = re.compile(r"[a-z_]+\.[a-z_]+")


def history_calls() -> list[tuple[ast.Call, str]]:
    """Every call in ``shop`` that writes into the history, with the name it is called by."""
    calls = (
        node
        for path in SOURCES
        if "shop" in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    )
    named = ((call, getattr(call.func, "attr", getattr(call.func, "id", ""))) for call in calls)
    return [(call, name) for call, name in named if name in RECORDS]


def test_every_action_of_the_history_has_its_words():
    found = {
        argument.value
        for call, _ in history_calls()
        for argument in call.args
        if isinstance(argument, ast.Constant)
        and isinstance(argument.value, str)
        and ACTION.fullmatch(argument.value)
    }

    assert len(found) > 40
    assert found - set(ACTIONS) == set()


def test_every_value_beside_an_entry_has_a_name_to_read():
    found = {
        word.arg for call, name in history_calls() if name == "record" for word in call.keywords if word.arg
    }

    # What has a value before is told in one line with it.
    assert {name.removesuffix("_before") for name in found} - set(NAMES) - {"before", "after"} == set()


@pytest.mark.parametrize("changes", [PlanChanges, CardChanges])
def test_every_field_that_is_changed_has_a_word_in_the_history(changes):
    assert changes.__annotations__.keys() - CHANGED.keys() == set()


MAKES_MARKUP = {
    "web/jinja.py": "the filters that put isolates and units around what they are given, escaped",
    "web/charts.py": "the charts, numbers and escaped labels in SVG",
}


def test_markup_is_made_in_two_modules_and_everywhere_else_escaped():
    made = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if re.search(r"\bmarkupsafe\b", path.read_text())
    }
    unescaped = [path.name for path in SOURCES if re.search(r"autoescape\s*=\s*False", path.read_text())]

    assert made == set(MAKES_MARKUP)
    assert unescaped == []


def test_where_a_request_wants_to_go_on_is_looked_at_first():
    asked = [line for path in SOURCES for line in path.read_text().splitlines() if 'get("next")' in line]
    sends = {
        path.name for path in SOURCES if re.search(r'HX-(Redirect|Location)|"Location"', path.read_text())
    }

    assert [line.strip() for line in asked if "local_path(" not in line] == []
    assert asked
    assert sends == {"rendering.py"}


def test_the_scanners_are_told_of_every_name_that_an_address_may_carry():
    assert unknown_queries() == set()


def test_the_models_are_all_importable_from_one_place():
    models = importlib.import_module("db.models")
    for path in (ROOT / "db" / "models").glob("[a-z]*.py"):
        module = importlib.import_module(f"db.models.{path.stem}")
        for name, value in vars(module).items():
            if isinstance(value, type) and getattr(value, "__module__", "") == module.__name__:
                assert getattr(models, name) is value
