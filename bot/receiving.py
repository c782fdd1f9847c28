"""Put what a person holds out where it belongs: find the order, ask where it is not clear, hand it in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiogram import BaseMiddleware
from aiogram.fsm.context import FSMContext
from aiogram.types import Message, TelegramObject

from bot.downloads import fetch
from bot.offering import Offering
from bot.speaking import Event, show
from bot.states import Receipt
from bot.views import receipts as views
from bot.visit import Visit
from shop.errors import NoOpenPayment
from shop.media import picture
from shop.media import service as media
from shop.media.picture import Prepared
from shop.media.shelf import Shelf
from shop.receipts import service as receipts
from shop.receipts.queries import AwaitingPayment, find_handed_in, list_awaiting
from shop.receipts.service import Submitted
from shop.unit_of_work import UnitsOfWork


@dataclass(frozen=True, slots=True)
class Counter:
    """Where a receipt is handed in: one visit with everything it takes."""

    visit: Visit
    units: UnitsOfWork
    state: FSMContext
    shelf: Shelf

    async def awaiting(self) -> list[AwaitingPayment]:
        """The person's payments that may take a receipt."""
        async with self.visit.begin(self.units) as uow:
            return await list_awaiting(
                uow, self.visit.person.id, late_hours=self.visit.settings["late_receipt_hours"]
            )

    async def has_already(self, event: Message, offering: Offering) -> bool:
        """Whether we took this very message before, and were stopped before we noted it; says so again.

        Without it the same picture would stand for a second receipt: of an order that is paid, or instead of
        the one that was just refused. About a receipt that is decided there is nothing to say any more.
        """
        if offering.file_id is None:
            return False
        async with self.visit.begin(self.units) as uow:
            before = await find_handed_in(
                uow, self.visit.person.id, telegram_file_id=offering.file_id, sent_at=event.date
            )
        if before is None:
            return False
        await forget(self.state)
        if before.is_waiting:
            again = Submitted(before.payment_id, before.tracking_number, False, before.late, 0)
            minutes = self.visit.settings["receipt_late_minutes"]
            await show(event, views.received(self.visit.reader, again, usual_minutes=minutes))
        return True


class AtCounter(BaseMiddleware):
    """Adds ``counter`` for the handlers of one router."""

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        data["counter"] = Counter(data["visit"], data["units"], data["state"], data["shelf"])
        return await handler(event, data)


async def take(
    event: Event, offering: Offering, awaiting: Sequence[AwaitingPayment], counter: Counter
) -> None:
    """Hand ``offering`` in, or ask first: which order, or whether to replace the one before."""
    reader, message_id = counter.visit.reader, offering.message_id
    asked = (await counter.state.get_data()).get("payment_id")
    payment = next((one for one in awaiting if one.payment_id == asked), None)
    if payment is not None:
        await hand_in(event, offering, payment.payment_id, counter)
        return
    meant = likely(awaiting)
    if not meant:
        raise NoOpenPayment
    if len(meant) == 1 and meant[0].status != "receipt_submitted":
        await hand_in(event, offering, meant[0].payment_id, counter)
        return
    await remember(counter.state, offering)
    if len(meant) == 1:
        await show(event, views.replace_question(reader, meant[0], message_id=message_id))
    else:
        await show(event, views.choose(reader, meant, message_id=message_id))


def likely(awaiting: Sequence[AwaitingPayment]) -> list[AwaitingPayment]:
    """The payments a receipt may be for: those that wait for one, before those that could take another."""
    unpaid = [one for one in awaiting if one.status in ("created", "partially_paid")]
    return unpaid or list(awaiting)


async def hand_in(event: Event, offering: Offering, payment_id: int, counter: Counter) -> None:
    """Fetch and decode the file, then submit it in one unit of work, then say so.

    Raises what the shop refuses; a failing network is an error and tried again by the inbox.
    """
    visit = counter.visit
    prepared = await prepared_of(event, offering, visit.largest_file)
    async with visit.begin(counter.units) as uow:
        media_id = await media.store(uow, counter.shelf, prepared) if prepared else None
        submitted = await receipts.submit(
            uow,
            visit.person.id,
            payment_id=payment_id,
            media_id=media_id,
            receipt_type=offering.kind,
            text=offering.text,
            telegram_file_id=offering.file_id,
            sketch=prepared.sketch if prepared else None,
        )
    await forget(counter.state)
    await show(
        event,
        views.received(visit.reader, submitted, usual_minutes=visit.settings["receipt_late_minutes"]),
    )


async def prepared_of(event: Event, offering: Offering, limit: int) -> Prepared | None:
    """The file of an offering, fetched and decoded; None for words alone. Call it in no unit of work."""
    if offering.file_id is None or event.bot is None:
        return None
    content = await fetch(event.bot, offering.file_id, limit=limit)
    return await picture.prepare(content, file_name=offering.file_name, limit=limit)


async def remember(state: FSMContext, offering: Offering) -> None:
    """Keep what came until the person says what it is."""
    await state.update_data(offering=offering.as_data())
    await state.set_state(Receipt.pending)


async def remembered(state: FSMContext, message_id: int) -> Offering | None:
    """What came in that message, unless something else came since."""
    kept = (await state.get_data()).get("offering")
    if kept is None or kept["message_id"] != message_id:
        return None
    return Offering.from_data(kept)


async def forget(state: FSMContext) -> None:
    """The question is answered. The album's mark stays: more of its pictures may be on their way."""
    album = (await state.get_data()).get("album")
    await state.set_data({"album": album} if album else {})
    await state.set_state(None)
