"""Move the counters of a shop's cards by many purchases at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from db.models import CardDay, CardRotation, TenantPaymentCard
from shop.cards.queries import CardRow
from shop.cards.rules import day_of
from shop.demo import script
from shop.demo.crowd import Purchase
from shop.unit_of_work import UnitOfWork

_DAY = (
    "shown_count",
    "reserved_count",
    "reserved_amount",
    "approved_count",
    "approved_amount",
    "rejected_count",
)


async def count_on_cards(
    uow: UnitOfWork, cards: Sequence[CardRow], purchases: Sequence[Purchase], prices: Sequence[int]
) -> None:
    """As rotation and decisions would have counted ``purchases`` (oldest first). Not idempotent."""
    days = _by_day(purchases, prices)
    statement = insert(CardDay).values(
        [
            {"bot_id": uow.bot_id, "card_id": cards[card].card_id, "day": day}
            | {name: counted[name] for name in _DAY}
            for (card, day), counted in days.items()
        ]
    )
    more = {name: getattr(CardDay, name) + statement.excluded[name] for name in _DAY}
    await uow.session.execute(
        statement.on_conflict_do_update(index_elements=["bot_id", "card_id", "day"], set_=more)
    )
    for place, card in enumerate(cards):
        shown = [purchase for purchase in purchases if purchase.card == place]
        if shown:
            await _count_card(uow, card.card_id, shown)
    last = purchases[-1]
    await uow.session.execute(
        update(CardRotation)
        .where(CardRotation.bot_id == uow.bot_id)
        .values(
            last_card_id=cards[last.card].card_id,
            turns=CardRotation.turns + len(purchases),
            updated_at=last.shown,
        )
        .execution_options(synchronize_session=False)
    )


def _by_day(
    purchases: Sequence[Purchase], prices: Sequence[int]
) -> defaultdict[tuple[int, date], Counter[str]]:
    days: defaultdict[tuple[int, date], Counter[str]] = defaultdict(Counter)
    for purchase in purchases:
        counted = days[purchase.card, day_of(purchase.shown, script.ZONE)]
        amount = prices[purchase.goods]
        counted["shown_count"] += 1
        if purchase.status in ("approved", "receipt_submitted"):
            counted["reserved_count"] += 1
            counted["reserved_amount"] += amount
        if purchase.status == "approved":
            counted["approved_count"] += 1
            counted["approved_amount"] += amount
        elif purchase.status == "rejected":
            counted["rejected_count"] += 1
    return days


async def _count_card(uow: UnitOfWork, card_id: int, shown: Sequence[Purchase]) -> None:
    outcomes = Counter(purchase.status for purchase in shown)
    await uow.session.execute(
        update(TenantPaymentCard)
        .where(TenantPaymentCard.id == card_id)
        .values(
            success_count=TenantPaymentCard.success_count + outcomes["approved"],
            failure_count=TenantPaymentCard.failure_count + outcomes["rejected"],
            current_usage_count=TenantPaymentCard.current_usage_count + len(shown),
            last_used_at=shown[-1].shown,
            updated_at=shown[-1].shown,
        )
        .execution_options(synchronize_session=False)
    )
