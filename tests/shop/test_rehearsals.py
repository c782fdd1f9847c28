"""A shop is tried in a rehearsal: the very flow of a customer, behind a wall from the shop itself."""

from __future__ import annotations

import asyncpg
import pytest

from shop.actors import OWNING, RECEIPTS_SEE, SEEING, Customer, Master, StaffMember, System
from shop.books import service as books
from shop.bots import queries as bots
from shop.bots.telegram_token import reseal_token
from shop.cards import service as cards
from shop.errors import FeatureOff, NotAllowed, NotFound, OwnReceipt
from shop.orders import service as orders
from shop.payments import service as payments
from shop.plans import groups
from shop.plans import service as plans
from shop.plans.queries import list_offers
from shop.platform.queries import list_shops
from shop.receipts import holding
from shop.receipts import service as receipts
from shop.rehearsals import queries, service
from shop.staff import service as staff
from shop.tickets import service as tickets
from shop.users import service as users
from tests.factories import MASTER

ME = 777_000_111


@pytest.fixture
async def shop(make_shop, everything):
    made = await make_shop(name="Nasim")
    await everything.execute("UPDATE bots SET token_state = 'live' WHERE id = $1", made.bot_id)
    await everything.execute("UPDATE staff SET telegram_id = $2 WHERE id = $1", made.owner.staff_id, ME)
    return made


async def begin(units, shop, actor=None):
    async with units.platform(actor or shop.owner) as uow:
        return await service.begin(uow, shop.bot_id)


async def look(units, shop, stage):
    async with units.begin(stage, shop.owner) as uow:
        return await queries.load(uow)


async def buy(units, stage):
    """Up to the card, as the bot does it for the account that tries."""
    async with units.begin(stage, System("bot")) as uow:
        person = await users.register(uow, telegram_id=ME, first_name="Alice")
    who = Customer(person.id)
    async with units.begin(stage, who) as uow:
        offer = (await list_offers(uow, "fa"))[0]
        order = await orders.place(uow, person.id, plan_id=offer.plan_id, shown_price=offer.price.amount)
        return who, await payments.start_card_payment(uow, person.id, order.order_id)


async def send(units, stage, person, invoice):
    async with units.begin(stage, person) as uow:
        return await receipts.submit(
            uow,
            person.user_id,
            payment_id=invoice.payment_id,
            media_id=None,
            receipt_type="text",
            text="123456789",
        )


async def test_the_owner_buys_decides_on_his_own_receipt_and_gets_what_a_customer_gets(units, shop):
    stage = await begin(units, shop)
    person, invoice = await buy(units, stage)
    await send(units, stage, person, invoice)
    waiting = await look(units, shop, stage)
    async with units.begin(stage, shop.owner) as uow:
        await holding.hold_approval(uow, invoice.payment_id)
    done = await look(units, shop, stage)

    assert [one.payment_id for one in waiting.waiting] == [invoice.payment_id]
    assert not waiting.is_passed
    assert (done.is_passed, done.attempts[0].status, done.waiting) == (True, "approved", [])


async def test_in_the_shop_itself_he_still_never_decides_on_his_own_payment(units, shop):
    async with units.begin(shop.bot_id, System("bot")) as uow:
        person = await users.register(uow, telegram_id=ME, first_name="Alice")
    await begin(units, shop)
    _, invoice = await buy(units, shop.bot_id)
    await send(units, shop.bot_id, Customer(person.id), invoice)

    with pytest.raises(OwnReceipt):
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await receipts.approve(uow, invoice.payment_id)


async def test_a_test_is_neither_decided_nor_seen_from_the_shop_itself(units, shop):
    stage = await begin(units, shop)
    person, invoice = await buy(units, stage)
    await send(units, stage, person, invoice)

    with pytest.raises(NotFound):
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await receipts.approve(uow, invoice.payment_id)


async def test_nothing_turns_a_rehearsal_into_a_shop_or_its_rows_into_real_ones(
    units, shop, everything, app_connection
):
    stage = await begin(units, shop)
    await buy(units, stage)

    with pytest.raises(asyncpg.CheckViolationError, match="stays a rehearsal"):
        await everything.execute("UPDATE bots SET rehearsal_of = NULL WHERE id = $1", stage)
    for own, other in ((stage, shop.bot_id), (shop.bot_id, stage)):
        for table in ("orders", "card_to_card_payments", "users"):
            with pytest.raises(asyncpg.PostgresError) as refused:
                async with app_connection.transaction():
                    await app_connection.execute(f"SET LOCAL app.bot_id = '{own}'")
                    moved = await app_connection.execute(f"UPDATE {table} SET bot_id = $1", other)  # noqa: S608
                    raise asyncpg.RaiseError(moved)  # where there was no row to move
            assert "row-level security" in str(refused.value) or str(refused.value) == "UPDATE 0"


async def test_pressing_twice_is_one_rehearsal_and_one_begun_after_its_end_is_another(units, shop, clock):
    first, again = await begin(units, shop), await begin(units, shop)
    clock.forward(hours=2)
    later = await begin(units, shop)

    assert first == again != later
    for stage in (first, later):
        with pytest.raises(NotFound):
            async with units.platform(shop.owner) as uow:
                await service.begin(uow, stage)


