"""What may be said to many, to whom, by whom and when; nobody of another shop is ever among them."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shop.actors import OWNING, SEEING, StaffMember
from shop.broadcasts import queries, rules, sending, service
from shop.broadcasts.audience import Reach, count
from shop.broadcasts.narrowing import Narrowing, people_in
from shop.broadcasts.service import Button
from shop.configurations.rules import quiet_until
from shop.configurations.service import set_configuration
from shop.customers import service as customers
from shop.errors import BadInput, BroadcastMoved, FeatureOff, NotAllowed, NotFound
from shop.features import service as features
from shop.paging import Place
from shop.receipts import service as receipts
from shop.users import service as users

FORM = "a-form-of-the-test"
WORDS = {"fa": "سلام {name}", "en": "Hello {name}, from {shop}"}


@pytest.fixture
async def shop(shops):
    return await shops.open()


async def write(units, shop, *, audience: str = "everybody", words=WORDS, form: str = FORM) -> int:
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return await service.create(uow, audience=audience, words=words, form=form)


async def act(units, shop, verb, *args, **named):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return await verb(uow, *args, **named)


async def test_the_same_form_twice_is_one_broadcast(units, shop):
    assert await write(units, shop) == await write(units, shop)


@pytest.mark.parametrize(
    ("words", "field", "problem"),
    [
        ({"en": "only the other language"}, "words_fa", "words_required"),
        ({"fa": " \n "}, "words_fa", "words_required"),
        ({"fa": "سلام {password}"}, "words_fa", "unknown_placeholder"),
        ({"fa": "سلام", "en": "{}"}, "words_en", "unknown_placeholder"),
        ({"fa": "x" * 4097}, "words_fa", "message_too_long"),
        ({"fa": "x" * 4000 + "{name}"}, "words_fa", "message_too_long"),
    ],
)
async def test_words_that_could_not_be_said_to_everybody_are_refused_beside_their_field(
    units, shop, words, field, problem
):
    with pytest.raises(BadInput) as refusal:
        await write(units, shop, words=words)
    assert (refusal.value.field, refusal.value.problem) == (field, problem)


def test_a_place_in_a_name_is_no_place():
    assert rules.filled("{name} at {shop}", name="{shop}", shop="{name}") == "{shop} at {name}"


def test_what_stands_in_a_name_is_no_markup():
    said = rules.as_html("<b>{name}</b> & <i x> <3", name="<b>Ann</b>&", shop="")
    assert said == "<b>&lt;b&gt;Ann&lt;/b&gt;&amp;</b> &amp; &lt;i x&gt; &lt;3"


async def test_an_audience_is_counted_without_whoever_is_blocked_or_has_left(units, shops, shop):
    people = [await shops.person(shop) for _ in range(3)]
    sent = await shops.receipt(shop)
    other = await shops.open()
    await shops.person(other)
    await act(units, shop, customers.block, people[0].user_id)
    await act(units, shop, users.mark_unreachable, people[1].user_id)

    counts = {
        audience: await act(units, shop, count, audience)
        for audience in ("everybody", "active", "expired", "never")
    }

    assert counts == {
        "everybody": Reach(2, 1, 1),
        "active": Reach(0, 0, 0),
        "expired": Reach(0, 0, 0),
        "never": Reach(2, 1, 1),
    }
    assert sent.person.user_id


async def test_an_audience_is_narrowed_by_each_condition_and_by_all_together(units, shop, purchases):
    """Ann bought lately and reads Persian, Ben long ago, Cem never; Dan of another shop did as Ann."""
    people, plan = purchases, shop.plan_id

    async def found(audience: str, **narrowed) -> int:
        return (await act(units, shop, count, audience, Narrowing(**narrowed))).people

    assert await found("active") == 1
    assert await found("ending", days=7) == 0
    assert await found("ending", days=30) == 1
    assert await found("expired") == 1
    assert await found("expired", plan_id=plan) == 1
    assert await found("everybody", plan_id=plan) == 2
    assert await found("active", plan_id=plan, language="fa", spent_from=shop.price) == 1
    assert await found("active", language="en") == 0
    assert await found("everybody", spent_from=shop.price) == 2
    assert await found("everybody", spent_from=shop.price + 1) == 0
    assert await found("never", language="en") == 1
    named = (str(people["Ann"].telegram_id), str(people["Dan"].telegram_id), "cem_99")
    assert await found("named", named=named) == 2
    assert await found("named", named=named, language="fa") == 1


@pytest.fixture
async def purchases(units, shops, shop, everything):
    other = await shops.open()
    people = {}
    for name, where, language in (
        ("Ann", shop, "fa"),
        ("Ben", shop, "en"),
        ("Cem", shop, "en"),
        ("Dan", other, "fa"),
    ):
        people[name] = await shops.person(where, name=name, language=language)
        if name != "Cem":
            sent = await shops.receipt(where, people[name])
            async with units.begin(where.bot_id, where.owner) as uow:
                await receipts.approve(uow, sent.payment_id)
    await everything.execute(
        "UPDATE subscriptions SET starts_at = now() - interval '9 days', ends_at = now() - interval '1 day', "
        "status = 'expired' WHERE user_id = $1",
        people["Ben"].user_id,
    )
    await everything.execute("UPDATE users SET username = 'Cem_99' WHERE id = $1", people["Cem"].user_id)
    return people


@pytest.mark.parametrize(
    ("audience", "narrowed", "field"),
    [
        ("ending", Narrowing(), "days"),
        ("ending", Narrowing(days=366), "days"),
        ("named", Narrowing(), "named"),
        ("everybody", Narrowing(language="xx"), "reads"),
        ("everybody", Narrowing(plan_id=2**40), "plan"),
        ("everybody", Narrowing(spent_from=-1), "spent_from"),
    ],
)
async def test_a_condition_that_says_nothing_is_refused_beside_its_field(
    units, shop, audience, narrowed, field
):
    with pytest.raises(BadInput) as refusal:
        await act(units, shop, count, audience, narrowed)
    assert refusal.value.field == field


def test_people_are_named_by_number_and_by_name_and_by_nothing_else():
    assert people_in("۱۲۳۴ @Carol_1\n,carol_1؛ 99") == ("1234", "carol_1", "99")
    for wrong in ("no", "a b", "<x>", "12a", "@" + "a" * 33):
        with pytest.raises(BadInput):
            people_in(wrong)
    with pytest.raises(BadInput):
        people_in(" ".join(map(str, range(301))))


async def test_another_shops_plan_stands_under_no_button(units, shops, shop):
    other = await shops.open()
    for button in (
        Button("plan", {"fa": "x"}, plan_id=other.plan_id),
        Button("url", {"fa": "x"}, "javascript:x"),
    ):
        with pytest.raises(BadInput):
            await act(
                units,
                shop,
                service.create,
                audience="everybody",
                words=WORDS,
                form=FORM,
                more=service.More(button=button),
            )


@pytest.mark.parametrize(
    ("at", "begins", "ends", "until"),
    [
        ("22:59", 23, 9, None),
        ("23:00", 23, 9, "2026-11-29 09:00"),
        ("08:59", 23, 9, "2026-11-28 09:00"),
        ("09:00", 23, 9, None),
        ("13:30", 13, 15, "2026-11-28 15:00"),
        ("15:00", 13, 15, None),
        ("03:00", 5, 5, None),
    ],
)
def test_quiet_hours_go_over_midnight_and_end_by_themselves(at, begins, ends, until):
    now = datetime.fromisoformat(f"2026-11-28T{at}+03:30")
    found = quiet_until(now, begins=begins, ends=ends)
    assert (None if found is None else f"{found:%Y-%m-%d %H:%M}") == until


async def test_in_quiet_hours_nothing_is_promised_and_afterwards_it_goes_on(timed, shops, shop, clock):
    await shops.person(shop)
    made = await write(timed, shop)
    hour = clock.now.astimezone(ZoneInfo("Asia/Tehran")).hour
    async with timed.begin(shop.bot_id, shop.owner) as uow:
        await set_configuration(uow, "broadcast_quiet_from", value=hour)
        await set_configuration(uow, "broadcast_quiet_until", value=(hour + 2) % 24)
    await act(timed, shop, service.schedule, made)
    clock.forward(seconds=31)
    assert (await sending.step(timed, shop.bot_id, most=5)).promised == 0

    clock.forward(seconds=2 * 3600)

    assert (await sending.step(timed, shop.bot_id, most=5)).promised == 1


async def test_its_recipients_are_those_of_the_moment_it_begins_and_of_this_shop_alone(
    timed, everything, shops, shop, clock
):
    other = await shops.open()
    first, stranger = await shops.person(shop), await shops.person(other)
    made = await write(timed, shop)
    await act(timed, shop, service.schedule, made)
    late = await shops.person(shop)
    clock.forward(seconds=31)

    await sending.step(timed, shop.bot_id, most=0)

    meant = await everything.fetch(
        "SELECT user_id FROM broadcast_recipients WHERE broadcast_id = $1 ORDER BY user_id", made
    )
    assert [row["user_id"] for row in meant] == [first.user_id, late.user_id]
    assert stranger.user_id not in {row["user_id"] for row in meant}


@pytest.fixture
def timed(units, clock):
    return units


async def test_it_never_begins_before_the_hold_is_over_nor_in_the_past_nor_in_a_year(timed, shop, clock):
    made = await write(timed, shop)
    for at, problem in (
        (clock.now - timedelta(hours=1), "gone_by"),
        (clock.now + timedelta(days=365), "too_far"),
    ):
        with pytest.raises(BadInput) as refusal:
            await act(timed, shop, service.schedule, made, at=at)
        assert refusal.value.problem == problem

    assert await act(timed, shop, service.schedule, made, at=clock.now) == clock.now + rules.HOLD
    await act(timed, shop, service.take_back, made)
    tomorrow = clock.now + timedelta(days=1)
    assert await act(timed, shop, service.schedule, made, at=tomorrow) == tomorrow


@pytest.mark.parametrize(
    ("verb", "status"),
    [
        (service.take_back, "draft"),
        (service.pause, "draft"),
        (service.resume, "draft"),
        (service.stop, "draft"),
        (service.schedule, "scheduled"),
        (service.pause, "scheduled"),
    ],
)
async def test_a_verb_meant_for_another_state_says_which_it_is(units, shop, verb, status):
    made = await write(units, shop)
    if status == "scheduled":
        await act(units, shop, service.schedule, made)

    with pytest.raises(BroadcastMoved) as refusal:
        await act(units, shop, verb, made)
    assert refusal.value.status == status


async def test_words_are_changed_as_long_as_it_is_a_draft(units, shop):
    made = await write(units, shop)
    await act(units, shop, service.change, made, audience="never", words={"fa": "دیگر"})
    row = await act(units, shop, queries.load_broadcast, made)
    assert (row.audience, row.words) == ("never", {"fa": "دیگر"})

    await act(units, shop, service.schedule, made)
    with pytest.raises(BroadcastMoved):
        await act(units, shop, service.change, made, audience="never", words=WORDS)


async def test_whoever_may_not_write_to_many_sees_them_and_does_nothing(units, shop):
    made = await write(units, shop)
    bob = StaffMember(shop.owner.staff_id, "Bob", SEEING)
    nobody = StaffMember(shop.owner.staff_id, "Bob", OWNING - SEEING)
    async with units.begin(shop.bot_id, bob) as uow:
        assert (await queries.load_broadcast(uow, made)).broadcast_id == made
        for verb in (service.schedule, service.take_back, service.pause, service.resume, service.stop):
            with pytest.raises(NotAllowed):
                await verb(uow, made)
        with pytest.raises(NotAllowed):
            await service.create(uow, audience="everybody", words=WORDS, form="another-form-of-it")
        with pytest.raises(NotAllowed):
            await service.change(uow, made, audience="everybody", words=WORDS)
        with pytest.raises(NotAllowed):
            await service.preview(uow, made, form=FORM)
    async with units.begin(shop.bot_id, nobody) as uow:
        with pytest.raises(NotAllowed):
            await queries.list_broadcasts(uow)


async def test_another_shop_meets_nothing(units, shops, shop):
    made = await write(units, shop)
    other = await shops.open()
    for verb in (queries.load_broadcast, service.schedule, service.stop):
        with pytest.raises(NotFound):
            await act(units, other, verb, made)
    assert (await act(units, other, queries.list_broadcasts)).rows == []
    assert await write(units, other) != made, "a form is the shop's own"


async def test_where_the_switch_is_off_none_is_written_and_none_goes(units, shop):
    made = await write(units, shop)
    await act(units, shop, features.disable_feature, "broadcasts")

    with pytest.raises(FeatureOff):
        await write(units, shop, form="another-form-of-it")
    with pytest.raises(FeatureOff):
        await act(units, shop, service.schedule, made)


async def test_a_look_needs_a_chat_to_come_to(units, shop):
    made = await write(units, shop)
    with pytest.raises(BadInput) as refusal:
        await act(units, shop, service.preview, made, form=FORM)
    assert refusal.value.field == "preview"


async def test_the_list_goes_on_where_its_page_ended(units, shop):
    made = [await write(units, shop, form=f"the-form-number-{n:03}") for n in range(3)]
    first = await act(units, shop, queries.list_broadcasts, rows=2)
    rest = await act(units, shop, queries.list_broadcasts, rows=2, after=first.following)

    assert [row.broadcast_id for row in (*first.rows, *rest.rows)] == made[::-1]
    assert isinstance(first.following, Place)
    assert (await act(units, shop, queries.list_broadcasts, status="running")).rows == []
