"""Every route against everybody who may knock; a route that is missing here fails."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx
import pytest
from litestar import Litestar

from shop.actors import SEEING
from shop.staff import service as staff
from tests.factories import Grouped, Question, Sent, Written
from tests.web.conftest import Browser, add_staff

OUT = "to sign in"
MISSING_ID = 2**62


@dataclass(frozen=True)
class Row:
    """The status each person gets; ``OUT``: sent to sign in. Ids are those of Alice's shop."""

    nobody: int | str
    alice: int
    mallory: int
    looking_master: int
    master: int
    fields: tuple[tuple[str, str], ...] = ()
    stale: int | None = None
    """Alice, whose last proof is eleven minutes old; as ever unless the route is delicate."""

    @property
    def form(self) -> dict[str, str]:
        return dict(self.fields)


REASON = (("reason_code", "not_arrived"),)
OTHER = {"arrived": "124000", "why": "that came"}
REJECTING = (("words_en", "Not ours"),)
NAME = (("name", "Laptop"),)
COLLEAGUE = (("name", "Bob"), ("shop.see", "on"))
FORM_KEY = ("form_key", "a-form-of-the-matrix")
CORRECTION = (FORM_KEY, ("amount", "1"), ("reason", "matrix"))
GIFT = (FORM_KEY, ("days", "1"))
REPLY = (("title", "Hours"), ("words", "From nine to five."))
BROADCAST = (FORM_KEY, ("audience", "everybody"), ("words_fa", "hello"))
WORDS = (FORM_KEY, ("words", "hello"))
NOTE = (("note", "hello"),)
TOPICS = (("notification_topic_id", "7"), ("card_receipt_topic_id", "9"))
BOT_TOKEN = (("telegram_bot_token", "1234567:" + "m" * 35), ("other_bot", "on"))
SWITCH = (("enabled", "on"),)
STRATEGY = (("strategy", "round_robin"),)
HOLDER = (("holder", "Maryam"),)
PLAN = (("name_fa", "Plan"), ("price", "1000"), ("period_days", "30"))
GROUP = (("name_fa", "Family"),)
VIEW = (("list", "customers"), ("query", "state=blocked"))
NAMED_VIEW = (*VIEW, ("name", "Blocked"))
ORDER = (("order", "1,2"),)
LINES = (("lines", "vless://a-line-of-the-matrix"),)

