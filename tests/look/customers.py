"""The pages of customers in their states, as ``tests.look.screens`` collects them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from shop.customers.profile import Happening, Note, Profile
from shop.customers.search import CustomerRow
from shop.errors import BadInput, InsufficientBalance
from shop.paging import Page, Place
from shop.staff.views import ViewRow
from shop.subscriptions.queries import SubscriptionRow
from tests.look.pages import NOW
from web.lists import Listing, Views
from web.routes.customers import STATES, Form
from web.words import KINDS

ORDERS = (
    "draft",
    "awaiting_payment",
    "paid",
    "provisioning",
    "fulfilled",
    "expired",
    "cancelled",
    "refunded",
)
RECEIPTS = ("receipt_submitted", "approved", "approved_other_amount", "rejected", "reversed", "expired")
ACTS = ("user.blocked", "user.unblocked", "wallet.corrected", "subscription.extended")


def make_customer(user_id: int = 5, **changes: Any) -> CustomerRow:
    row = CustomerRow(
        user_id=user_id,
        telegram_id=700_005,
        name="کارول",
        username="carol",
        created_at=NOW - timedelta(days=47),
        last_seen_at=NOW - timedelta(hours=2),
        balance=25_000,
        spent=1_160_000,
        active_subscriptions=2,
        is_blocked=False,
        is_unreachable=False,
    )
    return replace(row, **changes)


def make_profile(**changes: Any) -> Profile:
    held = SubscriptionRow(
        subscription_id=1,
        name="PK-1043",
        plan_name="سه‌ماهه",
        status="active",
        starts_at=NOW - timedelta(days=3),
        ends_at=NOW + timedelta(days=27),
        traffic_limit_bytes=0,
        traffic_used_bytes=0,
        device_limit=2,
        access="vless://x",
        order_id=1204,
    )
    profile = Profile(
        user_id=5,
        telegram_id=700_005,
        name="کارول",
        username="carol",
        language="fa",
        created_at=NOW - timedelta(days=47),
        last_seen_at=NOW - timedelta(hours=2),
        blocked_at=None,
        unreachable_at=None,
        balance=25_000,
        spent=1_160_000,
        approved=4,
        rejected=1,
        subscriptions=[
            held,
            *(replace(held, status=status) for status in ("expired", "pending", "suspended")),
        ],
        timeline=[*_timeline()],
        notes=[Note(2, NOW, "باب", "<b> زود جواب می‌دهد\nخط دوم"), Note(1, NOW, "آلیس", "ن" * 1_000)],
    )
    return replace(profile, **changes)


def _timeline() -> Iterator[Happening]:
    for state in ORDERS:
        yield Happening(NOW, "order", 2071, state, "سه‌ماهه", 290_000)
    for state in RECEIPTS:
        yield Happening(NOW, "receipt", 1043, state, "باب" if state == "approved" else "", 290_000)
    for state in KINDS:
        yield Happening(NOW - timedelta(hours=3), "movement", 9, state, "جبران", -290_000)
    for state in ("delivered", "waiting", "failed"):
        yield Happening(NOW - timedelta(days=1), "message", 7, state, "سلام")
    for state in ACTS:
        yield Happening(NOW - timedelta(days=2), "act", 3, state, "باب")


def customer_states() -> Iterator[tuple[str, str, dict[str, Any]]]:
    rows = [
        make_customer(1),
        make_customer(2, is_blocked=True, username=None),
        make_customer(3, is_unreachable=True, last_seen_at=None),
        make_customer(4, active_subscriptions=0, spent=0, balance=0),
    ]
    usual = {"states": STATES, "may_export": True, "count": 4, "views": Views([], None)}
    every = Listing("/customers", {}, name="customers")
    sought = replace(every, filters={"q": "کارول", "state": "active"}, sort="oldest", after=Place(NOW, 9))
    page, nobody = Page(rows, Place(NOW, 4)), Page([], None)
    for name, listing, rows_of in (
        ("customers", every, page),
        ("no customers", every, nobody),
        ("customers, filtered", sought, page),
        ("customers, nobody fits", sought, nobody),
    ):
        yield name, "customers/index.html", {**usual, "listing": listing, "page_of": rows_of}
    looking = {**usual, "listing": every, "page_of": page, "may_export": False}
    kept = [ViewRow(n, f"<b>نمای {letter}", f"q={letter}") for n, letter in enumerate("ابپتثجچحخد")]
    for name, views in (
        ("views", Views(kept, None)),
        ("a view", Views(kept, kept[3])),
        ("a refused view", Views([], None, error="نشد.", typed="<b>")),
    ):
        context = {**usual, "listing": sought, "page_of": page, "views": views}
        yield f"customers, {name}", "customers/index.html", context
        yield f"{name}, alone", "views/index.html", {"listing": sought, "views": views}
    yield "customers, only looking", "customers/index.html", looking
    yield from _profile_states()


def _profile_states() -> Iterator[tuple[str, str, dict[str, Any]]]:
    usual = {"form": Form(), "error": None, "wrong_field": "amount", "form_key": "k" * 20, "kinds": KINDS}
    usual |= {"may_manage": True, "may_correct": True, "longest": 2_000, "longest_note": 1_000}
    for name, customer in (
        ("", make_profile()),
        (", blocked", make_profile(blocked_at=NOW, username=None)),
        (", left the bot", make_profile(unreachable_at=NOW, last_seen_at=None)),
        (", nothing yet", make_profile(subscriptions=[], notes=[], timeline=[], balance=0, spent=0)),
    ):
        yield f"customer{name}", "customers/profile.html", {**usual, "customer": customer}
    looking = {**usual, "customer": make_profile(), "may_manage": False, "may_correct": False}
    yield "customer, only looking", "customers/profile.html", looking
    typed = {
        "form_key": "k" * 20,
        "direction": "take",
        "amount": "۵۰",
        "reason": "<b>",
        "words": "<b>",
        "note": "<b>",
    }
    for form, field in (("wallet", "amount"), ("wallet", "reason"), ("message", "words"), ("note", "note")):
        problem = InsufficientBalance(50, 0) if field == "amount" else BadInput(field, "missing")
        wrong = {"form": Form(form, typed, problem), "error": "نشد.", "wrong_field": field}
        yield (
            f"customer, wrong {field} of {form}",
            "customers/profile.html",
            {**usual, **wrong, "customer": make_profile()},
        )
