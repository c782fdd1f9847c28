from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shop.demo import script

STARTS = [datetime(2026, 11, 22, hour, 17, tzinfo=UTC) for hour in range(24)]


@pytest.mark.parametrize("now", STARTS, ids=lambda now: f"{now:%H}h")
def test_the_story_holds_whenever_it_is_told(now):
    past = script.past(now)

    # Cards take turns, so the place in the story tells the card.
    shown = [(purchase.goods.price, script.CARDS[i % 2][0][-4:]) for i, purchase in enumerate(past)]
    recent = {
        price_and_card
        for price_and_card, purchase in zip(shown, past, strict=True)
        if now - purchase.at < script.PICTURES_SINCE
    }
    assert len(past) % 2 == 0
    assert [purchase.at for purchase in past] == sorted(purchase.at for purchase in past)
    assert recent >= script.PAST_PICTURES.keys()
    assert sum(purchase.rejected is not None for purchase in past) >= 3
    assert all(
        purchase.at + purchase.sent_after + purchase.decided_after < now - timedelta(minutes=95)
        for purchase in past
    )
    assert len({purchase.reference for purchase in past}) == len(past)


def test_everybody_is_somebody_else():
    assert len({person.telegram_id for person in script.PEOPLE}) == len(script.PEOPLE)
    assert len({waiting.person for waiting in script.WAITING}) == len(script.WAITING)
