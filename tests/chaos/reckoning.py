"""After everything: are the books what people were told, exactly?"""

from __future__ import annotations

import asyncpg

from shop.actors import System
from shop.books import checks
from tests.chaos.load import Load
from tests.chaos.supervisor import Product, run, until

QUIET_SECONDS = 150.0

_OPEN = """
    select (select count(*) from telegram_updates where done_at is null and failed_at is null)
         + (select count(*) from outbox where sent_at is null and failed_at is null)
         + (select count(*) from card_to_card_payments where commit_at is not null)
         + (select count(*) from provisioning_jobs where status = 'pending')
"""

QUESTIONS = {
    "an update was given up": "select bot_id, update_id from telegram_updates where failed_at is not null",
    "a message was given up": "select bot_id, id, last_error from outbox where failed_at is not null",
    "an approved payment was not credited exactly once with its amount": """
        select p.bot_id, p.id from card_to_card_payments p
        where (select array_agg(t.amount) from transactions t
               where t.bot_id = p.bot_id and t.idempotency_key = 'c2c:' || p.id)
              is distinct from case when p.status = 'approved' then array[p.expected_amount] end
    """,
    "an order does not stand as its payment says": """
        select o.bot_id, o.id, o.status from orders o
        join card_to_card_payments p on p.bot_id = o.bot_id and p.order_id = o.id
        where (p.status = 'approved') <> (o.status in ('paid', 'provisioning', 'fulfilled'))
    """,
    "an order was not fulfilled with exactly one subscription and one line": """
        select o.bot_id, o.id from orders o where
          (select count(*) from subscriptions s where s.bot_id = o.bot_id and s.order_id = o.id)
            <> (o.status = 'fulfilled')::int
          or (select count(*) from stock_items i where i.bot_id = o.bot_id and i.order_id = o.id
              and i.status = 'handed_out') <> (o.status = 'fulfilled')::int
    """,
    "a line was given to two people": """
        select bot_id, access from subscriptions group by bot_id, access having count(*) > 1
    """,
    "a payment was decided twice": """
        select bot_id, subject_id from audit_log where action in ('receipt.approved', 'receipt.rejected')
        group by bot_id, subject_id having count(*) > 1
    """,
    "a receipt was sent and nobody decided": """
        select bot_id, id from card_to_card_payments where status = 'receipt_submitted'
    """,
}
"""Each answers the rows where it is so."""


async def reckon(product: Product, load: Load) -> list[str]:
    """Everything that is not as it must be, in sentences; none is the proof."""
    connection = await product.look()
    try:

        async def is_quiet() -> bool:
            return await connection.fetchval(_OPEN) == 0

        await until(is_quiet, "everything promised to be done", seconds=QUIET_SECONDS)
        wrong = list(load.notes.troubles)
        for sentence, query in QUESTIONS.items():
            wrong += [f"{sentence}: {tuple(row)}" for row in await connection.fetch(query)]
        wrong += await _lost_updates(connection, load)
        wrong += await _lost_decisions(connection, load)
        wrong += await _unlike_told(connection, load)
    finally:
        await connection.close()
    await run(product, "ledger", "verify")
    async with product.verbs() as units:
        for shop in load.shops:
            async with units.begin(shop.bot_id, System("chaos")) as uow:
                wrong += [f"the books of shop {shop.bot_id}: {finding}" for finding in await checks.find(uow)]
    return wrong


async def _lost_updates(connection: asyncpg.Connection, load: Load) -> list[str]:
    """What the sandbox took from a person, and what we have done, must be the same number."""
    rows = await connection.fetch(
        "select bot_id, person_id, count(*) from telegram_updates where done_at is not null group by 1, 2"
    )
    done = {(shop, person): number for shop, person, number in rows}
    return [
        f"person {key[1]} of shop {key[0]} sent {sent} and {done.get(key, 0)} were handled"
        for key, sent in load.notes.accepted.items()
        if done.get(key, 0) != sent
    ]


async def _lost_decisions(connection: asyncpg.Connection, load: Load) -> list[str]:
    """What the dashboard confirmed to a reviewer is what counts."""
    status = dict(await connection.fetch("select id, status from card_to_card_payments"))
    outcome = {"approve": "approved", "reject": "rejected"}
    return [
        f"payment {payment} was confirmed as {decisions} and is {status.get(payment)}"
        for payment, decisions in load.notes.decided.items()
        if [outcome[decision] for decision in decisions] != [status.get(payment)]
    ]


async def _unlike_told(connection: asyncpg.Connection, load: Load) -> list[str]:
    """What a customer was told is what the books say."""
    rows = await connection.fetch(
        "select u.telegram_id, p.status from card_to_card_payments p "
        "join users u on u.bot_id = p.bot_id and u.id = p.user_id"
    )
    status = {"approved": "ready", "rejected": "refused"}
    return [
        f"person {person} heard {load.notes.told.get(person)!r} and the payment is {found}"
        for person, found in rows
        if found in status and load.notes.told.get(person) != status[found]
    ]
