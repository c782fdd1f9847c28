"""What the demo shop's customers ask, and what is kept ready for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shop.actors import Actor, Customer
from shop.demo.script import PEOPLE, Person
from shop.tickets import replies, service
from shop.unit_of_work import UnitOfWork

At = Callable[[datetime, Actor], UnitOfWork]


@dataclass(frozen=True, slots=True)
class Talk:
    """One ticket: what the customer wrote, and what was answered, if anything."""

    person: Person
    hours_ago: float
    asked: tuple[str, ...]
    answered: str = ""


TALKS = (
    Talk(
        PEOPLE[1],
        50,
        ("سلام، روی گوشی دوم هم می‌شود همین لینک را بگذارم؟",),
        "سلام. بله، هر پلن هم‌زمان روی دو دستگاه کار می‌کند.",
    ),
    Talk(PEOPLE[2], 3, ("از دیشب وصل نمی‌شود. آپدیت هم کردم.", "روی وای‌فای خانه است، همراه اول مشکلی ندارد.")),
    Talk(PEOPLE[3], 0.5, ("اگر وسط ماه تمدید کنم روزهای مانده حفظ می‌شود؟",)),
)
REPLIES = (
    (
        "به‌روزرسانی برنامه",
        "برنامه را به‌روز و لینک را دوباره اضافه کنید. اگر وصل نشد بنویسید.",
    ),
    ("زمان بررسی رسید", "رسید شما در نوبت بررسی است؛ معمولاً کمتر از نیم ساعت طول می‌کشد."),
)


async def tell(at: At, now: datetime, user_ids: Mapping[Person, int], owner: Actor) -> None:
    """Let them ask, and let the owner answer where she has."""
    for title, words in REPLIES:
        await replies.create(at(now - timedelta(days=10), owner), title, words)
    for number, talk in enumerate(TALKS):
        moment = now - timedelta(hours=talk.hours_ago)
        user_id = user_ids[talk.person]
        ticket_id = 0
        for turn, words in enumerate(talk.asked):
            uow = at(moment + timedelta(minutes=turn), Customer(user_id, talk.person.first_name))
            asked = await service.ask(uow, user_id, text=words, cause=f"demo:{number}:{turn}")
            ticket_id = asked.ticket_id
        if talk.answered:
            uow = at(moment + timedelta(minutes=20), owner)
            await service.answer(uow, ticket_id, talk.answered, cause=f"demo:{number}:answer")