ROUTES: dict[tuple[str, str], Row] = {
    ("GET", "/health/live"): Row(200, 200, 200, 200, 200),
    ("GET", "/health/ready"): Row(200, 200, 200, 200, 200),
    ("GET", "/static/{file_path:path}"): Row(404, 404, 404, 404, 404),
    ("GET", "/favicon.ico"): Row(200, 200, 200, 200, 200),
    ("GET", "/login"): Row(200, 303, 303, 303, 303),
    ("POST", "/login"): Row(403, 403, 403, 403, 403),
    ("GET", "/login/wait"): Row(200, 200, 200, 200, 200),
    ("POST", "/login/finish"): Row(403, 403, 403, 403, 403),
    ("POST", "/logout"): Row(OUT, 303, 303, 303, 303),
    ("POST", "/logout-everywhere"): Row(OUT, 303, 303, 303, 303),
    ("GET", "/sessions"): Row(OUT, 200, 200, 200, 200),
    ("GET", "/confirm"): Row(OUT, 200, 200, 200, 200),
    ("POST", "/confirm"): Row(OUT, 422, 422, 422, 422),
    ("GET", "/confirm/wait"): Row(OUT, 200, 200, 200, 200),
    ("POST", "/confirm/finish"): Row(OUT, 303, 303, 303, 303),
    ("POST", "/sessions/{ref:str}/end"): Row(OUT, 404, 404, 404, 404),
    ("GET", "/tokens"): Row(OUT, 200, 200, 200, 200),
    ("POST", "/tokens"): Row(OUT, 200, 200, 403, 200, fields=NAME, stale=403),
    ("POST", "/tokens/link"): Row(OUT, 200, 200, 403, 200, stale=403),
    ("POST", "/tokens/second-factor"): Row(OUT, 303, 303, 403, 303, stale=403),
    ("POST", "/tokens/{token_id:str}/replace"): Row(OUT, 200, 404, 403, 404, stale=403),
    ("POST", "/tokens/{token_id:str}/revoke"): Row(OUT, 303, 404, 403, 404, stale=403),
    ("GET", "/audit"): Row(OUT, 200, 200, 200, 200),
    ("GET", "/audit.csv"): Row(OUT, 200, 200, 200, 200, stale=403),
    ("GET", "/team.csv"): Row(OUT, 200, 200, 403, 200, stale=403),
    ("GET", "/team"): Row(OUT, 200, 200, 200, 200),
    ("POST", "/team"): Row(OUT, 200, 200, 403, 200, fields=COLLEAGUE, stale=403),
    ("POST", "/team/{colleague_id:str}/change"): Row(OUT, 303, 404, 403, 404, fields=COLLEAGUE, stale=403),
    ("POST", "/team/{colleague_id:str}/token"): Row(OUT, 200, 404, 403, 404, fields=NAME, stale=403),
    ("POST", "/team/{colleague_id:str}/let-go"): Row(OUT, 303, 404, 403, 404, stale=403),
    ("POST", "/team/{colleague_id:str}/take-back"): Row(OUT, 200, 404, 403, 404, stale=403),
    ("GET", "/features"): Row(OUT, 200, 200, 200, 200),
    ("GET", "/features/{key:str}"): Row(OUT, 200, 200, 200, 200),
    ("POST", "/features/{key:str}/switch"): Row(OUT, 303, 303, 403, 303, fields=SWITCH),
    ("POST", "/features/{key:str}/settings"): Row(OUT, 422, 422, 403, 422),
    ("GET", "/settings"): Row(OUT, 200, 200, 200, 200),
    ("GET", "/settings/panel"): Row(OUT, 200, 200, 200, 200),
    ("POST", "/cards/{card_id:str}/restore"): Row(OUT, 404, 404, 403, 404),
    ("GET", "/settings/bot"): Row(OUT, 200, 200, 200, 200),
    ("POST", "/settings/bot"): Row(OUT, 303, 303, 403, 422, fields=BOT_TOKEN, stale=403),
    ("GET", "/settings/{tab:str}"): Row(OUT, 200, 200, 200, 200),
    ("POST", "/settings/{tab:str}"): Row(OUT, 303, 303, 403, 303, fields=TOPICS),
    ("GET", "/settings/reasons"): Row(OUT, 200, 200, 200, 200),
    ("POST", "/settings/reasons"): Row(OUT, 303, 303, 403, 303, fields=REJECTING),
    ("POST", "/settings/reasons/{reason_code:str}"): Row(OUT, 404, 404, 403, 404, fields=REJECTING),
    ("POST", "/settings/reasons/{reason_code:str}/move"): Row(OUT, 303, 303, 403, 303),
    ("POST", "/settings/reasons/{reason_code:str}/switch"): Row(OUT, 303, 303, 403, 303),
    ("POST", "/settings/reasons/{reason_code:str}/delete"): Row(OUT, 404, 404, 403, 404),
    ("GET", "/settings/texts"): Row(OUT, 200, 200, 200, 200),
    ("GET", "/settings/texts/{text_key:str}"): Row(OUT, 200, 200, 200, 200),
    ("POST", "/settings/texts/{text_key:str}"): Row(OUT, 303, 303, 403, 303),
    ("POST", "/settings/texts/{text_key:str}/reset"): Row(OUT, 303, 303, 403, 303),
    ("POST", "/settings/notifications/test"): Row(OUT, 303, 303, 403, 303),
    ("GET", "/start"): Row(OUT, 200, 200, 200, 200),
    ("POST", "/start/tests"): Row(OUT, 409, 409, 403, 409),
    ("POST", "/start/tests/clear"): Row(OUT, 303, 303, 403, 303),
    ("GET", "/start/tests/{payment_id:str}"): Row(OUT, 404, 404, 404, 404),
    ("GET", "/start/tests/{payment_id:str}/image"): Row(OUT, 404, 404, 404, 404),
    ("POST", "/start/tests/{payment_id:str}/approve"): Row(OUT, 404, 404, 403, 404),
    ("POST", "/start/tests/{payment_id:str}/reject"): Row(OUT, 404, 404, 403, 404, fields=REASON),
    ("POST", "/start/tests/{payment_id:str}/undo"): Row(OUT, 404, 404, 403, 404),
    ("GET", "/"): Row(OUT, 200, 200, 200, 303),
    ("GET", "/events"): Row(OUT, 200, 200, 200, 200),
    ("GET", "/events/now"): Row(OUT, 200, 200, 200, 200),
    ("GET", "/receipts"): Row(OUT, 200, 200, 200, 200),
    ("GET", "/receipts/all"): Row(OUT, 200, 200, 200, 200),
    ("POST", "/receipts/all/reject"): Row(OUT, 200, 200, 403, 200),
    ("GET", "/receipts/all.csv"): Row(OUT, 200, 200, 403, 200, stale=403),
    ("GET", "/receipts/{payment_id:str}"): Row(OUT, 200, 404, 200, 404),
    ("GET", "/receipts/{payment_id:str}/image"): Row(OUT, 200, 404, 200, 404),
    ("GET", "/receipts/{payment_id:str}/history"): Row(OUT, 200, 404, 200, 404),
    ("GET", "/receipts/{payment_id:str}/compare"): Row(OUT, 200, 404, 200, 404),
    ("POST", "/receipts/{payment_id:str}/note"): Row(
        OUT, 303, 404, 403, 404, fields=(("note", "looks fine"),)
    ),
    ("POST", "/receipts/{payment_id:str}/take-over"): Row(OUT, 303, 404, 403, 404),
    ("POST", "/receipts/{payment_id:str}/later"): Row(OUT, 303, 404, 403, 404),
    ("GET", "/receipts/{payment_id:str}/hand"): Row(OUT, 200, 404, 200, 404),
    ("POST", "/receipts/{payment_id:str}/hand"): Row(OUT, 422, 404, 403, 404, fields=(("to", "0"),)),
    ("POST", "/receipts/{payment_id:str}/look"): Row(OUT, 204, 404, 403, 404),
    ("POST", "/receipts/{payment_id:str}/leave"): Row(OUT, 204, 404, 403, 404),
    ("POST", "/receipts/{payment_id:str}/approve"): Row(OUT, 303, 404, 403, 404),
    ("POST", "/receipts/{payment_id:str}/approve-other"): Row(OUT, 303, 404, 403, 404, fields=OTHER),
    # Refused here, because the matrix's receipt came in time.
    ("POST", "/receipts/{payment_id:str}/to-wallet"): Row(OUT, 422, 404, 403, 404),
    ("POST", "/receipts/{payment_id:str}/reject"): Row(OUT, 303, 404, 403, 404, fields=REASON),
    ("POST", "/receipts/{payment_id:str}/undo"): Row(OUT, 409, 404, 403, 404),
    ("GET", "/broadcasts"): Row(OUT, 200, 200, 200, 200),
    ("GET", "/broadcasts.csv"): Row(OUT, 200, 200, 403, 200, stale=403),
    ("POST", "/broadcasts"): Row(OUT, 303, 303, 403, 303, fields=BROADCAST),
    ("GET", "/broadcasts/new"): Row(OUT, 200, 200, 403, 200),
    ("GET", "/broadcasts/count"): Row(OUT, 422, 422, 422, 422),
    ("GET", "/broadcasts/{broadcast_id:str}"): Row(OUT, 200, 404, 200, 404),
    ("POST", "/broadcasts/{broadcast_id:str}"): Row(OUT, 303, 404, 403, 404, fields=BROADCAST),
    ("POST", "/broadcasts/{broadcast_id:str}/preview"): Row(OUT, 422, 404, 403, 404, fields=(FORM_KEY,)),
    ("POST", "/broadcasts/{broadcast_id:str}/start"): Row(OUT, 303, 404, 403, 404),
    ("POST", "/broadcasts/{broadcast_id:str}/take-back"): Row(OUT, 409, 404, 403, 404),
    ("POST", "/broadcasts/{broadcast_id:str}/pause"): Row(OUT, 409, 404, 403, 404),
    ("POST", "/broadcasts/{broadcast_id:str}/resume"): Row(OUT, 409, 404, 403, 404),
    ("POST", "/broadcasts/{broadcast_id:str}/stop"): Row(OUT, 409, 404, 403, 404),
    ("POST", "/broadcasts/{broadcast_id:str}/repeat"): Row(OUT, 303, 404, 403, 404, fields=(FORM_KEY,)),
    ("GET", "/broadcasts/{broadcast_id:str}/picture"): Row(OUT, 404, 404, 404, 404),
    ("GET", "/broadcasts/{broadcast_id:str}/missed"): Row(OUT, 200, 404, 200, 404),
    ("GET", "/broadcasts/{broadcast_id:str}/missed.csv"): Row(OUT, 200, 404, 403, 404, stale=403),
    ("GET", "/customers"): Row(OUT, 200, 200, 200, 200),
    ("GET", "/customers.csv"): Row(OUT, 200, 200, 403, 200, stale=403),
    ("GET", "/customers/{customer_id:str}"): Row(OUT, 200, 404, 200, 404),
    ("GET", "/customers/{customer_id:str}/after"): Row(OUT, 200, 404, 403, 404),
    ("POST", "/customers/{customer_id:str}/wallet"): Row(OUT, 303, 404, 403, 404, fields=CORRECTION),
    ("POST", "/customers/{customer_id:str}/message"): Row(OUT, 303, 404, 403, 404, fields=WORDS),
    ("POST", "/subscriptions/orders/{order_id:str}/try-again"): Row(OUT, 404, 404, 403, 404),
    ("POST", "/customers/{customer_id:str}/note"): Row(OUT, 303, 404, 403, 404, fields=NOTE),
    ("POST", "/customers/{customer_id:str}/block"): Row(OUT, 303, 404, 403, 404),
    ("POST", "/customers/{customer_id:str}/unblock"): Row(OUT, 303, 404, 403, 404),
    ("GET", "/subscriptions"): Row(OUT, 200, 200, 200, 200),
    ("GET", "/subscriptions.csv"): Row(OUT, 200, 200, 403, 200, stale=403),
    ("POST", "/subscriptions/{subscription_id:str}/give"): Row(OUT, 404, 404, 403, 404, fields=GIFT),
    ("POST", "/subscriptions/{subscription_id:str}/send-again"): Row(OUT, 404, 404, 403, 404, fields=GIFT),
    ("POST", "/views"): Row(OUT, 303, 303, 403, 303, fields=NAMED_VIEW),
    ("POST", "/views/{view_id:str}"): Row(OUT, 404, 404, 403, 404, fields=NAMED_VIEW),
    ("POST", "/views/{view_id:str}/delete"): Row(OUT, 404, 404, 403, 404, fields=VIEW),
    ("GET", "/transactions"): Row(OUT, 200, 200, 200, 200),
    ("GET", "/transactions.csv"): Row(OUT, 200, 200, 403, 200, stale=403),
    ("GET", "/tickets"): Row(OUT, 200, 200, 200, 200),
    ("GET", "/tickets.csv"): Row(OUT, 200, 200, 403, 200, stale=403),
    ("GET", "/tickets/replies"): Row(OUT, 200, 200, 200, 200),
    ("POST", "/tickets/replies"): Row(OUT, 303, 303, 403, 303, fields=REPLY),
    ("POST", "/tickets/replies/{reply_id:str}"): Row(OUT, 404, 404, 403, 404, fields=REPLY),
    ("POST", "/tickets/replies/{reply_id:str}/delete"): Row(OUT, 404, 404, 403, 404),
    ("GET", "/tickets/{ticket_id:str}"): Row(OUT, 200, 404, 200, 404),
    ("GET", "/tickets/{ticket_id:str}/files/{message_id:str}"): Row(OUT, 404, 404, 404, 404),
    ("POST", "/tickets/{ticket_id:str}/answer"): Row(OUT, 303, 404, 403, 404, fields=WORDS),
    ("GET", "/tickets/{ticket_id:str}/next"): Row(OUT, 303, 404, 303, 404),
    ("POST", "/tickets/{ticket_id:str}/draft"): Row(OUT, 204, 404, 403, 404, fields=WORDS),
    ("POST", "/tickets/{ticket_id:str}/assign"): Row(OUT, 303, 404, 403, 404),
    ("POST", "/tickets/{ticket_id:str}/order"): Row(OUT, 303, 404, 403, 404),
    ("POST", "/tickets/{ticket_id:str}/close"): Row(OUT, 303, 404, 403, 404),
    ("POST", "/tickets/{ticket_id:str}/reopen"): Row(OUT, 303, 404, 403, 404),
    ("GET", "/stock"): Row(OUT, 200, 200, 200, 200),
    ("GET", "/stock/{plan_id:str}"): Row(OUT, 200, 404, 200, 404),
    ("POST", "/stock/{plan_id:str}"): Row(OUT, 303, 404, 403, 404, fields=LINES),
    ("GET", "/cards"): Row(OUT, 200, 200, 200, 200),
    ("POST", "/cards"): Row(OUT, 422, 422, 403, 422, stale=403),
    ("POST", "/cards/bank"): Row(OUT, 200, 200, 403, 200),
    ("POST", "/cards/strategy"): Row(OUT, 303, 303, 403, 303, fields=STRATEGY),
    ("GET", "/cards.csv"): Row(OUT, 200, 200, 403, 200, stale=403),
    ("GET", "/cards/simulator"): Row(OUT, 200, 200, 200, 200),
    ("POST", "/cards/import"): Row(OUT, 422, 422, 403, 422, stale=403),
    ("POST", "/cards/{card_id:str}/rest"): Row(OUT, 303, 404, 403, 404, fields=(("hours", "1"),)),
    ("POST", "/cards/{card_id:str}"): Row(OUT, 303, 404, 403, 404, fields=HOLDER),
    ("POST", "/cards/{card_id:str}/switch"): Row(OUT, 303, 404, 403, 404),
    ("POST", "/cards/{card_id:str}/move"): Row(OUT, 303, 404, 403, 404),
    ("POST", "/cards/{card_id:str}/archive"): Row(OUT, 303, 404, 403, 404),
    ("GET", "/plans"): Row(OUT, 200, 200, 200, 200),
    ("POST", "/plans"): Row(OUT, 303, 303, 403, 303, fields=PLAN),
    ("GET", "/plans.csv"): Row(OUT, 200, 200, 403, 200, stale=403),
    ("GET", "/plans/new"): Row(OUT, 200, 200, 403, 200),
    ("GET", "/plans/button"): Row(OUT, 200, 200, 200, 200),
    ("GET", "/plans/prices"): Row(OUT, 200, 200, 403, 200),
    ("POST", "/plans/prices"): Row(OUT, 422, 422, 403, 422),
    ("POST", "/plans/order"): Row(OUT, 409, 409, 403, 409, fields=ORDER),
    ("GET", "/plans/groups/new"): Row(OUT, 200, 200, 403, 200),
    ("POST", "/plans/groups"): Row(OUT, 303, 303, 403, 303, fields=GROUP),
    ("GET", "/plans/groups/{group_id:str}"): Row(OUT, 200, 404, 403, 404),
    ("POST", "/plans/groups/{group_id:str}"): Row(OUT, 303, 404, 403, 404, fields=GROUP),
    ("POST", "/plans/groups/{group_id:str}/archive"): Row(OUT, 303, 404, 403, 404),
    ("POST", "/plans/groups/{group_id:str}/restore"): Row(OUT, 404, 404, 403, 404),
    ("GET", "/plans/{plan_id:str}"): Row(OUT, 200, 404, 200, 404),
    ("POST", "/plans/{plan_id:str}"): Row(OUT, 303, 404, 403, 404, fields=PLAN),
    ("POST", "/plans/{plan_id:str}/switch"): Row(OUT, 303, 404, 403, 404, fields=SWITCH),
    ("POST", "/plans/{plan_id:str}/archive"): Row(OUT, 303, 404, 403, 404),
    ("POST", "/plans/{plan_id:str}/restore"): Row(OUT, 404, 404, 403, 404),
    ("POST", "/plans/{plan_id:str}/delete"): Row(OUT, 409, 404, 403, 404),
    ("GET", "/platform/bots"): Row(OUT, 404, 404, 200, 200),
    ("POST", "/platform/bots/{bot_id:str}/open"): Row(OUT, 404, 404, 303, 303),
    ("GET", "/platform/bots/{bot_id:str}"): Row(OUT, 404, 404, 200, 200),
    ("POST", "/platform/bots/{bot_id:str}/sign-out"): Row(OUT, 404, 404, 303, 303),
    ("POST", "/platform/bots/{bot_id:str}/people/{staff_id:str}/unlink"): Row(OUT, 404, 404, 303, 303),
    ("POST", "/platform/leave"): Row(OUT, 404, 404, 303, 303),
}
BY_ID = [
    route
    for route in ROUTES
    if re.search("{(payment|plan|token|colleague|card|customer|ticket|broadcast|group)_id", route[1])
]


