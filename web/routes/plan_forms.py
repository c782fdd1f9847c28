"""The form of one plan, and the button it will be in the bot."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from litestar import Response, get, post
from litestar.params import FromPath

from shop.actors import PLANS_MANAGE, SHOP_SEE, may, require
from shop.errors import BadInput, ChangedMeanwhile
from shop.i18n import LANGUAGES
from shop.money import Currency, Money
from shop.plans import queries, rules, service, wording
from shop.plans.examples import EXAMPLES, Example, example_of
from shop.plans.groups import GroupRow, list_groups
from shop.plans.queries import Offer, PlanRow, mark_of
from shop.plans.rules import RENEWAL_POLICIES
from shop.plans.service import PlanParticulars
from shop.receipts.desk import count_waiting
from shop.unit_of_work import UnitOfWork
from web.auth import signed_in
from web.deps import Uow
from web.errors import ANSWERS, sentence_for
from web.forms import parse_id, read_form
from web.meanwhile import whose
from web.parts import WebRequest, parts_of
from web.rendering import Screen, move_on, wants_part
from web.routes.plans import PLANS
from web.typed import read_number

_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
CHANGED = ("plan.updated", "plan.repriced", "plan.regrouped")

NEW: dict[str, str] = {"renewal_policy": RENEWAL_POLICIES[0], "low_stock_at": "3"}
"""What the form of a new plan begins with."""


@dataclass(frozen=True, slots=True)
class ButtonShown:
    """A plan's button in one language."""

    language: str
    words: str
    is_cut: bool
    """The name is too long for a button; its end is left out."""


@get(f"{PLANS}/new")
async def new(request: WebRequest, uow: Uow) -> Response[str]:
    """An empty form, or one filled in with the example of the address; the price is the owner's to say."""
    require(uow.actor, PLANS_MANAGE)
    like = example_of(request.query_params.get("like"))
    return await _show(Screen.of(request), uow, None, NEW if like is None else NEW | _filled(like))


@get(f"{PLANS}/button")
async def button(request: WebRequest) -> Response[str]:
    """What the button would say; asked for while somebody types."""
    screen, typed = Screen.of(request), request.query_params
    fields = {name: typed.get(name) or "" for name in ("price", *map("name_{}".format, LANGUAGES))}
    return screen.part("plans/_button.html", buttons=_buttons(screen, fields))


@post(PLANS)
async def create(request: WebRequest) -> Response[str]:
    """Put a plan at the end of the list; on sale at once."""
    return await _save(request, None)


@get(f"{PLANS}/{{plan_id:str}}")
async def one(request: WebRequest, uow: Uow, plan_id: FromPath[str]) -> Response[str]:
    """One plan as it is; for whoever may not change it, to be read."""
    require(uow.actor, SHOP_SEE)
    plan = await queries.get_plan(uow, parse_id("plan", plan_id))
    return await _show(Screen.of(request), uow, plan, _typed(plan, _own(request)))


@post(f"{PLANS}/{{plan_id:str}}")
async def save(request: WebRequest, plan_id: FromPath[str]) -> Response[str]:
    """Change it. Orders that were placed keep what they were sold with."""
    return await _save(request, parse_id("plan", plan_id))


async def _save(request: WebRequest, plan_id: int | None) -> Response[str]:
    fields, who, parts = await read_form(request), signed_in(request), parts_of(request)
    try:
        async with parts.units.begin(who.shop.bot_id, who.actor) as uow:
            require(uow.actor, PLANS_MANAGE)
            terms, rest = _terms(fields, who.shop.language), _particulars(fields, who.shop.language)
            if plan_id is None:
                await service.create_plan(uow, **terms, **rest)
            else:
                await service.update_plan(uow, plan_id, seen=fields.get("seen", ""), **terms, **rest)
    except (BadInput, ChangedMeanwhile) as refusal:
        async with parts.units.begin(who.shop.bot_id, who.actor) as uow:
            plan = None if plan_id is None else await queries.get_plan(uow, plan_id)
            return await _show(Screen.of(request), uow, plan, fields, refusal)
    return move_on(request, PLANS, [parts.cookies.keep_notice("plan_saved")])


def _own(request: WebRequest) -> str:
    """The language the shop itself speaks: its words are the plan's own, the others are translations."""
    return signed_in(request).shop.language


class Terms(TypedDict):
    """What no plan can do without."""

    name: str
    price: int
    period_days: int


def _terms(fields: Mapping[str, str], own: str) -> Terms:
    """Raises BadInput for what is no number."""
    return Terms(
        name=fields.get(f"name_{own}", ""),
        price=read_number("price", fields.get("price", "")),
        period_days=read_number("period_days", fields.get("period_days", "")),
    )


