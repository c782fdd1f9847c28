"""Write purchases of one shop into every table they would have touched, many at a time."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from db.models import (
    AuditEntry,
    CardToCardPayment,
    Order,
    ProvisioningJob,
    StockItem,
    Subscription,
    Transaction,
)
from shop.actors import StaffMember
from shop.cards.queries import CardRow
from shop.demo.counting import count_on_cards
from shop.demo.crowd import TO_PAY, Purchase
from shop.demo.rows import put, reserve
from shop.orders.rules import KEPT_AFTER_REJECTION
from shop.subscriptions import rules as subscriptions
from shop.unit_of_work import UnitOfWork

CURRENCY, CHANNEL = "IRT", "web"

_ORDER = (
    *("id", "user_id", "plan_id", "status", "amount", "snapshot"),
    *("expires_at", "paid_at", "fulfilled_at", "created_at", "updated_at"),
)
_ENTRY = (
    *("id", "user_id", "order_id", "kind", "method", "amount", "balance_before", "balance_after"),
    *("idempotency_key", "created_at", "updated_at"),
)
_PAYMENT = (
    *("id", "user_id", "order_id", "card_id", "transaction_id", "status", "expected_amount", "amount"),
    *("card_snapshot", "tracking_number", "expires_at"),
    *("receipt_type", "receipt_text", "receipt_submitted_at", "receipt_count", "payer_reference"),
    *("admin_reviewed_by", "admin_reviewed_at", "admin_channel", "reject_reason"),
    *("created_at", "updated_at"),
)
_JOB = ("order_id", "run_at", "created_at", "updated_at")
_LINE = ("plan_id", "content", "content_digest", "order_id", "handed_out_at", "created_at", "updated_at")
_SUBSCRIPTION = (
    *("user_id", "plan_id", "order_id", "name", "status", "starts_at", "ends_at"),
    *("traffic_limit_bytes", "traffic_used_bytes", "device_limit", "access", "created_at", "updated_at"),
)
_NOTE = (*("actor", "actor_name", "channel", "action", "subject_id", "data", "created_at", "updated_at"),)


@dataclass(frozen=True, slots=True)
class SoldPlan:
    """A plan as orders keep it."""

    plan_id: int
    price: int
    period_days: int
    traffic_bytes: int
    device_limit: int
    snapshot: str
    """JSON."""

    @classmethod
    def of(cls, sold: Mapping[str, Any]) -> SoldPlan:
        return cls(
            sold["plan_id"],
            sold["list_price"],
            sold["period_days"],
            subscriptions.volume(sold["traffic_limit_gb"]),
            sold["device_limit"],
            json.dumps(sold, ensure_ascii=False),
        )


class Buyer(NamedTuple):
    """A customer; ``balance`` is in the wallet before and after every purchase."""

    user_id: int
    name: str
    balance: int


class Till:
    """One shop's: who and what stands in the lists, and what came of all that was booked."""

    def __init__(
        self,
        owner: StaffMember,
        *,
        cards: Sequence[CardRow],
        plans: Sequence[SoldPlan],
        buyers: Sequence[Buyer],
        now: datetime,
    ) -> None:
        self.owner = owner
        self.cards = cards
        self.card_snapshots = [_card_snapshot(card) for card in cards]
        self.plans = plans
        self.buyers = buyers
        self.now = now
        self.outcomes: Counter[str] = Counter()

    async def book(self, uow: UnitOfWork, purchases: Sequence[Purchase], chance: random.Random) -> None:
        """Everything ``purchases`` (oldest first) leave behind, in the unit of the till's shop."""
        accepted = sum(purchase.status == "approved" for purchase in purchases)
        order_ids = await reserve(uow, Order, len(purchases))
        payment_ids = await reserve(uow, CardToCardPayment, len(purchases))
        entry_ids = iter(await reserve(uow, Transaction, 2 * accepted))
        batch = _Batch(self, chance)
        for purchase, order_id, payment_id in zip(purchases, order_ids, payment_ids, strict=True):
            if purchase.status == "approved":
                batch.settle(purchase, order_id, payment_id, (next(entry_ids), next(entry_ids)))
            else:
                batch.leave_open(purchase, order_id, payment_id)
        await batch.write(uow)
        await count_on_cards(uow, self.cards, purchases, [plan.price for plan in self.plans])
        self.outcomes.update(purchase.status for purchase in purchases)


