"""What the page of one broadcast shows, for the page itself and for the stream that keeps it true."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from shop.actors import BROADCASTS_MANAGE, SHOP_SEE, may, require
from shop.bots.queries import BotContext, get_context
from shop.broadcasts import narrowing, queries, rules
from shop.broadcasts.audience import Reach, count
from shop.broadcasts.narrowing import Narrowing
from shop.broadcasts.queries import BroadcastRow
from shop.broadcasts.sending import quiet_until
from shop.broadcasts.service import Button
from shop.configurations.queries import get_config_value
from shop.errors import BadInput, NotFound
from shop.features.service import is_feature_enabled
from shop.i18n import LANGUAGES, N_
from shop.plans.queries import PlanRow, get_plans
from shop.unit_of_work import UnitOfWork
from web.errors import sentence_for
from web.forms import LARGEST_FILE, parse_id, parse_number
from web.rendering import Screen
from web.typed import read_number

STATES = {
    "draft": N_("Draft"),
    "scheduled": N_("Begins soon"),
    "running": N_("Going out"),
    "paused": N_("Paused"),
    "completed": N_("Done"),
    "stopped": N_("Stopped"),
}
AUDIENCES = {
    "everybody": N_("Everybody"),
    "active": N_("With an active subscription"),
    "ending": N_("Whose subscription ends soon"),
    "expired": N_("Whose subscription has ended"),
    "never": N_("Who never bought"),
    "named": N_("People I name"),
}
BUTTONS = {
    "": N_("None"),
    "plans": N_("The price list"),
    "url": N_("An address on the web"),
}
"""Besides each plan."""
FATES = {
    "blocked": N_("Has left the bot"),
    "failed": N_("Telegram refused it"),
    "skipped": N_("Blocked or gone in the meantime"),
    "pending": N_("Its turn never came"),
}
DAYS_AHEAD = 14
"""Days that the form offers for a start."""
SAMPLE = {"fa": "سارا نوری", "en": "Sara Nouri"}
"""Who reads the message in the preview."""
_PLAN = "plan-"


@dataclass(frozen=True, slots=True)
class Form:
    """A form that was refused: what was typed, and why."""

    typed: Mapping[str, str] = field(default_factory=dict)
    problem: BadInput | None = None


def read_narrowing(fields: Mapping[str, str]) -> Narrowing:
    """Whom else a form says it is for. Raises BadInput beside its field."""
    return Narrowing(
        days=parse_number("days", fields.get("days", ""))
        if fields.get("audience") == narrowing.ENDING
        else None,
        plan_id=_plan_of("plan", fields.get("plan", "")),
        language=fields.get("reads") or None,
        spent_from=read_number("spent_from", fields.get("spent_from", ""), empty=0),
        named=narrowing.people_in(fields.get("named", ""))
        if fields.get("audience") == narrowing.NAMED
        else (),
    )


def read_button(fields: Mapping[str, str]) -> Button:
    """Raises BadInput for a plan that is none."""
    kind = fields.get("button", "")
    is_plan = kind.startswith(_PLAN)
    return Button(
        kind="plan" if is_plan else kind,
        labels={language: fields.get(f"label_{language}", "") for language in LANGUAGES},
        url=fields.get("button_url", ""),
        plan_id=_plan_of("button", kind.removeprefix(_PLAN)) if is_plan else None,
    )


def _plan_of(name: str, text: str) -> int | None:
    if not text:
        return None
    try:
        return parse_id("plan", text)
    except NotFound:
        raise BadInput(name, "not_a_choice") from None


def days_ahead(screen: Screen) -> list[date]:
    """The days a start may be set to, on the shop's clock."""
    today = screen.now.astimezone(screen.tz).date()
    return [today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD)]


