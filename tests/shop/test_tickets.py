"""Tickets: asked once, answered by whoever may, closed by either side; nothing is told twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from shop.actors import SEEING, TICKETS_ANSWER, StaffMember
from shop.configurations import service as configurations
from shop.customers.profile import load_profile
from shop.errors import (
    AlreadyExists,
    AnsweredMeanwhile,
    BadInput,
    FeatureOff,
    NotAllowed,
    NotFound,
    TicketClosed,
    TooManyQuestions,
    UserBlocked,
)
from shop.features import service as features
from shop.receipts.desk import load_desk
from shop.staff import service as staff
from shop.tickets import chat, closing, replies, rules, service
from shop.tickets.answering import load_answering
from shop.tickets.queries import ALL, Sought, count_waiting, find_open, list_tickets, load_ticket


@pytest.fixture
async def shop(shops):
    return await shops.open()


@pytest.fixture
async def carol(shops, shop):
    return await shops.person(shop)


async def ask(units, shop, person, words="Where is it?", *, cause="chat:1:1", **more):
    async with units.begin(shop.bot_id, person.actor) as uow:
        return await service.ask(uow, person.user_id, text=words, cause=cause, **more)


async def answer(units, shop, ticket_id, words="It is here.", *, cause="form:1", who=None):
    async with units.begin(shop.bot_id, who or shop.owner) as uow:
        await service.answer(uow, ticket_id, words, cause=cause)


async def shown(units, shop, ticket_id):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return await load_ticket(uow, ticket_id, "en")


async def promised(everything, shop, kind):
    return await everything.fetchval(
        "SELECT count(*) FROM outbox WHERE bot_id = $1 AND kind = $2", shop.bot_id, kind
    )


async def test_what_a_customer_writes_goes_into_one_open_ticket(units, shop, carol):
    first = await ask(units, shop, carol, "Where is it?\nI have paid.", cause="chat:1:1")
    second = await ask(units, shop, carol, "Hello?", cause="chat:1:2")

    assert first.is_new
    assert not second.is_new
    assert first.ticket_id == second.ticket_id
    seen = await shown(units, shop, first.ticket_id)
    assert seen.row.subject == "Where is it?"
    assert (seen.row.status, seen.row.unanswered) == (rules.WAITING, 2)
    assert [(said.sender, said.words) for said in seen.talk] == [
        ("customer", "Where is it?\nI have paid."),
        ("customer", "Hello?"),
    ]


async def test_the_same_message_and_the_same_form_twice_are_one(units, shop, carol, everything):
    asked = await ask(units, shop, carol)
    again = await ask(units, shop, carol)
    await asyncio.gather(*(answer(units, shop, asked.ticket_id) for _ in range(4)))

    assert again.ticket_id == asked.ticket_id
    assert [said.sender for said in (await shown(units, shop, asked.ticket_id)).talk] == ["customer", "staff"]
    assert await promised(everything, shop, "ticket_answered") == 1


async def test_two_first_messages_at_the_same_time_open_one_ticket(units, shop, carol):
    asked = await asyncio.gather(*(ask(units, shop, carol, cause=f"chat:1:{n}") for n in range(6)))

    assert len({one.ticket_id for one in asked}) == 1
    assert sum(one.is_new for one in asked) == 1


async def test_an_answer_is_promised_to_the_customer_and_the_ticket_waits_for_him(
    units, shop, carol, everything
):
    asked = await ask(units, shop, carol)

    await answer(units, shop, asked.ticket_id, "It is <here>.")

    seen = await shown(units, shop, asked.ticket_id)
    assert (seen.row.status, seen.row.unanswered) == (rules.ANSWERED, 0)
    assert seen.talk[-1].delivery == "waiting"
    chat_id, payload = await everything.fetchrow(
        "SELECT chat_id, payload FROM outbox WHERE bot_id = $1 AND kind = 'ticket_answered'", shop.bot_id
    )
    assert chat_id == carol.telegram_id
    assert "It is <here>." in payload


async def test_a_note_is_told_to_nobody_and_changes_nothing(units, shop, carol, everything):
    asked = await ask(units, shop, carol)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await service.note(uow, asked.ticket_id, "pays late", cause="form:n")

    seen = await shown(units, shop, asked.ticket_id)
    assert seen.row.status == rules.WAITING
    assert seen.talk[-1].sender == "note"
    assert await promised(everything, shop, "ticket_answered") == 0


@pytest.mark.parametrize("act", [service.answer, service.note])
async def test_who_may_only_look_answers_nothing(units, shop, carol, act):
    asked = await ask(units, shop, carol)
    bob = StaffMember(shop.owner.staff_id, "Bob", SEEING)
    async with units.begin(shop.bot_id, bob) as uow:
        with pytest.raises(NotAllowed):
            await act(uow, asked.ticket_id, "no", cause="form:no")
        with pytest.raises(NotAllowed):
            await service.close(uow, asked.ticket_id)
        assert await load_ticket(uow, asked.ticket_id, "en")


async def test_who_may_not_see_tickets_sees_none(units, shop, carol):
    asked = await ask(units, shop, carol)
    bob = StaffMember(shop.owner.staff_id, "Bob", frozenset({"shop.see"}))
    async with units.begin(shop.bot_id, bob) as uow:
        with pytest.raises(NotAllowed):
            await load_ticket(uow, asked.ticket_id, "en")
        with pytest.raises(NotAllowed):
            await list_tickets(uow, Sought())


async def test_another_shop_and_another_customer_meet_nothing(units, shops, shop, carol):
    asked = await ask(units, shop, carol)
    other, dave = await shops.open(), await shops.person(shop, name="Dave")
    async with units.begin(other.bot_id, other.owner) as uow:
        with pytest.raises(NotFound):
            await load_ticket(uow, asked.ticket_id, "en")
        with pytest.raises(NotFound):
            await service.answer(uow, asked.ticket_id, "hello", cause="form:x")
    async with units.begin(shop.bot_id, dave.actor) as uow:
        with pytest.raises(NotFound):
            await service.close_own(uow, dave.user_id, asked.ticket_id)


async def test_either_side_closes_and_the_other_is_told_once(units, shop, carol, clock, everything):
    asked = await ask(units, shop, carol)
    for _ in range(2):
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await service.close(uow, asked.ticket_id)
        clock.forward(seconds=1)
    assert await promised(everything, shop, "ticket_closed") == 1
    with pytest.raises(TicketClosed):
        await answer(units, shop, asked.ticket_id)

    again = await ask(units, shop, carol, cause="chat:1:2")
    async with units.begin(shop.bot_id, carol.actor) as uow:
        assert await service.close_own(uow, carol.user_id, again.ticket_id)
        assert not await service.close_own(uow, carol.user_id, again.ticket_id)
        assert await find_open(uow, carol.user_id) is None
    assert again.ticket_id != asked.ticket_id
    assert await promised(everything, shop, "ticket_closed") == 1


async def test_a_closed_ticket_goes_on_unless_a_newer_one_is_open(units, shop, carol):
    old = await ask(units, shop, carol)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await service.close(uow, old.ticket_id)
        await service.reopen(uow, old.ticket_id)
        assert await count_waiting(uow) == 1
        await service.close(uow, old.ticket_id)
    await ask(units, shop, carol, cause="chat:1:2")

    async with units.begin(shop.bot_id, shop.owner) as uow:
        with pytest.raises(AlreadyExists):
            await service.reopen(uow, old.ticket_id)


async def test_nothing_is_asked_of_a_shop_that_takes_no_questions_nor_by_whom_it_blocked(
    units, shop, carol, everything
):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await features.disable_feature(uow, "support_tickets")
    with pytest.raises(FeatureOff):
        await ask(units, shop, carol)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await features.enable_feature(uow, "support_tickets")
    await everything.execute("UPDATE users SET blocked_at = now() WHERE id = $1", carol.user_id)
    with pytest.raises(UserBlocked):
        await ask(units, shop, carol)


async def test_words_are_bounded_and_so_are_messages_without_an_answer(units, shop, carol):
    with pytest.raises(BadInput):
        await ask(units, shop, carol, " \n ")
    asked = await ask(units, shop, carol, "x" * 5000)
    for words in ("", "x" * (rules.LONGEST_ANSWER + 1)):
        with pytest.raises(BadInput):
            await answer(units, shop, asked.ticket_id, words)
    for n in range(2, rules.MOST_UNANSWERED + 1):
        await ask(units, shop, carol, cause=f"chat:1:{n}")

    with pytest.raises(TooManyQuestions):
        await ask(units, shop, carol, cause="chat:1:99")
    await answer(units, shop, asked.ticket_id)
    await ask(units, shop, carol, cause="chat:1:99")


async def test_a_ticket_is_about_an_order_of_its_customer_and_of_nobody_else(units, shops, shop, carol):
    mine, others = await shops.receipt(shop, carol), await shops.receipt(shop)
    with pytest.raises(NotFound):
        await ask(units, shop, carol, order_id=others.order_id)
    asked = await ask(units, shop, carol, order_id=mine.order_id)
    seen = await shown(units, shop, asked.ticket_id)
    assert (seen.order.order_id, seen.order.payment_id) == (mine.order_id, mine.payment_id)

    async with units.begin(shop.bot_id, shop.owner) as uow:
        with pytest.raises(NotFound):
            await service.link_order(uow, asked.ticket_id, others.order_id)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await service.link_order(uow, asked.ticket_id, None)
    assert (await shown(units, shop, asked.ticket_id)).order is None


async def test_the_list_shows_those_that_wait_and_pages_by_their_last_word(units, shops, shop, clock):
    tickets = []
    for n in range(5):
        clock.forward(minutes=1)
        person = await shops.person(shop, name=f"Carol {n}")
        tickets.append((await ask(units, shop, person, cause=f"chat:{n}:1")).ticket_id)
    clock.forward(minutes=1)
    await answer(units, shop, tickets[0])

    async with units.begin(shop.bot_id, shop.owner) as uow:
        first = await list_tickets(uow, Sought(), rows=3)
        rest = await list_tickets(uow, Sought(), rows=3, after=first.following)
        answered = await list_tickets(uow, Sought(state="answered"))
        everybody = await list_tickets(uow, Sought("Carol", ALL))

    assert [row.ticket_id for row in (*first.rows, *rest.rows)] == tickets[:0:-1]
    assert rest.following is None
    assert [row.ticket_id for row in answered.rows] == tickets[:1]
    assert [row.ticket_id for row in everybody.rows] == [tickets[0], *tickets[:0:-1]]


async def test_what_was_answered_long_ago_closes_by_itself_where_the_shop_wishes_it(
    units, shops, shop, carol, clock, everything
):
    dave, eve = await shops.person(shop, name="Dave"), await shops.person(shop, name="Eve")
    never = await shops.open()
    async with units.begin(never.bot_id, never.owner) as uow:
        await configurations.set_configuration(uow, closing.AFTER, value=0)
    frank = await shops.person(never, name="Frank")
    quiet = await ask(units, shop, carol, cause="chat:1:1")
    waits = await ask(units, shop, dave, cause="chat:2:1")
    lively = await ask(units, shop, eve, cause="chat:3:1")
    kept = await ask(units, never, frank, cause="chat:4:1")
    for at, ticket in ((shop, quiet), (shop, lively), (never, kept)):
        await answer(units, at, ticket.ticket_id, cause=f"form:{ticket.ticket_id}")
    clock.forward(days=6, hours=23)
    await closing.close_quiet(units)
    assert (await shown(units, shop, quiet.ticket_id)).row.status == rules.ANSWERED
    await ask(units, shop, eve, "Still here", cause="chat:3:2")
    clock.forward(hours=1)

    # Other tests' shops are in the same database.
    assert await closing.close_quiet(units) >= 1
    assert await closing.close_quiet(units) == 0

    stands = {one: (await shown(units, shop, one.ticket_id)).row.status for one in (quiet, waits, lively)}
    assert stands == {quiet: rules.CLOSED, waits: rules.WAITING, lively: rules.WAITING}
    assert (await shown(units, never, kept.ticket_id)).row.status == rules.ANSWERED
    assert await promised(everything, shop, "ticket_closed") == 1


async def test_ready_answers_are_kept_changed_and_deleted_by_whoever_answers(units, shops, shop):
    other = await shops.open()
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await replies.create(uow, " Hours ", "From nine to five.")
        await replies.create(uow, "Hours", "From nine to five.")
        with pytest.raises(AlreadyExists):
            await replies.create(uow, "Hours", "Always.")
        (kept,) = await replies.list_replies(uow)
        await replies.change(uow, kept.reply_id, "Hours", "Always.")
        assert [(one.title, one.words) for one in await replies.list_replies(uow)] == [("Hours", "Always.")]
        with pytest.raises(BadInput):
            await replies.change(uow, kept.reply_id, "", "x")
    async with units.begin(other.bot_id, other.owner) as uow:
        assert await replies.list_replies(uow) == []
        with pytest.raises(NotFound):
            await replies.delete(uow, kept.reply_id)
    bob = StaffMember(shop.owner.staff_id, "Bob", SEEING)
    async with units.begin(shop.bot_id, bob) as uow:
        assert len(await replies.list_replies(uow)) == 1
        with pytest.raises(NotAllowed):
            await replies.delete(uow, kept.reply_id)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await replies.delete(uow, kept.reply_id)
        assert await replies.list_replies(uow) == []


async def test_a_word_that_came_since_it_was_found_quiet_keeps_a_ticket_open(units, shop, carol, clock):
    asked = await ask(units, shop, carol)
    await answer(units, shop, asked.ticket_id)
    since = clock.now
    clock.forward(days=8)
    await ask(units, shop, carol, "Still here", cause="chat:1:2")
    await answer(units, shop, asked.ticket_id, cause="form:2")

    async with units.begin(shop.bot_id, closing.ACTOR) as uow:
        assert not await service.close(uow, asked.ticket_id, quiet_since=since)
        assert await service.close(uow, asked.ticket_id, quiet_since=clock.now)


async def test_a_customer_waits_from_his_first_unanswered_word_until_somebody_answers(
    units, shop, carol, clock
):
    began = clock()
    asked = await ask(units, shop, carol)
    clock.forward(hours=3)
    await ask(units, shop, carol, "Hello?", cause="chat:1:2")
    clock.forward(hours=4)

    async with units.begin(shop.bot_id, shop.owner) as uow:
        answering = await load_answering(uow)
    assert answering.oldest == began
    assert answering.urgency(began, clock()) == "soon"
    assert (answering.answered, answering.median_minutes, answering.in_time) == (0, None, None)
    await answer(units, shop, asked.ticket_id)

    seen = (await shown(units, shop, asked.ticket_id)).row
    assert (seen.waiting_since, seen.first_answer_minutes) == (None, 7 * 60)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        answering = await load_answering(uow)
    assert (answering.oldest, answering.answered, answering.median_minutes) == (None, 1, 7 * 60)
    assert answering.in_time == 1
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await configurations.set_configuration(uow, "ticket_answer_hours", value=6)
        assert (await load_answering(uow)).in_time == 0
    clock.forward(hours=1)
    again = clock()
    await ask(units, shop, carol, "And now?", cause="chat:1:3")
    clock.forward(hours=1)
    await answer(units, shop, asked.ticket_id, cause="form:2")
    assert (await shown(units, shop, asked.ticket_id)).row.first_answer_minutes == 7 * 60, "the first one"
    assert again > began


async def test_the_figures_are_of_thirty_days_and_of_this_shop_alone(units, shops, shop, carol, clock):
    old = await ask(units, shop, carol)
    await answer(units, shop, old.ticket_id)
    other = await shops.open()
    foreign = await ask(units, other, await shops.person(other))
    clock.forward(days=31)
    await answer(units, other, foreign.ticket_id, cause="form:2")
    await ask(units, shop, carol, "Still?", cause="chat:1:2")

    async with units.begin(shop.bot_id, shop.owner) as uow:
        answering = await load_answering(uow)

    assert (answering.answered, answering.oldest) == (0, clock())


async def test_whoever_answers_first_has_it_and_it_is_put_into_anothers_hands(units, shop, carol):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        rights = SEEING | {TICKETS_ANSWER}
        sara = await staff.create_staff(uow, name="Sara", role="staff", permissions=rights)
        looker = await staff.create_staff(uow, name="Omid", role="staff", permissions=SEEING)
    asked = await ask(units, shop, carol)
    await answer(units, shop, asked.ticket_id, who=StaffMember(sara, "Sara", rights))
    await answer(units, shop, asked.ticket_id, cause="form:2")
    assert (await shown(units, shop, asked.ticket_id)).row.in_hands_of == "Sara"

    async with units.begin(shop.bot_id, shop.owner) as uow:
        await service.assign(uow, asked.ticket_id, shop.owner.staff_id)
        mine = await list_tickets(uow, Sought(state=ALL, assigned_to=shop.owner.staff_id))
        saras = await list_tickets(uow, Sought(state=ALL, assigned_to=sara))
        await service.assign(uow, asked.ticket_id, None)
        nobodys = await list_tickets(uow, Sought(state=ALL, assigned_to=0))
    assert [len(page.rows) for page in (mine, saras, nobodys)] == [1, 0, 1]
    for nobody in (looker, 2**40):
        with pytest.raises(NotFound):
            async with units.begin(shop.bot_id, shop.owner) as uow:
                await service.assign(uow, asked.ticket_id, nobody)


async def test_two_colleagues_answer_at_once_and_the_second_reads_the_first_before_his_goes_out(
    units, shop, carol
):
    asked = await ask(units, shop, carol)

    async def say(name: str) -> str | None:
        try:
            async with units.begin(shop.bot_id, replace(shop.owner, name=name)) as uow:
                await service.answer(uow, asked.ticket_id, f"I am {name}", cause=f"form:{name}", seen=0)
        except AnsweredMeanwhile as refusal:
            return refusal.by
        return None

    told = await asyncio.gather(say("Sara"), say("Omid"))

    (by,) = [name for name in told if name]
    seen = await shown(units, shop, asked.ticket_id)
    assert [said.author for said in seen.talk if said.sender == "staff"] == [by]
    other = "Omid" if by == "Sara" else "Sara"
    async with units.begin(shop.bot_id, replace(shop.owner, name=other)) as uow:
        await service.answer(
            uow, asked.ticket_id, "All the same", cause="form:again", seen=seen.newest_answer
        )
    seen = await shown(units, shop, asked.ticket_id)
    assert [said.author for said in seen.talk if said.sender == "staff"] == [by, other]


async def test_a_question_about_an_order_says_so_for_the_ticket_that_is_open(units, shops, shop, carol):
    sent = await shops.receipt(shop, carol)
    others = await shops.receipt(shop)
    first = await ask(units, shop, carol)
    await ask(units, shop, carol, "It is this one", cause="chat:1:2", order_id=sent.order_id)

    assert (await shown(units, shop, first.ticket_id)).row.order_id == sent.order_id
    with pytest.raises(NotFound):
        await ask(units, shop, await shops.person(shop), cause="chat:2:1", order_id=others.order_id)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        by_order = await list_tickets(uow, Sought(state=ALL, order_id=sent.order_id))
        about = [len((await list_tickets(uow, Sought(about=what))).rows) for what in ("order", "else")]
        detail = (await load_desk(uow, payment_id=sent.payment_id)).item
        profile = await load_profile(uow, carol.user_id, "en")
    assert [row.ticket_id for row in by_order.rows] == [first.ticket_id]
    assert about == [1, 0]
    assert detail.tickets == 1
    assert first.ticket_id in [one.id for one in profile.timeline if one.what == "ticket"]


async def test_a_ticket_is_found_by_its_number_and_by_nothing_else(units, shop, carol):
    former = await ask(units, shop, carol)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await service.close(uow, former.ticket_id)
    asked = await ask(units, shop, carol, cause="chat:1:2")

    async with units.begin(shop.bot_id, shop.owner) as uow:
        for words, found in (
            (f"#{former.ticket_id}", [former.ticket_id]),
            (f"#{asked.ticket_id}", [asked.ticket_id]),
            ("#۹۹۹۹۹۹۹", []),
            (f"#{asked.ticket_id}x", []),
        ):
            rows = (await list_tickets(uow, Sought(words, ALL))).rows
            assert [row.ticket_id for row in rows] == found, words


async def test_a_message_of_another_chat_is_about_no_ticket(units, shop, carol):
    asked = await ask(units, shop, carol)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await chat.posted(uow, asked.ticket_id, chat_id=-1001, message_id=7)
        await chat.keep_topic(uow, asked.ticket_id, chat_id=-1001, topic_id=3)

        found = {
            (there, replied_to, topic): await chat.find_ticket(
                uow, chat_id=there, replied_to=replied_to, topic_id=topic
            )
            for there in (-1001, -1002)
            for replied_to, topic in ((7, None), (8, 3), (8, None))
        }

    about = asked.ticket_id
    assert list(found.values()) == [about, about, None, None, None, None]
