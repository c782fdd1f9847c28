"""The cast and its props: shops that work, made through the same verbs the product uses.

Alice owns shop A, Bob is her staff, Carol buys, Mallory owns shop B. A factory states the valid
default; a test states the difference.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO

from PIL import Image
from sqlalchemy import update

from db.models import CardToCardPayment, Order, User
from shop.actors import OWNING, Customer, Master, StaffMember, System
from shop.bots import replacing
from shop.bots import service as bots
from shop.broadcasts import service as broadcasts
from shop.cards import service as cards
from shop.configurations import service as configurations
from shop.configurations.registry import find
from shop.media import picture
from shop.media import service as media
from shop.media.shelf import Shelf
from shop.orders import service as orders
from shop.payments import service as payments
from shop.plans import groups
from shop.plans import service as plans
from shop.provisioning import service as provisioning
from shop.receipts import service as receipts
from shop.staff.queries import list_api_tokens
from shop.tickets import service as tickets
from shop.unit_of_work import UnitsOfWork

MASTER = Master(1, "Master")


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop ready to sell."""

    bot_id: int
    name: str
    username: str
    owner: StaffMember
    api_token: str
    telegram_token: str
    plan_id: int
    price: int
    card_id: int
    token_id: int
    """Of ``api_token``."""


@dataclass(frozen=True, slots=True)
class Person:
    """A customer of one shop."""

    user_id: int
    telegram_id: int
    actor: Customer


@dataclass(frozen=True, slots=True)
class Sent:
    """A receipt waiting for its decision."""

    payment_id: int
    order_id: int
    person: Person


@dataclass(frozen=True, slots=True)
class Question:
    """A ticket that waits for the shop."""

    ticket_id: int
    person: Person


@dataclass(frozen=True)
class Written:
    """A broadcast that was not sent off."""

    broadcast_id: int
    person: Person
    """Whom it would reach."""


@dataclass(frozen=True, slots=True)
class Grouped:
    """A group of plans, and nothing in it."""

    group_id: int


MakeShop = Callable[..., Awaitable[Shop]]


def telegram_token() -> str:
    """A token as BotFather writes them; never one that exists."""
    alphabet = string.ascii_letters + string.digits
    number = 10**9 + secrets.randbelow(9 * 10**9)
    return f"{number}:AA{''.join(secrets.choice(alphabet) for _ in range(33))}"


def card_number(bank: str = "603799") -> str:
    """Sixteen digits of a known bank, by its first six, with a right check digit."""
    body = bank + "".join(secrets.choice(string.digits) for _ in range(9))
    doubled = [int(d) * 2 if i % 2 == 0 else int(d) for i, d in enumerate(body)]
    total = sum(d - 9 if d > 9 else d for d in doubled)
    return body + str(-total % 10)


async def replace_token(units: UnitsOfWork, bot_id: int, token: str) -> None:
    """As if Telegram had confirmed it."""
    async with units.platform(MASTER) as uow:
        await replacing.ask(await uow.enter(bot_id), token, to_other_bot=True)
    async with units.platform(MASTER) as uow:
        for candidate in await replacing.list_candidates(uow):
            if candidate.bot_id == bot_id:
                await replacing.settle(uow, candidate, username=None)


def photo(*, size: tuple[int, int] = (300, 500)) -> bytes:
    """A JPEG that no other call answers: pictures are told apart by their bytes."""
    image = Image.new("RGB", size, tuple(secrets.token_bytes(3)))
    out = BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()


