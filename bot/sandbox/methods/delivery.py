"""Methods by which a bot gets its updates."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bot.sandbox.methods.call import Call, Handler
from bot.sandbox.protocol import JsonObject, bad_request, conflict
from bot.sandbox.state import Webhook

_SECRET = re.compile(r"[A-Za-z0-9_-]*")
_SECRET_LIMIT = 256
_PORTS = (80, 88, 443, 8443)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LONGEST_POLL = 50
_MOST_UPDATES = 100


async def get_updates(call: Call) -> list[JsonObject]:
    params = call.params
    limit = params.integer("limit", _MOST_UPDATES)
    return await call.bot.updates.poll(
        offset=params.integer("offset"),
        limit=limit if 1 <= limit <= _MOST_UPDATES else _MOST_UPDATES,
        patience=min(max(params.integer("timeout"), 0), _LONGEST_POLL),
        allowed=_allowed(call),
    )


def set_webhook(call: Call) -> bool:
    params = call.params
    url = params.text("url").strip()
    if not url:
        return delete_webhook(call)
    secret = params.text("secret_token")
    _check_url(url)
    if len(secret) > _SECRET_LIMIT:
        raise bad_request("secret token is too long")
    if not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    bot = call.bot
    allowed = _allowed(call)
    if allowed is not None:
        bot.updates.allowed = tuple(allowed)
    if params.flag("drop_pending_updates"):
        bot.updates.drop_all()
    bot.updates.interrupt(conflict("terminated by setWebhook request"))
    connections = min(max(params.integer("max_connections", 40), 1), 100)
    bot.webhook = Webhook(url, secret, connections)
    call.world.courier.start(bot)
    return True


def delete_webhook(call: Call) -> bool:
    if call.params.flag("drop_pending_updates"):
        call.bot.updates.drop_all()
    call.bot.webhook = None
    call.world.courier.stop(call.bot)
    return True


def get_webhook_info(call: Call) -> JsonObject:
    bot, hook = call.bot, call.bot.webhook
    answer: JsonObject = {
        "url": hook.url if hook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(bot.updates.pending()),
    }
    if hook is not None:
        answer["max_connections"] = hook.max_connections
        if hook.last_error_at is not None:
            answer |= {"last_error_date": hook.last_error_at, "last_error_message": hook.last_error}
    if bot.updates.allowed:
        answer["allowed_updates"] = list(bot.updates.allowed)
    return answer


def _allowed(call: Call) -> list[str] | None:
    """The kinds asked for; nothing when the call leaves the choice as it was."""
    if not call.params.has("allowed_updates"):
        return None
    return [str(kind) for kind in call.params.items("allowed_updates")]


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname in _LOOPBACK:
        return  # development; the real one wants HTTPS everywhere
    if parts.scheme != "https" or not parts.hostname:
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if (parts.port or 443) not in _PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")


METHODS: dict[str, Handler] = {
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
}
