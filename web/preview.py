"""What a customer will read in Telegram, shown before it is sent: the bot's own template, as plain text."""

from __future__ import annotations

import html
import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shop import formatting
from shop.i18n import translations
from shop.receipts.detail import ReceiptDetail
from shop.receipts.rules import RejectReason

TEMPLATES = Path(__file__).parent.parent / "templates" / "telegram"
OWN_WORDS = "{reason}"
"""Holds the place of what the reviewer will write."""
_TAG = re.compile(r"<[^>]*>")
_BLANK_LINES = re.compile(r"\n{3,}")


def rejections(item: ReceiptDetail) -> dict[str, str]:
    """For every reason, the message this receipt's customer would get, in his language."""
    template = _environment(item.customer_language).get_template("receipt_rejected.html")
    return {
        reason.value: _plain(
            template.render(
                tracking_number=item.tracking_number,
                amount=item.amount,
                plan=item.plan_name,
                reason=reason.value,
                text=OWN_WORDS if reason is RejectReason.OTHER else "",
                lang=item.customer_language,
            )
        )
        for reason in RejectReason
    }


def _plain(message: str) -> str:
    lines = "\n".join(line.strip() for line in html.unescape(_TAG.sub("", message)).strip().splitlines())
    return _BLANK_LINES.sub("\n\n", lines)


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(  # type: ignore[attr-defined]  # added by the extension
        translations(language), newstyle=True
    )
    environment.filters |= {
        "digits": lambda value: formatting.digits(value, language),
        "toman": lambda value: formatting.money(value, language),
        # The page isolates the whole bubble; marks of direction would only be copied along.
        "isolate": str,
    }
    return environment