class Shops:
    """Opens shops, fills them and buys in them."""

    def __init__(self, units: UnitsOfWork, shelf: Shelf) -> None:
        self.units = units
        self.shelf = shelf

    async def open(
        self,
        *,
        name: str = "Shop",
        price: int = 125_000,
        stock: int = 5,
        cards_count: int = 1,
        hold_seconds: int = 0,
    ) -> Shop:
        """A shop with an owner, one plan, its cards and ``stock`` ready lines.

        Its decisions count at once, unless ``hold_seconds`` says otherwise.
        """
        token, username = telegram_token(), f"shop_{secrets.token_hex(4)}_bot"
        async with self.units.platform(MASTER) as uow:
            made = await bots.create_bot(uow, name=name, telegram_bot_token=token, username=username)
        owner = StaffMember(made.owner_staff_id, "Alice", OWNING)
        async with self.units.begin(made.bot_id, owner) as uow:
            plan = await plans.create_plan(
                uow,
                name="یک‌ماهه ۵۰ گیگ",
                translations={"en": {"name": "1 month, 50 GB"}},
                period_days=30,
                price=price,
                traffic_limit_gb=50,
                device_limit=2,
            )
            card_ids = [
                (
                    await cards.create_payment_card(uow, card_number=card_number(), holder_name="مریم کاظمی")
                ).card_id
                for _ in range(cards_count)
            ]
            token_id = (await list_api_tokens(uow))[0].token_id
            if hold_seconds != find("hold_seconds").default:
                await configurations.set_configuration(uow, "hold_seconds", value=hold_seconds)
            if stock:
                await provisioning.add_stock(uow, plan.plan_id, self.lines(stock))
        return Shop(
            made.bot_id,
            name,
            username,
            owner,
            made.api_token,
            token,
            plan.plan_id,
            price,
            card_ids[0],
            token_id,
        )

    @staticmethod
    def lines(number: int) -> list[str]:
        """Access lines that no other call answers."""
        return [f"vless://{secrets.token_hex(8)}@host.example:443#{i}" for i in range(number)]

    async def person(self, shop: Shop, *, name: str = "Carol", language: str = "en") -> Person:
        """A customer who has pressed start."""
        telegram_id = 10**8 + secrets.randbelow(9 * 10**8)
        async with self.units.begin(shop.bot_id, System("test")) as uow:
            user = User(telegram_id=telegram_id, first_name=name, language=language)
            uow.session.add(user)
            await uow.session.flush()
            user_id = user.id
        return Person(user_id, telegram_id, Customer(user_id, name))

    async def receipt(
        self, shop: Shop, person: Person | None = None, *, content: bytes | None = None
    ) -> Sent:
        """A customer's photo in the queue."""
        buyer = person or await self.person(shop)
        prepared = await picture.prepare(content or photo())
        async with self.units.begin(shop.bot_id, buyer.actor) as uow:
            order = await orders.place(uow, buyer.user_id, plan_id=shop.plan_id, shown_price=shop.price)
            invoice = await payments.start_card_payment(uow, buyer.user_id, order.order_id)
            media_id = await media.store(uow, self.shelf, prepared)
            await receipts.submit(
                uow,
                buyer.user_id,
                payment_id=invoice.payment_id,
                media_id=media_id,
                receipt_type="photo",
                text=None,
                sketch=prepared.sketch,
            )
        return Sent(invoice.payment_id, order.order_id, buyer)

    async def late_receipt(
        self,
        shop: Shop,
        person: Person | None = None,
        *,
        minutes: int = 47,
        content: bytes | None = None,
    ) -> Sent:
        """A customer's photo in the queue, so many minutes after the time to pay for its order."""
        buyer = person or await self.person(shop)
        prepared = await picture.prepare(content or photo())
        async with self.units.begin(shop.bot_id, buyer.actor) as uow:
            order = await orders.place(uow, buyer.user_id, plan_id=shop.plan_id, shown_price=shop.price)
            invoice = await payments.start_card_payment(uow, buyer.user_id, order.order_id)
            over = {"expires_at": uow.now - timedelta(minutes=minutes)}
            await uow.session.execute(update(Order).where(Order.id == order.order_id).values(**over))
            due = update(CardToCardPayment).where(CardToCardPayment.id == invoice.payment_id)
            await uow.session.execute(due.values(**over))
        await payments.expire_due(self.units)
        async with self.units.begin(shop.bot_id, buyer.actor) as uow:
            media_id = await media.store(uow, self.shelf, prepared)
            await receipts.submit(
                uow,
                buyer.user_id,
                payment_id=invoice.payment_id,
                media_id=media_id,
                receipt_type="photo",
                text=None,
            )
        return Sent(invoice.payment_id, order.order_id, buyer)

    async def ticket(
        self, shop: Shop, person: Person | None = None, *, words: str = "Where is it?"
    ) -> Question:
        """A customer's question that waits for the shop, with a picture."""
        asker = person or await self.person(shop)
        prepared = await picture.prepare(photo())
        async with self.units.begin(shop.bot_id, asker.actor) as uow:
            media_id = await media.store(uow, self.shelf, prepared)
            asked = await tickets.ask(
                uow, asker.user_id, text=words, media_id=media_id, cause=f"chat:{secrets.token_hex(8)}"
            )
        return Question(asked.ticket_id, asker)

    async def broadcast(self, shop: Shop, person: Person | None = None) -> Written:
        """A draft for everybody."""
        reader = person or await self.person(shop)
        async with self.units.begin(shop.bot_id, shop.owner) as uow:
            made = await broadcasts.create(
                uow,
                audience="everybody",
                words={"fa": "سلام {name}", "en": "Hello {name}"},
                form=secrets.token_urlsafe(16),
            )
        return Written(made, reader)

    async def group(self, shop: Shop, name: str = "Family") -> Grouped:
        """Behind the shop's other groups."""
        async with self.units.begin(shop.bot_id, shop.owner) as uow:
            made = await groups.create_group(uow, name=name, translations={})
        return Grouped(made.group_id)

    async def another_receipt(self, shop: Shop, sent: Sent, *, content: bytes | None = None) -> None:
        """The same customer sends another picture for the same payment."""
        prepared = await picture.prepare(content or photo())
        async with self.units.begin(shop.bot_id, sent.person.actor) as uow:
            media_id = await media.store(uow, self.shelf, prepared)
            await receipts.submit(
                uow,
                sent.person.user_id,
                payment_id=sent.payment_id,
                media_id=media_id,
                receipt_type="photo",
                text=None,
                sketch=prepared.sketch,
            )
