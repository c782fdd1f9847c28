from __future__ import annotations

import asyncio
import secrets

import pytest

from shop.actors import OWNING, Customer, Master, StaffMember, System
from shop.bots import master, queries, service
from shop.errors import AlreadyExists, BadInput, NotAllowed, NotFound, StillInUse
from shop.staff import queries as staff_queries
from shop.staff import service as staff
from tests.factories import MASTER, telegram_token


@pytest.fixture
async def no_master(everything):
    """Other tests may have made a master: here the platform is new again."""
    await everything.execute("UPDATE bots SET is_master = false WHERE is_master")
    yield
    await everything.execute("UPDATE bots SET is_master = false WHERE is_master")


async def open_shop(units, **difference):
    valid = {"name": "نسیم‌نت", "telegram_bot_token": telegram_token()}
    async with units.platform(MASTER) as uow:
        return await service.create_bot(uow, **(valid | difference))


async def row(units, bot_id):
    async with units.platform(MASTER) as uow:
        return await queries.get_bot_by_id(uow, bot_id)


async def test_a_new_shop_has_an_owner_with_all_rights_and_a_place_in_the_rotation(units, everything):
    created = await open_shop(units)

    async with units.begin(created.bot_id, System("test")) as uow:
        people = await staff_queries.list_staff(uow)
        context = await queries.get_context(uow)
    rotation = await everything.fetchval(
        "SELECT count(*) FROM card_rotation_state WHERE bot_id = $1", created.bot_id
    )
    audit = await everything.fetch("SELECT action FROM audit_log WHERE bot_id = $1", created.bot_id)
    assert [(p.staff_id, p.role, p.permissions) for p in people] == [
        (created.owner_staff_id, "owner", frozenset(OWNING))
    ]
    assert (context.name, context.currency, context.timezone) == ("نسیم‌نت", "IRT", "Asia/Tehran")
    assert rotation == 1
    assert {"bot.created", "staff.created", "token.issued"} <= {entry["action"] for entry in audit}


async def test_the_api_token_opens_the_shop_and_only_its_hash_is_kept(units, everything):
    created = await open_shop(units)

    async with units.platform(System("sign-in")) as uow:
        found = await queries.get_bot_by_api_token(uow, created.api_token)
    kept = await everything.fetch("SELECT t::text FROM api_tokens t WHERE bot_id = $1", created.bot_id)
    assert found.bot_id == created.bot_id
    assert created.api_token not in str(kept)
    assert created.api_token not in repr(created)


async def test_a_telegram_token_is_sealed_for_its_own_row(units, everything, caplog):
    token = telegram_token()
    first, second = await open_shop(units, telegram_bot_token=token), await open_shop(units)

    stored = await everything.fetchval("SELECT telegram_bot_token FROM bots WHERE id = $1", first.bot_id)
    await everything.execute("UPDATE bots SET telegram_bot_token = $1 WHERE id = $2", stored, second.bot_id)

    assert token.encode() not in stored
    async with units.platform(MASTER) as uow:
        fleet = {bot.bot_id: bot.token for bot in await queries.list_fleet(uow)}
    assert fleet[first.bot_id] == token
    assert second.bot_id not in fleet, "its bot stays off, and keeps no other from work"
    assert f"token of shop {second.bot_id} cannot be read" in caplog.text
    await everything.execute("UPDATE bots SET token_state = 'broken' WHERE id = $1", second.bot_id)


async def test_a_token_serves_one_shop_also_when_asked_twice_at_once(units):
    token = telegram_token()

    outcomes = await asyncio.gather(
        *(open_shop(units, telegram_bot_token=token) for _ in range(6)), return_exceptions=True
    )

    refused = [outcome for outcome in outcomes if isinstance(outcome, AlreadyExists)]
    assert len(refused) == 5
    assert len(outcomes) - len(refused) == 1


async def test_a_token_made_anew_for_the_same_bot_is_still_the_same_bot(units):
    number = 10**9 + secrets.randbelow(9 * 10**9)
    await open_shop(units, telegram_bot_token=f"{number}:{'a' * 35}")

    with pytest.raises(AlreadyExists):
        await open_shop(units, telegram_bot_token=f"{number}:{'b' * 35}")


