"""What must hold in one shop's books, each as a statement that answers the rows where it does not.

Each statement sees one instant of the books. Nothing here locks or writes.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select, text

from db.models import CardToCardPayment, Transaction, User
from shop.books.rules import Finding
from shop.unit_of_work import UnitOfWork
from shop.wallet import queries as wallet

MOST_OF_A_KIND = 100
"""Findings of one kind that are kept: more say nothing new."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much was looked at."""

    wallets: int
    entries: int
    payments: int


# Each answers: whose, expected, found.
_CHECKS = {
    # An entry stands on the one before it, and adds up.
    "entry": """
        select id, expected, found from (
          select id, balance_after as found,
                 coalesce(lag(balance_after) over (partition by user_id order by id), 0) + amount as expected,
                 balance_before + amount as own
          from transactions where bot_id = :bot_id) entries
        where found <> expected or found <> own
    """,
    # What was bought was paid for once, with its price; what was not paid was not taken from a wallet.
    "order_debit": """
        select o.id, case when o.status in ('paid', 'provisioning', 'fulfilled', 'partially_refunded',
                                            'refunded') then -o.amount else 0 end as expected,
               coalesce(sum(t.amount), 0) as found
        from orders o left join transactions t
          on t.bot_id = o.bot_id and t.order_id = o.id and t.kind = 'purchase'
        where o.bot_id = :bot_id and o.status <> 'failed'
        group by o.id, o.status, o.amount
        having coalesce(sum(t.amount), 0) <> case when o.status in ('paid', 'provisioning', 'fulfilled',
          'partially_refunded', 'refunded') then -o.amount else 0 end or count(t.id) > 1
    """,
    "stray_debit": """
        select id, 0 as expected, amount as found from transactions
        where bot_id = :bot_id and kind = 'purchase' and order_id is null
    """,
    # An accepted payment has one credit, of its amount, customer and order; no other payment has any.
    "payment_credit": """
        select p.id, case when p.status in ('approved', 'approved_other_amount', 'reversed')
                          then p.amount else 0 end as expected, coalesce(t.amount, 0) as found
        from card_to_card_payments p left join transactions t
          on t.bot_id = p.bot_id and t.id = p.transaction_id
        where p.bot_id = :bot_id and case
          when p.status in ('approved', 'approved_other_amount', 'reversed') then
            (t.kind, t.method, t.amount, t.user_id, t.order_id)
              is distinct from ('deposit', 'card_to_card', p.amount, p.user_id, p.order_id)
          else p.transaction_id is not null end
    """,
    "gateway_credit": """
        select p.id, case when p.status in ('paid', 'refunded') then p.amount else 0 end as expected,
               coalesce(t.amount, 0) as found
        from zarinpal_payments p left join transactions t
          on t.bot_id = p.bot_id and t.id = p.transaction_id
        where p.bot_id = :bot_id and case
          when p.status in ('paid', 'refunded') then
            (t.kind, t.method, t.amount, t.user_id, t.order_id)
              is distinct from ('deposit', 'zarinpal', p.amount, p.user_id, p.order_id)
          else p.transaction_id is not null end
    """,
    # A credit from outside belongs to exactly one payment.
    "stray_credit": """
        select t.id, 1 as expected, count(p.transaction_id) as found
        from transactions t left join (
            select transaction_id from card_to_card_payments where bot_id = :bot_id
            union all
            select transaction_id from zarinpal_payments where bot_id = :bot_id
          ) p on p.transaction_id = t.id
        where t.bot_id = :bot_id and t.kind = 'deposit' and t.method in ('card_to_card', 'zarinpal')
        group by t.id
    """,
    # The shop's own wallet has no entries yet: nothing may have moved it.
    "shop_wallet": "select id, 0 as expected, wallet_balance as found from bots where id = :bot_id",
}
_ONLY_WHERE_THEY_DIFFER = {"stray_credit", "shop_wallet"}


async def find(uow: UnitOfWork) -> list[Finding]:
    """Everything in the unit's shop that is not as it must be; empty is proof."""
    # Whole tables meet whole tables, and what is known of their sizes may be of yesterday: a plan that walks
    # one of them for every row of the other would take all night.
    await uow.session.execute(text("SET LOCAL enable_nestloop = off"))
    found = [
        Finding("wallet", wrong.user_id, wrong.ledger_sum, wrong.balance)
        for wrong in (await wallet.prove(uow))[:MOST_OF_A_KIND]
    ]
    for code, statement in _CHECKS.items():
        differ = " where expected <> found" if code in _ONLY_WHERE_THEY_DIFFER else ""
        rows = await uow.session.execute(
            text(f"select * from ({statement}) looked_at{differ} order by id limit {MOST_OF_A_KIND}"),  # noqa: S608  (our own statements, above)
            {"bot_id": uow.bot_id},
        )
        found += [Finding(code, row.id, int(row.expected or 0), int(row.found)) for row in rows]
    return found


async def count(uow: UnitOfWork) -> Counts:
    """How many wallets, ledger entries and payments the unit's shop has."""
    counted = [
        await uow.session.scalar(select(func.count()).select_from(table)) or 0
        for table in (User, Transaction, CardToCardPayment)
    ]
    return Counts(*counted)