def test_every_route_is_in_the_table(litestar: Litestar):
    routes = {
        (method, route.path)
        for route in litestar.routes
        for method in route.methods  # type: ignore[attr-defined]
        if method != "OPTIONS"
    }

    assert routes == set(ROUTES)


def address(
    path: str,
    *,
    receipt: int,
    plan: int,
    token: int,
    bot_id: int = 0,
    staff: int = 0,
    colleague: int = MISSING_ID,
    card: int = MISSING_ID,
    customer: int = MISSING_ID,
    ticket: int = MISSING_ID,
    broadcast: int = MISSING_ID,
    group: int = MISSING_ID,
) -> str:
    return (
        path.replace("{broadcast_id:str}", str(broadcast))
        .replace("{group_id:str}", str(group))
        .replace("{ticket_id:str}", str(ticket))
        .replace("{message_id:str}", str(MISSING_ID))
        .replace("{view_id:str}", str(MISSING_ID))
        .replace("{reply_id:str}", str(MISSING_ID))
        .replace("{card_id:str}", str(card))
        .replace("{payment_id:str}", str(receipt))
        .replace("{colleague_id:str}", str(colleague))
        .replace("{subscription_id:str}", str(MISSING_ID))
        .replace("{order_id:str}", str(MISSING_ID))
        .replace("{customer_id:str}", str(customer))
        .replace("{plan_id:str}", str(plan))
        .replace("{key:str}", "card_to_card")
        .replace("{tab:str}", "notifications")
        .replace("{text_key:str}", "start")
        .replace("{reason_code:str}", "unreadable")
        .replace("{token_id:str}", str(token))
        .replace("{staff_id:str}", str(staff))
        .replace("{bot_id:str}", str(bot_id))
        .replace("{file_path:path}", "css/app.css")
    )


