"""From the first word to the receipt in the queue, through the real process and real HTTP."""

from __future__ import annotations

import asyncpg
import pytest

from bot.app import BotProcess
from shop.receipts import service as receipts
from shop.unit_of_work import UnitsOfWork
from tests.bot.conftest import MakePhone
from tests.bot.phone import buttons_of, words_of
from tests.factories import Shops, photo

ENGLISH = {
    "language": "en",
    "hello": "Hi Carol",
    "buy": "Buy a subscription",
    "which": "Which plan?",
    "plan": "1 month, 50 GB",
    "review": "To pay: 125,000 Toman",
    "pay": "Card to card",
    "card": "Pay 125,000 Toman (1,250,000 Rial)",
    "received": "We have your receipt",
    "ready": "Your subscription is ready",
    "status": "Status",
    "checked": "being checked",
}
PERSIAN = {
    "language": "fa",
    "hello": "سلام Carol",
    "buy": "خرید اشتراک",
    "which": "کدام پلن؟",
    "plan": "یک‌ماهه ۵۰ گیگ",
    "review": "قابل پرداخت: ۱۲۵٬۰۰۰ تومان",
    "pay": "کارت‌به‌کارت",
    "card": "مبلغ ۱۲۵٬۰۰۰ تومان (۱٬۲۵۰٬۰۰۰ ریال)",
    "received": "رسید شما رسید",
    "ready": "اشتراک شما آماده است",
    "status": "وضعیت رسید",
    "checked": "در حال بررسی",
}


@pytest.mark.parametrize("words", [ENGLISH, PERSIAN], ids=["en", "fa"])
async def test_a_person_buys_by_photo_and_gets_the_line(
    words: dict[str, str],
    bots: BotProcess,
    shops: Shops,
    units: UnitsOfWork,
    make_phone: MakePhone,
    bare: asyncpg.Connection,
) -> None:
    shop = await shops.open(name="Nasim")
    phone = await make_phone(shop, language=words["language"])

    await phone.text("/start")
    await phone.expect(words["hello"])
    await phone.press(words["buy"])
    await phone.expect(words["which"])
    await phone.press(words["plan"])
    await phone.expect(words["review"])
    await phone.press(words["pay"])
    card = await phone.expect(words["card"])
    await phone.photo(photo(), caption="here <b>it</b> is")
    await phone.expect(words["received"])
    await phone.press(words["status"])
    await phone.expect(words["checked"])
    payment = await bare.fetchrow(
        "select id, receipt_text, receipt_media_id from card_to_card_payments where bot_id = $1", shop.bot_id
    )
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, payment["id"])
    ready = await phone.expect(words["ready"], within=2)

    copied = [b["copy_text"]["text"] for b in buttons_of(card) if "copy_text" in b]
    number = copied[0]
    assert len(number) == 16
    assert copied[1] == "1250000"
    groups = " ".join(number[i : i + 4] for i in range(0, 16, 4))
    assert groups in words_of(card).splitlines()
    assert payment["receipt_text"] == "here <b>it</b> is"
    assert payment["receipt_media_id"] is not None
    assert "vless://" in words_of(ready)
