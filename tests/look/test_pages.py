"""Every screen in every state, in both languages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from jinja2 import Environment
from markupsafe import Markup

from shop.actors import RECEIPTS_SEE
from shop.books.queries import Differing
from tests.look.pages import (
    ENVIRONMENT,
    REJECT_TEXTS,
    make_books,
    make_desk,
    make_detail,
    make_level,
    make_overview,
    make_page,
    make_queue_item,
    make_shop,
    make_stock,
    make_token,
    make_warning,
    render,
)
from tests.look.screens import DECIDED, HOSTILE, SCREENS, SESSIONS, TOKEN_FORM
from web.jinja import Unindented
from web.page import NavItem, Page


class Shown(HTMLParser):
    """The words a reader sees, without what is left to right on purpose: codes, names, keys."""

    VOID = {"meta", "link", "input", "img", "br", "hr", "use"}

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            given = dict(attrs)
            is_code = tag in ("kbd", "script", "style") or (tag == "bdi" and given.get("dir") == "ltr")
            self.open.append("code" if is_code or "code" in self.open else tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            self.open.pop()

    def handle_data(self, data):
        if "code" not in self.open:
            self.words.append(data)


@pytest.mark.parametrize("lang", ["fa", "en"])
@pytest.mark.parametrize(("name", "template", "context"), SCREENS, ids=[s[0] for s in SCREENS])
def test_every_state_of_every_screen_renders(name, template, context, lang):
    html = render(template, lang, **context)

    assert f'<html lang="{lang}" dir="{"rtl" if lang == "fa" else "ltr"}"' in html
    assert re.search(r"<title>\S", html)
    assert html.count("<h1") <= 1
    assert html.count('id="main"') == 1
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("name", "template", "context"), SCREENS, ids=[s[0] for s in SCREENS])
def test_a_page_is_sent_without_the_indentation_of_its_templates(name, template, context):
    assert re.findall(r"^[ \t]{4,}<", render(template, **context), flags=re.MULTILINE) == []


@pytest.mark.parametrize(("name", "template", "context"), SCREENS, ids=[s[0] for s in SCREENS])
def test_no_attribute_runs_into_the_next_one(name, template, context):
    """Where a line of a template ends with a block, Jinja takes its end away, and we what follows it."""
    emptied = re.sub(r"""=("[^"]*"|'[^']*')""", '=""', render(template, **context))
    tags = re.findall(r"<[a-z][^>]*>", emptied)

    assert [tag for tag in tags if re.search(r'""[a-z]|[a-z]aria-[a-z]+=', tag)] == []


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("<i a{% if 1 %} b{% endif %}\n    c>", "<i a b c>"),
        ("<i a\n    c>", "<i a\nc>"),
        ("<i>{% if 1 -%}\n    c{%- endif %}</i>", "<i>c</i>"),
    ],
)
def test_where_the_indentation_is_cut_words_stay_apart(template, shown):
    environment = Environment(trim_blocks=True, autoescape=True, extensions=[Unindented])

    assert environment.from_string(template).render() == shown


@pytest.mark.parametrize(("name", "template", "context"), SCREENS, ids=[s[0] for s in SCREENS])
def test_a_persian_screen_shows_persian_digits(name, template, context):
    shown = Shown()
    shown.feed(render(template, "fa", **context))

    assert [w.strip() for w in shown.words if re.search(r"[0-9]", w)] == []


@pytest.mark.parametrize(("name", "template", "context"), SCREENS, ids=[s[0] for s in SCREENS])
def test_an_english_screen_shows_no_persian_digits(name, template, context):
    shown = Shown()
    shown.feed(render(template, "en", **context))

    assert [w.strip() for w in shown.words if re.search(r"[۰-۹٬٫٪]", w)] == []


def test_the_browser_tab_counts_what_waits():
    html = render("receipts/index.html", desk=make_desk())

    assert "<title>(۷) رسیدها · نسیم‌نت</title>" in html
    assert 'data-title="(۷) رسیدها · نسیم‌نت"' in html


def test_the_amount_is_shown_in_toman_and_as_the_bank_prints_it():
    html = render("receipts/_desk.html", desk=make_desk())

    assert "<bdi>۲۹۰٬۰۰۰</bdi>" in html
    assert "<bdi>۲٬۹۰۰٬۰۰۰</bdi> ریال" in html


def test_a_red_warning_asks_before_approving_and_names_the_other_receipt():
    calm = render("receipts/_desk.html", "en", desk=make_desk())
    alarmed = render("receipts/_desk.html", "en", desk=make_desk(item=make_detail(warnings=[make_warning()])))

    assert 'id="approve"' not in calm
    assert 'id="approve"' in alarmed
    assert '<a href="/receipts/1012">' in alarmed
    assert 'name="despite_warning"' in alarmed


def test_the_text_for_the_customer_leaves_room_for_the_reason_in_own_words():
    html = render(
        "receipts/_desk.html",
        desk=make_desk(),
        reject_texts=REJECT_TEXTS,
        reject_text="ناقص",
        open_dialog="reject",
    )

    assert '<span id="reason-mirror" data-empty="…">ناقص</span>' in html
    assert "{reason}" not in html
    assert re.search(r'<dialog[^>]*id="reject"[^>]* open>', html)