@pytest.mark.parametrize(
    ("difference", "field"),
    [
        ({"telegram_bot_token": "12345:short"}, "telegram_bot_token"),
        ({"name": " "}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"default_language": "xx"}, "default_language"),
        ({"currency": "EUR"}, "currency"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"calendar": "maya"}, "calendar"),
        ({"username": "نسیم"}, "username"),
        ({"support_username": "a b"}, "support_username"),
    ],
)
async def test_a_shop_with_bad_particulars_is_not_opened_at_all(units, everything, difference, field):
    before = await everything.fetchval("SELECT count(*) FROM bots")

    with pytest.raises(BadInput) as refusal:
        await open_shop(units, **difference)

    assert refusal.value.field == field
    assert await everything.fetchval("SELECT count(*) FROM bots") == before


@pytest.mark.parametrize(
    "actor", [StaffMember(1, "Mallory", OWNING), Customer(1, "Carol"), Master(1, "Master", viewing=True)]
)
async def test_only_the_platform_opens_shops(units, actor):
    async with units.platform(actor) as uow:
        with pytest.raises(NotAllowed):
            await service.create_bot(uow, name="Shop", telegram_bot_token=telegram_token())


async def test_a_shop_is_found_by_its_id_its_token_and_its_api_token(units):
    token = telegram_token()
    created = await open_shop(units, telegram_bot_token=token)

    async with units.platform(MASTER) as uow:
        by_token = await queries.get_bot_by_token(uow, token)
        by_id = await queries.get_bot_by_id(uow, created.bot_id)
        by_key = await queries.get_bot_by_api_token(uow, created.api_token)
        nobody = [
            await queries.get_bot_by_token(uow, telegram_token()),
            await queries.get_bot_by_token(uow, "no token"),
            await queries.get_bot_by_id(uow, 0),
            await queries.get_bot_by_api_token(uow, "no token"),
        ]
    assert by_token == by_id == by_key
    assert by_id.public_id == created.public_id
    assert nobody == [None] * 4


async def test_a_paused_shop_is_listed_but_not_on_duty(units):
    created = await open_shop(units)

    async with units.platform(MASTER) as uow:
        await service.deactivate_bot(uow, created.bot_id)
    async with units.platform(MASTER) as uow:
        active = {bot.bot_id for bot in await queries.get_active_bots(uow)}
        all_of_them = {bot.bot_id for bot in await queries.get_all_bots(uow)}
    assert created.bot_id in all_of_them - active

    async with units.platform(MASTER) as uow:
        await service.activate_bot(uow, created.bot_id)
    async with units.platform(MASTER) as uow:
        assert created.bot_id in {bot.bot_id for bot in await queries.get_active_bots(uow)}


async def test_a_deleted_shop_keeps_its_row_and_its_token_stays_taken(units):
    token = telegram_token()
    created = await open_shop(units, telegram_bot_token=token)

    async with units.platform(MASTER) as uow:
        await service.delete_bot(uow, created.bot_id)

    gone = await row(units, created.bot_id)
    assert (gone.status, gone.is_active, gone.deleted_at is None) == ("deleted", False, False)
    with pytest.raises(AlreadyExists):
        await open_shop(units, telegram_bot_token=token)
    async with units.platform(MASTER) as uow:
        assert await queries.get_bot_by_api_token(uow, created.api_token) is None
        assert created.bot_id not in {bot.bot_id for bot in await queries.get_all_bots(uow)}
        assert created.bot_id in {bot.bot_id for bot in await queries.get_all_bots(uow, with_deleted=True)}
        with pytest.raises(NotFound):
            await service.activate_bot(uow, created.bot_id)


async def test_an_owner_changes_his_own_shop_and_nobody_elses(units, make_shop):
    alices, mallorys = await make_shop(name="A"), await make_shop(name="B")

    async with units.begin(alices.bot_id, alices.owner) as uow:
        changed = await service.update_bot(
            uow, alices.bot_id, name="نسیم", support_username="@nasim_help", admin_chat_id=-100123
        )
    assert (changed.name, changed.support_username) == ("نسیم", "nasim_help")

    async with units.begin(mallorys.bot_id, mallorys.owner) as uow:
        with pytest.raises(NotFound):
            await service.update_bot(uow, alices.bot_id, name="stolen")
        with pytest.raises(NotAllowed):
            await service.deactivate_bot(uow, mallorys.bot_id)
        assert await queries.get_bot_by_id(uow, alices.bot_id) is None
    assert (await row(units, alices.bot_id)).name == "نسیم"


