"""Conventions of templates/web, checked on every file so that nobody has to remember them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import nodes

from web.assets import Assets
from web.jinja import TEMPLATES, build_environment

STATIC = TEMPLATES.parent / "static"
WEB = sorted(p.relative_to(TEMPLATES) for p in (TEMPLATES / "web").rglob("*.html"))
LAYOUTS = [p for p in WEB if p.parent.name == "_layouts"]
PARTS = [p for p in WEB if p not in LAYOUTS and any(part.startswith("_") for part in p.parts)]
PAGES = [p for p in WEB if p not in LAYOUTS and p not in PARTS]
ENVIRONMENT = build_environment(Assets(STATIC))

# What the content security policy forbids, and what htmx could only do with eval.
FORBIDDEN = [
    re.compile(r"\sstyle\s*="),
    re.compile(r"<style\b"),
    re.compile(r"<script(?![^>]*\ssrc=)"),
    re.compile(r"\son[a-z]+\s*="),
    re.compile(r"hx-on"),
    re.compile(r"\bjs:|javascript:"),
    re.compile(r"hx-trigger=\"[^\"]*\["),
    re.compile(r"\|\s*safe\b"),
    re.compile(r"\bdata:image"),
]


def source(path: Path) -> str:
    return (TEMPLATES / path).read_text(encoding="utf-8")


def extends(path: Path) -> bool:
    return ENVIRONMENT.parse(source(path)).find(nodes.Extends) is not None


@pytest.mark.parametrize("path", WEB, ids=str)
def test_every_template_loads_under_the_real_environment(path):
    ENVIRONMENT.get_template(path.as_posix())


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_a_page_extends_a_layout_and_has_a_title(path):
    assert extends(path)
    assert "title" in ENVIRONMENT.get_template(path.as_posix()).blocks


@pytest.mark.parametrize("path", PARTS, ids=str)
def test_a_part_extends_nothing(path):
    assert not extends(path)


@pytest.mark.parametrize("path", WEB, ids=str)
def test_nothing_needs_inline_script_or_style(path):
    assert [p.pattern for p in FORBIDDEN if p.search(source(path))] == []


@pytest.mark.parametrize("path", WEB, ids=str)
def test_a_list_writes_each_of_its_rows_once(path):
    loops = re.findall(r"\{%-? for \w+ in (page_of\.rows|history\.rows|tenants) ", source(path))

    assert len(loops) <= 1, "one markup for every width: a second would weigh as much as the first"


@pytest.mark.parametrize("path", WEB, ids=str)
def test_a_sentence_with_marks_in_it_stands_on_one_line(path):
    sentences = re.findall(r"\{%-? trans\b.*?endtrans", source(path), flags=re.DOTALL)

    assert [one for one in sentences if "\n" in one] == [], "its indentation is cut, no catalogue knows it"


@pytest.mark.parametrize("path", WEB, ids=str)
def test_macros_are_imported_with_the_readers_language(path):
    imports = re.findall(r"\{%-? (?:from|import) .*?%\}", source(path))

    assert [line for line in imports if "with context" not in line] == []


@pytest.mark.parametrize("path", WEB, ids=str)
def test_every_form_that_posts_carries_the_token(path):
    forms = re.findall(r"<form\b.*?</form>", source(path), flags=re.DOTALL)

    posted = ('method="post"', "desk_form", "part_form", "upload_form")
    assert [f for f in forms if any(sign in f for sign in posted) and "csrf()" not in f] == []


@pytest.mark.parametrize("path", WEB, ids=str)
def test_no_field_hides_what_the_script_reads_of_its_form(path):
    # A form's fields are properties of it: where one is called "form", htmx takes it for the form itself.
    hiding = re.findall(
        r'<(?:input|select|textarea|button)\b[^>]*\sname="(form|elements|closest)"', source(path)
    )

    assert hiding == []


@pytest.mark.parametrize("path", WEB, ids=str)
def test_every_icon_is_in_the_sprite(path):
    sprite = (STATIC / "icons.svg").read_text()
    named = re.findall(r'icon\("([a-z-]+)"|"icon": "([a-z-]+)"', source(path))

    assert [name for pair in named for name in pair if name and f'id="{name}"' not in sprite] == []
