"""Groups of the price list: their names, and putting one away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from litestar import Response, get, post
from litestar.params import FromPath

from shop.actors import PLANS_MANAGE, require
from shop.errors import BadInput, ChangedMeanwhile
from shop.i18n import LANGUAGES
from shop.plans import groups
from shop.plans.groups import GroupRow, mark_of
from shop.receipts.desk import count_waiting
from shop.unit_of_work import UnitOfWork
from web.auth import signed_in
from web.deps import Uow
from web.errors import ANSWERS, sentence_for
from web.forms import parse_id, read_form
from web.meanwhile import whose
from web.parts import WebRequest, parts_of
from web.rendering import Screen, move_on, undo_of, wants_part
from web.routes.plans import PLANS
from web.typed import ON

GROUPS = f"{PLANS}/groups"
GROUP = f"{GROUPS}/{{group_id:str}}"
RENAMED = ("plan_group.renamed",)


class Words(TypedDict):
    """A name in every language."""

    name: str
    translations: Mapping[str, Mapping[str, str]]


@get(f"{GROUPS}/new")
async def new(request: WebRequest, uow: Uow) -> Response[str]:
    """An empty form."""
    require(uow.actor, PLANS_MANAGE)
    return await _show(Screen.of(request), uow, None, {})


@post(GROUPS)
async def create(request: WebRequest) -> Response[str]:
    """Put a group behind the others; the bot shows it as soon as something in it is on sale."""
    return await _save(request, None)


@get(GROUP)
async def one(request: WebRequest, uow: Uow, group_id: FromPath[str]) -> Response[str]:
    """The names of one group."""
    require(uow.actor, PLANS_MANAGE)
    group = await groups.get_group(uow, parse_id("plan_group", group_id))
    return await _show(Screen.of(request), uow, group, _typed(group, _own(request)))


@post(GROUP)
async def save(request: WebRequest, group_id: FromPath[str]) -> Response[str]:
    """Call it otherwise; the bot does from the next time somebody asks for the list."""
    return await _save(request, parse_id("plan_group", group_id))


@post(f"{GROUP}/archive")
async def archive(request: WebRequest, group_id: FromPath[str]) -> Response[str]:
    """Off the list; its plans stay on it."""
    who, group = signed_in(request), parse_id("plan_group", group_id)
    async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
        await groups.archive_group(uow, group)
    kept = Screen.of(request).keep_notice("group_archived", undo_of("group_archived", group, ON))
    return move_on(request, PLANS, [kept])


@post(f"{GROUP}/restore")
async def restore(request: WebRequest, group_id: FromPath[str]) -> Response[str]:
    """Out of the archive, behind the others; or, to undo it, where it stood."""
    to, who, parts = (await read_form(request)).get("to"), signed_in(request), parts_of(request)
    async with parts.units.begin(who.shop.bot_id, who.actor) as uow:
        await groups.restore_group(uow, parse_id("plan_group", group_id), in_its_place=to is not None)
    return move_on(
        request, PLANS, [parts.cookies.keep_notice("group_restored" if to is None else "put_back")]
    )


async def _save(request: WebRequest, group_id: int | None) -> Response[str]:
    fields, who, parts = await read_form(request), signed_in(request), parts_of(request)
    words = _words(fields, who.shop.language)
    try:
        async with parts.units.begin(who.shop.bot_id, who.actor) as uow:
            if group_id is None:
                await groups.create_group(uow, **words)
            else:
                await groups.rename_group(uow, group_id, seen=fields.get("seen", ""), **words)
    except (BadInput, ChangedMeanwhile) as refusal:
        async with parts.units.begin(who.shop.bot_id, who.actor) as uow:
            group = None if group_id is None else await groups.get_group(uow, group_id)
            return await _show(Screen.of(request), uow, group, fields, refusal)
    return move_on(request, PLANS, [parts.cookies.keep_notice("group_saved")])


def _own(request: WebRequest) -> str:
    return signed_in(request).shop.language


def _words(fields: Mapping[str, str], own: str) -> Words:
    return Words(
        name=fields.get(f"name_{own}", ""),
        translations={
            language: {"name": fields.get(f"name_{language}", "")}
            for language in LANGUAGES
            if language != own
        },
    )


def _typed(group: GroupRow, own: str) -> dict[str, str]:
    """A group as the form that made it would hold it."""
    return {
        f"name_{language}": group.name
        if language == own
        else group.translations.get(language, {}).get("name", "")
        for language in LANGUAGES
    }


async def _show(
    screen: Screen,
    uow: UnitOfWork,
    group: GroupRow | None,
    typed: Mapping[str, str],
    refusal: BadInput | ChangedMeanwhile | None = None,
) -> Response[str]:
    own, meanwhile = _own(screen.request), isinstance(refusal, ChangedMeanwhile)
    field = refusal.field if isinstance(refusal, BadInput) else ""
    # After any other refusal it is still that of what was seen at first.
    is_new_mark = group is not None and (meanwhile or refusal is None)
    context: dict[str, Any] = {
        "group": group,
        "typed": typed,
        "seen": mark_of(group) if group is not None and is_new_mark else typed.get("seen", ""),
        "kept": _typed(group, own) if group is not None and meanwhile else {},
        "whose": await whose(uow, refusal, RENAMED, group.group_id) if group is not None else None,
        "wrong_field": f"{field}_{own}" if field == "name" else field,
        "error": sentence_for(screen, refusal) if refusal is not None else None,
        "spoken": [(one, one == own) for one in sorted(LANGUAGES, key=own.__ne__)],
    }
    code = 200 if refusal is None else ANSWERS[type(refusal)][0]
    if wants_part(screen.request):
        return screen.part("plans/_group_form.html", code=code, **context)
    waiting = await count_waiting(uow)
    return screen.page("plans/group.html", code=code, active="plans", waiting=waiting, **context)