async def test_a_broken_token_takes_a_bot_out_of_the_fleet_and_no_other(units, make_shop):
    broken, healthy = await make_shop(), await make_shop()

    async with units.begin(broken.bot_id, System("fleet")) as uow:
        await service.note_token_state(uow, state="broken", error="Unauthorized")
    async with units.begin(healthy.bot_id, System("fleet")) as uow:
        await service.note_token_state(uow, state="live", username="new_name_bot")

    async with units.platform(System("fleet")) as uow:
        fleet = {bot.bot_id: bot for bot in await queries.list_fleet(uow)}
    assert broken.bot_id not in fleet
    assert fleet[healthy.bot_id].token == healthy.telegram_token
    assert healthy.telegram_token not in repr(fleet[healthy.bot_id])
    assert (await row(units, healthy.bot_id)).username == "new_name_bot"


async def test_the_bot_process_hears_of_a_change_after_the_commit_and_only_then(units, make_shop, everything):
    shop = await make_shop()
    heard: asyncio.Queue[str] = asyncio.Queue()
    await everything.add_listener("bots", lambda _c, _p, _ch, payload: heard.put_nowait(payload))

    with pytest.raises(RuntimeError):
        async with units.platform(MASTER) as uow:
            await service.deactivate_bot(uow, shop.bot_id)
            raise RuntimeError
    async with units.platform(MASTER) as uow:
        await service.update_bot(uow, shop.bot_id, name="Other")

    assert await asyncio.wait_for(heard.get(), 2) == str(shop.bot_id)
    assert heard.empty()


async def test_the_master_is_made_once_and_its_token_shown_once(units, no_master):
    token = telegram_token()

    async with units.platform(System("start")) as uow:
        first = await master.ensure_master_bot(uow, token)
    async with units.platform(System("start")) as uow:
        again = await master.ensure_master_bot(uow, token)

    assert first.api_token is not None
    assert (again.bot_id, again.api_token) == (first.bot_id, None)
    async with units.platform(MASTER) as uow:
        assert (await queries.get_master_bot(uow)).bot_id == first.bot_id
        holder = await staff.find_api_token(uow, first.api_token)
    assert holder.role == "master"
    assert isinstance(holder.actor, Master)


async def test_many_starts_at_once_make_one_master(units, everything, no_master):
    token = telegram_token()

    async def start():
        async with units.platform(System("start")) as uow:
            return await master.ensure_master_bot(uow, token)

    outcomes = await asyncio.gather(*(start() for _ in range(8)))

    assert len({outcome.bot_id for outcome in outcomes}) == 1
    assert sum(outcome.api_token is not None for outcome in outcomes) == 1
    assert await everything.fetchval("SELECT count(*) FROM bots WHERE is_master") == 1


async def test_a_changed_token_goes_to_the_same_master(units, no_master):
    fresh = telegram_token()
    async with units.platform(System("start")) as uow:
        first = await master.ensure_master_bot(uow, telegram_token())

    async with units.platform(System("start")) as uow:
        again = await master.ensure_master_bot(uow, fresh)

    assert (again.bot_id, again.api_token) == (first.bot_id, None)
    async with units.platform(MASTER) as uow:
        assert (await queries.get_bot_by_token(uow, fresh)).bot_id == first.bot_id


async def test_a_shop_with_the_masters_token_becomes_the_master(units, everything, no_master):
    shop = await open_shop(units, telegram_bot_token=(token := telegram_token()))
    async with units.platform(System("start")) as uow:
        earlier = await master.ensure_master_bot(uow, telegram_token())

    async with units.platform(System("start")) as uow:
        now = await master.ensure_master_bot(uow, token)

    assert now.bot_id == shop.bot_id
    assert await everything.fetchval("SELECT array_agg(id) FROM bots WHERE is_master") == [shop.bot_id]
    async with units.platform(MASTER) as uow:
        roles = {
            "the new master's": (await staff.find_api_token(uow, now.api_token)).role,
            "the shop owner's": (await staff.find_api_token(uow, shop.api_token)).role,
            "the earlier master's": (await staff.find_api_token(uow, earlier.api_token)).role,
        }
    assert roles == {
        "the new master's": "master",
        "the shop owner's": "owner",
        "the earlier master's": "owner",
    }


async def test_the_masters_own_shop_is_never_deleted(units, no_master):
    async with units.platform(System("start")) as uow:
        made = await master.ensure_master_bot(uow, telegram_token())

    async with units.platform(MASTER) as uow:
        with pytest.raises(StillInUse):
            await service.delete_bot(uow, made.bot_id)


async def test_the_master_needs_a_real_token_and_the_platforms_rights(units, make_shop):
    async with units.platform(System("start")) as uow:
        with pytest.raises(BadInput):
            await master.ensure_master_bot(uow, "no token")
    async with units.platform(StaffMember(1, "Mallory", OWNING)) as uow:
        with pytest.raises(NotAllowed):
            await master.ensure_master_bot(uow, telegram_token())
