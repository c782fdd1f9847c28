"""What was promised is kept, whatever is killed."""

from __future__ import annotations

import os
import signal
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from db.crypto import Vault
from db.engine import build_engine, build_sessions
from db.settings import Settings
from shop.actors import System
from shop.media.shelf import Shelf
from shop.receipts import service as receipts
from shop.unit_of_work import UnitsOfWork
from shop.wallet import queries as wallet
from tests.browser.people import Phone
from tests.browser.stack import Stack, running_stack
from tests.factories import Shops


@asynccontextmanager
async def verbs(stack: Stack):
    """The shop's verbs on a running product's own database."""
    settings = Settings.from_env(stack.environment)
    engine = build_engine(settings.database_url, application_name="flows")
    yield UnitsOfWork(build_sessions(engine), Vault(settings.secret_keys), channel="test")
    await engine.dispose()


async def test_killing_the_bot_between_commit_and_send_loses_no_message(tmp_path_factory):
    folder = Path(tmp_path_factory.mktemp("survival")) / "data"
    async with httpx.AsyncClient(timeout=10) as http:
        with running_stack(folder, DEMO="0") as stack:
            async with verbs(stack) as units:
                shops = Shops(units, Shelf(folder / "media"))
                shop = await shops.open()
                carol = await shops.person(shop)
                await _introduce(http, stack, carol.telegram_id)
                await Phone(http, stack.sandbox, shop.telegram_token, carol.telegram_id).find_bot()
                sent = await shops.receipt(shop, carol)
                bot = stack.pid("bot")
                os.kill(bot, signal.SIGSTOP)
                async with units.begin(shop.bot_id, shop.owner) as uow:
                    await receipts.approve(uow, sent.payment_id)
            os.kill(bot, signal.SIGKILL)
            stack.process.wait(30)
            assert "bot" in stack.printed.splitlines()[-1], "it says which process ended"

        with running_stack(folder, DEMO="0") as stack:
            phone = Phone(http, stack.sandbox, shop.telegram_token, carol.telegram_id)
            await phone.find_bot()
            await phone.read("Your subscription is ready")
            async with verbs(stack) as units, units.begin(shop.bot_id, System("test")) as uow:
                assert await wallet.prove(uow) == []
            told = [m for m in await phone.messages() if "is ready" in (m.get("text") or "")]
            assert len(told) == 1


async def _introduce(http: httpx.AsyncClient, stack: Stack, telegram_id: int) -> None:
    answer = await http.post(
        f"{stack.sandbox}/_c/user",
        json={"id": telegram_id, "first_name": "Carol", "username": "carol", "language_code": "en"},
    )
    answer.raise_for_status()