def alices_address(path: str, sent, alices, bob: int = 1) -> str:
    return address(
        path,
        receipt=sent.payment_id if isinstance(sent, Sent) else 1,
        plan=alices.plan_id,
        token=alices.token_id,
        bot_id=alices.bot_id,
        staff=alices.owner.staff_id,
        colleague=bob,
        card=alices.card_id,
        customer=MISSING_ID if sent is None or isinstance(sent, Grouped) else sent.person.user_id,
        group=sent.group_id if isinstance(sent, Grouped) else MISSING_ID,
        broadcast=sent.broadcast_id if isinstance(sent, Written) else MISSING_ID,
        ticket=sent.ticket_id if isinstance(sent, Question) else MISSING_ID,
    )


async def ask(browser: Browser, method: str, url: str, form: dict[str, str]) -> httpx.Response:
    if method == "GET":
        return await browser.get(url)
    return await browser.post(url, form)


def outcome(answer: httpx.Response) -> int | str:
    is_out = answer.status_code == 303 and answer.headers["location"].startswith("/login?next=")
    return OUT if is_out or _is_login(answer) else answer.status_code


def _is_login(answer: httpx.Response) -> bool:
    """Where a form was posted by nobody there is nothing to come back to."""
    signs_out = "pishkhan=" in answer.headers.get("set-cookie", "")
    return answer.status_code == 303 and answer.headers["location"] == "/login" and not signs_out


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop")


