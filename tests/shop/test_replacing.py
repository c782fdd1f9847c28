"""A bot's token is replaced once Telegram has confirmed the new one; until then nothing changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from db.crypto import Vault
from shop.actors import SEEING, StaffMember, System
from shop.bots import queries, replacing, service
from shop.bots.queries import get_bot_by_id
from shop.errors import BadInput, ChangedMeanwhile, NotAllowed
from tests.factories import MASTER, telegram_token

FLEET = System("test")


def renewed(shop) -> str:
    """Another token of the same bot, as @BotFather makes one."""
    return f"{shop.telegram_token.split(':')[0]}:{'n' * 35}"


@pytest.fixture
async def shop(make_shop):
    return await make_shop()


async def ask(units, shop, token, **how):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await replacing.ask(uow, token, **how)


async def candidate_of(units, shop):
    async with units.platform(FLEET) as uow:
        return next(one for one in await replacing.list_candidates(uow) if one.bot_id == shop.bot_id)


async def settle(units, candidate, **told):
    async with units.platform(FLEET) as uow:
        return await replacing.settle(uow, candidate, **({"username": "told_bot"} | told))


async def in_force(units, shop):
    async with units.platform(MASTER) as uow:
        return {bot.bot_id: bot.token for bot in await queries.list_fleet(uow)}.get(shop.bot_id)


async def standing(units, shop):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return await replacing.load_standing(uow)


async def test_the_token_in_force_stays_until_the_new_one_is_confirmed(units, shop):
    await ask(units, shop, renewed(shop))
    before = await in_force(units, shop)

    state = await settle(units, await candidate_of(units, shop))

    assert before == shop.telegram_token
    assert state == "taken"
    assert await in_force(units, shop) == renewed(shop)
    now = await standing(units, shop)
    assert (now.replacement, now.username, now.token_state) == ("taken", "told_bot", "new")


async def test_what_was_taken_or_refused_is_wiped(units, shop, everything):
    held = "SELECT candidate FROM secret_replacements WHERE bot_id = $1"
    for refusal in ("unknown", None):
        await ask(units, shop, renewed(shop))
        assert renewed(shop).encode() not in await everything.fetchval(held, shop.bot_id)
        await settle(units, await candidate_of(units, shop), refusal=refusal)
        assert await everything.fetchval(held, shop.bot_id) is None


async def test_a_refused_token_changes_nothing_but_what_the_page_says(units, shop):
    await ask(units, shop, renewed(shop))

    await settle(units, await candidate_of(units, shop), username=None, refusal="unknown")

    assert await in_force(units, shop) == shop.telegram_token
    now = await standing(units, shop)
    assert (now.replacement, now.reason) == ("refused", "unknown")


async def test_a_bot_of_another_shop_is_refused_also_when_that_shop_is_closed(units, shop, make_shop):
    open_one, closed = await make_shop(), await make_shop()
    async with units.platform(MASTER) as uow:
        await service.delete_bot(uow, closed.bot_id)

    for other in (open_one, closed):
        await ask(units, shop, other.telegram_token, to_other_bot=True)
        await settle(units, await candidate_of(units, shop))
        now = await standing(units, shop)
        assert (now.replacement, now.reason) == ("refused", "anothers")
    assert await in_force(units, shop) == shop.telegram_token


async def test_of_two_shops_that_ask_for_the_same_bot_one_gets_it(units, shop, make_shop):
    other, token = await make_shop(), telegram_token()
    for one in (shop, other):
        await ask(units, one, token, to_other_bot=True)
    waiting = [await candidate_of(units, one) for one in (shop, other)]

    assert [await settle(units, one) for one in waiting] == ["taken", "refused"]


async def test_an_answer_about_a_token_that_somebody_replaced_meanwhile_decides_nothing(units, shop):
    await ask(units, shop, renewed(shop))
    first = await candidate_of(units, shop)
    await ask(units, shop, renewed(shop).replace("n", "m"))

    assert await settle(units, first) is None
    assert (await standing(units, shop)).replacement == "checking"
    assert await in_force(units, shop) == shop.telegram_token


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        (lambda _: "", "not_a_telegram_token"),
        (lambda shop: renewed(shop)[:-1], "not_a_telegram_token"),
        (lambda shop: shop.telegram_token, "same_token"),
        (lambda _: telegram_token(), "another_bot"),
    ],
)
async def test_what_cannot_be_is_refused_before_anybody_is_asked(units, shop, typed, problem):
    with pytest.raises(BadInput) as refusal:
        await ask(units, shop, typed(shop))

    assert refusal.value.problem == problem
    assert (await standing(units, shop)).replacement is None


async def test_whoever_saw_an_older_state_replaces_nothing(units, shop):
    seen = (await standing(units, shop)).seen
    await ask(units, shop, renewed(shop), seen=seen)

    with pytest.raises(ChangedMeanwhile):
        await ask(units, shop, renewed(shop).replace("n", "m"), seen=seen)


async def test_it_takes_the_right_to_change_settings(units, shop):
    watcher = StaffMember(shop.owner.staff_id, "Bob", SEEING)

    async with units.begin(shop.bot_id, watcher) as uow:
        with pytest.raises(NotAllowed):
            await replacing.ask(uow, renewed(shop))


async def test_the_history_tells_each_step_and_never_the_token(units, shop, everything):
    for refusal in ("unknown", None):
        await ask(units, shop, renewed(shop))
        await settle(units, await candidate_of(units, shop), refusal=refusal)

    rows = await everything.fetch(
        "SELECT action, data::text AS data FROM audit_log "
        "WHERE bot_id = $1 AND action LIKE 'bot.token%' ORDER BY id",
        shop.bot_id,
    )
    assert [row["action"] for row in rows] == [
        *("bot.token_asked", "bot.token_refused", "bot.token_asked", "bot.token_replaced")
    ]
    assert not any("n" * 35 in row["data"] for row in rows)


async def test_another_bot_forgets_what_telegram_gave_the_one_before(units, shop, shops, everything):
    sent = await shops.receipt(shop)
    await everything.execute("UPDATE media SET telegram_file_id = 'old' WHERE bot_id = $1", shop.bot_id)
    await everything.execute(
        "INSERT INTO telegram_updates (bot_id, update_id, person_id, received_at, attempts, done_at) "
        "VALUES ($1, 1, 1, now(), 1, now()), ($1, 2, 1, now(), 0, NULL)",
        shop.bot_id,
    )

    async def kept() -> tuple:
        files = "SELECT count(*) FROM media WHERE bot_id = $1 AND telegram_file_id IS NOT NULL"
        updates = "SELECT count(*) FROM telegram_updates WHERE bot_id = $1"
        return await everything.fetchval(files, shop.bot_id), await everything.fetchval(updates, shop.bot_id)

    await ask(units, shop, renewed(shop))
    await settle(units, await candidate_of(units, shop))
    assert await kept() == (1, 2), "the same bot knows them still"
    await ask(units, shop, telegram_token(), to_other_bot=True)
    await settle(units, await candidate_of(units, shop))

    assert await kept() == (0, 1)
    assert sent.payment_id


async def test_a_token_that_waits_moves_to_the_newest_key(units, shop, everything):
    await ask(units, shop, renewed(shop))
    later = replace(units, vault=Vault(("k" * 40, *units.vault.secret_keys)))
    async with later.begin(shop.bot_id, FLEET) as uow:
        assert await replacing.reseal_candidate(uow)
    async with later.begin(shop.bot_id, FLEET) as uow:
        assert not await replacing.reseal_candidate(uow)

    only = replace(units, vault=Vault(("k" * 40,)))
    assert (await candidate_of(only, shop)).token.text == renewed(shop)
    async with units.platform(FLEET) as uow:
        mine = next(one for one in await replacing.list_candidates(uow) if one.bot_id == shop.bot_id)
    assert mine.token is None, "nobody without the key reads it"
    assert await settle(units, mine) == "refused"
    assert (await standing(units, shop)).reason == "unreadable"


async def test_a_token_that_waits_is_read_in_its_own_shop_alone(units, shop, make_shop, everything):
    other = await make_shop()
    for one in (shop, other):
        await ask(units, one, renewed(one))
    moved = "UPDATE secret_replacements SET candidate = o.candidate FROM secret_replacements o"
    await everything.execute(
        f"{moved} WHERE secret_replacements.bot_id = $1 AND o.bot_id = $2",  # our own words
        shop.bot_id,
        other.bot_id,
    )

    assert (await candidate_of(units, shop)).token is None
    assert (await candidate_of(units, other)).token.text == renewed(other)


async def test_the_masters_bot_takes_its_token_from_the_server(units, shop, everything):
    await everything.execute("UPDATE bots SET is_master = false WHERE is_master")
    await everything.execute("UPDATE bots SET is_master = true WHERE id = $1", shop.bot_id)
    try:
        with pytest.raises(BadInput) as refusal:
            await ask(units, shop, renewed(shop))
    finally:
        await everything.execute("UPDATE bots SET is_master = false WHERE id = $1", shop.bot_id)

    assert refusal.value.problem == "of_the_server"


async def test_the_date_of_the_token_is_that_of_its_taking_over(units, shop, clock):
    first = (await standing(units, shop)).set_at
    clock.forward(hours=3)
    await ask(units, shop, renewed(shop))
    await settle(units, await candidate_of(units, shop))

    assert (await standing(units, shop)).set_at == clock.now
    assert first is not None
    assert first < clock.now
    async with units.platform(MASTER) as uow:
        assert (await get_bot_by_id(uow, shop.bot_id)).username == "told_bot"
