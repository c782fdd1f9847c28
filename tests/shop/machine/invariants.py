"""What must hold after every step, by statements of its own, and which situations must have been met."""

from __future__ import annotations

from collections import Counter
from typing import Any

import asyncpg

REACHED: Counter[str] = Counter()
"""How often each named situation was met, over all runs."""

SITUATIONS = (
    "approved",
    "rejected",
    "undone",
    "too late to undo",
    "decided on what a colleague holds",
    "warning overruled",
    "warning stands",
    "hold ended by a new picture",
    "expired unpaid",
    "receipt after the deadline",
    "approved after the order expired",
    "receipt again after a rejection",
    "paid twice: money in the wallet",
    "paid with nothing on the shelf",
    "served when the shelf was filled",
    "cancelled",
    "cancel refused",
    "approving against rejecting",
    "undoing against the worker",
    "eight approvals at once",
    "submitting against deciding",
    "cancelling against paying",
    "two workers at once",
    "late money into the wallet",
    "late money taken back from the wallet",
    "a new picture ended the way to the wallet",
    "to the wallet refused: it is not late",
    "late money with another amount into the wallet",
    "too little arrived: the order waits",
    "too much arrived: what is left stays in the wallet",
    "a receipt for the rest",
    "the rest came: the order is paid",
    "the wallet against approving",
)