def test_a_refused_form_keeps_what_was_typed_and_ties_the_message_to_its_field():
    html = render(
        "receipts/_desk.html",
        "en",
        desk=make_desk(),
        open_dialog="reject",
        reject_code="other",
        reject_error="Write the reason.",
    )

    assert re.search(r'value="other"[^>]* checked', html)
    assert 'aria-invalid="true" aria-describedby="reason-error"' in html


@pytest.mark.parametrize("status", ["approved", "rejected", "expired"])
def test_a_decided_receipt_offers_no_decision(status):
    html = render("receipts/_desk.html", desk=make_desk(item=make_detail(status=status, **DECIDED)))

    assert "/approve" not in html
    assert "/reject" not in html


def test_the_second_of_two_reviewers_reads_who_was_first():
    desk = make_desk(item=make_detail(status="approved", **DECIDED))

    html = render("receipts/_desk.html", "en", desk=desk, conflict="Already decided.")

    assert "Already decided." in html
    assert re.search(r"<bdi>باب</bdi> approved this <time[^>]*>2 min ago</time>", html)


def test_whoever_only_looks_can_decide_nothing_and_is_told_so():
    page = make_page(viewing="نسیم‌نت", is_master=True)

    html = render("receipts/index.html", "en", desk=make_desk(), page=page)

    assert "/approve" not in html
    assert 'action="/platform/leave"' in html


def test_filter_and_tab_travel_with_every_link_of_the_queue():
    html = render("receipts/_desk.html", desk=make_desk(filter="flagged"))

    assert 'href="/receipts/1044?filter=flagged"' in html


@pytest.mark.parametrize(("flag", "classes"), [("bad", ["flag flag-bad"]), ("warn", ["flag"]), (None, [])])
def test_the_sign_in_the_queue_is_as_grave_as_the_gravest_warning(flag, classes):
    html = render("receipts/_desk.html", desk=make_desk(queue=[make_queue_item(flag=flag)]))

    assert re.findall(r'class="(flag[^"]*)"', html) == classes


def test_every_link_and_form_of_the_desk_works_without_script():
    html = render("receipts/_desk.html", desk=make_desk(item=make_detail(warnings=[make_warning()])))

    # What a page does by itself is no link and no form: without script it does not happen.
    html = re.sub(r"<div data-(?:poll|look)\b[^>]*>", "", html)
    for tag in re.findall(r"<[^>]*\bhx-get=[^>]*>", html):
        assert re.search(r'href="([^"]+)" hx-get="\1"', tag), tag
    for tag in re.findall(r"<[^>]*\bhx-post=[^>]*>", html):
        assert re.search(r'method="post" action="([^"]+)" hx-post="\1"', tag), tag


def test_the_menu_names_only_screens_that_exist():
    owner, master = make_page(), make_page(shop_name=None, is_master=True)

    assert [x.href for x in owner.nav] == [
        "/",
        "/receipts",
        "/tickets",
        "/customers",
        "/stock",
        "/broadcasts",
        "/subscriptions",
        "/transactions",
        "/cards",
        "/plans",
        "/features",
        "/team",
        "/audit",
        "/settings",
    ]
    assert [x.href for x in master.nav] == ["/platform/bots"]
    assert [x.href for x in replace(owner, is_master=True).nav] == [
        *(
            "/",
            "/receipts",
            "/tickets",
            "/customers",
            "/stock",
            "/broadcasts",
            "/subscriptions",
            "/transactions",
        ),
        *("/cards", "/plans", "/features", "/team", "/audit", "/settings"),
        "/platform/bots",
    ]


def test_the_menu_shows_nobody_a_screen_he_may_not_see():
    reviewer = make_page(permissions=frozenset({RECEIPTS_SEE}))

    assert [x.href for x in reviewer.nav] == ["/receipts"]


def test_on_a_phone_the_people_of_the_shop_are_one_touch_away():
    page = make_page(has_sold=True)

    assert [x.href for x in page.bar] == ["/", "/receipts", "/tickets", "/customers"]


@pytest.mark.parametrize(("screens", "by_themselves"), [(5, 5), (6, 4), (12, 4)])
def test_the_bar_of_a_phone_opens_the_rest_where_not_all_have_room(monkeypatch, screens, by_themselves):
    items = tuple(NavItem(f"n{at}", f"/n{at}", "Receipts", "receipt") for at in range(screens))
    monkeypatch.setattr(Page, "nav", items)
    html = render("receipts/index.html", desk=make_desk(), page=make_page(active=f"n{screens - 1}"))
    bar = html[html.index('class="bottomnav"') :]

    assert (len(make_page().bar), len(make_page().more)) == (by_themselves, screens - by_themselves)
    assert [f'href="/n{at}"' in bar for at in range(screens)] == [True] * screens
    assert ("<summary" in bar, "is-here" in bar) == (by_themselves < screens,) * 2


