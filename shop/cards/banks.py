"""Which bank issued a card, by its first six digits. Pure data.

A hint for the eye, never a reason to refuse: banks merge and prefixes move, and an unknown one is fine.
A bank is called by its English name in the books; ``localised`` gives the name to show.
"""

from __future__ import annotations

from typing import NamedTuple

PREFIX = 6
"""How many of the first digits tell the bank."""


class Bank(NamedTuple):
    english: str
    persian: str
    prefixes: tuple[str, ...]
    """First six digits, those of banks that merged into this one included."""


BANKS: tuple[Bank, ...] = (
    Bank("Melli", "ملی", ("603799", "170019", "636214")),
    Bank(
        "Sepah",
        "سپه",
        ("589210", "627381", "639599", "636949", "639370", "505801"),
    ),
    Bank("Mellat", "ملت", ("610433", "991975")),
    Bank("Saderat", "صادرات", ("603769",)),
    Bank("Tejarat", "تجارت", ("627353", "585983")),
    Bank("Keshavarzi", "کشاورزی", ("603770", "639217")),
    Bank("Maskan", "مسکن", ("628023",)),
    Bank("Refah", "رفاه", ("589463",)),
    Bank("Export Development", "توسعه صادرات", ("627648", "207177")),
    Bank("Industry and Mine", "صنعت و معدن", ("627961",)),
    Bank("Post Bank", "پست بانک", ("627760",)),
    Bank("Tose'e Ta'avon", "توسعه تعاون", ("502908",)),
    Bank("Resalat", "رسالت", ("504172",)),
    Bank("Melal", "ملل", ("606256",)),
    Bank("Parsian", "پارسیان", ("622106", "627884", "639194")),
    Bank("Pasargad", "پاسارگاد", ("502229", "639347")),
    Bank("Saman", "سامان", ("621986",)),
    Bank("Eghtesad Novin", "اقتصاد نوین", ("627412",)),
    Bank("Karafarin", "کارآفرین", ("627488", "502910")),
    Bank("Shahr", "شهر", ("502806", "504706")),
    Bank("Dey", "دی", ("502938",)),
    Bank("Sina", "سینا", ("639346",)),
    Bank("Sarmayeh", "سرمایه", ("639607",)),
    Bank("Iran Zamin", "ایران زمین", ("505785",)),
    Bank("Gardeshgari", "گردشگری", ("505416", "505426")),
    Bank("Middle East", "خاورمیانه", ("585947",)),
    Bank("Mehr Iran", "مهر ایران", ("606373",)),
    Bank("Central Bank", "بانک مرکزی", ("636795",)),
)
_BY_PREFIX = {prefix: bank.english for bank in BANKS for prefix in bank.prefixes}
_PERSIAN = {bank.english: bank.persian for bank in BANKS}


def bank_of(first_six: str) -> str:
    """The issuer's English name, or an empty string when we do not know it."""
    return _BY_PREFIX.get(first_six, "")


def localised(name: str, language: str) -> str:
    """The name to show in ``language``; one we do not know stays as it is."""
    return _PERSIAN.get(name, name) if language == "fa" else name
