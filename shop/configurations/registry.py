"""Every setting of a shop, declared once: type, default, bounds. Pure.

A key stands here from the day something reads it. Secrets are declared apart: they are written, and never
read back by anybody; sealed, they lie in their own columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from shop.errors import BadInput, NotFound
from shop.i18n import N_

Value = bool | int | str
MEGABYTE = 2**20
"""Bytes; as Telegram counts them too."""
TEXTS = "texts."
"""Under keys that begin so lie a shop's own sentences, ``texts.<language>.<template>``: ``shop.texts`` alone
writes them, and they are no settings."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One key. ``label`` and ``help`` are English sentences for the catalogues."""

    key: str
    kind: Literal["bool", "int", "choice"]
    default: Value
    group: str
    label: str
    help: str = ""
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[Value, ...] = ()
    words: tuple[str, ...] = ()
    """English words for the choices, in their order."""
    feature: str | None = None
    """The feature without which it has no meaning."""
    clone: bool = True
    """Whether a new shop may take it over from a template."""

    def check(self, value: object) -> Value:
        """``value`` itself when the setting accepts it; BadInput names the key and the bound otherwise."""
        if self.kind == "bool":
            if not isinstance(value, bool):
                raise BadInput(self.key, "not_a_switch")
            return value
        if self.kind == "choice":
            # By type as well: to Python, True is 1.
            for choice in self.choices:
                if type(choice) is type(value) and choice == value:
                    return choice
            raise BadInput(self.key, "not_a_choice", ", ".join(map(str, self.choices)))
        if not isinstance(value, int) or isinstance(value, bool):
            raise BadInput(self.key, "not_a_number")
        if self.minimum is not None and value < self.minimum:
            raise BadInput(self.key, "too_small", self.minimum)
        if self.maximum is not None and value > self.maximum:
            raise BadInput(self.key, "too_large", self.maximum)
        return value


@dataclass(frozen=True, slots=True)
class Secret:
    """A key whose value can be replaced and never be shown: no default, no template, no history of values."""

    key: str
    group: str
    label: str
    help: str


BOT_TOKEN = Secret(
    key="bot_token",
    group="bot",
    label=N_("Token of the bot"),
    help=N_("As @BotFather wrote it. It is kept sealed and never shown again, not even to you."),
)
SECRETS = (BOT_TOKEN,)