def _particulars(fields: Mapping[str, str], own: str) -> PlanParticulars:
    """Raises BadInput for what is no number."""
    return PlanParticulars(
        description=fields.get(f"description_{own}", ""),
        translations={
            language: {part: fields.get(f"{part}_{language}", "") for part in ("name", "description")}
            for language in LANGUAGES
            if language != own
        },
        traffic_limit_gb=read_number("traffic_limit_gb", fields.get("traffic_limit_gb", ""), empty=0),
        device_limit=read_number("device_limit", fields.get("device_limit", ""), empty=0),
        old_price=read_number("old_price", fields.get("old_price", ""), empty=0),
        most_per_person=read_number("most_per_person", fields.get("most_per_person", ""), empty=0),
        group_id=_group(fields.get("group", "")),
        low_stock_at=read_number("low_stock_at", fields.get("low_stock_at", ""), empty=0),
        renewal_policy=fields.get("renewal_policy", RENEWAL_POLICIES[0]),
    )


def _group(choice: str) -> int | None:
    """None for no group. Raises BadInput."""
    if not choice:
        return None
    if _ID.fullmatch(choice) is None:
        raise BadInput("group", "not_a_choice")
    return int(choice)


def _choices(screen: Screen, groups: Sequence[GroupRow]) -> dict[str, str]:
    """The groups that a plan may be put into, by what the form sends, in their order."""
    return {str(one.group_id): rules.named(one, screen.lang) for one in groups if one.archived_at is None}


def _filled(like: Example) -> dict[str, str]:
    """An example as the form holds it."""
    return {f"name_{language}": name for language, name in like.names.items()} | {
        "period_days": str(like.period_days),
        "traffic_limit_gb": str(like.traffic_limit_gb or ""),
        "device_limit": str(like.device_limit or ""),
    }


def _typed(plan: PlanRow, own: str) -> dict[str, str]:
    """A plan as the form that made it would hold it."""
    typed = {
        f"{part}_{language}": plan.translations.get(language, {}).get(part, "")
        for language in LANGUAGES
        for part in ("name", "description")
    }
    return typed | {
        f"name_{own}": plan.name,
        f"description_{own}": plan.description,
        "price": f"{plan.price:,}",
        "old_price": "" if plan.old_price is None else f"{plan.old_price:,}",
        "most_per_person": str(plan.most_per_person or ""),
        "period_days": str(plan.period_days),
        "traffic_limit_gb": str(plan.traffic_limit_gb or ""),
        "device_limit": str(plan.device_limit or ""),
        "low_stock_at": str(plan.low_stock_at),
        "renewal_policy": plan.renewal_policy,
        "group": str(plan.group_id or ""),
    }


def _buttons(screen: Screen, typed: Mapping[str, str]) -> list[ButtonShown]:
    """The button in every language, none before there is a name and a price; worded as the bot does it."""
    shop = screen.who.shop if screen.who is not None else None
    own = typed.get(f"name_{shop.language}", "").strip() if shop is not None else ""
    try:
        price = read_number("price", typed.get("price", ""))
    except BadInput:
        return []
    if shop is None or not own:
        return []
    names = {language: typed.get(f"name_{language}", "").strip() or own for language in LANGUAGES}
    money = Money(price, Currency(shop.currency))
    return [
        ButtonShown(
            language,
            wording.button(Offer(0, name, "", money, 0, 0, 0), language),
            is_cut=wording.short_name(name) != name,
        )
        for language, name in names.items()
    ]


async def _show(
    screen: Screen,
    uow: UnitOfWork,
    plan: PlanRow | None,
    typed: Mapping[str, str],
    refusal: BadInput | ChangedMeanwhile | None = None,
) -> Response[str]:
    own = _own(screen.request)
    field = refusal.field if isinstance(refusal, BadInput) else ""
    meanwhile = isinstance(refusal, ChangedMeanwhile)
    context: dict[str, Any] = {
        "plan": plan,
        "typed": typed,
        # After any other refusal it is still that of what was seen at first.
        "seen": mark_of(plan)
        if plan is not None and (meanwhile or refusal is None)
        else typed.get("seen", ""),
        "kept": _typed(plan, own) if plan is not None and meanwhile else {},
        "whose": await whose(uow, refusal, CHANGED, plan.plan_id) if plan is not None else None,
        "wrong_field": f"{field}_{own}" if field in {"name", "description"} else field,
        "error": sentence_for(screen, refusal) if refusal is not None else None,
        "spoken": [(one, one == own) for one in sorted(LANGUAGES, key=own.__ne__)],
        "policies": RENEWAL_POLICIES,
        "groups": _choices(screen, await list_groups(uow)),
        "examples": EXAMPLES if plan is None else (),
        "buttons": _buttons(screen, typed),
        "can_manage": may(uow.actor, PLANS_MANAGE),
    }
    code = 200 if refusal is None else ANSWERS[type(refusal)][0]
    if wants_part(screen.request):
        return screen.part("plans/_form.html", code=code, **context)
    waiting = await count_waiting(uow)
    return screen.page("plans/form.html", code=code, active="plans", waiting=waiting, **context)
