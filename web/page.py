"""What the frame around every screen needs to know: who is looking, at which shop, and where they may go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shop.actors import CARDS_MANAGE, RECEIPTS_APPROVE, RECEIPTS_SEE, SHOP_SEE, TICKETS_SEE
from shop.i18n import N_
from shop.staff.sessions import CardsShut

BAR_HOLDS = 5
"""Places in the bar at the bottom of a phone; where there are more screens, the last one opens the rest."""


@dataclass(frozen=True, slots=True)
class NavItem:
    """One door in the sidebar and in the bottom bar; ``label`` is translated where it is shown."""

    id: str
    href: str
    label: str
    icon: str
    count: int = 0
    needs: str = SHOP_SEE
    """The permission without which the door is not shown."""
    key: str = ""
    """The letter that, after G, opens it from the keyboard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The frame of one page. Nobody signed in: the defaults, and the token that forms carry."""

    csrf_token: str
    active: str = ""
    """The ``NavItem.id`` of this screen, as ``receipts`` or ``shops``; or nothing."""
    staff_name: str = ""
    is_master: bool = False
    shop_name: str | None = None
    """The shop on the screen; ``None`` on the platform's own pages."""
    shop_handle: str | None = None
    """Its bot's username, without the ``@``."""
    has_sold: bool = True
    """Whether the shop ever sold anything; until then the list of what is missing is among its screens."""
    cards_shut: CardsShut | None = None
    """Why nobody can pay card to card now; or nothing, also for whoever may not see the shop's cards."""
    waiting: int = 0
    """Receipts that wait for a decision in this shop."""
    permissions: frozenset[str] = frozenset()
    """What this person may do in the shop on the screen."""
    viewing: str | None = None
    """The shop's name while the master looks at it and may change nothing."""
    viewing_until: datetime | None = None
    """When it leaves his screen by itself."""
    token_ends_at: datetime | None = None
    """The end of the token this person came in with, where it is near."""
    notice: str | None = None
    """A sentence about what has just been done, shown once after a form without script."""
    undo: object = None
    """What puts that back: a ``rendering.Undo``, or nothing."""

    @property
    def around(self) -> Page:
        """What the ways through the dashboard are drawn from: the same for all who may the same here."""
        return Page(
            csrf_token="",
            active=self.active,
            is_master=self.is_master,
            shop_name=self.shop_name,
            shop_handle=self.shop_handle,
            has_sold=self.has_sold,
            waiting=self.waiting,
            permissions=self.permissions,
        )

    @property
    def nav(self) -> tuple[NavItem, ...]:
        """The screens this person can open now, in the order of the sidebar."""
        start = NavItem("start", "/start", N_("Set up"), "list-check")
        shop = (
            *(() if self.has_sold else (start,)),
            NavItem("overview", "/", N_("Overview"), "layout-dashboard", key="O"),
            NavItem("receipts", "/receipts", N_("Receipts"), "receipt", self.waiting, RECEIPTS_SEE, key="R"),
            NavItem("tickets", "/tickets", N_("Tickets"), "ticket", needs=TICKETS_SEE, key="T"),
            NavItem("customers", "/customers", N_("Customers"), "user", key="C"),
            NavItem("stock", "/stock", N_("Stock"), "package"),
            NavItem("broadcasts", "/broadcasts", N_("Broadcasts"), "speakerphone"),
            NavItem("subscriptions", "/subscriptions", N_("Subscriptions"), "repeat"),
            NavItem("transactions", "/transactions", N_("Transactions"), "wallet"),
            NavItem("cards", "/cards", N_("Cards"), "credit-card"),
            NavItem("plans", "/plans", N_("Plans"), "tag"),
            NavItem("features", "/features", N_("Features"), "adjustments"),
            NavItem("team", "/team", N_("Team"), "users"),
            NavItem("audit", "/audit", N_("History"), "history"),
            NavItem("settings", "/settings", N_("Settings"), "settings"),
        )
        platform = (NavItem("shops", "/platform/bots", N_("Shops"), "building-store"),)
        open_to_him = tuple(item for item in shop if item.needs in self.permissions)
        return (open_to_him if self.shop_name else ()) + (platform if self.is_master else ())

    @property
    def bar(self) -> tuple[NavItem, ...]:
        """Those that the bar at the bottom of a phone shows by themselves."""
        return self.nav if len(self.nav) <= BAR_HOLDS else self.nav[: BAR_HOLDS - 1]

    @property
    def more(self) -> tuple[NavItem, ...]:
        """Those behind the bar's last place."""
        return self.nav[len(self.bar) :]

    @property
    def may_see_shop(self) -> bool:
        return SHOP_SEE in self.permissions

    @property
    def may_see_receipts(self) -> bool:
        return RECEIPTS_SEE in self.permissions

    @property
    def may_see_tickets(self) -> bool:
        return TICKETS_SEE in self.permissions

    @property
    def may_manage_cards(self) -> bool:
        return CARDS_MANAGE in self.permissions

    @property
    def may_decide(self) -> bool:
        """Whether this person may approve and reject receipts here."""
        return RECEIPTS_APPROVE in self.permissions
