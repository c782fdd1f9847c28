"""What the shop can be switched to do, why something is off, and the settings of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from shop.actors import FEATURES_MANAGE, PLATFORM_MANAGE, SETTINGS_MANAGE, SHOP_SEE, may, require
from shop.configurations import queries as configurations
from shop.configurations import service as settings
from shop.configurations.registry import SETTINGS, Setting
from shop.errors import BadInput, ChangedMeanwhile, NotFound
from shop.features import queries, registry, service
from shop.features.queries import FlagRow
from shop.features.registry import BUILT, Feature
from shop.i18n import N_
from shop.receipts.desk import count_waiting
from shop.unit_of_work import UnitOfWork
from web.auth import signed_in
from web.deps import Uow
from web.errors import ANSWERS, sentence_for
from web.forms import read_form
from web.meanwhile import differences
from web.parts import WebRequest, parts_of
from web.rendering import NOTICES, Screen, Undo, see_other, wants_part
from web.typed import ON, as_typed, compared, read_settings

FEATURES = "/features"
OFF = "off"
GROUPS = {
    "payments": N_("Payment"),
    "subscription": N_("Subscriptions"),
    "marketing": N_("Marketing"),
    "support": N_("Support"),
    "integration": N_("Operation"),
    "platform": N_("Dashboard"),
    "billing": N_("The platform's bill"),
}


@dataclass(frozen=True, slots=True)
class Need:
    """A feature that another is pointless without."""

    label: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class Switch:
    """One feature on the page: its declaration, what every layer says, and the settings that are its own."""

    feature: Feature
    flag: FlagRow
    needs: tuple[Need, ...]
    settings: tuple[Setting, ...]
    may_switch: bool


@dataclass(frozen=True, slots=True)
class Form:
    """One feature's form as it is shown: open, and perhaps refused."""

    key: str | None = None
    typed: Mapping[str, str] = field(default_factory=dict)
    problem: BadInput | ChangedMeanwhile | None = None


class FeatureController(Controller):
    path = FEATURES

    @get()
    async def index(self, request: WebRequest, uow: Uow) -> Response[str]:
        """Every feature that is built, with what decides about it."""
        return await _show(Screen.of(request), uow, Form())

    @get("/{key:str}")
    async def one(self, request: WebRequest, uow: Uow, key: FromPath[str]) -> Response[str]:
        """The same with one feature's settings open."""
        return await _show(Screen.of(request), uow, Form(_built(key)))

    @post("/{key:str}/switch")
    async def switch(self, request: WebRequest, key: FromPath[str]) -> Response[str]:
        """On or off; the bot obeys from the next update it reads."""
        fields, who, screen = await read_form(request), signed_in(request), Screen.of(request)
        wish = fields.get("enabled")
        if wish not in {ON, OFF}:
            raise BadInput("enabled", "not_a_choice")
        async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
            await service.set_feature_flag(uow, _built(key), enabled=wish == ON)
            if wants_part(request):
                back = {"enabled": OFF if wish == ON else ON}
                undo = Undo(f"{FEATURES}/{key}/switch", "#features", back)
                return await _show(screen, uow, Form(key if wish == ON else None), is_saved=True, undo=undo)
        return _saved(screen, f"{FEATURES}/{key}" if wish == ON else FEATURES)

    @post("/{key:str}/settings")
    async def set_up(self, request: WebRequest, key: FromPath[str]) -> Response[str]:
        """The settings of one feature, all of them or none."""
        fields, who, screen = await read_form(request), signed_in(request), Screen.of(request)
        own = _settings_of(_built(key))
        units = parts_of(request).units
        try:
            async with units.begin(who.shop.bot_id, who.actor) as uow:
                await settings.update_configuration_partial(
                    uow, read_settings(own, fields), seen=fields.get("seen", "")
                )
                if wants_part(request):
                    return await _show(screen, uow, Form(key), is_saved=True)
        except (BadInput, ChangedMeanwhile) as refusal:
            async with units.begin(who.shop.bot_id, who.actor) as uow:
                code = ANSWERS[type(refusal)][0]
                return await _show(screen, uow, Form(key, fields, refusal), code=code)
        return _saved(screen, f"{FEATURES}/{key}")


def _built(key: str) -> str:
    """Raises NotFound for what is no feature, and for one that turns nothing yet."""
    if key not in BUILT:
        raise NotFound("feature", key)
    return key


def _settings_of(key: str) -> tuple[Setting, ...]:
    return tuple(setting for setting in SETTINGS if setting.feature == key)


def _saved(screen: Screen, where: str) -> Response[str]:
    return see_other(where, send_cookies=[screen.parts.cookies.keep_notice("settings_saved")])


async def _show(
    screen: Screen,
    uow: UnitOfWork,
    form: Form,
    *,
    code: int = 200,
    is_saved: bool = False,
    undo: Undo | None = None,
) -> Response[str]:
    require(uow.actor, SHOP_SEE)
    flags = {flag.key: flag for flag in await queries.get_all_feature_flags(uow)}
    values = await configurations.get_all_configurations_dict(uow)
    switches = [_switch(uow, screen, registry.find(key), flags) for key in BUILT]
    problem = form.problem
    context: dict[str, Any] = {
        "groups": [
            (name, [one for one in switches if one.feature.group == group])
            for group, name in GROUPS.items()
            if any(one.feature.group == group for one in switches)
        ],
        "values": as_typed(values),
        "opened": form.key,
        "typed": form.typed if problem else None,
        "marks": {
            one.feature.key: configurations.mark_of({own.key: values[own.key] for own in one.settings})
            for one in switches
        },
        "is_meanwhile": isinstance(problem, ChangedMeanwhile),
        "differences": await differences(
            uow,
            problem,
            compared(screen, _settings_of(form.key or ""), as_typed(values), form.typed),
            ("configuration.set",),
        ),
        "wrong_field": problem.field if isinstance(problem, BadInput) else None,
        "error": sentence_for(screen, problem) if problem else None,
        "may_set": may(uow.actor, SETTINGS_MANAGE),
    }
    if wants_part(screen.request) and is_saved:
        told = screen.toast(screen.say(NOTICES["settings_saved"]), tone="ok", undo=undo)
        return screen.answer(screen.text("features/_list.html", **context) + told)
    if wants_part(screen.request):
        return screen.part("features/_list.html", code=code, **context)
    waiting = await count_waiting(uow)
    return screen.page("features/index.html", code=code, active="features", waiting=waiting, **context)


def _switch(uow: UnitOfWork, screen: Screen, feature: Feature, flags: Mapping[str, FlagRow]) -> Switch:
    permission = FEATURES_MANAGE if feature.tenant_may_switch else PLATFORM_MANAGE
    return Switch(
        feature,
        flags[feature.key],
        tuple(Need(screen.say(registry.find(need).label), flags[need].is_on) for need in feature.needs),
        _settings_of(feature.key),
        may(uow.actor, permission),
    )