@pytest.fixture
async def bob(units, alices, path) -> int:
    """A colleague of Alice's, where the route is about one."""
    if "{colleague_id" not in path:
        return MISSING_ID
    async with units.begin(alices.bot_id, alices.owner) as uow:
        return await staff.create_staff(uow, name="Bob", role="staff")


@pytest.fixture
async def sent(shops, alices, path):
    """A receipt in Alice's queue, or a question, where the route is about one."""
    if "{ticket_id" in path:
        return await shops.ticket(alices)
    if "{broadcast_id" in path:
        return await shops.broadcast(alices)
    if "{group_id" in path:
        return await shops.group(alices)
    return await shops.receipt(alices) if "{payment_id" in path or "{customer_id" in path else None


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("cookie", [None, "Z" * 43, "short", "\u00e9" * 43])
async def test_nobody_and_forged_cookies_get_nothing(
    new_browser, shops, alices, sent, bob, everything, method, path, cookie
):
    browser = new_browser()
    if cookie:
        browser.client.headers["cookie"] = f"pishkhan={cookie}".encode("latin-1").decode("latin-1")

    answer = await ask(
        browser,
        method,
        alices_address(path, sent, alices, bob),
        ROUTES[method, path].form,
    )

    assert outcome(answer) == ROUTES[method, path].nobody
    assert await status_of(everything, sent) == "receipt_submitted"


