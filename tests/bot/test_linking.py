"""A code from the dashboard, said in a chat, makes the chat the shop's own; nothing else does."""

from __future__ import annotations

import asyncpg
import pytest

from bot.app import BotProcess
from shop.actors import RECEIPTS_APPROVE, SEEING, StaffMember
from shop.bots import linking
from shop.staff import service as staff
from shop.unit_of_work import UnitsOfWork
from tests.bot.conftest import MakePhone
from tests.bot.phone import Wire, words_of
from tests.bot.team import Team, card_that, offers
from tests.factories import Shop, Shops


async def code_for(shop: Shop, units: UnitsOfWork, who: StaffMember | None = None) -> str:
    async with units.begin(shop.bot_id, who or shop.owner) as uow:
        return await linking.ask_code(uow)


async def test_the_owner_links_a_topic_of_a_group_and_decides_there(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open(hold_seconds=30)
    team = await Team.gather(shop, units, wire, bare)
    await bare.execute("update bots set notification_group_id = null where id = $1", shop.bot_id)
    alice, topic = await team.stranger("Alice"), await team.topic("Receipts")

    await alice.say(f"/link {await code_for(shop, units)}", topic=topic)
    told = await alice.expect("Receipts come into this chat from now on")
    await shops.receipt(shop)
    card = await card_that(alice, offers("Approve"))
    await alice.press("Approve")
    await card_that(alice, offers("Take back"))

    assert told["message_thread_id"] == card["message_thread_id"] == topic
    users = "select count(*) from users where bot_id = $1 and telegram_id = $2"
    assert await bare.fetchval(users, shop.bot_id, alice.user_id) == 0, "nobody became a customer"


async def test_the_owner_links_her_own_chat(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    alice = await make_phone(shop)

    code = await code_for(shop, units)
    await alice.text(f"/link {code.lower().replace('-', '')}")
    await alice.expect("Receipts come into this chat from now on")
    await shops.receipt(shop)

    await card_that(alice, offers("تأیید"))  # in the shop's language
    row = await bare.fetchrow(
        "select b.admin_chat_id, s.telegram_id from bots b join staff s on s.bot_id = b.id where b.id = $1",
        shop.bot_id,
    )
    assert tuple(row) == (alice.user_id, alice.user_id)


async def test_a_colleague_links_himself_and_no_chat(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    rights = SEEING | {RECEIPTS_APPROVE}
    async with units.begin(shop.bot_id, shop.owner) as uow:
        bob = StaffMember(
            await staff.create_staff(uow, name="Bob", role="staff", permissions=rights), "Bob", rights
        )
    phone = await make_phone(shop)

    await phone.text(f"/link {await code_for(shop, units, bob)}")
    said = await phone.expect("You are known here as Bob")

    assert "Receipts come" not in words_of(said)
    assert await bare.fetchval("select admin_chat_id from bots where id = $1", shop.bot_id) is None
    linked = await bare.fetchval("select telegram_id from staff where id = $1", bob.staff_id)
    assert linked == phone.user_id


@pytest.mark.parametrize("what", ["used", "old", "replaced", "of another shop", "wrong", "none"])
async def test_a_code_works_once_and_for_ten_minutes(
    what: str,
    bots: BotProcess,
    shops: Shops,
    units: UnitsOfWork,
    make_phone: MakePhone,
    bare: asyncpg.Connection,
) -> None:
    shop, other = await shops.open(), await shops.open()
    code = await code_for(other if what == "of another shop" else shop, units)
    phone = await make_phone(shop)
    match what:
        case "used":
            await phone.text(f"/link {code}")
            await phone.expect("You are known here")
            phone = await make_phone(shop, name="Mallory")
        case "old":
            await bare.execute("update link_codes set expires_at = now()")
        case "replaced":
            await code_for(shop, units)
        case "wrong":
            code = "AAAA-AAAA"
        case "none":
            code = ""
        case _:
            pass
    before = await bare.fetch("select telegram_id from staff order by id")

    await phone.text(f"/link {code}")

    await phone.expect("This code is not valid any more")
    assert await bare.fetch("select telegram_id from staff order by id") == before


async def test_a_linked_account_is_not_replaced_by_a_code(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    await bare.execute("update staff set telegram_id = 4242 where id = $1", shop.owner.staff_id)
    phone = await make_phone(shop)

    await phone.text(f"/link {await code_for(shop, units)}")

    await phone.expect("Another Telegram account is linked")
    assert await bare.fetchval("select admin_chat_id from bots where id = $1", shop.bot_id) is None


async def test_what_else_is_said_in_a_group_is_not_listened_to(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    team = await Team.gather(shop, units, wire, bare)
    stranger = await team.stranger()

    for words in ("hello", "/start", "/buy"):
        await stranger.text(words)
    await stranger.text("/link WRONG")
    await stranger.expect("This code is not valid any more")

    assert len(await stranger.heard()) == 1
    assert await bare.fetchval("select count(*) from users where bot_id = $1", shop.bot_id) == 0