@pytest.mark.parametrize(
    ("template", "context"),
    [
        (
            "receipts/index.html",
            {
                "desk": make_desk(
                    queue=[make_queue_item(customer_name=HOSTILE, plan_name=HOSTILE)],
                    item=make_detail(
                        customer_name=HOSTILE,
                        caption=HOSTILE,
                        payer_reference=HOSTILE,
                        warnings=[make_warning(other_customer=HOSTILE)],
                    ),
                ),
                "reject_texts": dict.fromkeys(REJECT_TEXTS, HOSTILE),
            },
        ),
        (
            "platform/bots.html",
            {
                "shops": [make_shop(name=HOSTILE, username=HOSTILE)],
                "books": make_books(differing=[Differing(2, HOSTILE, {"wallet": 1})]),
            },
        ),
        (
            "overview/index.html",
            {
                "overview": make_overview(stock_low=[(HOSTILE, 1)], top_plans=[(HOSTILE, 2)]),
                "checklist": None,
            },
        ),
        (
            "stock/index.html",
            make_stock([make_level(plan_name=HOSTILE)], opened=1, typed=f"</textarea>{HOSTILE}"),
        ),
        (
            "tokens/index.html",
            {
                "tokens": [make_token(name=HOSTILE, staff_name=HOSTILE, last_used_address=HOSTILE)],
                **TOKEN_FORM,
                "typed": {"name": HOSTILE},
                "may_replace": frozenset(),
                "is_linked": True,
                "second_factor": True,
                "may_switch": True,
                "may_link": True,
                "in_use": 1,
                "mine": 9,
                "may_make": True,
                "may_change": True,
                "is_fresh": True,
                "error": None,
            },
        ),
        ("auth/sessions.html", {"sessions": [replace(SESSIONS[0], browser=HOSTILE, address=HOSTILE)]}),
        ("error.html", {"status": 404, "message": HOSTILE, "reference": HOSTILE}),
    ],
    ids=["desk", "shops", "overview", "stock", "tokens", "devices", "error"],
)
@pytest.mark.parametrize("lang", ["fa", "en"])
def test_words_of_strangers_stay_words(template, context, lang):
    html = render(template, lang, **context, page=make_page(shop_name=HOSTILE, staff_name=HOSTILE))

    assert "<img src=x" not in html
    assert "{{7*7}}" in html


def test_what_was_just_done_is_told_on_the_next_page_with_or_without_a_session():
    told = make_page(notice="از همه‌جا خارج شدید.")
    sign_in = {"error": None, "next": "", "token_hint": "pk_live_…"}

    assert "از همه‌جا خارج شدید." in render(
        "overview/index.html", page=told, overview=make_overview(), checklist=None
    )
    assert "از همه‌جا خارج شدید." in render("auth/login.html", page=told, **sign_in)


def test_a_toast_can_ride_along_with_another_fragment():
    html = render("_shared/_toast_oob.html", message="تأیید شد", tone="ok")

    assert 'hx-swap-oob="beforeend:#toasts"' in html
    assert "تأیید شد" in html


def test_what_is_kept_of_a_page_is_of_nobody_and_follows_what_it_shows():
    context = {"overview": make_overview(), "checklist": None}
    mine = make_page(staff_name="Mona", csrf_token="token-of-mona", waiting=7, active="team", viewing="Shop")
    theirs = replace(mine, staff_name="Sam", csrf_token="token-of-sam", viewing=None)

    first, second = (render("overview/index.html", "en", **context, page=one) for one in (mine, theirs))
    busier = render("overview/index.html", "en", **context, page=replace(theirs, waiting=8))
    poorer = render("overview/index.html", "en", **context, page=replace(theirs, permissions=frozenset()))
    persian = render("overview/index.html", "fa", **context, page=theirs)

    assert "token-of-mona" in first
    assert "token-of-mona" not in second
    assert "Mona" not in second
    assert re.findall(r'data-count-of="receipts">(.)<', second) == ["7", "7"]
    assert re.findall(r'data-count-of="receipts">(.)<', busier) == ["8", "8"]
    assert 'href="/team" title="Team" aria-current="page"' in second
    assert 'href="/team"' not in poorer
    assert "همکاران" in persian


def test_only_what_is_markup_already_is_written_as_it_is():
    class Posing(str):
        __slots__ = ()

    page = ENVIRONMENT.from_string("{{ said }}|{{ marked }}|{{ posing }}|{{ 1 > 0 }}|{{ '<' ~ marked }}")

    assert page.render(said="<b>", marked=Markup("<i>"), posing=Posing("<u>")) == (
        "&lt;b&gt;|<i>|&lt;u&gt;|True|&lt;<i>"
    )


@pytest.mark.parametrize("days", [7, 30, 90])
def test_a_phone_gets_a_chart_of_its_own_and_never_too_many_columns(days):
    first = make_overview().days[0]
    sales = [first._replace(day=first.day + timedelta(days=n), card_to_card=1000) for n in range(days)]

    html = render("overview/_sales.html", overview=make_overview(days=sales, range_days=days))
    wide, narrow = html.split('class="only-phone"')

    assert wide.count('class="bar') == days
    assert narrow.count('class="bar') == (days if days <= 31 else 13)