# The product's proof is asked beside them.
CHECKS = {
    "a balance is the sum of its ledger and not below nought": """
        SELECT u.id FROM users u LEFT JOIN transactions t ON t.bot_id = u.bot_id AND t.user_id = u.id
        WHERE u.bot_id = $1 GROUP BY u.id, u.balance
        HAVING u.balance <> coalesce(sum(t.amount), 0) OR u.balance < 0""",
    "an accepted payment has one credit of exactly what was accepted, and no other has any": """
        SELECT p.id FROM card_to_card_payments p
        LEFT JOIN transactions t ON t.bot_id = p.bot_id AND t.idempotency_key = 'c2c:' || p.id
        WHERE p.bot_id = $1 GROUP BY p.id, p.status, p.amount, p.expected_amount
        HAVING ARRAY[count(t.id), coalesce(sum(t.amount), 0)]::bigint[] IS DISTINCT FROM
          CASE p.status WHEN 'approved' THEN ARRAY[1, p.expected_amount]
          WHEN 'approved_other_amount' THEN ARRAY[1, p.amount] ELSE ARRAY[0, 0] END::bigint[]""",
    "a paid order was debited once with its price, and no other was": """
        SELECT o.id FROM orders o
        LEFT JOIN transactions t ON t.bot_id = o.bot_id AND t.order_id = o.id AND t.kind = 'purchase'
        WHERE o.bot_id = $1 GROUP BY o.id, o.status, o.amount
        HAVING ARRAY[count(t.id), coalesce(sum(t.amount), 0)]::bigint[] <>
          CASE WHEN o.status IN ('paid', 'fulfilled') THEN ARRAY[1, -o.amount] ELSE ARRAY[0, 0] END::bigint[]
        """,
    "a fulfilled order has one subscription and one line of its own, and no other has any": """
        SELECT o.id FROM orders o WHERE o.bot_id = $1 AND ARRAY[
          (SELECT count(*) FROM subscriptions s WHERE s.bot_id = o.bot_id AND s.order_id = o.id),
          (SELECT count(*) FROM stock_items i WHERE i.bot_id = o.bot_id AND i.order_id = o.id)
        ] <> CASE WHEN o.status = 'fulfilled' THEN ARRAY[1, 1] ELSE ARRAY[0, 0] END::bigint[]""",
    "a customer hears once of every outcome": """
        SELECT id FROM (
          SELECT p.id, p.to_wallet,
            (SELECT count(*) FROM outbox m WHERE m.bot_id = p.bot_id AND m.dedupe_key IN (
              'wallet_credited:' || p.id, 'late_to_wallet:' || p.id, 'amount_differs:' || p.id)) AS of_money,
            (SELECT count(*) FROM outbox m WHERE m.bot_id = p.bot_id AND m.dedupe_key IN (
              'subscription_ready:' || p.order_id, 'order_held:' || p.order_id)) AS of_order
          FROM card_to_card_payments p
          WHERE p.bot_id = $1 AND p.status IN ('approved', 'approved_other_amount')) heard
        WHERE of_money > 1 OR of_money + of_order = 0 OR (to_wallet AND of_money <> 1)""",
    "only a late receipt goes to the wallet, and only while that is decided or once it is done": """
        SELECT id FROM card_to_card_payments WHERE bot_id = $1 AND to_wallet
        AND NOT (late AND (commit_at IS NOT NULL OR status IN ('approved', 'approved_other_amount')))""",
    "another amount is kept only while that is decided or once it is done": """
        SELECT id FROM card_to_card_payments WHERE bot_id = $1 AND amount <> expected_amount
        AND NOT (commit_at IS NOT NULL OR status = 'approved_other_amount')""",
    "an order that waits for its rest lacks some, has a part, and was given nothing": """
        SELECT o.id FROM orders o JOIN users u ON u.bot_id = o.bot_id AND u.id = o.user_id
        WHERE o.bot_id = $1 AND o.status = 'partially_paid' AND NOT EXISTS (
          SELECT FROM card_to_card_payments p WHERE p.bot_id = o.bot_id AND p.order_id = o.id
          AND p.status IN ('approved', 'approved_other_amount'))""",
    "a decision that is held is about a receipt that waits": """
        SELECT id FROM card_to_card_payments
        WHERE bot_id = $1 AND commit_at IS NOT NULL AND status <> 'receipt_submitted'""",
    "an order has one open payment": """
        SELECT order_id FROM card_to_card_payments
        WHERE bot_id = $1 AND status IN ('created', 'receipt_submitted')
        GROUP BY order_id HAVING count(*) > 1""",
    "a card's room of the day is never below nought": """
        SELECT card_id FROM card_days WHERE bot_id = $1 AND least(reserved_count, reserved_amount) < 0""",
}
COUNTED = {
    "approved": "card_to_card_payments WHERE bot_id = $1 AND status = 'approved'",
    "rejected": "card_to_card_payments WHERE bot_id = $1 AND status = 'rejected'",
    "warning overruled": "audit_log WHERE bot_id = $1 AND action = 'receipt.warnings_overruled'",
    "paid twice: money in the wallet": "outbox WHERE bot_id = $1 AND kind = 'wallet_credited'",
    "paid with nothing on the shelf": "outbox WHERE bot_id = $1 AND kind = 'order_held'",
    "approved after the order expired": (
        "card_to_card_payments WHERE bot_id = $1 AND status = 'approved' AND late AND NOT to_wallet"
    ),
    "late money into the wallet": "outbox WHERE bot_id = $1 AND kind = 'late_to_wallet'",
    "late money with another amount into the wallet": (
        "card_to_card_payments WHERE bot_id = $1 AND status = 'approved_other_amount' AND to_wallet"
    ),
    "too little arrived: the order waits": (
        "outbox WHERE bot_id = $1 AND kind = 'amount_differs' AND (payload->>'missing')::bigint > 0"
    ),
    "too much arrived: what is left stays in the wallet": (
        "outbox WHERE bot_id = $1 AND kind = 'amount_differs' AND (payload->>'missing')::bigint = 0 "
        "AND (payload->>'arrived')::bigint > (payload->>'asked')::bigint"
    ),
    "the rest came: the order is paid": (
        "orders o WHERE o.bot_id = $1 AND o.status IN ('paid', 'fulfilled') AND EXISTS ("
        "SELECT FROM outbox m WHERE m.bot_id = o.bot_id AND m.kind = 'amount_differs' "
        "AND (m.payload->>'order_id')::bigint = o.id AND (m.payload->>'missing')::bigint > 0)"
    ),
}
"""What is known of a situation only once a run is over."""


async def check(everything: asyncpg.Connection, bot_id: int) -> None:
    for sentence, statement in CHECKS.items():
        wrong = await everything.fetch(statement, bot_id)
        assert not wrong, f"{sentence}: {[row[0] for row in wrong]}"


async def count(everything: asyncpg.Connection, bot_id: int) -> None:
    """After a run: nothing is held any more; what came of it is added to ``REACHED``."""

    async def ask(rows: str) -> Any:
        return await everything.fetchval(f"SELECT count(*) FROM {rows}", bot_id)  # noqa: S608

    assert await ask("card_to_card_payments WHERE bot_id = $1 AND commit_at IS NOT NULL") == 0
    for situation, rows in COUNTED.items():
        REACHED[situation] += await ask(rows)
