"""Composition root of the web process: the only module that knows every part of it."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import asyncpg
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, ControllerRouterHandler, LifespanHook
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from db import migrate
from db.crypto import Vault
from db.engine import build_engine, build_sessions
from db.settings import Network, settings_or_exit
from shop.errors import ShopError
from shop.media.shelf import Shelf
from shop.unit_of_work import UnitsOfWork
from web.assets import Assets
from web.cookies import Cookies
from web.deps import provide_uow
from web.errors import failed, not_served, refused
from web.forms import LARGEST_BODY
from web.guards import GUARDS
from web.hub import Hub, ended_by_signals, listening
from web.jinja import build_environment
from web.parts import Parts, Readiness
from web.routes import (
    audit,
    auth,
    bot_token,
    broadcasts,
    cards,
    confirming,
    customers,
    features,
    files,
    health,
    live,
    missed,
    overview,
    plan_forms,
    plan_groups,
    plans,
    platform,
    prices,
    ready_answers,
    reasons,
    receipt_claims,
    receipt_list,
    receipt_pages,
    receipts,
    rehearsals,
    settings,
    sheets,
    start,
    stock,
    subscriptions,
    team,
    texts,
    tickets,
    tokens,
    transactions,
    views,
)
from web.security import Hardened

logger = logging.getLogger(__name__)

STATIC = Path(__file__).parent.parent / "static"
READY_SECONDS = 2.0
"""Whoever asks whether we are ready has little patience."""

ROUTES: list[ControllerRouterHandler] = [
    health.live,
    health.ready,
    files.static_file,
    files.favicon,
    auth.login,
    auth.enter,
    auth.wait,
    auth.finish_waiting,
    auth.logout,
    auth.logout_everywhere,
    auth.end_session,
    auth.signed_in_devices,
    confirming.ask,
    confirming.confirm,
    confirming.wait,
    confirming.finish,
    audit.audit,
    audit.export,
    team.people,
    team.add,
    team.change,
    team.issue,
    team.let_go,
    team.take_back,
    tokens.tokens,
    tokens.make,
    tokens.link,
    tokens.replace,
    tokens.revoke,
    tokens.switch_second_factor,
    features.FeatureController,
    settings.SettingsController,
    texts.TextController,
    reasons.ReasonController,
    bot_token.show,
    bot_token.replace,
    overview.overview,
    start.start,
    rehearsals.RehearsalController,
    live.events,
    live.events_now,
    receipt_list.every_receipt,
    receipt_list.every_receipt_file,
    receipt_list.reject_duplicates,
    receipts.ReceiptController,
    *receipt_claims.ROUTES,
    *receipt_pages.ROUTES,
    stock.StockController,
    *ready_answers.ROUTES,
    tickets.TicketController,
    tickets.tickets_file,
    broadcasts.BroadcastController,
    broadcasts.broadcasts_file,
    missed.missed,
    missed.missed_file,
    customers.CustomerController,
    customers.customers_file,
    subscriptions.SubscriptionController,
    subscriptions.subscriptions_file,
    views.ViewController,
    transactions.transactions,
    transactions.transactions_file,
    cards.CardController,
    plans.price_list,
    sheets.plans_file,
    sheets.cards_file,
    sheets.team_file,
    plans.order,
    plans.switch,
    plans.archive,
    plans.restore,
    plans.delete,
    plan_forms.new,
    plan_forms.button,
    plan_forms.create,
    plan_forms.one,
    plan_forms.save,
    plan_groups.new,
    plan_groups.create,
    plan_groups.one,
    plan_groups.save,
    plan_groups.archive,
    plan_groups.restore,
    prices.prices,
    prices.change,
    platform.shops,
    platform.open_shop,
    platform.shop_people,
    platform.sign_everybody_out,
    platform.unlink_telegram,
    platform.leave_shop,
]


def build_app(
    units: UnitsOfWork,
    *,
    shelf: Shelf,
    assets: Assets,
    https: bool,
    readiness: Callable[[], Awaitable[Readiness]],
    trusted_proxies: tuple[Network, ...] = (),
    hub: Hub | None = None,
    lifespan: Sequence[AbstractAsyncContextManager[None]] = (),
    on_shutdown: list[LifespanHook] | None = None,
) -> Litestar:
    """The application without its headers; ``https``: whether the world reaches it by https.

    ``lifespan``: what lives as long as the application does, such as whoever brings notices to ``hub``.
    """
    parts = Parts(
        units=units,
        shelf=shelf,
        assets=assets,
        environment=build_environment(assets),
        cookies=Cookies(secure=https),
        readiness=readiness,
        trusted_proxies=trusted_proxies,
        hub=Hub() if hub is None else hub,
    )
    return Litestar(
        route_handlers=ROUTES,
        guards=list(GUARDS),
        dependencies={"uow": Provide(provide_uow)},
        exception_handlers={ShopError: refused, HTTPException: not_served, Exception: failed},
        state=State({"parts": parts}),
        request_max_body_size=LARGEST_BODY,
        openapi_config=None,
        # Said here, so that no variable of the framework's in somebody's environment says otherwise.
        debug=False,
        pdb_on_exception=False,
        # Ours is set up by the process; the framework's own would write bodies into the log.
        logging_config=None,
        lifespan=list(lifespan),
        on_shutdown=on_shutdown or [],
    )


def create_app() -> ASGIApp:
    """What the server runs: settings from the environment, one engine for the process."""
    settings = settings_or_exit()
    engine = build_engine(settings.database_url, application_name="pishkhan-web")
    https = settings.public_base_url.startswith("https://")
    hub = Hub()
    app = build_app(
        UnitsOfWork(build_sessions(engine), Vault(settings.secret_keys), channel="web"),
        shelf=Shelf(settings.media_dir),
        assets=Assets(STATIC),
        https=https,
        readiness=readiness_of(engine),
        trusted_proxies=settings.trusted_proxies,
        hub=hub,
        lifespan=[listening(hub, settings.database_url), ended_by_signals(hub)],
        on_shutdown=[engine.dispose],
    )
    # What is loaded now lives as long as the process: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    return Hardened(app, https=https)


def readiness_of(engine: AsyncEngine) -> Callable[[], Awaitable[Readiness]]:
    """Asks the database itself, every time; the newest revision the code knows is read once."""
    wanted = migrate.head()

    async def readiness() -> Readiness:
        try:
            async with asyncio.timeout(READY_SECONDS):
                found = await migrate.current(engine)
        except (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            logger.warning("not ready: %s", error)
            return "database_unreachable"
        return "ready" if found == wanted else "migrations_behind"

    return readiness
