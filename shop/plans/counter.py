"""What stands on the counter at first sight: groups to look into, and plans beside them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shop.plans.queries import Offer


@dataclass(frozen=True, slots=True)
class Drawer:
    """A group with what is on sale in it; there is none without."""

    group_id: int
    name: str
    offers: Sequence[Offer]


@dataclass(frozen=True, slots=True)
class Counter:
    """In the owner's order: the groups first."""

    drawers: Sequence[Drawer]
    loose: Sequence[Offer]

    def drawer(self, group_id: int | None) -> Drawer | None:
        """None too for a group that is empty by now, or never was one."""
        return next((one for one in self.drawers if one.group_id == group_id), None)


def lay_out(offers: Sequence[Offer]) -> Counter:
    """``offers`` in their order. Where all of them are in one group there is nothing to choose before them:
    they lie on the counter themselves."""
    loose = [offer for offer in offers if offer.group_id is None]
    together: dict[int, list[Offer]] = {}
    for offer in offers:
        if offer.group_id is not None:
            together.setdefault(offer.group_id, []).append(offer)
    if len(together) == 1 and not loose:
        return Counter((), offers)
    drawers = [Drawer(group_id, inside[0].group_name, inside) for group_id, inside in together.items()]
    return Counter(drawers, loose)
