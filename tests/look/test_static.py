"""The stylesheet, the fonts and the scripts: readable, mirrored by logic, light, and ours."""

from __future__ import annotations

import gzip
import re
from hashlib import sha256
from pathlib import Path

import pytest

from web.assets import Assets

STATIC = Path(__file__).parents[2] / "static"
CSS = (STATIC / "css/app.css").read_text(encoding="utf-8")
RULES = re.sub(r"/\*.*?\*/", "", CSS, flags=re.DOTALL)
ASSETS = Assets(STATIC)


# Contrast ---------------------------------------------------------------------------------------------------

TEXT, SHAPE = 4.5, 3.0
PAIRS = [
    *(("ink", ground, TEXT) for ground in ("surface", "bg")),
    *(("ink-2", ground, TEXT) for ground in ("surface", "bg", "surface-3", "accent-soft", "stage")),
    *(("ink-3", ground, TEXT) for ground in ("surface", "bg", "surface-2")),
    *(("accent-text", ground, TEXT) for ground in ("surface", "accent-soft")),
    *(("accent-ink", ground, TEXT) for ground in ("accent", "accent-hover")),
    *(("ok-ink", ground, TEXT) for ground in ("ok", "ok-hover")),
    *(("ok-text", ground, TEXT) for ground in ("ok-soft", "surface")),
    *(("warn-text", ground, TEXT) for ground in ("warn-soft", "surface")),
    *(("bad-text", ground, TEXT) for ground in ("bad-soft", "surface")),
    *((mark, "surface", SHAPE) for mark in ("control", "s1", "s2", "s3", "ok", "bad")),
    *(("focus", ground, SHAPE) for ground in ("surface", "bg")),
]


def tokens(theme: str) -> dict[str, str]:
    selector = {"light": ":root{", "dark": ':root[data-theme="dark"]{'}[theme]
    block = CSS.split(selector, 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([\w-]+):(#[0-9a-f]{6})", block))


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "least"), PAIRS)
def test_every_pair_of_colours_can_be_told_apart(theme, front, ground, least):
    colours = tokens(theme)

    assert contrast(colours[front], colours[ground]) >= least


def test_black_on_white_is_the_most_there_is():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


# Direction --------------------------------------------------------------------------------------------------

PHYSICAL = re.compile(
    r"[;{](?:(?:margin|padding|border)-(?:left|right)[\w-]*|left|right|(?:border-(?:top|bottom)-(?:left|right)"
    r"-radius)|text-align:(?:left|right)|float)\s*:?"
)


def test_the_sheet_mirrors_itself_because_it_names_no_side():
    # Two exceptions, each with its reason beside it: digits line up on the right in both languages, and the
    # tip of a chart is placed by the pointer.
    named = [line for line in RULES.splitlines() if PHYSICAL.search(line)]

    assert [line.split("{")[0] for line in named] == [".tip", ".table .num"]


def test_nothing_is_painted_from_data_addresses():
    assert "data:" not in RULES
    assert "@import" not in RULES


def test_no_colour_hides_behind_important():
    assert len(re.findall(r"!important", RULES)) <= 8


# Weight -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "kilobytes"),
    [("css/*.css", 14), ("js/*.js", 5), ("vendor/h*.js", 17), ("icons.svg", 6)],
)
def test_what_every_page_loads_stays_light(pattern, kilobytes):
    weight = sum(len(gzip.compress(file.read_bytes(), 9)) for file in STATIC.glob(pattern))

    assert 0 < weight <= kilobytes * 1024


def test_what_only_the_page_of_plans_loads_stays_light_too():
    extra = [file for file in STATIC.glob("vendor/*.js") if not file.name.startswith("h")]

    assert [file.name for file in extra] == ["sortable-1.15.7.min.js"]
    assert len(gzip.compress(extra[0].read_bytes(), 9)) <= 15 * 1024
    assert "sortable" not in (STATIC.parent / "templates/web/_layouts/base.html").read_text()


def test_what_only_a_tickets_page_loads_stays_light_too():
    (extra,) = STATIC.glob("js/*/*.js")

    assert extra.name == "ticket.js"
    assert len(gzip.compress(extra.read_bytes(), 9)) <= 5 * 512
    assert "pages/ticket" not in (STATIC.parent / "templates/web/_layouts/base.html").read_text()


def test_the_fonts_stay_light():
    assert sum(file.stat().st_size for file in STATIC.glob("fonts/*.woff2")) <= 40 * 1024


# Ours and pinned --------------------------------------------------------------------------------------------


def test_a_vendored_script_is_the_file_that_was_reviewed():
    listed = dict(
        re.findall(r"`([\w.-]+\.js)`.*?`([0-9a-f]{64})`", (STATIC / "vendor/README.md").read_text())
    )
    found = {file.name: sha256(file.read_bytes()).hexdigest() for file in STATIC.glob("vendor/*.js")}

    assert listed == found


def test_the_fonts_come_with_their_licence():
    assert "SIL OPEN FONT LICENSE" in (STATIC / "fonts/OFL.txt").read_text()


# Addresses --------------------------------------------------------------------------------------------------


def test_an_address_changes_with_the_contents(tmp_path):
    (tmp_path / "a.css").write_text("a{}")
    before = Assets(tmp_path).url("a.css")
    (tmp_path / "a.css").write_text("b{}")

    assert Assets(tmp_path).url("a.css") != before


def test_a_sheet_changes_its_address_when_its_font_does(tmp_path):
    (tmp_path / "css").mkdir()
    (tmp_path / "f.woff2").write_bytes(b"one")
    (tmp_path / "css/a.css").write_text('@font-face{src:url("../f.woff2")}')
    before = Assets(tmp_path)
    (tmp_path / "f.woff2").write_bytes(b"two")
    after = Assets(tmp_path)

    assert before.url("css/a.css") != after.url("css/a.css")
    assert after.url("f.woff2") in after.get("css/a.css").body.decode()


def test_an_asset_is_found_by_its_address_and_nothing_else_is():
    asset = ASSETS.get("css/app.css")

    assert ASSETS.find(asset.url) is asset
    assert ASSETS.find(asset.url.removeprefix("/static/")) is asset
    assert asset.gzipped is not None
    assert gzip.decompress(asset.gzipped) == asset.body
    for wrong in ("css/app.css", "../pyproject.toml", "vendor/README.md", "fonts/OFL.txt", ".hidden.css", ""):
        assert ASSETS.find(wrong) is None


def test_every_address_in_the_sheet_is_a_hashed_one_that_exists():
    addresses = re.findall(r'url\("([^"]+)"\)', ASSETS.get("css/app.css").body.decode())

    assert addresses
    assert all(ASSETS.find(address) for address in addresses)


def test_a_hidden_file_and_a_note_are_not_served(tmp_path):
    (tmp_path / ".secret.css").write_text("a{}")
    (tmp_path / "README.md").write_text("notes")
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox/app.js").write_text("1")

    with pytest.raises(KeyError):
        Assets(tmp_path).url(".secret.css")
    with pytest.raises(KeyError):
        Assets(tmp_path).url("README.md")
    with pytest.raises(KeyError):
        Assets(tmp_path).url("sandbox/app.js")