async def test_a_colleague_who_presses_has_one_of_his_own_and_the_former_is_put_away(units, shop, everything):
    former = await begin(units, shop)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        sara = await staff.create_staff(uow, name="Sara", role="staff", permissions=OWNING)
    await everything.execute("UPDATE staff SET telegram_id = $2 WHERE id = $1", sara, ME + 1)

    hers = await begin(units, shop, StaffMember(sara, "Sara", OWNING))

    rows = await everything.fetch(
        "SELECT id, rehearsal_for, status, is_active FROM bots WHERE rehearsal_of = $1 ORDER BY id",
        shop.bot_id,
    )
    assert [tuple(row) for row in rows] == [
        (former, ME, "deleted", False),
        (hers, ME + 1, "active", True),
    ]


async def test_nobody_is_asked_in_a_rehearsal_where_nobody_would_read_it(units, shop):
    stage = await begin(units, shop)
    async with units.begin(stage, System("bot")) as uow:
        person = await users.register(uow, telegram_id=ME, first_name="Alice")

        with pytest.raises(FeatureOff):
            await tickets.ask(uow, person.id, text="Anybody there?", cause="chat:1:1")


async def test_whoever_may_see_no_receipts_sees_no_test(units, shop):
    stage = await begin(units, shop)
    bob = StaffMember(shop.owner.staff_id, "Bob", OWNING - {RECEIPTS_SEE})

    async with units.begin(stage, bob) as uow:
        with pytest.raises(NotAllowed):
            await queries.load(uow)


async def test_a_rehearsal_has_the_shops_plans_and_cards_of_the_moment_and_none_of_its_counters(
    units, shop, shops, everything
):
    sent = await shops.receipt(shop)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, sent.payment_id)
        family = await groups.create_group(uow, name="Family", translations={})
        await plans.update_plan(uow, shop.plan_id, group_id=family.group_id)
    before = await counters(everything, shop.bot_id)

    stage = await begin(units, shop)
    counted = "SELECT success_count FROM tenant_payment_cards WHERE bot_id = $1"
    assert [await everything.fetchval(counted, bot) for bot in (shop.bot_id, stage)] == [1, 0]
    person, invoice = await buy(units, stage)
    await send(units, stage, person, invoice)
    async with units.begin(stage, shop.owner) as uow:
        await receipts.approve(uow, invoice.payment_id)

    async with units.begin(shop.bot_id, shop.owner) as uow:
        real = [(one.name, one.price, one.group_name) for one in await list_offers(uow, "fa")]
        number = await cards.reveal_number(uow, shop.card_id)
    async with units.begin(stage, shop.owner) as uow:
        assert [(one.name, one.price, one.group_name) for one in await list_offers(uow, "fa")] == real
    assert invoice.card_number == number
    assert await counters(everything, shop.bot_id) == before
    assert await everything.fetchval(
        "SELECT content FROM stock_items WHERE bot_id = $1 AND status = 'handed_out'", stage
    ) == await everything.fetchval("SELECT access FROM subscriptions WHERE bot_id = $1", stage)


async def counters(everything, bot_id):
    """Whatever a purchase moves in a shop besides its own rows."""
    tables = ("card_days", "card_rotation_state", "tenant_payment_cards", "stock_items", "users")
    asked = "SELECT * FROM {} WHERE bot_id = $1 ORDER BY 1, 2"
    return [await everything.fetch(asked.format(table), bot_id) for table in tables]


async def test_it_appears_in_no_list_of_the_platforms(units, shop):
    stage = await begin(units, shop)

    async with units.platform(MASTER) as uow:
        known = {row.bot_id for row in await bots.get_all_bots(uow, with_deleted=True)}
        active = {row.bot_id for row in await bots.get_active_bots(uow)}
        shown_ = {row.bot_id for row in await list_shops(uow)}
        fleet = {bot.bot_id: bot.rehearsal_id for bot in await bots.list_fleet(uow)}

    assert {stage} & (known | active | shown_ | set(fleet)) == set()
    assert fleet[shop.bot_id] == stage


async def test_only_who_runs_the_shop_begins_one(units, shop):
    bob = StaffMember(shop.owner.staff_id, "Bob", SEEING)
    for nobody in (bob, Customer(1), Master(1, "M", viewing=True)):
        with pytest.raises(NotAllowed):
            await begin(units, shop, nobody)


async def test_a_new_key_opens_what_a_rehearsal_keeps_sealed(units, shop):
    """The installation's key is changed for every row that has a secret."""
    stage = await begin(units, shop)

    async with units.begin(stage, System("keys")) as uow:
        assert await reseal_token(uow) is False


@pytest.mark.parametrize("bot_id_of", ["stage", "shop"])
async def test_the_books_of_both_balance(units, shop, bot_id_of):
    stage = await begin(units, shop)
    person, invoice = await buy(units, stage)
    await send(units, stage, person, invoice)
    async with units.begin(stage, shop.owner) as uow:
        await receipts.approve(uow, invoice.payment_id)

    async with units.begin(stage if bot_id_of == "stage" else shop.bot_id, System("books")) as uow:
        assert await books.prove(uow) == []
