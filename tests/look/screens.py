"""Every screen by a name that says which state it is in, with the rows the shop really gives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shop.actors import OWNING, RECEIPTS_SEE, SEEING
from shop.books.queries import Differing
from shop.platform.people import PersonRow, ShopPeople
from shop.provisioning.service import StockAdded
from shop.staff.rules import ABOUT
from shop.staff.scopes import WAYS, way_of
from tests.look import rehearsals
from tests.look.cards import card_states
from tests.look.customers import customer_states
from tests.look.pages import (
    NOW,
    REJECT_TEXTS,
    make_books,
    make_checklist,
    make_colleague,
    make_desk,
    make_detail,
    make_level,
    make_overview,
    make_page,
    make_shop,
    make_stock,
    make_token,
    make_waiting,
    make_warning,
)
from web.page import Page
from web.routes.stock import Problem

HOSTILE = '"><img src=x onerror=alert(1)>{{7*7}}\u202e'


@dataclass(frozen=True)
class Session:
    ref: str
    token_name: str
    id: int
    created_at: datetime
    last_seen_at: datetime
    address: str | None
    browser: str | None
    is_current: bool


SESSIONS = [
    Session("a1", "Laptop", 1, NOW - timedelta(days=3), NOW, "192.0.2.7", "Firefox", is_current=True),
    Session(
        "b2", "First token", 2, NOW - timedelta(days=9), NOW - timedelta(days=1), None, None, is_current=False
    ),
]
BOOKS = {
    "balanced": make_books(),
    "never proved": make_books(shops=0, proved_at=None),
    "proved long ago": make_books(proved_at=NOW - timedelta(days=3), is_stale=True),
    "differing": make_books(
        differing=[
            Differing(2, "نسیم‌نت", {"wallet": 1, "entry": 2, "order_debit": 1, "stray_credit": 3}),
            Differing(3, "Mallory", {"shop_wallet": 1, "not_proved": 1, "entry_changed": 12}),
        ]
    ),
}
CODES = ["same_image", "same_reference", "order_closed", "payer_blocked"]
MILD = ["alike_image", "same_amount_on_card", "card_off", "after_deadline"]
OUTCOMES = ["approved", "receipt_submitted", "rejected", None]
DECIDED = {"decided_by": "باب", "decided_at": NOW - timedelta(minutes=2), "decided_channel": "bot"}
EMPTY_SHOP = {
    "waiting_count": 0,
    "waiting_oldest_at": None,
    "waiting_sum": 0,
    "expiring_soon": 0,
    "stock_low": [],
    "undelivered": 0,
    "tickets": 0,
    "bot_refused": False,
    "nothing_on_sale": False,
    "cards_off": False,
    "cards_full": False,
    "cards_near": [],
    "today_sales": 0,
    "today_sales_delta": None,
    "paid_orders": 0,
    "average_order": 0,
    "active_subscriptions": 0,
    "top_plans": [],
    "events": [],
    "sparks": {},
}


def desk_states():
    yield "open", make_desk()
    yield "list", make_desk(item=None, position=0)
    yield "done", make_desk(item=None, queue=[], counts={"waiting": 0, "approved": 0, "rejected": 0})
    yield "filtered", make_desk(item=None, queue=[], filter="flagged")
    for tab in ("approved", "rejected"):
        yield f"no {tab}", make_desk(item=None, queue=[], tab=tab)
    for code, status in zip(CODES, OUTCOMES, strict=True):
        yield code, make_desk(item=make_detail(warnings=[make_warning(code, other_status=status)]))
    for code in MILD:
        yield (
            code,
            make_desk(item=make_detail(warnings=[make_warning(code, tone="warn", other_payment_id=None)])),
        )
    yield "text", make_desk(item=make_detail(has_image=False))
    yield "document", make_desk(item=make_detail(has_image=False, is_document=True, image_width=None))
    yield "missing", make_desk(item=make_detail(has_image=False, caption=None, payer_reference=None))
    for delivery in ("delivered", "held_no_stock", "pending"):
        item = make_detail(status="approved", delivery_state=delivery, **DECIDED)
        yield f"approved, {delivery}", make_desk(tab="approved", item=item)
    for status in ("approved_other_amount", "reversed", "expired", "canceled"):
        yield status, make_desk(item=make_detail(status=status))
    yield "above the limit", make_desk(item=make_detail(my_limit=1))
    item = make_detail(status="approved_other_amount", arrived=200_000, admin_notes="کارمزد بانک", **DECIDED)
    yield "another amount", make_desk(tab="approved", item=item)
    for reason in REJECT_TEXTS:
        item = make_detail(status="rejected", reject_reason=reason, **DECIDED)
        yield f"rejected, {reason}", make_desk(tab="rejected", item=item)


def stock_states():
    levels = [
        make_level(1),
        make_level(2, free=3),
        make_level(3, free=0, waiting=2),
        make_level(4, free=0, is_on_sale=False),
    ]
    yield "stock", "stock/index.html", make_stock(levels)
    yield "stock, one plan", "stock/index.html", make_stock(levels[:1])
    yield "no plans", "stock/index.html", make_stock([])
    for added, known, served in ((23, 2, 3), (1, 0, 0), (0, 5, 0)):
        told = StockAdded(added, known, served)
        yield f"stock, added {added}", "stock/index.html", make_stock(levels, opened=3, told=told)
    for field in ("lines", "file"):
        problem = Problem(field, "نشد.", had_file=True)
        yield (
            f"stock, wrong {field}",
            "stock/index.html",
            make_stock(levels, opened=2, problem=problem, typed="vless://<b>"),
        )
    yield "stock, only looking", "stock/index.html", make_stock(levels, can_fill=False)


TOKEN_FORM = {
    "ways": WAYS,
    "way_of": way_of,
    "has_scope": True,
    "about_permissions": ABOUT,
    "mine_held": OWNING,
    "lasting": [(7, NOW.date())],
    "example_day": "۱۴۰۵/۱۲/۲۹",
    "typed": {},
    "error_field": None,
}


def team_states():
    usual = {
        "about_permissions": ABOUT,
        "usual": SEEING,
        "mine": OWNING,
        "may_manage": True,
        "is_fresh": True,
    }
    usual |= TOKEN_FORM | {"error": None, "error_field": None, "about": None, "typed": {}, "of_token": False}
    members = [
        make_colleague(1, role="owner", is_me=True, may_change=False),
        make_colleague(2, permissions=SEEING, last_seen_at=None, sessions=0, tokens=0),
        make_colleague(3, is_active=False),
    ]
    yield "team", "team/index.html", {"members": members, **usual}
    yield "team, an old proof", "team/index.html", {"members": members, **usual, "is_fresh": False}
    seen = [replace(member, may_change=False) for member in members]
    yield "team, only looking", "team/index.html", {"members": seen, **usual, "may_manage": False}
    for about, field in ((0, "name"), (0, "permissions"), (2, "name"), (2, "permissions")):
        wrong = {"error": "نشد.", "error_field": field, "about": about, "typed": {"name": "<b>"}}
        yield f"team, wrong {field} of {about}", "team/index.html", {"members": members, **usual, **wrong}
    for field in ("name", "days", "last_day", "scope"):
        typed = {"name": "<b>", "last_day": "1405/1/1", "scope": "chosen"}
        wrong = {"error": "نشد.", "error_field": field, "about": 2, "of_token": True, "typed": typed}
        yield f"team, token with a wrong {field}", "team/index.html", {"members": members, **usual, **wrong}
    wrong = {"error": "نشد.", "error_field": "last_day", "about": 0, "typed": {"last_day": "1405/1/1"}}
    yield "team, a wrong last day of 0", "team/index.html", {"members": members, **usual, **wrong}
    yield "a colleague's token", "team/token.html", {"token": "pk_live_abcdefgh_" + "x" * 49, "name": "باب"}


def token_states():
    usual = {"in_use": 1, "mine": 1, "may_make": True, "may_change": True, "is_fresh": True, "error": None}
    usual |= {"is_linked": True, "second_factor": True, "may_switch": True, "may_link": True}
    usual |= TOKEN_FORM | {"may_replace": frozenset({1, 2})}
    rows = [
        make_token(1),
        make_token(2, replaced_at=NOW, expires_at=NOW + timedelta(hours=24)),
        make_token(3, staff_id=2, staff_name="باب", last_used_at=None, last_used_address=None),
        make_token(6, expires_at=NOW + timedelta(days=3), is_ending=True, scope=SEEING),
        make_token(7, scope=frozenset({RECEIPTS_SEE})),
        make_token(4, revoked_at=NOW, is_over=True),
        make_token(5, expires_at=NOW - timedelta(days=1), is_over=True),
    ]
    yield "tokens", "tokens/index.html", {"tokens": rows, **usual}
    yield (
        "tokens, no name",
        "tokens/index.html",
        {
            "tokens": rows[:1],
            **usual,
            "error": "نامی بگذارید.",
            "error_field": "name",
        },
    )
    for field in ("scope", "days", "last_day"):
        wrong = {"error": "نه.", "error_field": field, "typed": {"scope": "chosen", "days": "7"}}
        yield f"tokens, wrong {field}", "tokens/index.html", {"tokens": rows[:1], **usual, **wrong}
    yield (
        "tokens, an old proof",
        "tokens/index.html",
        {"tokens": rows, **usual, "is_fresh": False, "is_linked": False},
    )
    yield (
        "tokens, only looking",
        "tokens/index.html",
        {"tokens": rows, **usual, "may_change": False, "second_factor": False},
    )
    yield "new token", "tokens/made.html", {"token": "pk_live_abcdefgh_" + "x" * 49}
    for may_manage in (True, False):
        context = {"link_code": "ABCD-EFGH", "lifetime": 10, "may_manage": may_manage}
        yield f"code for a chat, {may_manage}", "tokens/link.html", context
    for is_asked, in_chat, error in (
        (True, False, None),
        (True, True, None),
        (False, False, "این توکن معتبر نیست."),
    ):
        context = {"next": "/tokens", "is_asked": is_asked, "in_chat": in_chat, "error": error}
        yield f"confirm, asked {is_asked}, in chat {in_chat}, {error}", "auth/confirm.html", context
    stranger = Page(csrf_token="token-of-the-form")
    for state in ("waiting", "approved", "refused"):
        for username in ("nasim_net_bot", None):
            waiting = make_waiting(state=state, bot_username=username)
            context = {"waiting_for": waiting, "place": "/login", "next": "/receipts?tab=approved"}
            yield f"sign in, {state}, {username}", "auth/wait.html", {**context, "page": stranger}
    yield "sign in, over", "auth/wait.html", {"waiting_for": None, "place": "/login", "next": "/"}


def people_states():
    people = [
        PersonRow(1, "آلیس", "owner", has_telegram=True, sessions=2, last_seen_at=NOW),
        PersonRow(2, "باب", "staff", has_telegram=False, sessions=0, last_seen_at=None),
    ]
    for is_fresh in (True, False):
        shop = ShopPeople(2, "نسیم‌نت", "nasim_net_bot" if is_fresh else None, people)
        yield f"people, fresh {is_fresh}", "platform/people.html", {"shop": shop, "is_fresh": is_fresh}


def screens():
    """Every page with a context, by a name that says which state it is in."""
    for name, desk in desk_states():
        yield f"desk: {name}", "receipts/index.html", {"desk": desk, "reject_texts": REJECT_TEXTS}
    yield "overview", "overview/index.html", {"overview": make_overview(), "checklist": None}
    for part in ("figures", "sales", "plans", "events"):
        without = make_overview(missing=frozenset({part}), events=[])
        yield f"overview without {part}", "overview/index.html", {"overview": without, "checklist": None}
    yield (
        "new shop",
        "overview/index.html",
        {"overview": make_overview(**EMPTY_SHOP, days=[]), "checklist": make_checklist("bot", "card")},
    )
    yield from rehearsals.first_steps()
    yield from rehearsals.receipts_of_tests()
    yield (
        "quiet day",
        "overview/index.html",
        {
            "checklist": None,
            "overview": make_overview(
                today_sales_delta=None,
                paid_orders=0,
                paid_orders_delta=None,
                range_delta=None,
                calendar="gregorian",
                cards_off=False,
                cards_full=True,
            ),
        },
    )
    shops = [
        make_shop(1, is_master=True),
        make_shop(2),
        make_shop(3, token_state="broken", waiting=0, oldest_waiting_at=None),
        make_shop(4, token_state="conflict"),
        make_shop(5, is_active=False, username=None),
        make_shop(6, last_update_at=None),
    ]
    master = make_page(active="shops", shop_name=None, shop_handle=None, is_master=True, waiting=0)
    for name, books in BOOKS.items():
        yield f"shops: {name}", "platform/bots.html", {"shops": shops, "page": master, "books": books}
    yield "no shops", "platform/bots.html", {"shops": [], "page": master, "books": BOOKS["never proved"]}
    yield "devices", "auth/sessions.html", {"sessions": SESSIONS}
    yield from token_states()
    yield from team_states()
    yield from people_states()
    yield from stock_states()
    yield from card_states()
    yield from customer_states()
    stranger = Page(csrf_token="token-of-the-session")
    sign_in = {"next": "/", "page": stranger}
    yield "sign in", "auth/login.html", {"error": None, **sign_in}
    yield "wrong token", "auth/login.html", {"error": "این توکن معتبر نیست.", **sign_in}
    yield (
        "not found",
        "error.html",
        {"status": 404, "message": "نیست.", "reference": "7F3A", "page": stranger},
    )


SCREENS = list(screens())
