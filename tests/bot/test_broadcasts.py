"""A broadcast on its way: everybody once, at the bot's own pace, through silence, pause and sudden death."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import asyncpg
import pytest

from bot.broadcasting import Broadcasting
from bot.letters import Letters
from bot.outbox import LEASE, Outbox, send_text
from bot.pace import Bucket
from bot.sandbox.server import Sandbox
from bot.telegram_session import open_session
from shop.actors import System
from shop.broadcasts import queries, rules, service
from shop.broadcasts.queries import BroadcastRow
from shop.configurations.service import set_configuration
from shop.features import service as features
from shop.media import picture
from shop.media import service as media
from shop.media.shelf import Shelf
from shop.notifications.messages import WalletCredited
from shop.notifications.outbox import enqueue
from shop.unit_of_work import UnitsOfWork
from tests.bot.offices import Ground
from tests.bot.phone import Phone, Wire, buttons_of, words_of
from tests.conftest import Clock
from tests.factories import Shop, Shops, photo
from tests.house.test_query_plans import listening

WORDS = {"fa": "سلام {name}", "en": "Hello {name}, from {shop}"}
TEST = System("test")


@dataclass(kw_only=True)
class Office(Ground):
    """The outbox and the worker of the broadcasts, working when told, by a clock the test moves."""

    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """As after a restart: nothing is remembered but what is written down."""
        self.outbox = Outbox(
            self.units, self.registry, lambda _shop, _why: None, monotonic=lambda: self.seconds
        )
        self.worker = Broadcasting(self.units, self.outbox)

    async def open(self, people: int = 0) -> tuple[Shop, list[tuple[Phone, int]]]:
        shop = await self.open_shop()
        return shop, [await self.person(shop) for _ in range(people)]

    async def send_off(self, shop: Shop, audience: str = "everybody") -> int:
        async with self.units.begin(shop.bot_id, shop.owner) as uow:
            made = await service.create(uow, audience=audience, words=WORDS, form="a-form-of-the-test")
            await service.schedule(uow, made)
        self.pass_time(rules.HOLD.total_seconds())
        return made

    def pass_time(self, seconds: float) -> None:
        self.clock.forward(seconds=seconds)
        self.seconds += seconds

    async def tick(self, times: int = 1) -> None:
        for _ in range(times):
            await self.worker.look()
            while await self.outbox.deliver_due():
                pass
            self.pass_time(1)

    async def act(self, shop: Shop, verb: Any, broadcast_id: int) -> None:
        async with self.units.begin(shop.bot_id, shop.owner) as uow:
            await verb(uow, broadcast_id)

    async def seen(self, shop: Shop, broadcast_id: int) -> BroadcastRow:
        async with self.units.begin(shop.bot_id, shop.owner) as uow:
            return await queries.load_broadcast(uow, broadcast_id)


@pytest.fixture
async def office(
    timed_units: UnitsOfWork,
    clock: Clock,
    shops: Shops,
    wire: Wire,
    sandbox: Sandbox,
    bare: asyncpg.Connection,
) -> AsyncIterator[Office]:
    await bare.execute("update outbox set failed_at = now() where sent_at is null and failed_at is null")
    await bare.execute("update broadcasts set status = 'stopped', ended_at = now() where status <> 'draft'")
    session = open_session(sandbox.url)
    yield Office(units=timed_units, clock=clock, shops=shops, wire=wire, session=session)
    await session.close()


async def heard(people: list[tuple[Phone, int]]) -> list[int]:
    return [len(await phone.messages()) for phone, _ in people]


async def test_everybody_gets_it_once_in_his_own_language_and_the_figures_say_so(office: Office) -> None:
    shop, people = await office.open(12)
    made = await office.send_off(shop)

    await office.tick(6)

    assert await heard(people) == [1] * 12
    assert words_of((await people[0][0].messages())[0]).startswith("Hello Carol, from ")
    row = await office.seen(shop, made)
    assert (row.status, row.people, row.sent, row.left, row.doubtful) == ("completed", 12, 12, 0, 0)


async def test_nothing_goes_before_the_hold_is_over_and_what_is_taken_back_never_goes(office: Office) -> None:
    shop, people = await office.open(2)
    async with office.units.begin(shop.bot_id, shop.owner) as uow:
        made = await service.create(uow, audience="everybody", words=WORDS, form="a-form-of-the-test")
        await service.schedule(uow, made)
    office.pass_time(rules.HOLD.total_seconds() - 3)
    await office.tick(1)
    assert await heard(people) == [0, 0]

    await office.act(shop, service.take_back, made)
    office.pass_time(60)
    await office.tick(2)

    assert await heard(people) == [0, 0]
    assert (await office.seen(shop, made)).status == "draft"


async def test_a_bot_gets_a_handful_a_look_so_that_a_receipt_waits_behind_no_more(office: Office) -> None:
    shop, people = await office.open(30)
    await office.send_off(shop)
    for _ in range(20):
        await office.worker.look()
        office.pass_time(1)
    phone, user_id = people[-1]
    async with office.units.begin(shop.bot_id, TEST) as uow:
        await enqueue(
            uow,
            chat_id=phone.user_id,
            user_id=user_id,
            message=WalletCredited(payment_id=1, amount=5, balance=5),
        )

    before = sum(await heard(people))
    while not await phone.messages():
        assert await office.outbox.deliver_due()
    assert before == 0
    assert sum(await heard(people)) <= rules.ROOM + 1
    assert "wallet" in words_of((await phone.messages())[0])


async def test_a_bot_that_must_be_quiet_is_and_its_neighbour_goes_on(office: Office) -> None:
    shop, people = await office.open(8)
    other, others = await office.open(8)
    made, theirs = await office.send_off(shop), await office.send_off(other)
    await office.fault(shop, 429, "Too Many Requests: retry after 40", retry_after=40, times=1)

    await office.tick(5)

    assert await heard(others) == [1] * 8
    assert (await office.seen(other, theirs)).status == "completed"
    assert sum(await heard(people)) < 8
    assert (await office.seen(shop, made)).status == "running"
    office.pass_time(40)
    await office.tick(5)
    assert await heard(people) == [1] * 8
    assert (await office.seen(shop, made)).status == "completed"


async def test_whoever_left_the_bot_is_flagged_and_kept_and_the_others_get_it(
    office: Office, bare: asyncpg.Connection
) -> None:
    shop, people = await office.open(4)
    gone = people[1]
    await gone[0].block()
    made = await office.send_off(shop)

    await office.tick(4)

    row = await office.seen(shop, made)
    assert (row.status, row.sent, row.blocked, row.failed) == ("completed", 3, 1, 0)
    assert await bare.fetchval("select unreachable_at is not null from users where id = $1", gone[1])
    async with office.units.begin(shop.bot_id, shop.owner) as uow:
        again = await service.create(uow, audience="everybody", words=WORDS, form="another-form-of-it")
        await service.schedule(uow, again)
    office.pass_time(31)
    await office.tick(4)
    assert (await office.seen(shop, again)).people == 3


async def test_a_pause_holds_what_waits_and_after_it_everybody_has_it_once(office: Office) -> None:
    shop, people = await office.open(9)
    made = await office.send_off(shop)
    await office.worker.look()
    await office.act(shop, service.pause, made)

    await office.tick(3)

    assert await heard(people) == [0] * 9
    assert (await office.seen(shop, made)).left == 9
    await office.act(shop, service.resume, made)
    await office.tick(5)
    assert await heard(people) == [1] * 9
    assert (await office.seen(shop, made)).status == "completed"


async def test_a_stop_is_for_good_and_says_how_many_did_not_get_it(office: Office) -> None:
    shop, people = await office.open(9)
    made = await office.send_off(shop)
    await office.tick(1)
    await office.worker.look()
    await office.act(shop, service.stop, made)

    await office.tick(5)

    row = await office.seen(shop, made)
    assert (row.status, row.sent, row.left) == ("stopped", 5, 4)
    assert sum(await heard(people)) == 5


async def test_what_was_on_its_way_when_the_process_was_killed_may_come_twice_and_is_counted(
    office: Office, bare: asyncpg.Connection
) -> None:
    shop, people = await office.open(12)
    made = await office.send_off(shop)
    await office.worker.look()
    claimed = await office.outbox._claim()
    # Telegram had two of them when the process died; nobody wrote it down.
    for message in claimed[:2]:
        bot = office.registry.bot_of(shop.bot_id)
        assert bot is not None
        await office.outbox.senders.get(message.kind, send_text)(bot, message)
    office.start_anew()
    await office.outbox.take_over()

    await office.tick(6)

    row = await office.seen(shop, made)
    assert (row.status, row.sent, row.doubtful) == ("completed", 12, len(claimed))
    assert sorted(await heard(people)) == [1] * 10 + [2] * 2
    counted = await bare.fetchval(
        "select count(*) from broadcast_recipients where broadcast_id = $1 and is_doubtful", made
    )
    assert counted == len(claimed) == rules.BURST


async def test_a_claim_of_a_broadcast_outlives_the_database_and_any_other_need_not(office: Office) -> None:
    (shop, people), (other_shop, _) = await office.open(1), await office.open(1)
    engine = office.units.sessions.kw["bind"]
    async with office.units.begin(shop.bot_id, TEST) as uow:
        credited = WalletCredited(payment_id=1, amount=5, balance=5)
        await enqueue(uow, chat_id=people[0][0].user_id, user_id=people[0][1], message=credited)
    with listening(engine) as other:
        assert len(await office.outbox._claim()) == 1
    await office.send_off(other_shop)
    await office.worker.look()
    with listening(engine) as claim:
        assert len(await office.outbox._claim()) == 1

    assert "synchronous_commit TO DEFAULT" in str(claim)
    assert "synchronous_commit TO DEFAULT" not in str(other)


async def test_a_lease_that_ran_out_counts_as_a_doubt_too(office: Office) -> None:
    shop, people = await office.open(1)
    made = await office.send_off(shop)
    await office.worker.look()
    await office.outbox._claim()
    office.start_anew()
    office.pass_time(LEASE.total_seconds() + 1)

    await office.tick(3)

    row = await office.seen(shop, made)
    assert (row.sent, row.doubtful, await heard(people)) == (1, 1, [1])


async def test_a_picture_with_its_button_is_uploaded_once_and_comes_to_everybody_as_it_was_shown(
    office: Office, shelf: Shelf, bare: asyncpg.Connection
) -> None:
    shop, people = await office.open(8)
    office.outbox.senders = Letters(office.units, shelf).senders
    words = {"fa": "<b>تخفیف</b> برای {name}", "en": "<b>Sale</b> for {name} & all <3"}
    button = service.Button("plan", {"fa": "خرید", "en": "Buy it"}, plan_id=shop.plan_id)
    await bare.execute(
        "update staff set telegram_id = $1 where id = $2", people[0][0].user_id, shop.owner.staff_id
    )
    prepared = await picture.prepare(photo())
    async with office.units.begin(shop.bot_id, shop.owner) as uow:
        more = service.More(button=button, brings_picture=True)
        made = await service.create(
            uow, audience="everybody", words=words, form="a-form-of-the-test", more=more
        )
        await service.set_picture(uow, made, await media.store(uow, shelf, prepared))
        await service.preview(uow, made, form="one-look-at-it-please")
    await office.tick(1)
    looked = next(one for one in await people[0][0].messages() if "Sale" in one["caption"])
    async with office.units.begin(shop.bot_id, shop.owner) as uow:
        await service.schedule(uow, made)
    office.pass_time(rules.HOLD.total_seconds())

    await office.tick(6)

    said = [(await phone.messages())[-1] for phone, _ in people]
    assert {one["caption"] for one in said} == {"Sale for Carol & all <3"}
    assert {one["caption_entities"][0]["type"] for one in said} == {"bold"}
    assert [buttons_of(one)[0]["text"] for one in said] == ["Buy it"] * 8
    assert {key: looked[key] for key in ("caption", "caption_entities", "reply_markup")} == {
        key: said[0][key] for key in ("caption", "caption_entities", "reply_markup")
    }
    calls = await office.wire.act("calls", token=shop.telegram_token, method="sendPhoto")
    by_name = [call for call in calls["calls"] if call["params"]["photo"] == looked["photo"][-1]["file_id"]]
    assert len(by_name) >= 8, "whoever came after the look got it by its name at Telegram"


async def test_a_shop_that_wants_it_slower_gets_it_slower(office: Office) -> None:
    shop, people = await office.open(12)
    async with office.units.begin(shop.bot_id, shop.owner) as uow:
        await set_configuration(uow, "broadcast_rate", value=2)
    await office.send_off(shop)

    for _ in range(16):
        await office.worker.look()
        await office.outbox.deliver_due()
        office.pass_time(0.25)

    assert sum(await heard(people)) == 2 * 4


async def test_what_a_look_takes_is_no_part_of_the_rest_after_it(office: Office) -> None:
    shop, _ = await office.open(12)
    await office.send_off(shop)
    office.worker._paces = {shop.bot_id: Bucket(rules.RATE, rules.BURST, lambda: office.seconds)}
    asked = count()
    office.outbox.monotonic = lambda: next(asked) * 0.01  # time goes on while it looks

    assert 0 < await office.worker.turn() < rules.TICK


async def test_the_switch_holds_a_broadcast_until_it_is_on_again(office: Office) -> None:
    shop, people = await office.open(3)
    made = await office.send_off(shop)
    async with office.units.begin(shop.bot_id, shop.owner) as uow:
        await features.disable_feature(uow, "broadcasts")
    await office.tick(3)
    assert (await heard(people), (await office.seen(shop, made)).status) == ([0] * 3, "running")

    async with office.units.begin(shop.bot_id, shop.owner) as uow:
        await features.enable_feature(uow, "broadcasts")
    await office.tick(3)

    assert await heard(people) == [1] * 3


async def test_words_that_telegram_refuses_from_everybody_stop_by_themselves(office: Office) -> None:
    shop, people = await office.open(rules.MOST_WITHOUT_SUCCESS + 10)
    made = await office.send_off(shop)
    await office.fault(shop, 400, "Bad Request: message is not modified", times=100)

    await office.tick(10)

    row = await office.seen(shop, made)
    assert row.status == "paused"
    assert rules.MOST_WITHOUT_SUCCESS <= row.failed <= rules.MOST_WITHOUT_SUCCESS + rules.BURST
    assert row.left >= 5
    assert await heard(people) == [0] * len(people)


async def test_a_look_comes_to_the_one_who_asks_with_his_own_name(
    office: Office, bare: asyncpg.Connection
) -> None:
    shop, people = await office.open(2)
    await bare.execute(
        "update staff set telegram_id = $1 where id = $2", people[0][0].user_id, shop.owner.staff_id
    )
    async with office.units.begin(shop.bot_id, shop.owner) as uow:
        made = await service.create(uow, audience="never", words=WORDS, form="a-form-of-the-test")
        await service.preview(uow, made, form="one-look-at-it-please")
        await service.preview(uow, made, form="one-look-at-it-please")

    await office.tick(2)

    assert await heard(people) == [2, 0], "once in each language"