async def status_of(everything, sent) -> str:
    if not isinstance(sent, Sent):
        return "receipt_submitted"
    return await everything.fetchval(
        "SELECT status FROM card_to_card_payments WHERE id = $1", sent.payment_id
    )


ENDS = {
    "the shop is suspended": "UPDATE bots SET status = 'suspended' WHERE id = $1",
    "the shop is closed": "UPDATE bots SET deleted_at = now() WHERE id = $1",
    "the token is revoked": "UPDATE api_tokens SET revoked_at = now() WHERE bot_id = $1",
    "the person has left": "UPDATE staff SET is_active = false WHERE bot_id = $1",
    "the session lay idle": "UPDATE sessions SET last_seen_at = last_seen_at - interval '13 hours' "
    "WHERE bot_id = $1",
    "the session is too old": "UPDATE sessions SET expires_at = created_at WHERE bot_id = $1",
}


@pytest.mark.parametrize("end", ENDS)
async def test_whoever_lost_the_right_after_signing_in_gets_what_nobody_gets(
    signed_in, shops, alices, everything, end
):
    alice, sent = await signed_in(alices), await shops.receipt(alices)
    cookie = alice.session
    assert (await alice.get("/sessions")).status_code == 200

    await everything.execute(ENDS[end], alices.bot_id)

    wrong = []
    for (method, path), row in ROUTES.items():
        alice.plant("pishkhan", cookie)
        alice.csrf = ""  # the form of /login would give a new one
        got = outcome(await ask(alice, method, alices_address(path, sent, alices), row.form))
        if got != row.nobody:
            wrong.append((method, path, got))
    assert wrong == []
    assert await status_of(everything, sent) == "receipt_submitted"


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_the_owner_may_do_everything_in_the_own_shop(signed_in, shops, alices, sent, bob, method, path):
    alice = await signed_in(alices)

    answer = await ask(
        alice,
        method,
        alices_address(path, sent, alices, bob),
        ROUTES[method, path].form,
    )

    assert answer.status_code == ROUTES[method, path].alice


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_what_is_delicate_wants_a_fresh_proof_and_offers_a_way_to_give_it(
    signed_in, alices, sent, bob, clock, everything, method, path
):
    alice = await signed_in(alices)
    clock.forward(minutes=10)

    answer = await ask(alice, method, alices_address(path, sent, alices, bob), ROUTES[method, path].form)

    row = ROUTES[method, path]
    assert answer.status_code == (row.stale or row.alice)
    if row.stale:
        assert 'action="/confirm"' in answer.text
        assert (
            await everything.fetchval("SELECT count(*) FROM api_tokens WHERE bot_id = $1", alices.bot_id) == 1
        )


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_mallory_gets_nothing_of_alices_and_changes_nothing(
    signed_in, shops, alices, sent, bob, everything, method, path
):
    mallory = await signed_in(await shops.open(name="Mallory's shop"))

    answer = await ask(
        mallory,
        method,
        alices_address(path, sent, alices, bob),
        ROUTES[method, path].form,
    )

    assert answer.status_code == ROUTES[method, path].mallory
    assert not re.search("Alice('|&#39;)s", answer.text)
    assert await status_of(everything, sent) == "receipt_submitted"


