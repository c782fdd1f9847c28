"""The first steps and the test receipt in their states, as ``tests.look.test_pages`` renders them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from shop.receipts.holding import HeldDecision
from shop.receipts.rules import RejectReason
from shop.rehearsals.queries import Attempt, Rehearsal
from tests.look.pages import NOW, STEPS, make_checklist, make_detail

State = tuple[str, str, dict[str, Any]]
STATUSES = ("created", "receipt_submitted", "approved", "rejected", "expired", "cancelled")


def make_attempt(status: str = "receipt_submitted", **changes: Any) -> Attempt:
    known: dict[str, Any] = {
        "payment_id": 1043,
        "status": status,
        "amount": 290_000,
        "plan_name": "سه‌ماهه",
        "at": NOW,
        "is_held": False,
        "is_delivered": status == "approved",
    }
    return Attempt(**{**known, **changes})


def first_steps() -> Iterator[State]:
    """Every mixture of what is done with what is tried."""
    hour = NOW + timedelta(hours=1)
    rehearsals = {
        "never tried": None,
        "begun": Rehearsal(hour, True, ()),
        "tried": Rehearsal(hour, True, [make_attempt(status) for status in STATUSES]),
        "held": Rehearsal(hour, True, [make_attempt(is_held=True)]),
        "over": Rehearsal(NOW, False, [make_attempt("approved")]),
    }
    for done in ((), ("bot", "card", "plan"), STEPS):
        for name, rehearsal in rehearsals.items():
            for is_linked in (True, False):
                yield (
                    f"start, {len(done)} done, {name}, linked {is_linked}",
                    "start/index.html",
                    {"checklist": make_checklist(*done), "rehearsal": rehearsal, "is_linked": is_linked},
                )


def receipts_of_tests() -> Iterator[State]:
    """Waiting, held either way, decided either way, and each way a receipt can look."""
    held = {
        decision: HeldDecision(1043, decision, "کارول", "آلیس", True, NOW + timedelta(seconds=6))
        for decision in ("approve", "reject")
    }
    decided = {"decided_by": "آلیس", "decided_at": NOW, "decided_channel": "web"}
    items = {
        "waiting": make_detail(),
        "a document": make_detail(has_image=False, is_document=True),
        "words": make_detail(has_image=False, receipt_type="text"),
        "being approved": make_detail(held=held["approve"]),
        "being rejected": make_detail(held=held["reject"]),
        "approved": make_detail(status="approved", delivery_state="delivered", **decided),
        "rejected": make_detail(status="rejected", reject_reason="unreadable", **decided),
    }
    more = {"reasons": tuple(RejectReason)}
    for name, item in items.items():
        yield f"test receipt: {name}", "start/test.html", {"item": item, **more}
    yield (
        "test receipt: without words",
        "start/test.html",
        {
            "item": items["waiting"],
            "typed": {"reason_code": "other", "reason_text": ""},
            "wrong": "دلیل را بنویسید.",
            **more,
        },
    )
    yield (
        "test receipt: too late",
        "start/test.html",
        {"item": items["approved"], "conflict": "دیر شد.", **more},
    )
