"""The settings of the shop, a tab for each kind, and the test of its chats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from shop.actors import SETTINGS_MANAGE, SHOP_SEE, may, require
from shop.bots import queries as bots
from shop.bots import service as shops
from shop.bots.rules import CALENDARS
from shop.bots.service import BotChanges
from shop.configurations import queries as configurations
from shop.configurations import service
from shop.configurations.registry import SETTINGS as REGISTRY
from shop.configurations.registry import Setting, Value
from shop.errors import BadInput, ChangedMeanwhile, NotFound
from shop.i18n import LANGUAGE_NAMES, N_
from shop.notifications import outbox
from shop.receipts.desk import count_waiting
from shop.seen import mark
from shop.unit_of_work import UnitOfWork
from web.auth import signed_in
from web.deps import Uow
from web.errors import ANSWERS, sentence_for
from web.forms import read_form
from web.meanwhile import Field, differences
from web.parts import WebRequest, parts_of
from web.rendering import NOTICES, Screen, see_other, wants_part
from web.security import CHOICES
from web.typed import as_typed, compared, read_settings

SETTINGS = "/settings"
SHOP, PAYMENTS, NOTIFICATIONS = "shop", "payments", "notifications"
TABS = {SHOP: N_("The shop"), PAYMENTS: N_("Payment and receipts"), NOTIFICATIONS: N_("Notifications")}
BOT = ("bot", N_("The bot"))
TEXTS = ("texts", N_("Texts of the bot"))
REASONS = ("reasons", N_("Reasons to reject"))
"""The tabs that are pages of their own."""
PANEL = ("panel", N_("Dashboard on this device"))
"""The tab of what one browser remembers by itself."""
APART = "."
"""Between the two marks of a tab."""
OF_PAYMENTS = tuple(setting for setting in REGISTRY if setting.group in {"payments", "receipts"})
EVENTS = tuple(setting for setting in REGISTRY if setting.group == "notifications")
OF_TAB: Mapping[str, tuple[Setting, ...]] = {SHOP: (), PAYMENTS: OF_PAYMENTS, NOTIFICATIONS: EVENTS}
"""The settings of the registry on each tab."""
COLUMNS = {
    SHOP: ("name", "default_language", "timezone", "calendar", "support_username"),
    PAYMENTS: (),
    NOTIFICATIONS: ("notification_topic_id", "card_receipt_topic_id"),
}
"""What a tab changes of the shop's own row."""
CHANGED = ("bot.updated", "configuration.set")
"""How the history calls a change of a tab: of the shop's own row, of the registry's settings."""
LABELS = {
    "name": N_("Name of the shop"),
    "default_language": N_("First language"),
    "timezone": N_("Time zone"),
    "calendar": N_("Calendar in the bot"),
    "support_username": N_("Support account"),
    "notification_topic_id": N_("Topic for alerts"),
    "card_receipt_topic_id": N_("Topic for receipts"),
}
CALENDAR_WORDS = dict(zip(CALENDARS, (N_("Solar Hijri"), N_("Gregorian")), strict=True))
VALUE_WORDS: Mapping[str, Mapping[str, str]] = {
    "calendar": CALENDAR_WORDS,
    "default_language": LANGUAGE_NAMES,
}
TIMEZONES = (
    "Asia/Tehran",
    "Asia/Kabul",
    "Asia/Dubai",
    "Asia/Baghdad",
    "Europe/Istanbul",
    "Europe/Berlin",
    "UTC",
)
"""Suggested while typing; every other one is taken too."""


class SettingsController(Controller):
    path = SETTINGS

    @get()
    async def index(self, request: WebRequest, uow: Uow) -> Response[str]:
        """The first tab."""
        return await _show(Screen.of(request), uow, SHOP)

    @get("/panel")
    async def panel(self, request: WebRequest, uow: Uow) -> Response[str]:
        """How the dashboard looks and listens in this browser. The address carries what was chosen.

        It is the person's own, so it asks for no permission.
        """
        screen = Screen.of(request)
        if any(name in request.query_params for name in CHOICES):
            kept = screen.parts.cookies.keep_notice("panel_saved")
            return see_other(f"{SETTINGS}/{PANEL[0]}", send_cookies=[kept])
        waiting = await count_waiting(uow)
        return screen.page("settings/panel.html", active="settings", waiting=waiting, tabs=tab_bar(screen))

    @get("/{tab:str}")
    async def tab(self, request: WebRequest, uow: Uow, tab: FromPath[str]) -> Response[str]:
        """One tab with what counts now."""
        return await _show(Screen.of(request), uow, _known(tab))

    @post("/{tab:str}")
    async def save(self, request: WebRequest, tab: FromPath[str]) -> Response[str]:
        """All of a tab or nothing; the bot obeys from the next message on."""
        fields, who, screen = await read_form(request), signed_in(request), Screen.of(request)
        units = parts_of(request).units
        try:
            async with units.begin(who.shop.bot_id, who.actor) as uow:
                await _save(uow, _known(tab), fields)
                if wants_part(request):
                    return await _show(screen, uow, tab, told="settings_saved")
        except (BadInput, ChangedMeanwhile) as refusal:
            async with units.begin(who.shop.bot_id, who.actor) as uow:
                return await _show(screen, uow, tab, typed=fields, refusal=refusal)
        notice = screen.parts.cookies.keep_notice("settings_saved")
        return see_other(f"{SETTINGS}/{tab}", send_cookies=[notice])

    @post("/notifications/test")
    async def test(self, request: WebRequest) -> Response[str]:
        """A message into each linked chat, by the same way as every other."""
        who, screen = signed_in(request), Screen.of(request)
        async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
            told = "test_sent" if await outbox.send_test(uow) else "no_chat"
            if wants_part(request):
                return await _show(screen, uow, NOTIFICATIONS, told=told)
        return see_other(f"{SETTINGS}/{NOTIFICATIONS}", send_cookies=[screen.parts.cookies.keep_notice(told)])