async def context_of(
    screen: Screen, uow: UnitOfWork, broadcast_id: int | None, form: Form | None = None
) -> dict[str, Any]:
    """Everything the page shows; None for one that is not kept yet. Raises NotAllowed, NotFound."""
    require(uow.actor, SHOP_SEE)
    form, shop = form or Form(), await get_context(uow)
    one = None if broadcast_id is None else await queries.load_broadcast(uow, broadcast_id)
    plans = await get_plans(uow)
    rate = float(await get_config_value(uow, rules.RATE_KEY))
    is_draft = one is None or one.status == "draft"
    typed = form.typed or _typed(one)
    reach = await reach_of(uow, typed) if is_draft else None
    people = reach.people if reach else one.people if one else 0
    problem = form.problem
    return {
        "one": one,
        "is_draft": is_draft,
        "typed": typed,
        "reach": reach,
        "people": people,
        "minutes": rules.minutes(people, rate),
        "minutes_left": rules.minutes(one.left, rate) if one else 0,
        "quiet": await quiet_until(uow) if one and one.status in ("scheduled", "running") else None,
        "bubbles": _bubbles(one, shop) if one else {},
        "shop_language": shop.default_language,
        "error": sentence_for(screen, problem) if problem else None,
        "wrong_field": problem.field if problem else "",
        "form_key": secrets.token_urlsafe(16),
        "days": days_ahead(screen),
        "is_on": await is_feature_enabled(uow, rules.FEATURE),
        "may_manage": may(uow.actor, BROADCASTS_MANAGE),
        "states": STATES,
        "audiences": AUDIENCES,
        "plans": plans,
        "buttons": {**BUTTONS, **{f"{_PLAN}{plan.plan_id}": plan.name for plan in plans}},
        "meant": _meant(one.narrowed, plans) if one else {},
        "places": rules.PLACES,
        "tags": rules.TAGS,
        "most_bytes": LARGEST_FILE,
        "longest": (rules.LONGEST, rules.LONGEST_UNDER_PICTURE),
        "no_success": rules.MOST_WITHOUT_SUCCESS,
    }


async def reach_of(uow: UnitOfWork, fields: Mapping[str, str]) -> Reach:
    """How many the audience in a form would reach; nobody for one that is not whole yet."""
    try:
        return await count(uow, fields.get("audience", ""), read_narrowing(fields))
    except BadInput:
        return Reach(0, 0, 0)


def _typed(one: BroadcastRow | None) -> dict[str, str]:
    """What a form that was never posted would hold."""
    if one is None:
        return {"audience": "everybody"}
    narrowed, button = one.narrowed, one.button
    label = button.get("label", {})
    kind = next((kind for kind in ("url", "place", "plan_id") if kind in button), "")
    return {
        "audience": one.audience,
        "days": str(narrowed.days or ""),
        "plan": str(narrowed.plan_id or ""),
        "reads": narrowed.language or "",
        "spent_from": str(narrowed.spent_from or ""),
        "named": "\n".join(narrowed.named),
        "button": {"url": "url", "place": "plans", "plan_id": f"{_PLAN}{button.get('plan_id')}"}.get(
            kind, ""
        ),
        "button_url": button.get("url", ""),
        **{rules.field_of(language): text for language, text in one.words.items()},
        **{f"label_{language}": text for language, text in label.items()},
    }


def _meant(narrowed: Narrowing, plans: list[PlanRow]) -> dict[str, Any]:
    """What narrows the audience, as the page says it."""
    name = next((plan.name for plan in plans if plan.plan_id == narrowed.plan_id), f"#{narrowed.plan_id}")
    return {
        "days": narrowed.days,
        "plan": name if narrowed.plan_id else None,
        "language": narrowed.language,
        "spent_from": narrowed.spent_from,
        "named": len(narrowed.named),
    }


def _bubbles(one: BroadcastRow, shop: BotContext) -> dict[str, dict[str, Any]]:
    """What a customer sees, by language, the shop's own first."""
    return {
        language: {
            "html": rules.as_html(text, name=SAMPLE[language], shop=shop.name),
            "longest": rules.longest(text),
            "button": rules.button_for(one.button, language, shop_language=shop.default_language),
        }
        for language, text in sorted(one.words.items(), key=lambda pair: pair[0] != shop.default_language)
    }


def moment_of(screen: Screen, fields: Mapping[str, str], at: Any) -> datetime | None:
    """When it is to begin, on the shop's clock; None for now. ``at`` is the time of day. Raises BadInput."""
    if not fields.get("day"):
        return None
    days = {day.isoformat(): day for day in days_ahead(screen)}
    day = days.get(fields["day"])
    if day is None:
        raise BadInput("day", "not_a_choice")
    if at is None:
        raise BadInput("clock", "not_a_time")
    return datetime.combine(day, at, screen.tz)