@pytest.mark.parametrize(("method", "path"), BY_ID)
@pytest.mark.parametrize("part", ["true", "false"])
async def test_what_is_anothers_is_answered_like_what_does_not_exist_byte_by_byte(
    signed_in, shops, alices, sent, bob, method, path, part
):
    mallory = await signed_in(await shops.open(name="Mallory's shop"))
    mallory.client.headers["hx-request"] = part
    form = ROUTES[method, path].form

    others = await ask(mallory, method, alices_address(path, sent, alices, bob), form)
    missing = await ask(
        mallory, method, address(path, receipt=MISSING_ID, plan=MISSING_ID, token=MISSING_ID), form
    )

    assert (others.status_code, others.content, others.headers) == (
        missing.status_code,
        missing.content,
        missing.headers,
    )
    assert others.status_code == 404


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_the_master_who_looks_at_a_shop_changes_nothing_in_it(
    new_browser, alices, sent, bob, master, everything, method, path
):
    browser = new_browser()
    await browser.sign_in(master.api_token)
    await browser.post(f"/platform/bots/{alices.bot_id}/open")

    answer = await ask(
        browser,
        method,
        alices_address(path, sent, alices, bob),
        ROUTES[method, path].form,
    )

    assert answer.status_code == ROUTES[method, path].looking_master
    assert await status_of(everything, sent) == "receipt_submitted"


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_the_master_reaches_a_shops_things_only_by_opening_it(
    new_browser, alices, sent, bob, master, everything, method, path
):
    browser = new_browser()
    await browser.sign_in(master.api_token)

    answer = await ask(
        browser,
        method,
        alices_address(path, sent, alices, bob),
        ROUTES[method, path].form,
    )

    assert answer.status_code == ROUTES[method, path].master
    assert await status_of(everything, sent) == "receipt_submitted"


async def test_a_colleague_without_the_right_sees_and_does_not_decide(
    new_browser, shops, alices, units, everything
):
    sent = await shops.receipt(alices)
    _, token = await add_staff(units, alices, permissions=SEEING)
    bob = new_browser()
    await bob.sign_in(token)

    assert (await bob.get(f"/receipts/{sent.payment_id}")).status_code == 200
    assert (await bob.post(f"/receipts/{sent.payment_id}/approve")).status_code == 403
    assert (await bob.post(f"/receipts/{sent.payment_id}/reject", dict(REASON))).status_code == 403
    assert await status_of(everything, sent) == "receipt_submitted"
