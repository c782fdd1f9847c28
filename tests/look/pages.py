"""A frame and rows for rendering pages without a database; tests state what differs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

from shop.actors import OWNING
from shop.books.queries import Books
from shop.onboarding.queries import Checklist, Step, StepKey
from shop.overview.rows import CardNear, DaySales, Event, Overview, StockLow, TopPlan
from shop.platform.queries import ShopRow
from shop.provisioning.service import StockLevel
from shop.receipts.desk import Desk, QueueItem
from shop.receipts.detail import ReceiptDetail
from shop.receipts.warnings import ReceiptWarning
from shop.staff.challenges import Waiting
from shop.staff.queries import TokenRow
from shop.staff.service import TokenHolder
from shop.staff.team import Colleague
from web.assets import Assets
from web.jinja import TEMPLATES, build_environment
from web.page import Page

NOW = datetime(2026, 11, 22, 10, 35, tzinfo=UTC)
REJECT_TEXTS = {
    "duplicate_image": "این تصویر قبلاً استفاده شده است.",
    "amount_too_low": "مبلغ کمتر است.",
    "not_arrived": "واریز نرسیده است.",
    "unreadable": "تصویر ناخوانا است.",
    "other": "دلیل: {reason}\nرسید تازه بفرستید.",
}
ENVIRONMENT = build_environment(Assets(TEMPLATES.parent / "static"))


def render(template: str, lang: str = "fa", *, page: Page | None = None, **context: Any) -> str:
    return ENVIRONMENT.get_template(f"web/{template}").render(
        lang=lang,
        theme="light",
        density="roomy",
        keys="on",
        tz=ZoneInfo("Asia/Tehran"),
        now=NOW,
        page=page or make_page(),
        **context,
    )


def make_page(**changes: Any) -> Page:
    frame = Page(
        csrf_token="token-of-the-session",
        active="receipts",
        staff_name="باب",
        shop_name="نسیم‌نت",
        shop_handle="nasim_net_bot",
        waiting=7,
        permissions=OWNING,
    )
    return replace(frame, **changes)


def make_colleague(staff_id: int = 2, **changes: Any) -> Colleague:
    person = Colleague(
        staff_id=staff_id,
        name="باب",
        role="staff",
        permissions=OWNING,
        approve_up_to=500_000,
        has_telegram=True,
        is_active=True,
        sessions=2,
        tokens=1,
        last_seen_at=NOW - timedelta(hours=3),
        is_me=False,
        may_change=True,
    )
    return replace(person, **changes)


def make_warning(code: str = "same_image", **changes: Any) -> ReceiptWarning:
    return replace(
        ReceiptWarning("bad", code, 1012, "سینا ن.", "approved", NOW - timedelta(days=3)), **changes
    )


def make_queue_item(payment_id: int = 1043, **changes: Any) -> QueueItem:
    item = QueueItem(
        payment_id=payment_id,
        customer_name="کارول",
        amount=290_000,
        plan_name="سه‌ماهه",
        submitted_at=NOW - timedelta(minutes=42),
        is_late=True,
        flag="bad",
        is_new_customer=True,
        status="receipt_submitted",
    )
    return replace(item, **changes)


def make_detail(**changes: Any) -> ReceiptDetail:
    detail = ReceiptDetail(
        payment_id=1043,
        status="receipt_submitted",
        amount=290_000,
        amount_rial=2_900_000,
        currency="IRT",
        warnings=(),
        customer_id=5,
        customer_name="کارول",
        customer_username="carol",
        customer_since=NOW - timedelta(days=47),
        customer_approved=4,
        customer_rejected=2,
        customer_waiting=2,
        customer_language="fa",
        order_id=2071,
        order_status="awaiting_payment",
        plan_name="سه‌ماهه",
        card_number_masked="621986••••••4421",
        card_last_four="4421",
        card_holder="مریم کاظمی",
        card_bank="سامان",
        invoice_at=NOW - timedelta(minutes=48),
        submitted_at=NOW - timedelta(minutes=42),
        minutes_after_invoice=6,
        is_after_deadline=True,
        payer_reference="140509010743",
        caption="از کارت برادرم زدم",
        receipt_type="photo",
        has_image=True,
        is_document=False,
        image_width=720,
        image_height=1280,
        decided_by=None,
        decided_at=None,
        decided_channel=None,
        reject_reason=None,
        admin_notes=None,
        delivery_state=None,
        tracking_number="PK-1043",
    )
    return replace(detail, **changes)


def make_desk(**changes: Any) -> Desk:
    desk = Desk(
        tab="waiting",
        filter="all",
        counts={"waiting": 7, "approved": 128, "rejected": 9},
        queue=[make_queue_item(), make_queue_item(1044, flag=None)],
        item=make_detail(),
        next_id=1044,
        position=1,
        total=7,
    )
    return replace(desk, **changes)


STEPS: tuple[StepKey, ...] = get_args(StepKey)


def make_overview(**changes: Any) -> Overview:
    overview = Overview(
        waiting_count=7,
        waiting_oldest_at=NOW - timedelta(minutes=42),
        waiting_sum=1_645_000,
        expiring_soon=43,
        stock_low=[StockLow("یک‌ماهه", 3), StockLow("سه‌ماهه", 0)],
        undelivered=2,
        tickets=2,
        tickets_oldest_at=NOW - timedelta(hours=3),
        bot_refused=True,
        nothing_on_sale=True,
        cards_off=True,
        cards_full=False,
        cards_near=[CardNear("Saman", "4421", 0.93), CardNear("", "0001", 1.0)],
        today_sales=4_850_000,
        today_sales_delta=-12.5,
        paid_orders=31,
        paid_orders_delta=7.0,
        average_order=156_450,
        new_users=38,
        new_users_delta=-5.0,
        new_users_bought=9,
        active_subscriptions=1_246,
        active_subscriptions_delta=3.0,
        days=[DaySales(date(2026, 10, 24) + timedelta(days=n), n * 100_000, n * 1000, n) for n in range(30)],
        range_days=30,
        range_delta=4.5,
        calendar="jalali",
        top_plans=[TopPlan("یک‌ماهه", 184), TopPlan("سه‌ماهه", 97)],
        events=[
            Event("receipt_approved", NOW - timedelta(minutes=1), "کارول", 290_000, 1040, "باب"),
            Event("receipt_rejected", NOW - timedelta(hours=3), "کارول", 290_000, 1039, "باب"),
            Event("receipt_submitted", NOW - timedelta(hours=4), "کارول", 290_000, 1041, None),
            Event("held_no_stock", NOW - timedelta(days=1), "کارول", 290_000, 1038, None),
            Event("delivered", NOW - timedelta(days=2), "کارول", None, None, None),
            Event("user_joined", NOW - timedelta(days=3), "کارول", None, None, None),
        ],
        sparks={key: [3, 5, 4] for key in ("sales", "orders", "users", "subscriptions")},
    )
    return replace(overview, **changes)


def make_checklist(*done: str) -> Checklist:
    """A shop that has what ``done`` names."""
    shown = {"bot": "nasim_net_bot", "support": "nasim_support"}
    steps = tuple(Step(key, key in done, shown.get(key, "") if key in done else "") for key in STEPS)
    return Checklist(steps, "nasim_net_bot")


def make_shop(bot_id: int = 2, **changes: Any) -> ShopRow:
    row = ShopRow(
        bot_id=bot_id,
        name="نسیم‌نت",
        username="nasim_net_bot",
        is_active=True,
        status="active",
        token_state="live",
        created_at=NOW - timedelta(days=90),
        sales_30d=128_400_000,
        active_subscriptions=1_246,
        waiting=7,
        oldest_waiting_at=NOW - timedelta(minutes=42),
        last_update_at=NOW - timedelta(minutes=4),
        is_master=False,
    )
    return replace(row, **changes)


def make_token(token_id: int = 1, **changes: Any) -> TokenRow:
    row = TokenRow(
        token_id=token_id,
        staff_id=1,
        staff_name="آلیس",
        name="لپ‌تاپ",
        key_id="abcdefgh",
        created_at=NOW - timedelta(days=9),
        last_used_at=NOW - timedelta(minutes=3),
        last_used_address="192.0.2.7",
        scope=None,
        expires_at=None,
        replaced_at=None,
        revoked_at=None,
        is_ending=False,
        is_over=False,
    )
    return replace(row, **changes)


def make_books(**changes: Any) -> Books:
    books = Books(shops=6, proved_at=NOW - timedelta(hours=7, minutes=5), is_stale=False, differing=())
    return replace(books, **changes)


def make_waiting(**changes: Any) -> Waiting:
    holder = TokenHolder(1, 2, 1, "آلیس", "owner", frozenset(), 10**9)
    found = Waiting(
        holder, "sign_in", "waiting", 42, False, None, "nasim_net_bot", NOW + timedelta(minutes=5)
    )
    return replace(found, **changes)


def make_level(plan_id: int = 1, **changes: Any) -> StockLevel:
    return replace(StockLevel(plan_id, "یک‌ماهه", free=25, waiting=0, low_at=3), **changes)


def make_stock(levels: list[StockLevel], **changes: Any) -> dict[str, Any]:
    """What the stock page is rendered with."""
    usual = {"opened": None, "typed": "", "problem": None, "told": None, "can_fill": True}
    return {"levels": levels, "most_bytes": 1024, **usual, **changes}
