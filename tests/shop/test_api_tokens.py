from __future__ import annotations

import hmac
from datetime import timedelta

import pytest

from db.crypto import Vault
from shop.actors import (
    OWNING,
    PLANS_MANAGE,
    RECEIPTS_APPROVE,
    RECEIPTS_SEE,
    SEEING,
    SHOP_SEE,
    TOKENS_MANAGE,
    Master,
    StaffMember,
    System,
)
from shop.bots import service as bots
from shop.errors import BadInput, NotAllowed, NotFound
from shop.staff import queries, rules, service, team
from shop.staff.scopes import FARTHEST
from shop.staff.service import Asked
from shop.unit_of_work import UnitsOfWork
from tests.conftest import NOON
from tests.factories import MASTER


async def find(units, token):
    async with units.platform(System("sign-in")) as uow:
        return await service.find_api_token(uow, token)


async def issue(units, shop, staff_id=None, **difference):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return await service.issue_api_token(
            uow, staff_id or shop.owner.staff_id, name="Laptop", **difference
        )


async def test_a_token_tells_whose_it_is(units, make_shop):
    shop = await make_shop()

    holder = await find(units, shop.api_token)

    assert (holder.bot_id, holder.staff_id, holder.role) == (shop.bot_id, shop.owner.staff_id, "owner")
    assert holder.actor == StaffMember(shop.owner.staff_id, "Shop", frozenset(OWNING))


async def test_bob_gets_in_with_a_key_and_rights_of_his_own(units, make_shop):
    shop = await make_shop()
    async with units.begin(shop.bot_id, shop.owner) as uow:
        bob = await service.create_staff(uow, name=" Bob ", role="staff")

    issued = await issue(units, shop, bob)

    holder = await find(units, issued.token)
    assert (holder.staff_id, holder.name, holder.permissions) == (bob, "Bob", frozenset(SEEING))


async def test_a_revoked_token_opens_nothing_and_can_be_revoked_again(units, make_shop):
    shop = await make_shop()
    issued = await issue(units, shop)

    for _ in range(2):
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await service.revoke_api_token(uow, issued.token_id)

    assert await find(units, issued.token) is None
    assert await find(units, shop.api_token) is not None


async def test_a_token_ends_with_its_last_day_as_the_shop_counts_days(units, make_shop, clock):
    """It is noon in Tehran: tomorrow ends in thirty-six hours."""
    shop = await make_shop()
    issued = await issue(units, shop, asked=Asked(days=1))

    clock.forward(hours=35.9)
    assert await find(units, issued.token) is not None
    clock.forward(hours=0.1)
    assert await find(units, issued.token) is None


async def test_today_and_the_farthest_day_may_be_a_tokens_last(units, make_shop):
    shop = await make_shop()

    for day in (NOON.date(), (NOON + FARTHEST).date()):
        issued = await issue(units, shop, asked=Asked(last_day=day))
        assert await find(units, issued.token) is not None


@pytest.mark.parametrize(
    "asked",
    [
        Asked(days=2),
        Asked(days=-1),
        Asked(last_day=(NOON - timedelta(days=1)).date()),
        Asked(last_day=(NOON + FARTHEST + timedelta(days=1)).date()),
        Asked(days=7, last_day=(NOON + timedelta(days=7)).date()),
        Asked("everything"),
        Asked("chosen"),
        Asked("chosen", frozenset({"platform.manage"})),
    ],
)
async def test_a_token_is_asked_for_in_words_that_we_offer(units, make_shop, asked):
    shop = await make_shop()

    with pytest.raises(BadInput):
        await issue(units, shop, asked=asked)


async def test_a_token_opens_the_part_of_its_persons_rights_that_it_was_made_for(units, make_shop):
    shop = await make_shop()

    see = await find(units, (await issue(units, shop, asked=Asked("see"))).token)
    decide = await find(units, (await issue(units, shop, asked=Asked("receipts"))).token)
    chosen = Asked("chosen", frozenset({RECEIPTS_APPROVE, PLANS_MANAGE}))
    some = await find(units, (await issue(units, shop, asked=chosen)).token)

    assert see.actor.permissions == SEEING
    assert decide.actor.permissions == SEEING | {RECEIPTS_APPROVE}
    assert some.actor.permissions == {RECEIPTS_SEE, RECEIPTS_APPROVE, PLANS_MANAGE}


