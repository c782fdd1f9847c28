"""Make the demo shop through the very verbs people use, so that its books are as true as theirs.

The clock is moved into the past, one instant a verb. Everything inside the shop is one transaction: a
start that is killed half way leaves a shop without goods, and the next start fills it.
"""

from __future__ import annotations

import asyncio
import secrets
import string
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select, update

from db.models import Bot, BotPlan, OutboxMessage, Staff
from shop.actors import OWNING, RECEIPTS_APPROVE, SEEING, Actor, Customer, StaffMember, System
from shop.bots import service as bots
from shop.cards import service as cards
from shop.demo import letters, script, talk
from shop.demo.script import Goods, Person, Purchase, Waiting
from shop.media import picture
from shop.media import service as media
from shop.media.picture import Prepared
from shop.media.shelf import Shelf
from shop.notifications.messages import ReceiptCard
from shop.orders import service as orders
from shop.payments import service as payments
from shop.payments.service import CardInvoice
from shop.plans import service as plans
from shop.provisioning import service as provisioning
from shop.receipts import service as receipts
from shop.receipts.rules import RejectReason
from shop.staff import service as staff
from shop.staff import telegram
from shop.unit_of_work import UnitOfWork, UnitsOfWork
from shop.users import service as users

PICTURES = Path(__file__).parent / "pictures"
MADE_BY = "demo"
"""``bots.created_by`` of the demo shop: how the next start knows it."""


@dataclass(frozen=True, slots=True)
class DemoShop:
    """The demo shop, just made. ``api_token`` is its owner's, shown now and never again."""

    bot_id: int
    name: str
    username: str
    owner_name: str
    api_token: str = field(repr=False)


async def seed_demo(units: UnitsOfWork, shelf: Shelf) -> DemoShop | None:
    """Open the demo shop and let a month happen in it; None when it is there already.

    For a platform that talks to the sandbox: the bot's Telegram token is made up.
    """
    opened = await _open(units)
    if opened is None:
        return None
    pictures = await _prepare_pictures()
    async with units.begin(opened.bot_id, System(MADE_BY)) as uow:
        await _Story(uow, shelf, pictures).tell()
    return opened


async def _open(units: UnitsOfWork) -> DemoShop | None:
    month_ago = units.clock() - timedelta(days=script.DAYS)
    async with replace(units, clock=lambda: month_ago).platform(System(MADE_BY)) as uow:
        known = await uow.session.scalar(select(Bot.id).where(Bot.created_by == MADE_BY))
        if known is None:
            return _demo(await _create(uow))
        inside = await uow.enter(known)
        if await inside.session.scalar(select(BotPlan.id).limit(1)) is not None:
            return None
        owner = (await inside.session.scalars(select(Staff.id).where(Staff.role == "owner"))).one()
        issued = await staff.issue_api_token(inside, owner, name=bots.FIRST_TOKEN)
        return _demo((known, issued.token))


async def _create(uow: UnitOfWork) -> tuple[int, str]:
    created = await bots.create_bot(
        uow,
        name=script.NAME,
        telegram_bot_token=invented_token(),
        username=script.USERNAME,
        support_username=script.SUPPORT,
        timezone=script.ZONE,
        owner_name=script.OWNER,
        created_by=MADE_BY,
    )
    return created.bot_id, created.api_token


def _demo(opened: tuple[int, str]) -> DemoShop:
    bot_id, api_token = opened
    return DemoShop(bot_id, script.NAME, script.USERNAME, script.OWNER, api_token)


def invented_token() -> str:
    """A Telegram token that BotFather might have written, and never gave to anybody."""
    letters = string.ascii_letters + string.digits
    number = 10**9 + secrets.randbelow(9 * 10**9)
    return f"{number}:{''.join(secrets.choice(letters) for _ in range(35))}"


async def _prepare_pictures() -> dict[int, Prepared]:
    numbers = sorted({waiting.picture for waiting in script.WAITING} | set(script.PAST_PICTURES.values()))
    contents = [
        await asyncio.to_thread((PICTURES / f"receipt-{number}.webp").read_bytes) for number in numbers
    ]
    prepared = await asyncio.gather(*(picture.prepare(content) for content in contents))
    return dict(zip(numbers, prepared, strict=True))


