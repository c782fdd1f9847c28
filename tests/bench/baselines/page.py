"""The receipt queue by bare Litestar, asyncpg and Jinja: no session, no wall, the shop's key in the path.

The template and the filters are the product's own, so that the HTML is the same.
"""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
from litestar import Litestar, Response, get
from litestar.datastructures import State

from shop.actors import OWNING
from shop.receipts.desk import Desk, QueueItem
from web.app import STATIC
from web.assets import Assets
from web.jinja import build_environment
from web.page import Page

COUNTS = """
    SELECT count(*) FILTER (WHERE status = 'receipt_submitted') AS waiting,
           count(*) FILTER (WHERE status IN ('approved', 'approved_other_amount', 'reversed')) AS approved,
           count(*) FILTER (WHERE status = 'rejected') AS rejected
    FROM card_to_card_payments
    WHERE bot_id = $1
      AND status IN ('receipt_submitted', 'approved', 'approved_other_amount', 'reversed', 'rejected')
"""
QUEUE = """
    SELECT p.id, p.status, p.expected_amount, p.receipt_submitted_at,
           p.duplicate_suspect OR u.blocked_at IS NOT NULL AS is_grave, p.late,
           u.first_name, u.last_name, o.snapshot ->> 'name' AS plan_name,
           EXISTS (
               SELECT FROM orders e WHERE e.bot_id = p.bot_id AND e.user_id = u.id AND e.paid_at IS NOT NULL
           ) AS bought_before
    FROM card_to_card_payments p
    JOIN users u ON u.bot_id = p.bot_id AND u.id = p.user_id
    JOIN orders o ON o.bot_id = p.bot_id AND o.id = p.order_id
    WHERE p.bot_id = $1 AND p.status = 'receipt_submitted'
    ORDER BY p.receipt_submitted_at, p.id
    LIMIT 50
"""
LATE = timedelta(minutes=10)


@get("/{bot_id:int}")
async def queue(state: State, bot_id: int) -> Response[str]:
    now = datetime.now(UTC)
    async with state.pool.acquire() as connection:
        counts = await connection.fetchrow(COUNTS, bot_id)
        rows = await connection.fetch(QUEUE, bot_id)
    items = [
        QueueItem(
            payment_id=row["id"],
            customer_name=f"{row['first_name']} {row['last_name'] or ''}".strip(),
            amount=row["expected_amount"],
            plan_name=row["plan_name"],
            submitted_at=row["receipt_submitted_at"],
            is_late=row["receipt_submitted_at"] <= now - LATE,
            flag="bad" if row["is_grave"] else "warn" if row["late"] else None,
            is_new_customer=not row["bought_before"],
            status=row["status"],
        )
        for row in rows
    ]
    desk = Desk(
        tab="waiting",
        filter="all",
        counts=dict(counts),
        queue=items,
        item=None,
        next_id=items[0].payment_id if items else None,
        position=0,
        total=counts["waiting"],
    )
    page = Page(
        csrf_token="x" * 43,
        active="receipts",
        staff_name="Bench",
        shop_name="Bench",
        waiting=counts["waiting"],
        permissions=OWNING,
    )
    html = state.template.render(
        lang="fa", theme="auto", density="roomy", keys="on", tz=state.zone, now=now, page=page, desk=desk
    )
    return Response(html, media_type="text/html")


@asynccontextmanager
async def _pool(app: Litestar) -> AsyncIterator[None]:
    async with asyncpg.create_pool(
        host=os.environ["BENCH_HOST"],
        port=5432,
        user=os.environ["BENCH_USER"],
        database=os.environ["BENCH_DATABASE"],
        min_size=5,
        max_size=10,
    ) as pool:
        app.state.pool = pool
        yield


def create_app() -> Litestar:
    template = build_environment(Assets(STATIC)).get_template("web/receipts/index.html")
    app = Litestar(
        [queue],
        lifespan=[_pool],
        state=State({"template": template, "zone": ZoneInfo("Asia/Tehran")}),
        openapi_config=None,
        logging_config=None,
    )
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    return app