async def test_a_right_taken_from_a_person_is_taken_from_his_tokens_and_none_comes_back_by_them(
    units, make_shop
):
    shop = await make_shop()
    async with units.begin(shop.bot_id, shop.owner) as uow:
        bob = await service.create_staff(uow, name="Bob", role="staff", permissions=OWNING)
    issued = await issue(units, shop, bob, asked=Asked("receipts"))

    async with units.begin(shop.bot_id, shop.owner) as uow:
        await team.change_colleague(uow, bob, name="Bob", permissions={SHOP_SEE, PLANS_MANAGE})

    assert (await find(units, issued.token)).actor.permissions == {SHOP_SEE}


async def test_nobody_makes_a_token_that_opens_more_than_he_may_himself(units, make_shop):
    """Neither for a colleague who may more, nor for himself while his own token opens less."""
    shop = await make_shop()
    async with units.begin(shop.bot_id, shop.owner) as uow:
        bob = await service.create_staff(uow, name="Bob", role="staff", permissions=OWNING)
        full = await service.issue_api_token(uow, shop.owner.staff_id, name="Full")
    narrow = StaffMember(shop.owner.staff_id, "Shop", frozenset({SHOP_SEE, TOKENS_MANAGE}))

    for wish in (
        lambda uow: service.issue_api_token(uow, narrow.staff_id, name="Mine"),
        lambda uow: service.issue_api_token(uow, narrow.staff_id, name="Mine", asked=Asked("receipts")),
        lambda uow: team.issue_token(uow, bob, name="His"),
        lambda uow: service.replace_api_token(uow, full.token_id, at_once=False),
    ):
        with pytest.raises(NotAllowed):
            async with units.begin(shop.bot_id, narrow) as uow:
                await wish(uow)
    async with units.begin(shop.bot_id, narrow) as uow:
        asked = Asked("chosen", frozenset({SHOP_SEE}))
        issued = await service.issue_api_token(uow, narrow.staff_id, name="Mine", asked=asked)

    assert (await find(units, issued.token)).actor.permissions == {SHOP_SEE}


async def test_a_replaced_token_keeps_its_scope_and_its_end(units, make_shop, everything):
    shop = await make_shop()
    old = await issue(units, shop, asked=Asked("see", days=30))

    async with units.begin(shop.bot_id, shop.owner) as uow:
        new = await service.replace_api_token(uow, old.token_id, at_once=False)

    row = await everything.fetchrow("SELECT scope, expires_at FROM api_tokens WHERE id = $1", new.token_id)
    assert set(row["scope"]) == SEEING
    assert row["expires_at"] > await everything.fetchval(
        "SELECT expires_at FROM api_tokens WHERE id = $1", old.token_id
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE bots SET status = 'suspended' WHERE id = $1",
        "UPDATE bots SET deleted_at = now() WHERE id = $1",
        "UPDATE staff SET is_active = false WHERE bot_id = $1",
    ],
)
async def test_nobody_comes_in_when_the_shop_is_closed_or_he_left(units, make_shop, everything, statement):
    shop = await make_shop()

    await everything.execute(statement, shop.bot_id)

    assert await find(units, shop.api_token) is None


async def test_a_paused_bot_does_not_close_the_dashboard(units, make_shop):
    shop = await make_shop()

    async with units.platform(MASTER) as uow:
        await bots.deactivate_bot(uow, shop.bot_id)

    assert await find(units, shop.api_token) is not None


async def test_an_unknown_token_costs_the_same_comparison(units, make_shop, monkeypatch):
    shop = await make_shop()
    compared = []
    real = hmac.compare_digest

    def counting(one, other):
        compared.append((len(one), len(other)))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    known = await find(units, shop.api_token)
    unknown = await find(units, rules.generate_api_token().text)

    assert known is not None
    assert unknown is None
    assert compared == [(32, 32), (32, 32)]


