"""Groups of plans as a customer meets them, through the real process and real HTTP."""

from __future__ import annotations

import pytest

from bot.app import BotProcess
from shop.plans import groups
from shop.plans import service as plans
from shop.unit_of_work import UnitsOfWork
from tests.bot.conftest import MakePhone
from tests.bot.phone import buttons_of, words_of
from tests.factories import Shop, Shops


async def grouped(units: UnitsOfWork, shop: Shop) -> int:
    """A group with one plan, beside the shop's own plan."""
    async with units.begin(shop.bot_id, shop.owner) as uow:
        made = await groups.create_group(uow, name="خانواده", translations={"en": {"name": "Family"}})
        await plans.create_plan(
            uow, name="Three months", period_days=90, price=290_000, group_id=made.group_id
        )
    return made.group_id


def labels(message: dict[str, object]) -> list[str]:
    return [button["text"] for button in buttons_of(message)]


@pytest.mark.parametrize("language", ["en", "fa"])
async def test_a_customer_opens_a_group_and_finds_his_way_back_from_a_plan_in_it(
    language: str, bots: BotProcess, shops: Shops, units: UnitsOfWork, make_phone: MakePhone
) -> None:
    shop = await shops.open(name="Nasim")
    await grouped(units, shop)
    english = language == "en"
    name, back, which = (
        ("Family", "‹ Back", "Which plan?") if english else ("خانواده", "‹ بازگشت", "کدام پلن؟")
    )
    phone = await make_phone(shop, language=language)

    await phone.text("/buy")
    first = await phone.expect(which)
    assert labels(first)[0] == f"{name} ›"
    assert not any("Three months" in label for label in labels(first))
    await phone.press(f"{name} ›")
    inside = await phone.expect(name)
    assert words_of(inside).splitlines()[0] == name
    assert [label.split(",")[0].split("،")[0] for label in labels(inside)[:2]] == ["Three months", back]
    await phone.press("Three months")
    await phone.expect("290,000" if english else "۲۹۰٬۰۰۰")
    await phone.press(back)
    await phone.expect(name)
    await phone.press(back)

    await phone.press_when(f"{name} ›", name)


async def test_what_the_owner_changes_counts_at_the_next_press_of_an_old_button(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, make_phone: MakePhone
) -> None:
    shop = await shops.open(name="Nasim")
    group_id = await grouped(units, shop)
    phone = await make_phone(shop)
    await phone.text("/buy")
    await phone.expect("Which plan?")
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await groups.archive_group(uow, group_id)

    await phone.press("Family ›")

    after = await phone.press_when("Three months", "To pay: 290,000 Toman")
    assert "Three months" in words_of(after)