SETTINGS: tuple[Setting, ...] = (
    Setting(
        key="card_rotation_strategy",
        kind="choice",
        default="round_robin",
        choices=("round_robin", "random", "time_based", "weighted"),
        words=(N_("In turn"), N_("At random"), N_("By the clock"), N_("By success")),
        group="cards",
        feature="card_to_card",
        label=N_("Which card to show"),
        help=N_("In turn, at random, by the clock, or more often those that work well."),
    ),
    Setting(
        key="card_rotation_minutes",
        kind="int",
        default=60,
        minimum=1,
        maximum=1440,
        group="cards",
        feature="card_to_card",
        label=N_("Minutes until the next card"),
        help=N_("Counts when cards change by the clock."),
    ),
    Setting(
        key="card_sticky_days",
        kind="int",
        default=0,
        minimum=0,
        maximum=365,
        group="cards",
        feature="card_to_card",
        label=N_("Days a customer keeps the card he paid to"),
        help=N_("He sees it again while it has room; 0 is never."),
    ),
    Setting(
        key="card_rest_hours",
        kind="int",
        default=24,
        minimum=0,
        maximum=720,
        group="cards",
        feature="card_to_card",
        label=N_("Hours a card rests when too much of it is rejected"),
        help=N_("Never the last card in turn; 0 lets none rest by itself."),
    ),
    Setting(
        key="payment_minutes",
        kind="int",
        default=30,
        minimum=5,
        maximum=1440,
        group="payments",
        label=N_("Minutes to pay"),
    ),
    Setting(
        key="max_open_orders",
        kind="int",
        default=3,
        minimum=1,
        maximum=20,
        group="payments",
        label=N_("Unpaid orders one customer may hold"),
    ),
    Setting(
        key="show_rial",
        kind="bool",
        default=True,
        group="payments",
        label=N_("Show the amount in Rial too"),
    ),
    Setting(
        key="price_rounding",
        kind="choice",
        default=1000,
        choices=(1, 100, 500, 1000),
        words=(N_("1 Toman"), N_("100 Toman"), N_("500 Toman"), N_("1,000 Toman")),
        group="payments",
        label=N_("What changed prices are rounded to"),
        help=N_("Offered first where many prices are changed at once."),
    ),
    Setting(
        key="correction_limit",
        kind="int",
        default=5_000_000,
        minimum=0,
        maximum=1_000_000_000,
        group="payments",
        label=N_("Toman one colleague may move by hand in 24 hours"),
        help=N_("Corrections of wallets, in and out together; 0 allows none."),
    ),
    Setting(
        key="max_receipts_per_payment",
        kind="int",
        default=3,
        minimum=1,
        maximum=10,
        group="receipts",
        feature="card_to_card",
        label=N_("Receipts one payment may be given"),
    ),
    Setting(
        key="receipt_max_mb",
        kind="int",
        default=10,
        minimum=1,
        maximum=20,
        group="receipts",
        feature="card_to_card",
        label=N_("Largest receipt, in megabytes"),
        help=N_("More than 20 Telegram gives no bot. Pictures in tickets obey it too."),
    ),
    Setting(
        key="late_receipt_hours",
        kind="int",
        default=72,
        minimum=0,
        maximum=720,
        group="receipts",
        feature="card_to_card",
        label=N_("Hours a late receipt is still taken"),
    ),
    Setting(
        key="receipt_late_minutes",
        kind="int",
        default=30,
        minimum=1,
        maximum=1440,
        group="receipts",
        feature="card_to_card",
        label=N_("Minutes until a waiting receipt is marked"),
    ),
    Setting(
        key="hold_seconds",
        kind="choice",
        default=6,
        choices=(0, 6, 15, 30),
        words=(N_("At once"), N_("6 seconds"), N_("15 seconds"), N_("30 seconds")),
        group="receipts",
        feature="card_to_card",
        label=N_("Seconds in which a decision can be taken back"),
    ),
    Setting(
        key="receipt_image_days",
        kind="choice",
        default=0,
        choices=(0, 30, 90, 180, 365),
        words=(N_("As long as the shop"), N_("30 days"), N_("90 days"), N_("180 days"), N_("365 days")),
        group="receipts",
        feature="card_to_card",
        label=N_("How long the pictures of decided receipts and closed tickets are kept"),
        help=N_("A picture that is sent again is noticed all the same."),
    ),
    Setting(
        key="ticket_answer_hours",
        kind="int",
        default=12,
        minimum=1,
        maximum=168,
        group="support",
        feature="support_tickets",
        label=N_("Hours within which a customer shall have an answer"),
        help=N_("From half of it on a ticket is marked, after it in red; the figures count by it."),
    ),
    Setting(
        key="reminder_quiet_from",
        kind="int",
        default=0,
        minimum=0,
        maximum=23,
        group="support",
        feature="ticket_sla",
        label=N_("No reminder of tickets from this hour on"),
        help=N_("On your shop's clock. What falls due then is told when the quiet is over."),
    ),
    Setting(
        key="reminder_quiet_until",
        kind="int",
        default=8,
        minimum=0,
        maximum=23,
        group="support",
        feature="ticket_sla",
        label=N_("No reminder of tickets until this hour"),
        help=N_("The same hour twice is no quiet time."),
    ),
    Setting(
        key="ticket_autoclose_days",
        kind="int",
        default=7,
        minimum=0,
        maximum=90,
        group="support",
        feature="support_tickets",
        label=N_("Days until an answered ticket is closed by itself"),
        help=N_("Counted from your last answer; 0 closes none."),
    ),
    Setting(
        key="ticket_topics",
        kind="bool",
        default=True,
        group="support",
        feature="support_tickets",
        label=N_("A topic of its own for every ticket"),
        help=N_("Where the shop's group has topics and the bot may open them."),
    ),
    Setting(
        key="broadcast_rate",
        kind="int",
        default=20,
        minimum=1,
        maximum=25,
        group="broadcasts",
        feature="broadcasts",
        label=N_("Messages of a broadcast in a second"),
        help=N_("Telegram bears about thirty of one bot; the rest stays for receipts and answers."),
    ),
    Setting(
        key="broadcast_quiet_from",
        kind="int",
        default=0,
        minimum=0,
        maximum=23,
        group="broadcasts",
        feature="broadcasts",
        label=N_("No broadcast from this hour on"),
        help=N_("On your shop's clock. What goes out then waits and goes on by itself."),
    ),
    Setting(
        key="broadcast_quiet_until",
        kind="int",
        default=0,
        minimum=0,
        maximum=23,
        group="broadcasts",
        feature="broadcasts",
        label=N_("Until this hour"),
        help=N_("The same hour twice is no quiet time."),
    ),
    Setting(
        key="notify_receipts",
        kind="bool",
        default=True,
        group="notifications",
        label=N_("A receipt came"),
        help=N_(
            "With its picture and the buttons to decide. Off: receipts are decided on the dashboard alone."
        ),
    ),
    Setting(
        key="notify_questions",
        kind="bool",
        default=True,
        group="notifications",
        label=N_("A customer asks"),
        help=N_("To be answered there. Off: tickets are answered on the dashboard alone."),
    ),
    Setting(
        key="notify_answers",
        kind="bool",
        default=True,
        group="notifications",
        label=N_("A colleague answered a ticket on the dashboard"),
        help=N_("So that whoever reads along in the chat need not answer it again."),
    ),
    Setting(
        key="notify_handed",
        kind="bool",
        default=True,
        group="notifications",
        label=N_("A receipt was handed to a colleague"),
        help=N_("Said to the colleague alone. Off: it stands first in the colleague's queue all the same."),
    ),
    Setting(
        key="notify_stock_low",
        kind="bool",
        default=True,
        group="notifications",
        label=N_("A shelf runs low"),
        help=N_("At the number of lines that you set for the plan."),
    ),
    Setting(
        key="second_factor",
        kind="bool",
        default=False,
        group="sign_in",
        clone=False,
        label=N_("Sign-in waits for a tap in Telegram"),
        help=N_("For the people of the shop who linked their Telegram account."),
    ),
)
BY_KEY: Mapping[str, Setting] = {setting.key: setting for setting in SETTINGS}


def find(key: str) -> Setting:
    """The declaration of ``key``. Raises NotFound for a key that nobody declared."""
    setting = BY_KEY.get(key)
    if setting is None:
        raise NotFound("configuration", key)
    return setting
