"""The list of switches: keys, who is granted them, how they start. Pure data; ``registry`` has the rule."""

from __future__ import annotations

from dataclasses import dataclass

from shop.i18n import N_

STARTER, GROWTH, ENTERPRISE = "starter", "growth", "enterprise"
EVERY_TIER = frozenset({STARTER, GROWTH, ENTERPRISE})
FROM_GROWTH = frozenset({GROWTH, ENTERPRISE})
TOP_ONLY = frozenset({ENTERPRISE})
NO_TIER: frozenset[str] = frozenset()
GROUPS = ("payments", "subscription", "marketing", "support", "integration", "platform", "billing")


@dataclass(frozen=True, slots=True)
class Feature:
    """One switch. ``label`` and ``help`` are English sentences for the catalogues."""

    key: str
    group: str
    label: str
    help: str
    tiers: frozenset[str] = EVERY_TIER
    """Which of the platform's plans grant it."""
    default: bool = False
    """On before the owner chose."""
    tenant_may_switch: bool = True
    """False: only the master switches it."""
    needs: tuple[str, ...] = ()
    """Keys of features it is pointless without."""


FEATURES: tuple[Feature, ...] = (
    Feature(
        "card_to_card",
        "payments",
        N_("Card-to-card payment"),
        N_("Customers send a photo of the transfer; your team approves it."),
        default=True,
    ),
    Feature(
        "c2c_auto_match",
        "payments",
        N_("Match transfers by the bank's SMS"),
        N_("Your phone passes on the bank's messages; matching receipts are suggested."),
        FROM_GROWTH,
        needs=("card_to_card",),
    ),
    Feature("zarinpal", "payments", N_("ZarinPal"), N_("Customers pay online with any bank card.")),
    Feature(
        "wallet",
        "payments",
        N_("Wallet"),
        N_("Customers hold a balance and pay from it."),
        default=True,
    ),
    Feature(
        "telegram_stars",
        "payments",
        N_("Telegram Stars"),
        N_("Customers pay with Telegram's own Stars."),
        FROM_GROWTH,
    ),
    Feature(
        "crypto_gateway",
        "payments",
        N_("Crypto gateway"),
        N_("Customers pay with cryptocurrency."),
        TOP_ONLY,
    ),
    Feature(
        "foreign_gateways",
        "payments",
        N_("Foreign gateways"),
        N_("Payment providers outside Iran, as plug-ins."),
        TOP_ONLY,
    ),
    Feature(
        "auto_purchase_after_topup",
        "payments",
        N_("Buy after a top-up"),
        N_("An order that waited for money is paid as soon as the wallet allows."),
        default=True,
        needs=("wallet",),
    ),
    Feature(
        "refund_requests",
        "payments",
        N_("Refund requests"),
        N_("Customers may ask for their money back; your team decides."),
        FROM_GROWTH,
    ),
    Feature(
        "withdrawals",
        "payments",
        N_("Withdrawals"),
        N_("Customers may have their referral earnings paid out."),
        TOP_ONLY,
        needs=("referral_program",),
    ),
    Feature(
        "trial_subscription",
        "subscription",
        N_("Free trial"),
        N_("One short subscription for every customer."),
        default=True,
    ),
    Feature(
        "paid_trial",
        "subscription",
        N_("Paid trial"),
        N_("The trial has a price."),
        FROM_GROWTH,
        needs=("trial_subscription",),
    ),
    Feature(
        "auto_renewal",
        "subscription",
        N_("Automatic renewal"),
        N_("Subscriptions renew from the wallet when the customer wishes so."),
        default=True,
        needs=("wallet",),
    ),
    Feature(
        "simple_purchase",
        "subscription",
        N_("One-tap purchase"),
        N_("One plan is offered with a single button."),
        FROM_GROWTH,
    ),
    Feature(
        "multi_subscription",
        "subscription",
        N_("Several subscriptions"),
        N_("A customer may hold more than one subscription."),
        default=True,
    ),
    Feature("addons_traffic", "subscription", N_("Extra traffic"), N_("Customers buy more gigabytes.")),
    Feature(
        "addons_devices",
        "subscription",
        N_("Extra devices"),
        N_("Customers buy more devices."),
        FROM_GROWTH,
    ),
    Feature(
        "custom_plan",
        "subscription",
        N_("Custom plan"),
        N_("Customers choose days and gigabytes themselves."),
        FROM_GROWTH,
    ),
    Feature(
        "gift_subscription",
        "subscription",
        N_("Gift subscriptions"),
        N_("Customers buy a code to give away."),
        TOP_ONLY,
    ),
    Feature(
        "grace_access",
        "subscription",
        N_("Grace period"),
        N_("Access goes on for some hours after the end."),
        FROM_GROWTH,
    ),
    Feature(
        "referral_program",
        "marketing",
        N_("Referrals"),
        N_("Customers earn by inviting others."),
        FROM_GROWTH,
    ),
    Feature("promo_codes", "marketing", N_("Promo codes"), N_("Codes that lower a price."), default=True),
    Feature(
        "promo_groups",
        "marketing",
        N_("Customer groups"),
        N_("Groups with discounts of their own."),
        FROM_GROWTH,
    ),
    Feature(
        "promo_offers",
        "marketing",
        N_("Personal offers"),
        N_("Timed offers to single customers."),
        FROM_GROWTH,
    ),
    Feature(
        "campaigns",
        "marketing",
        N_("Campaigns"),
        N_("Start links that show where customers came from."),
        FROM_GROWTH,
    ),
    Feature(
        "broadcasts",
        "marketing",
        N_("Broadcasts"),
        N_("One message to many customers."),
        default=True,
    ),
    Feature(
        "drip_messages",
        "marketing",
        N_("Timed messages"),
        N_("Messages that follow what a customer did."),
        FROM_GROWTH,
    ),
    Feature("contests", "marketing", N_("Contests"), N_("Contests among customers."), TOP_ONLY),
    Feature("polls", "marketing", N_("Polls"), N_("Questions to customers."), TOP_ONLY),
    Feature(
        "required_channel",
        "marketing",
        N_("Required channel"),
        N_("Customers join a channel before they may buy."),
    ),
    Feature(
        "support_tickets",
        "support",
        N_("Tickets"),
        N_("Customers ask in the bot; your team answers on the dashboard."),
        default=True,
    ),
    Feature(
        "support_contact",
        "support",
        N_("Support contact"),
        N_("A button that leads to your support account."),
        default=True,
    ),
    Feature(
        "ticket_sla",
        "support",
        N_("Answer times"),
        N_("Your chat is reminded when half of your time to answer a ticket is over, and when all of it is."),
        FROM_GROWTH,
        needs=("support_tickets",),
    ),
    Feature("mini_app", "integration", N_("Mini App"), N_("The shop as a Telegram Mini App."), FROM_GROWTH),
    Feature(
        "server_status",
        "integration",
        N_("Server status"),
        N_("Customers see whether the servers are up."),
        FROM_GROWTH,
    ),
    Feature(
        "monitoring",
        "integration",
        N_("Monitoring"),
        N_("Ends and limits of subscriptions are watched."),
        default=True,
        tenant_may_switch=False,
    ),
    Feature(
        "traffic_alerts",
        "integration",
        N_("Traffic alarms"),
        N_("An alarm when somebody's use is out of the ordinary."),
        FROM_GROWTH,
        needs=("monitoring",),
    ),
    Feature("blacklist", "integration", N_("Blacklist"), N_("Known abusers are turned away.")),
    Feature(
        "staff_accounts",
        "platform",
        N_("Team"),
        N_("Colleagues with rights of their own; how many depends on the platform's plan."),
        default=True,
        tenant_may_switch=False,
    ),
    Feature("api_access", "platform", N_("API"), N_("Programs may do what you do here."), FROM_GROWTH),
    Feature(
        "outgoing_webhooks",
        "platform",
        N_("Webhooks"),
        N_("Your own server is told what happens."),
        TOP_ONLY,
        needs=("api_access",),
    ),
    Feature(
        "advanced_analytics",
        "platform",
        N_("Advanced analytics"),
        N_("Cohorts and funnels."),
        TOP_ONLY,
        default=True,
        tenant_may_switch=False,
    ),
    Feature(
        "data_export",
        "platform",
        N_("Export"),
        N_("Lists as CSV files."),
        default=True,
        tenant_may_switch=False,
    ),
    Feature(
        "custom_branding",
        "platform",
        N_("Branding"),
        N_("Your own logo, colours and texts."),
        FROM_GROWTH,
    ),
    Feature("test_mode", "platform", N_("Test mode"), N_("Payments are played, no money moves.")),
    Feature(
        "billing_sale",
        "billing",
        N_("Charge per sale"),
        N_("The platform charges the shop's wallet for every sale."),
        NO_TIER,
        tenant_may_switch=False,
    ),
    Feature(
        "billing_usage",
        "billing",
        N_("Charge per use"),
        N_("The platform charges the shop's wallet for traffic."),
        NO_TIER,
        tenant_may_switch=False,
    ),
    Feature(
        "billing_notifications",
        "billing",
        N_("Low balance messages"),
        N_("You are told when the shop's wallet runs low."),
        default=True,
    ),
    Feature(
        "billing_auto_topup",
        "billing",
        N_("Automatic top-up"),
        N_("Reserved."),
        NO_TIER,
        tenant_may_switch=False,
    ),
)
