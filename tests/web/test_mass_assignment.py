"""Every form is given every field name of every table, and none of them means anything to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from db.base import Base
from tests.house.test_walls import SHOP_TABLES
from tests.web.conftest import Browser
from tests.web.test_matrix import ROUTES, alices_address
from web.forms import MOST_FIELDS

NAMES = sorted(
    {column.name for table in Base.metadata.tables.values() for column in table.columns}
    | {"tenant_id", "shop_id", "staff", "is_admin", "permissions[]", "user.balance", "_method", "sold_amount"}
)
POSTS = [
    route for route in ROUTES if route[0] == "POST" and route[1] not in {"/logout", "/logout-everywhere"}
]
UNTOUCHED = (
    *("bots", "staff", "bot_plans", "bot_feature_flags", "bot_configurations", "promocodes", "promo_groups"),
    *("tickets", "zarinpal_payments", "media", "plan_groups"),
)
"""Tables in which no form writes anything under a name that is not its own."""
THEIRS = dict.fromkeys(("/plans", "/plans/{plan_id:str}", "/plans/{plan_id:str}/archive"), "bot_plans")
THEIRS |= {"/team": "staff"}
THEIRS |= dict.fromkeys(
    ("/plans/groups", "/plans/groups/{group_id:str}", "/plans/groups/{group_id:str}/archive"), "plan_groups"
)
THEIRS |= dict.fromkeys(
    ("/settings/reasons", "/settings/reasons/{reason_code:str}/switch"), "bot_configurations"
)
"""The forms whose own fields, or whose very act, write in one of these tables."""
WRITES_ONCE = {"/features/{key:str}/switch", "/settings/{tab:str}"}
"""Routes whose own form writes into one of those, the same every time."""


def batched(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for first in range(0, len(names), size):
        yield names[first : first + size]


def hostile(name: str, bot_id: int) -> str:
    """The value that would do most harm under this name."""
    if name in {"bot_id", "tenant_id", "shop_id", "viewing_bot_id"}:
        return str(bot_id)
    if name in {"status", "held_decision", "action"}:
        return "approved"
    if name in {"role", "permissions", "permissions[]"}:
        return "master"
    if name.startswith(("is_", "has_")) or name in {"granted", "enabled", "killed"}:
        return "true"
    return "999999999"


async def digest(everything, table: str, where: str, *values: object) -> str:
    return await everything.fetchval(
        f"SELECT md5(coalesce(array_agg(t::text ORDER BY t::text)::text, '')) FROM {table} t WHERE {where}",  # noqa: S608
        *values,
    )


async def others(everything, bot_id: int) -> dict[str, str]:
    """Everything of every shop but this one."""
    return {
        table: await digest(everything, table, f"{'id' if table == 'bots' else 'bot_id'} <> $1", bot_id)
        for table in SHOP_TABLES
    }


async def own(everything, bot_id: int, path: str) -> dict[str, str]:
    return {
        table: await digest(everything, table, f"{'id' if table == 'bots' else 'bot_id'} = $1", bot_id)
        for table in UNTOUCHED
        if table not in {"media", THEIRS.get(path)}
    }


@pytest.mark.parametrize(("method", "path"), POSTS)
async def test_no_field_name_of_ours_means_anything_to_a_form(
    signed_in, shops, everything, units, method, path
):
    alices, mallorys = await shops.open(name="Alice's shop"), await shops.open(name="Mallory's shop")
    person = await shops.person(alices)
    alice: Browser = await signed_in(alices)
    form = ROUTES[method, path].form
    room = MOST_FIELDS - len(form) - 1
    receipts = [await shops.receipt(alices) if "{payment_id" in path else None for _ in batched(NAMES, room)]
    if path in WRITES_ONCE:
        # What the form itself means is done, and done again, so that the row's time is that of this clock.
        for _ in range(2):
            await alice.post(alices_address(path, None, alices), form)
    before = await others(everything, alices.bot_id), await own(everything, alices.bot_id, path)

    for names, sent in zip(batched(NAMES, room), receipts, strict=True):
        extra = {name: hostile(name, mallorys.bot_id) for name in names if name not in form}
        url = alices_address(path, sent, alices)
        answer = await alice.post(url, {**extra, **form})
        assert answer.status_code < 500
        await alice.client.post(f"{url}?{'&'.join(f'{name}={value}' for name, value in extra.items())}")

    assert (await others(everything, alices.bot_id), await own(everything, alices.bot_id, path)) == before
    assert await everything.fetchval("SELECT balance FROM users WHERE id = $1", person.user_id) == 0
    misplaced = await everything.fetch(
        "SELECT id FROM bot_plans WHERE bot_id = $1 AND (sort_order > 999 OR id = 999999999 "
        "OR provisioner <> 'stock' OR created_at > now() + interval '1 hour')",
        alices.bot_id,
    )
    assert misplaced == [], "what no form offers: the place, the key, how it is delivered"
    accepted = int(form.get("arrived", alices.price))
    wrong = await everything.fetch(
        "SELECT id FROM card_to_card_payments WHERE bot_id = $1 AND (expected_amount <> $2 "
        "OR coalesce(amount, $3) <> $3 OR (status = 'approved_other_amount') <> ($2 <> $3))",
        alices.bot_id,
        alices.price,
        accepted,
    )
    assert wrong == []
    risen = await everything.fetch(
        "SELECT id FROM staff WHERE bot_id = $1 AND (role = 'master' OR telegram_id = 999999999 "
        "OR (role = 'staff' AND permissions <> '{shop.see}'))",
        alices.bot_id,
    )
    assert risen == []
    for_ever = await everything.fetch(
        "SELECT id FROM api_tokens WHERE bot_id = $1 AND expires_at > now() + interval '2 days'",
        alices.bot_id,
    )
    assert for_ever == []


@pytest.mark.parametrize("name", ["bot_id", "tenant_id", "shop_id", "viewing_bot_id", "bot", "shop"])
async def test_no_name_in_an_address_leads_into_another_shop(signed_in, shops, name):
    alices, mallorys = await shops.open(name="Alice's shop"), await shops.open(name="Mallory's shop")
    sent = await shops.receipt(mallorys)
    alice: Browser = await signed_in(alices)

    queue = await alice.get(f"/receipts?{name}={mallorys.bot_id}")
    item = await alice.get(f"/receipts/{sent.payment_id}?{name}={mallorys.bot_id}")

    assert f"/receipts/{sent.payment_id}" not in queue.text
    assert (queue.status_code, item.status_code) == (200, 404)


def test_the_names_are_those_of_the_tables():
    assert {"bot_id", "status", "balance", "is_master", "wallet_balance", "token_hash"} <= set(NAMES)
