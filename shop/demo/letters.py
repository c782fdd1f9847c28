"""What the demo shop wrote to many: one that went out two days ago, and one that waits to be sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from db.models import OutboxMessage, User
from shop.actors import Actor
from shop.broadcasts import rules, sending, service
from shop.broadcasts.narrowing import Narrowing
from shop.broadcasts.service import Button, More
from shop.demo.talk import At
from shop.notifications.messages import BroadcastMessage

SENT = {
    "fa": "سلام {name}،\n<b>سرورهای تازه</b> رسید: سرعت بیشتر با همان قیمت. روی لینک خودتان فعال است.",
    "en": "Hello {name},\n<b>New servers</b> are here: faster, same price. Your link uses them already.",
}
KEPT = {
    "fa": "{name}، اشتراکتان رو به پایان است. تا آخر هفته تمدید کنید و روزهای مانده را نگه دارید.",
    "en": "{name}, your subscription ends soon. Renew this week and keep the days that are left.",
}
LABEL = {"fa": "دیدن پلن‌ها", "en": "See the plans"}
GONE = "Forbidden: bot was blocked by the user"


async def write(at: At, now: datetime, owner: Actor, *, gone: int) -> None:
    """``gone``: the customer who had left the bot by then. Everything else in the outbox was told before."""
    begun, more = now - timedelta(days=2), More(button=Button("plans", LABEL))
    uow = at(begun, owner)
    made = await service.create(uow, audience="everybody", words=SENT, form="demo-the-new-servers", more=more)
    await service.schedule(uow, made)
    moment = begun + rules.HOLD
    await sending.begin_due(at(moment, sending.ACTOR))
    await uow.session.flush()
    while await sending.feed(uow := at(moment, sending.ACTOR), rules.ROOM):
        await uow.session.flush()
        await uow.last.write(uow.session)
        await _bring(at, moment, gone)
        await sending.settle(uow)
        moment += timedelta(seconds=rules.ROOM / rules.RATE)
    narrower = More(narrowed=Narrowing(days=7), button=more.button)
    await service.create(
        at(now, owner), audience="ending", words=KEPT, form="demo-their-time-ends", more=narrower
    )


async def _bring(at: At, moment: datetime, gone: int) -> None:
    """As the bot would: everybody gets it but the one who has left."""
    session = at(moment, sending.ACTOR).session
    open_ones = update(OutboxMessage).where(
        OutboxMessage.kind == BroadcastMessage.kind,
        OutboxMessage.sent_at.is_(None),
        OutboxMessage.failed_at.is_(None),
    )
    of_one = update(User).where(User.id == gone)
    for statement in (
        open_ones.where(OutboxMessage.user_id == gone).values(failed_at=moment, last_error=GONE, attempts=1),
        open_ones.values(sent_at=moment, attempts=1),
        of_one.values(unreachable_at=moment),
    ):
        await session.execute(statement.execution_options(synchronize_session=False))