async def test_the_right_key_id_with_another_secret_is_refused(units, make_shop, everything):
    shop = await make_shop()
    other = rules.generate_api_token()

    await everything.execute("UPDATE api_tokens SET key_id = $1 WHERE bot_id = $2", other.key_id, shop.bot_id)

    assert await find(units, other.text) is None


async def test_a_token_outlives_a_change_of_the_secret_key(units, make_shop, sessions, clock):
    shop = await make_shop()
    rotated = UnitsOfWork(
        sessions, Vault(("a newer secret of the tests, long too", *units.vault.secret_keys)), "test", clock
    )
    forgotten = UnitsOfWork(sessions, Vault(("only a newer secret of the tests, long",)), "test", clock)

    assert await find(rotated, shop.api_token) is not None
    assert await find(forgotten, shop.api_token) is None


async def test_hashing_gives_thirty_two_bytes_that_differ_by_token_and_key(vault):
    one, other = rules.generate_api_token().text, rules.generate_api_token().text

    hashes = {
        service.hash_api_token(vault, one),
        service.hash_api_token(vault, other),
        service.hash_api_token(Vault(("another secret, at least thirty-two long",)), one),
    }

    assert len(hashes) == 3
    assert {len(value) for value in hashes} == {32}


async def test_last_use_is_kept_to_the_minute(units, make_shop, clock):
    shop = await make_shop()
    issued = await issue(units, shop)
    clock.forward(seconds=42)

    async with units.begin(shop.bot_id, System("sign-in")) as uow:
        await service.note_token_use(uow, issued.token_id, address="192.0.2.7")

    async with units.begin(shop.bot_id, shop.owner) as uow:
        newest = (await queries.list_api_tokens(uow))[0]
    assert (newest.token_id, newest.name, newest.last_used_address) == (
        issued.token_id,
        "Laptop",
        "192.0.2.7",
    )
    assert newest.last_used_at == clock.now.replace(second=0, microsecond=0)
    assert issued.token not in repr(newest)


async def test_mallory_neither_sees_nor_revokes_alices_tokens(units, make_shop):
    alices, mallorys = await make_shop(name="A"), await make_shop(name="B")
    issued = await issue(units, alices)

    async with units.begin(mallorys.bot_id, mallorys.owner) as uow:
        seen = await queries.list_api_tokens(uow)
        with pytest.raises(NotFound):
            await service.revoke_api_token(uow, issued.token_id)
        with pytest.raises(NotFound):
            await service.issue_api_token(uow, alices.owner.staff_id, name="Mine")

    assert issued.token_id not in {token.token_id for token in seen}
    assert await find(units, issued.token) is not None


async def test_staff_without_the_right_issue_and_revoke_nothing(units, make_shop):
    shop = await make_shop()
    bob = StaffMember(99, "Bob", SEEING)

    async with units.begin(shop.bot_id, bob) as uow:
        with pytest.raises(NotAllowed):
            await service.issue_api_token(uow, shop.owner.staff_id, name="Mine")
        with pytest.raises(NotAllowed):
            await service.revoke_api_token(uow, 1)
        with pytest.raises(NotAllowed):
            await service.create_staff(uow, name="Eve", role="owner")


async def test_an_owner_cannot_make_himself_master(units, make_shop):
    shop = await make_shop()

    async with units.begin(shop.bot_id, shop.owner) as uow:
        with pytest.raises(NotAllowed):
            await service.create_staff(uow, name="Alice", role="master")
    async with units.begin(shop.bot_id, Master(1, "Master")) as uow:
        master = await service.create_staff(uow, name="Master", role="master")
    async with units.begin(shop.bot_id, shop.owner) as uow:
        with pytest.raises(NotAllowed):
            await service.issue_api_token(uow, master, name="Mine")


@pytest.mark.parametrize(("name", "problem"), [("", "required"), ("x" * 65, "too_long")])
async def test_a_person_needs_a_name(units, make_shop, name, problem):
    shop = await make_shop()

    async with units.begin(shop.bot_id, shop.owner) as uow:
        with pytest.raises(BadInput) as refusal:
            await service.create_staff(uow, name=name, role="staff")

    assert refusal.value.problem == problem
