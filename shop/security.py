"""What whoever watches the logs must see: who did what in which shop, from where, and with what outcome.

One line of the logger ``security`` for each event; with LOG_FORMAT=json an object of FIELDS and DETAILS
beside the time in UTC. What changes the books is told once it is committed, and never when it is not. No
secret is ever a field: of a token its public part, of a person his label.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal

logger = logging.getLogger("security")

Outcome = Literal["ok", "refused"]

NOTED: Mapping[str, Outcome] = {
    "bot.activated": "ok",
    "bot.became_master": "ok",
    "bot.created": "ok",
    "bot.deactivated": "ok",
    "bot.deleted": "ok",
    "bot.left_master": "ok",
    "bot.token_asked": "ok",
    "bot.token_refused": "refused",
    "bot.token_replaced": "ok",
    "bot.updated": "ok",
    "configuration.set": "ok",
    "shop.exported": "ok",
    "shop.signed_out": "ok",
    "shop.view_ended": "ok",
    "shop.viewed": "ok",
    "sign_in.approved": "ok",
    "sign_in.asked": "ok",
    "sign_in.refused": "refused",
    "staff.changed": "ok",
    "staff.confirmed": "ok",
    "staff.created": "ok",
    "staff.left": "ok",
    "staff.link_code_asked": "ok",
    "staff.returned": "ok",
    "staff.signed_in": "ok",
    "staff.signed_out": "ok",
    "staff.signed_out_everywhere": "ok",
    "staff.telegram_linked": "ok",
    "staff.telegram_unlinked": "ok",
    "token.issued": "ok",
    "token.replaced": "ok",
    "token.revoked": "ok",
}
"""Lines of a shop's history that are events of security too."""
SEEN: Mapping[str, Outcome] = {
    "access.refused": "refused",
    "confirm.failed": "refused",
    "list.exported": "ok",
    "sign_in.failed": "refused",
    "sign_in.forged": "refused",
    "sign_in.throttled": "refused",
}
"""What only a door sees: nothing changed, so no history has it.
Of ``list.exported`` the subject is the file."""

FIELDS = ("event", "outcome", "who", "shop", "channel", "subject", "address", "request_id")
DETAILS = ("by", "key", "key_id", "method", "new_key_id", "path", "purpose", "reason", "role")
"""More about an event, where it has it. Everything else of its history stays out of the log."""

_TO_TELL = "security_events"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the work at hand comes from."""

    request_id: str = ""
    """In the log and, as the reference, on the page of an error."""
    address: str = ""


_NOWHERE = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)


def origin() -> Origin:
    return _origin.get()


def new_request_id() -> str:
    """Short enough to be read out on the telephone."""
    return secrets.token_hex(5).upper()


@contextmanager
def coming_from(request_id: str, address: str = "") -> Iterator[None]:
    """Whatever is told inside the block came from there."""
    before = _origin.set(Origin(request_id, address))
    try:
        yield
    finally:
        _origin.reset(before)


def locate(address: str) -> None:
    """The address behind the request at hand is known now."""
    _origin.set(Origin(origin().request_id, address))


def tell(event: str, *, who: str = "", shop: int | None = None, channel: str, **more: object) -> None:
    """Write the event down now."""
    outcome = NOTED.get(event) or SEEN[event]
    came_from = origin()
    fields = {
        "event": event,
        "outcome": outcome,
        "who": who,
        "shop": shop,
        "channel": channel,
        "subject": more.pop("subject", ""),
        "address": came_from.address,
        "request_id": came_from.request_id,
        **{name: more[name] for name in DETAILS if name in more},
    }
    level = logging.INFO if outcome == "ok" else logging.WARNING
    logger.log(level, "%s", event, extra=fields)


def note(info: MutableMapping[Any, Any], event: str, **fields: Any) -> None:
    """Keep the event until the transaction with this ``info`` is committed; what is no event is left."""
    if event in NOTED:
        info.setdefault(_TO_TELL, []).append((event, fields))


def tell_committed(info: MutableMapping[Any, Any]) -> None:
    """The transaction is committed: tell what it did."""
    for event, fields in info.pop(_TO_TELL, ()):
        tell(event, **fields)