class _Batch:
    """Rows for one transaction, by table, each in the order of the columns above."""

    def __init__(self, till: Till, chance: random.Random) -> None:
        self.till = till
        self.chance = chance
        self.orders: list[tuple[object, ...]] = []
        self.entries: list[tuple[object, ...]] = []
        self.payments: list[tuple[object, ...]] = []
        self.jobs: list[tuple[object, ...]] = []
        self.lines: list[tuple[object, ...]] = []
        self.subscriptions: list[tuple[object, ...]] = []
        self.notes: list[tuple[object, ...]] = []

    def settle(self, purchase: Purchase, order_id: int, payment_id: int, entry_ids: tuple[int, int]) -> None:
        """A payment that was accepted, and everything it bought."""
        at, plan, till = purchase.decided, self.till.plans[purchase.goods], self.till
        if at is None:
            raise ValueError("an approved payment was decided on")
        (user_id, _, before), price = till.buyers[purchase.user], plan.price
        after = before + price
        self.orders.append(
            (
                *(order_id, user_id, plan.plan_id, "fulfilled", price, plan.snapshot),
                *(purchase.shown + TO_PAY, at, at, purchase.shown, at),
            )
        )
        paid = (entry_ids[0], user_id, order_id, "deposit", "card_to_card", price, before, after)
        spent = (entry_ids[1], user_id, order_id, "purchase", "wallet", -price, after, before)
        self.entries.append((*paid, f"c2c:{payment_id}", at, at))
        self.entries.append((*spent, f"order:{order_id}:debit", at, at))
        self._pay(purchase, order_id, payment_id, entry_id=entry_ids[0], amount=price)
        self.jobs.append((order_id, at, at, at))
        line = f"vless://{self.chance.getrandbits(128):032x}@sold.example:443#{order_id}"
        digest = hashlib.sha256(line.encode()).digest()
        self.lines.append((plan.plan_id, line, digest, order_id, at, purchase.shown, at))
        ends = subscriptions.ends_at(at, plan.period_days)
        used = int(plan.traffic_bytes * self.chance.random())
        self.subscriptions.append(
            (
                *(
                    user_id,
                    plan.plan_id,
                    order_id,
                    f"sub-{order_id}",
                    "expired" if ends <= till.now else "active",
                ),
                *(at, ends, plan.traffic_bytes, used, plan.device_limit, line, at, at),
            )
        )
        told = f'{{"amount": {price}, "order_id": {order_id}, "order_status": "fulfilled"}}'
        self._note_decision("receipt.approved", payment_id, told, at)

    def leave_open(self, purchase: Purchase, order_id: int, payment_id: int) -> None:
        """A payment that moved no money: rejected, waiting or never made."""
        plan, at = self.till.plans[purchase.goods], purchase.decided
        expires = purchase.shown + TO_PAY
        status, changed = "awaiting_payment", purchase.shown
        if purchase.status == "expired":
            status, changed = "expired", expires
        elif at is not None:
            expires = changed = at + KEPT_AFTER_REJECTION
            if expires > self.till.now:
                changed = at
            else:
                status = "expired"
        self.orders.append(
            (
                *(
                    order_id,
                    self.till.buyers[purchase.user].user_id,
                    plan.plan_id,
                    status,
                    plan.price,
                    plan.snapshot,
                ),
                *(expires, None, None, purchase.shown, changed),
            )
        )
        self._pay(purchase, order_id, payment_id, entry_id=None, amount=None)
        if at is not None:
            told = f'{{"reason": "{purchase.reason}", "text": ""}}'
            self._note_decision("receipt.rejected", payment_id, told, at)

    def _pay(
        self, purchase: Purchase, order_id: int, payment_id: int, *, entry_id: int | None, amount: int | None
    ) -> None:
        till, sent, decided = self.till, purchase.sent, purchase.decided
        (user_id, name, _), expires = till.buyers[purchase.user], purchase.shown + TO_PAY
        receipt: tuple[object, ...] = (None, None, None, 0, None)
        if sent is not None:
            receipt = ("text", f"کد پیگیری {purchase.reference}", sent, 1, purchase.reference)
            told = '{"replaced": false, "late": false}'
            self.notes.append(
                (f"user:{user_id}", name, "bot", "receipt.submitted", payment_id, told, sent, sent)
            )
        decision: tuple[object, ...] = (None, None, None, None)
        if decided is not None:
            decision = (till.owner.name, decided, CHANNEL, purchase.reason)
        price = till.plans[purchase.goods].price
        self.payments.append(
            (
                *(
                    payment_id,
                    user_id,
                    order_id,
                    till.cards[purchase.card].card_id,
                    entry_id,
                    purchase.status,
                ),
                *(price, amount, till.card_snapshots[purchase.card], purchase.tracking_number, expires),
                *receipt,
                *decision,
                *(purchase.shown, decided or sent or expires),
            )
        )

    def _note_decision(self, action: str, payment_id: int, told: str, at: datetime) -> None:
        owner = self.till.owner
        self.notes.append((owner.label, owner.name, CHANNEL, action, payment_id, told, at, at))

    async def write(self, uow: UnitOfWork) -> None:
        """Each table after those it points to."""
        label = self.till.owner.label
        await put(uow, Order, _ORDER, self.orders, currency=CURRENCY)
        await put(uow, Transaction, _ENTRY, self.entries, currency=CURRENCY, actor=label, channel=CHANNEL)
        await put(uow, CardToCardPayment, _PAYMENT, self.payments, currency=CURRENCY)
        await put(uow, ProvisioningJob, _JOB, self.jobs, provisioner="stock", status="done", attempts=1)
        await put(uow, StockItem, _LINE, self.lines, status="handed_out")
        await put(uow, Subscription, _SUBSCRIPTION, self.subscriptions)
        await put(uow, AuditEntry, _NOTE, self.notes, subject_type="payment")


def _card_snapshot(card: CardRow) -> str:
    return json.dumps(
        {
            "bank_name": card.bank_name,
            "holder_name": card.holder_name,
            "first_six": card.first_six,
            "last_four": card.last_four,
        },
        ensure_ascii=False,
    )