def tab_bar(screen: Screen) -> list[tuple[str, str]]:
    """Every tab by its key, in the reader's language."""
    return [(key, screen.say(words)) for key, words in (*TABS.items(), BOT, TEXTS, REASONS, PANEL)]


def _known(tab: str) -> str:
    if tab not in TABS:
        raise NotFound("settings", tab[:20])
    return tab


async def _save(uow: UnitOfWork, tab: str, fields: Mapping[str, str]) -> None:
    of_row, _, of_settings = fields.get("seen", "").partition(APART)
    # A field that was not posted is one that is not to change; but a switch that is off is posted by nobody.
    changes = {column: fields[column] for column in COLUMNS[tab] if column in fields}
    if COLUMNS[tab]:
        await shops.update_bot(uow, uow.bot_id, seen=of_row, **cast("BotChanges", changes))
    if OF_TAB[tab]:
        values = read_settings(OF_TAB[tab], fields)
        await service.update_configuration_partial(uow, values, seen=of_settings)


async def _show(
    screen: Screen,
    uow: UnitOfWork,
    tab: str,
    *,
    typed: Mapping[str, str] | None = None,
    refusal: BadInput | ChangedMeanwhile | None = None,
    told: str | None = None,
) -> Response[str]:
    require(uow.actor, SHOP_SEE)
    kept = await _kept(uow, tab)
    context: dict[str, Any] = {
        "tab": tab,
        "tabs": tab_bar(screen),
        "values": kept.values if typed is None else typed,
        # After any other refusal it is still that of what was seen at first.
        "seen": typed.get("seen", "") if typed is not None and isinstance(refusal, BadInput) else kept.mark,
        "differences": await differences(
            uow, refusal, _compared(screen, tab, kept.values, typed or {}), CHANGED
        ),
        "is_meanwhile": isinstance(refusal, ChangedMeanwhile),
        "wrong_field": refusal.field if isinstance(refusal, BadInput) else None,
        "error": sentence_for(screen, refusal) if refusal else None,
        "settings": OF_TAB[tab],
        "chats": await outbox.get_chats(uow) if tab == NOTIFICATIONS else None,
        "calendars": CALENDAR_WORDS,
        "timezones": TIMEZONES,
        "may_set": may(uow.actor, SETTINGS_MANAGE),
    }
    code = 200 if refusal is None else ANSWERS[type(refusal)][0]
    if not wants_part(screen.request):
        waiting = await count_waiting(uow)
        return screen.page("settings/index.html", code=code, active="settings", waiting=waiting, **context)
    if told is None:
        return screen.part("settings/_tab.html", code=code, **context)
    toast = screen.toast(screen.say(NOTICES[told]), tone="ok")
    return screen.answer(screen.text("settings/_tab.html", **context) + toast)


@dataclass(frozen=True, slots=True)
class Kept:
    """A tab as it counts now: as its form would hold it, and the mark of it."""

    values: Mapping[str, str]
    mark: str
    """Of the shop's own row and of the settings, each as its verb wants it."""


async def _kept(uow: UnitOfWork, tab: str) -> Kept:
    values: Mapping[str, Value] = {}
    if OF_TAB[tab]:
        values = await configurations.get_config_values(uow, [setting.key for setting in OF_TAB[tab]])
    found = await _row(uow, tab)
    typed = {column: str(value or "") for column, value in found.items()}
    of_row = mark(*(found[column] for column in sorted(found)))
    return Kept({**typed, **as_typed(values)}, f"{of_row}{APART}{configurations.mark_of(values)}")


async def _row(uow: UnitOfWork, tab: str) -> Mapping[str, object]:
    """What the tab shows of the shop's own row."""
    if tab == NOTIFICATIONS:
        chats = await outbox.get_chats(uow)
        return dict(zip(COLUMNS[tab], (chats.alerts_topic_id, chats.receipts_topic_id), strict=True))
    shop = await bots.get_context(uow) if COLUMNS[tab] else None
    return {column: getattr(shop, column) for column in COLUMNS[tab]}


def _compared(screen: Screen, tab: str, kept: Mapping[str, str], typed: Mapping[str, str]) -> Iterator[Field]:
    """The fields of a tab in words, to be told apart."""
    for column in COLUMNS[tab]:
        words = (
            CALENDAR_WORDS if column == "calendar" else LANGUAGE_NAMES if column == "default_language" else {}
        )
        said = [
            screen.say(words[value]) if value in words else value.removeprefix("@")
            for value in (kept[column], typed.get(column, ""))
        ]
        yield Field(column, screen.say(LABELS[column]), *said)
    yield from compared(screen, OF_TAB[tab], kept, typed)
