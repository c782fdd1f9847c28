"""Every permission against every route: what opens each, and that nothing else does.

Rights only ever add, so two people prove a row of the table: one who holds what it names and nothing else is
let in, and one who holds everything but one of them is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from shop.actors import (
    BROADCASTS_MANAGE,
    CARDS_MANAGE,
    CUSTOMERS_MANAGE,
    FEATURES_MANAGE,
    MONEY_MANAGE,
    OWNING,
    PLANS_MANAGE,
    RECEIPTS_APPROVE,
    RECEIPTS_SEE,
    SEEING,
    SETTINGS_MANAGE,
    SHOP_SEE,
    STOCK_MANAGE,
    TICKETS_ANSWER,
    TICKETS_SEE,
    TOKENS_MANAGE,
)
from shop.configurations.registry import SETTINGS
from shop.staff import service as staff
from tests.web.conftest import Browser, add_staff
from tests.web.test_matrix import ROUTES, alices_address, ask

ANYBODY: frozenset[str] = frozenset()
"""Whoever belongs to the team: one's own sessions and sign-in, what is public, and doors that answer by the
thing asked about (a test purchase that is none, the platform's pages) rather than by the person."""

OPENED_BY: dict[frozenset[str], tuple[str, ...]] = {
    ANYBODY: (
        "GET /health/live",
        "GET /health/ready",
        "GET /static/{file_path:path}",
        "GET /favicon.ico",
        "GET /login",
        "GET /login/wait",
        "POST /logout",
        "POST /logout-everywhere",
        "GET /sessions",
        "GET /confirm",
        "POST /confirm",
        "GET /confirm/wait",
        "POST /confirm/finish",
        "POST /sessions/{ref:str}/end",
        "GET /tokens",
        "GET /settings/panel",
        "GET /start/tests/{payment_id:str}",
        "GET /start/tests/{payment_id:str}/image",
        "POST /start/tests/{payment_id:str}/approve",
        "POST /start/tests/{payment_id:str}/reject",
        "POST /start/tests/{payment_id:str}/undo",
        "GET /events",
        "GET /events/now",
        "POST /cards/bank",
        "GET /plans/button",
        "GET /platform/bots",
        "POST /platform/bots/{bot_id:str}/open",
        "GET /platform/bots/{bot_id:str}",
        "POST /platform/bots/{bot_id:str}/sign-out",
        "POST /platform/bots/{bot_id:str}/people/{staff_id:str}/unlink",
        "POST /views/{view_id:str}",
        "POST /views/{view_id:str}/delete",
        "POST /platform/leave",
    ),
    frozenset({BROADCASTS_MANAGE}): (
        "POST /broadcasts",
        "POST /broadcasts/{broadcast_id:str}",
        "POST /broadcasts/{broadcast_id:str}/start",
        "POST /broadcasts/{broadcast_id:str}/take-back",
        "POST /broadcasts/{broadcast_id:str}/pause",
        "POST /broadcasts/{broadcast_id:str}/resume",
        "POST /broadcasts/{broadcast_id:str}/stop",
        "POST /broadcasts/{broadcast_id:str}/repeat",
    ),
    frozenset({CARDS_MANAGE}): (
        "POST /cards/{card_id:str}/rest",
        "POST /cards/{card_id:str}",
        "POST /cards/{card_id:str}/switch",
        "POST /cards/{card_id:str}/move",
        "POST /cards/{card_id:str}/archive",
        "POST /cards/{card_id:str}/restore",
    ),
    frozenset({CUSTOMERS_MANAGE}): (
        "POST /customers/{customer_id:str}/message",
        "POST /customers/{customer_id:str}/note",
        "POST /customers/{customer_id:str}/block",
        "POST /customers/{customer_id:str}/unblock",
        "POST /subscriptions/{subscription_id:str}/give",
        "POST /subscriptions/{subscription_id:str}/send-again",
    ),
    frozenset({FEATURES_MANAGE}): ("POST /features/{key:str}/switch",),
    frozenset({MONEY_MANAGE}): (
        "GET /customers/{customer_id:str}/after",
        "POST /customers/{customer_id:str}/wallet",
    ),
    frozenset({PLANS_MANAGE}): (
        "POST /plans",
        "GET /plans/new",
        "GET /plans/prices",
        "POST /plans/order",
        "GET /plans/groups/new",
        "POST /plans/groups",
        "GET /plans/groups/{group_id:str}",
        "POST /plans/groups/{group_id:str}",
        "POST /plans/groups/{group_id:str}/archive",
        "POST /plans/groups/{group_id:str}/restore",
        "POST /plans/{plan_id:str}",
        "POST /plans/{plan_id:str}/switch",
        "POST /plans/{plan_id:str}/archive",
        "POST /plans/{plan_id:str}/restore",
        "POST /plans/{plan_id:str}/delete",
        "POST /plans/prices",
    ),
    frozenset({RECEIPTS_APPROVE}): (
        "POST /tokens/link",
        "POST /receipts/all/reject",
        "POST /receipts/{payment_id:str}/note",
        "POST /receipts/{payment_id:str}/look",
        "POST /receipts/{payment_id:str}/leave",
    ),
    frozenset({RECEIPTS_SEE}): (
        "GET /receipts",
        "GET /receipts/all",
        "GET /receipts/{payment_id:str}",
        "GET /receipts/{payment_id:str}/image",
        "GET /receipts/{payment_id:str}/history",
        "GET /receipts/{payment_id:str}/compare",
        "GET /receipts/{payment_id:str}/hand",
    ),
    frozenset({SETTINGS_MANAGE}): (
        "POST /tokens/second-factor",
        "POST /settings/bot",
        "POST /settings/{tab:str}",
        "POST /features/{key:str}/settings",
        "POST /settings/reasons",
        "POST /settings/reasons/{reason_code:str}",
        "POST /settings/reasons/{reason_code:str}/move",
        "POST /settings/reasons/{reason_code:str}/switch",
        "POST /settings/reasons/{reason_code:str}/delete",
        "POST /settings/texts/{text_key:str}",
        "POST /settings/texts/{text_key:str}/reset",
        "POST /settings/notifications/test",
        "POST /start/tests/clear",
        "POST /cards/strategy",
    ),
    frozenset({SHOP_SEE}): (
        "POST /views",
        "GET /audit",
        "GET /audit.csv",
        "GET /team",
        "GET /features",
        "GET /features/{key:str}",
        "GET /settings",
        "GET /settings/bot",
        "GET /settings/{tab:str}",
        "GET /settings/reasons",
        "GET /settings/texts",
        "GET /settings/texts/{text_key:str}",
        "GET /start",
        "GET /",
        "GET /broadcasts",
        "GET /broadcasts/count",
        "GET /broadcasts/{broadcast_id:str}",
        "GET /broadcasts/{broadcast_id:str}/picture",
        "GET /broadcasts/{broadcast_id:str}/missed",
        "GET /customers",
        "GET /customers/{customer_id:str}",
        "GET /subscriptions",
        "GET /transactions",
        "GET /stock",
        "GET /stock/{plan_id:str}",
        "GET /cards",
        "GET /cards/simulator",
        "GET /plans",
        "GET /plans/{plan_id:str}",
    ),
    frozenset({STOCK_MANAGE}): (
        "POST /stock/{plan_id:str}",
        "POST /subscriptions/orders/{order_id:str}/try-again",
    ),
    frozenset({TICKETS_ANSWER}): (
        "POST /tickets/replies",
        "POST /tickets/replies/{reply_id:str}",
        "POST /tickets/replies/{reply_id:str}/delete",
        "POST /tickets/{ticket_id:str}/answer",
        "POST /tickets/{ticket_id:str}/draft",
        "POST /tickets/{ticket_id:str}/assign",
        "POST /tickets/{ticket_id:str}/order",
        "POST /tickets/{ticket_id:str}/close",
        "POST /tickets/{ticket_id:str}/reopen",
    ),
    frozenset({TICKETS_SEE}): (
        "GET /tickets",
        "GET /tickets/replies",
        "GET /tickets/{ticket_id:str}",
        "GET /tickets/{ticket_id:str}/next",
        "GET /tickets/{ticket_id:str}/files/{message_id:str}",
    ),
    frozenset({TOKENS_MANAGE}): (
        "POST /tokens",
        "POST /tokens/{token_id:str}/revoke",
        "POST /team/{colleague_id:str}/let-go",
    ),
    frozenset({BROADCASTS_MANAGE, SHOP_SEE}): (
        "GET /broadcasts.csv",
        "GET /broadcasts/new",
        "GET /broadcasts/{broadcast_id:str}/missed.csv",
        "POST /broadcasts/{broadcast_id:str}/preview",
    ),
    frozenset({CARDS_MANAGE, SHOP_SEE}): (
        "POST /cards",
        "POST /cards/import",
        "GET /cards.csv",
    ),
    frozenset({CUSTOMERS_MANAGE, SHOP_SEE}): (
        "GET /customers.csv",
        "GET /subscriptions.csv",
    ),
    frozenset({MONEY_MANAGE, RECEIPTS_SEE}): ("GET /receipts/all.csv",),
    frozenset({MONEY_MANAGE, SHOP_SEE}): ("GET /transactions.csv",),
    frozenset({PLANS_MANAGE, SHOP_SEE}): ("GET /plans.csv",),
    frozenset({RECEIPTS_APPROVE, RECEIPTS_SEE}): (
        "POST /receipts/{payment_id:str}/take-over",
        "POST /receipts/{payment_id:str}/later",
        "POST /receipts/{payment_id:str}/hand",
        "POST /receipts/{payment_id:str}/approve",
        "POST /receipts/{payment_id:str}/approve-other",
        "POST /receipts/{payment_id:str}/to-wallet",
        "POST /receipts/{payment_id:str}/reject",
        "POST /receipts/{payment_id:str}/undo",
    ),
    frozenset({RECEIPTS_APPROVE, SETTINGS_MANAGE}): ("POST /start/tests",),
    frozenset({SHOP_SEE, TOKENS_MANAGE}): (
        "GET /team.csv",
        "POST /team",
        "POST /team/{colleague_id:str}/change",
    ),
    OWNING: ("POST /tokens/{token_id:str}/replace",),
    SEEING | {TOKENS_MANAGE}: (
        "POST /team/{colleague_id:str}/token",
        "POST /team/{colleague_id:str}/take-back",
    ),
    frozenset({TICKETS_SEE, TICKETS_ANSWER}): ("GET /tickets.csv",),
}
"""Nobody gives what he does not hold: the token here is the owner's, the colleague is one who sees all."""
ALIKE_FOR_ALL = ("POST /login", "POST /login/finish")
"""Refused to whoever brings no form of ours, signed in or not."""
ENDS_THE_SESSION = ("POST /logout", "POST /logout-everywhere")
NEEDS = {route: needed for needed, routes in OPENED_BY.items() for route in routes}
REFUSED = 403


@dataclass(frozen=True)
class Ground:
    """Alice's shop with one of each thing that an address may name."""

    shop: object
    receipt: object
    ticket: object
    broadcast: object
    group: object
    bob: int

    def about(self, path: str) -> object:
        if "{ticket_id" in path:
            return self.ticket
        if "{group_id" in path:
            return self.group
        return self.broadcast if "{broadcast_id" in path else self.receipt

    def address(self, path: str) -> str:
        return alices_address(path, self.about(path), self.shop, self.bob)

    def form(self, method: str, path: str) -> dict[str, str]:
        """That of the matrix, and whole where a bad one would be refused before the person is."""
        if (method, path) == ("POST", "/plans/prices"):
            plan = self.shop.plan_id
            return {"percent": "10", "direction": "up", "step": "1000", "shown": f"{plan}.1"}
        if (method, path) == ("POST", "/features/{key:str}/settings"):
            return {one.key: str(one.default) for one in SETTINGS if one.feature == "card_to_card"}
        return ROUTES[method, path].form


@pytest.fixture
async def ground(shops, units) -> Ground:
    shop = await shops.open(name="Alice's shop")
    receipt, ticket = await shops.receipt(shop), await shops.ticket(shop)
    broadcast, group = await shops.broadcast(shop), await shops.group(shop)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        bob = await staff.create_staff(uow, name="Bob", role="staff")
    return Ground(shop, receipt, ticket, broadcast, group, bob)


@pytest.fixture
def colleague(new_browser, units, ground):
    """Somebody of Alice's team who holds exactly these permissions, at a browser."""

    async def sign_in(permissions: frozenset[str]) -> Browser:
        _, token = await add_staff(units, ground.shop, name="Carol", permissions=permissions)
        browser = new_browser()
        assert (await browser.sign_in(token)).status_code == 303
        return browser

    return sign_in


async def status(browser: Browser, ground: Ground, route: str) -> int:
    method, path = route.split(" ")
    answer = await ask(browser, method, ground.address(path), ground.form(method, path))
    assert not answer.headers.get("location", "").startswith("/login"), route
    return answer.status_code


def test_every_route_and_every_permission_is_in_the_table():
    assert set(NEEDS) | set(ALIKE_FOR_ALL) == {f"{method} {path}" for method, path in ROUTES}
    # By name: what asks for all of them would hide one that nothing asks for.
    assert frozenset().union(*(needed for needed in OPENED_BY if needed != OWNING)) == OWNING


@pytest.mark.parametrize("needed", OPENED_BY, ids=lambda needed: "+".join(sorted(needed)) or "anybody")
async def test_whoever_holds_only_what_a_route_needs_is_let_in(ground, colleague, needed):
    carol = await colleague(needed or frozenset({STOCK_MANAGE}))

    refused = [
        route
        for route in OPENED_BY[needed]
        if route not in ENDS_THE_SESSION and await status(carol, ground, route) == REFUSED
    ]

    assert refused == []


@pytest.mark.parametrize("missing", sorted(OWNING))
async def test_whoever_lacks_one_of_them_is_refused_whatever_else_he_holds(ground, colleague, missing):
    carol = await colleague(OWNING - {missing})

    let_in = [
        route
        for route, needed in NEEDS.items()
        if missing in needed and await status(carol, ground, route) != REFUSED
    ]

    assert let_in == []


OFFERED = re.compile(r'<a class="btn btn-primary" href="([^"]+)"')


@pytest.mark.parametrize("held", sorted(OWNING))
async def test_a_refused_page_offers_one_that_opens_or_the_way_out(ground, colleague, held):
    carol = await colleague(frozenset({held}))

    refused = await carol.get("/receipts?lang=en" if held == SHOP_SEE else "/?lang=en")
    page = refused.text

    assert refused.status_code == REFUSED
    offered = OFFERED.search(page)
    if held in SEEING:
        assert offered is not None
        assert (await carol.get(offered[1])).status_code == 200
    else:
        assert offered is None
        assert 'action="/logout"' in page