class _Story:
    """Holds what the telling needs at every step: the unit, the cast, the goods."""

    def __init__(self, uow: UnitOfWork, shelf: Shelf, pictures: Mapping[int, Prepared]) -> None:
        self.uow = uow
        self.now = uow.now
        self.shelf = shelf
        self.pictures = pictures
        self.plan_ids: dict[Goods, int] = {}
        self.user_ids: dict[Person, int] = {}
        self.past_pictures = dict(script.PAST_PICTURES)

    def at(self, moment: datetime, actor: Actor) -> UnitOfWork:
        """The same transaction, at another instant, in another person's name."""
        return replace(self.uow, now=moment, actor=actor)

    async def tell(self) -> None:
        """Everything in its order: the shop is furnished, people come and buy, the last ones wait."""
        past = script.past(self.now)
        await self.furnish(past)
        for person in script.PEOPLE:
            await self.welcome(person)
        for purchase in past:
            await self.buy(purchase)
        # What was decided long ago is not in her chat; what waits comes there when the bot starts.
        await telegram.link(self.uow, self.owner.staff_id, script.OWNER_TELEGRAM)
        await bots.update_bot(self.uow, self.uow.bot_id, admin_chat_id=script.OWNER_TELEGRAM)
        for waiting in script.WAITING:
            await self.wait(waiting)
        await talk.tell(self.at, self.now, self.user_ids, self.owner)
        # These were told in their day; nobody must hear them again, a month late.
        await self.uow.last.write(self.uow.session)
        await self.uow.session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.sent_at.is_(None), OutboxMessage.kind != ReceiptCard.kind)
            .values(sent_at=OutboxMessage.created_at, attempts=1)
            .execution_options(synchronize_session=False)
        )
        await letters.write(self.at, self.now, self.owner, gone=self.user_ids[script.LEFT])

    async def furnish(self, past: list[Purchase]) -> None:
        """Plans, cards, ready lines and a colleague, on the first day."""
        first_day = self.now - timedelta(days=script.DAYS)
        owner_id = (await self.uow.session.scalars(select(Staff.id).where(Staff.role == "owner"))).one()
        self.owner = StaffMember(owner_id, script.OWNER, OWNING)
        uow = self.at(first_day, self.owner)
        rights = SEEING | {RECEIPTS_APPROVE}
        colleague_id = await staff.create_staff(uow, name=script.COLLEAGUE, role="staff", permissions=rights)
        self.colleague = StaffMember(colleague_id, script.COLLEAGUE, rights)
        for number, holder in script.CARDS:
            await cards.create_payment_card(uow, card_number=number, holder_name=holder)
        for goods in script.GOODS:
            plan = await plans.create_plan(
                uow,
                name=goods.name,
                translations={"en": {"name": goods.english}},
                period_days=goods.period_days,
                price=goods.price,
                traffic_limit_gb=goods.traffic_limit_gb,
                device_limit=goods.device_limit,
            )
            self.plan_ids[goods] = plan.plan_id
            sold = sum(purchase.goods == goods and purchase.rejected is None for purchase in past)
            await provisioning.add_stock(uow, plan.plan_id, _lines(goods, sold + script.ON_THE_SHELF))

    async def welcome(self, person: Person) -> None:
        """A person presses start for the first time."""
        card = await users.register(
            self.at(script.joined_at(person, self.now), System("bot")),
            telegram_id=person.telegram_id,
            first_name=person.first_name,
            last_name=person.last_name,
            username=person.username,
            language_code=person.language,
        )
        self.user_ids[person] = card.id

    async def buy(self, purchase: Purchase) -> None:
        """From the tap to the decision."""
        sent = purchase.at + purchase.sent_after
        invoice = await self._show_card(purchase.person, purchase.goods, purchase.at)
        number = None
        if self.now - purchase.at < script.PICTURES_SINCE:
            number = self.past_pictures.pop((purchase.goods.price, invoice.card_number[-4:]), None)
        await self._send(purchase.person, invoice, sent, number, f"کد پیگیری {purchase.reference}")
        reviewer = self.colleague if purchase.by_colleague else self.owner
        decision = self.at(sent + purchase.decided_after, reviewer)
        if purchase.rejected is None:
            await receipts.approve(decision, invoice.payment_id)
        else:
            reason = RejectReason(purchase.rejected)
            await receipts.reject(decision, invoice.payment_id, reason=reason)
        await self._forget()

    async def wait(self, waiting: Waiting) -> None:
        """A receipt that lies on the desk when the owner first comes in."""
        shown = self.now - timedelta(minutes=waiting.shown)
        sent = self.now - timedelta(minutes=waiting.sent)
        invoice = await self._show_card(waiting.person, waiting.goods, shown)
        await self._send(waiting.person, invoice, sent, waiting.picture, None)
        await self._forget()

    async def _show_card(self, person: Person, goods: Goods, moment: datetime) -> CardInvoice:
        user_id = self.user_ids[person]
        uow = self.at(moment, Customer(user_id, person.first_name))
        order = await orders.place(uow, user_id, plan_id=self.plan_ids[goods], shown_price=goods.price)
        return await payments.start_card_payment(uow, user_id, order.order_id)

    async def _send(
        self, person: Person, invoice: CardInvoice, moment: datetime, number: int | None, text: str | None
    ) -> None:
        user_id = self.user_ids[person]
        uow = self.at(moment, Customer(user_id, person.first_name))
        media_id = None
        if number is not None:
            media_id = await media.store(uow, self.shelf, self.pictures[number])
        await receipts.submit(
            uow,
            user_id,
            payment_id=invoice.payment_id,
            media_id=media_id,
            receipt_type="text" if media_id is None else "photo",
            text=text if media_id is None else None,
            sketch=None if number is None else self.pictures[number].sketch,
        )

    async def _forget(self) -> None:
        """In life these were separate units: nothing loaded for one purchase is known to the next."""
        await self.uow.session.flush()
        self.uow.session.expunge_all()


def _lines(goods: Goods, number: int) -> list[str]:
    host = f"{goods.traffic_limit_gb}g.nasim.example"
    return [
        f"vless://{uuid.uuid4()}@{host}:443?encryption=none&security=tls&type=ws#NasimNet-{place:03}"
        for place in range(1, number + 1)
    ]
