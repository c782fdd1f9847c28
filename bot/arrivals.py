"""What an update needs before anybody looks at it: its shop with settings and switches, who it is from and
where the conversation stands.

One statement answers all who ask at the same time, in whatever shops. Nothing is kept: what was committed
before an update asks, it sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aiogram.fsm.storage.base import StorageKey
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, BOOLEAN, TEXT, TIMESTAMP

from bot.together import Together
from shop.actors import System
from shop.bots.queries import BotContext, context_of
from shop.configurations.queries import values_of
from shop.configurations.registry import Value
from shop.features.queries import state_of
from shop.features.registry import FeatureState
from shop.texts.queries import texts_of
from shop.texts.writing import Texts
from shop.unit_of_work import UnitsOfWork
from shop.users.service import Known

ACTOR = System("arrivals")

_ASK = text(
    """
    SELECT a.place, b.id AS home_id, coalesce(t.id, b.id) AS id, b.name, b.username, b.is_master,
        b.is_active, b.status, b.default_language, b.currency, b.timezone, b.calendar, b.support_username,
        b.admin_chat_id, b.admin_topic_id,
        (SELECT jsonb_object_agg(c.config_key, c.config_value) FROM bot_configurations c
         WHERE c.bot_id = coalesce(t.id, b.id)) AS settings,
        (SELECT jsonb_object_agg(f.feature_key, jsonb_build_object('enabled', f.enabled,
            'granted', f.granted, 'granted_until', f.granted_until, 'killed', f.killed))
         FROM bot_feature_flags f WHERE f.bot_id = coalesce(t.id, b.id)) AS switches,
        p.id AS user_id, p.first_name, p.last_name, p.username AS person_username, p.language,
        p.blocked_at, p.unreachable_at, p.last_seen_at,
        s.state
    FROM unnest(:shops, :people, :chats, :threads, :connections, :at_home) WITH ORDINALITY
        AS a(shop, person, chat, thread, connection, at_home, place)
    JOIN bots b ON b.id = a.shop
    -- Whoever tries the shop just now speaks with its rehearsal, by himself and nowhere else.
    LEFT JOIN bots t ON t.id = b.rehearsal_id AND t.rehearsal_for = a.person AND t.rehearsal_for = a.chat
        AND t.rehearsal_until > :now AND NOT a.at_home
    LEFT JOIN users p ON p.bot_id = coalesce(t.id, b.id) AND p.telegram_id = a.person
    LEFT JOIN fsm_state s ON s.bot_id = a.shop AND s.chat_id = a.chat AND s.user_id = a.person
        AND s.thread_id = a.thread AND s.business_connection_id = a.connection AND s.destiny = 'default'
    """
).bindparams(
    *(bindparam(name, type_=ARRAY(BIGINT)) for name in ("shops", "people", "chats", "threads")),
    bindparam("connections", type_=ARRAY(TEXT)),
    bindparam("at_home", type_=ARRAY(BOOLEAN)),
    bindparam("now", type_=TIMESTAMP(timezone=True)),
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One update's surroundings at one instant."""

    shop: BotContext
    """Whose counter it comes to: the bot's shop, or its rehearsal."""
    home_id: int
    """The bot's shop: whose team is who, whatever is rehearsed."""
    settings: dict[str, Value]
    features: FeatureState
    texts: Texts
    """What the shop says in its own words."""
    person: Known | None
    """What the shop knows about whom the update is from; None for a stranger."""
    state: str | None
    """Of the conversation."""

    @property
    def is_test(self) -> bool:
        return self.shop.bot_id != self.home_id


@dataclass(slots=True)
class _Question:
    shop_id: int
    key: StorageKey
    at_home: bool
    answer: Arrival | None = None


@dataclass(slots=True)
class Arrivals:
    units: UnitsOfWork
    _asking: Together[_Question] = field(init=False)

    def __post_init__(self) -> None:
        self._asking = Together(self._answer)

    async def of(self, shop_id: int, key: StorageKey, *, at_home: bool = False) -> Arrival | None:
        """What is around an update of this conversation; None where there is no such shop.

        ``at_home``: it is for the shop itself, whatever its person rehearses.
        """
        question = _Question(shop_id, key, at_home)
        await self._asking.add(question)
        return question.answer

    async def _answer(self, questions: Sequence[_Question]) -> None:
        keys = [question.key for question in questions]
        async with self.units.platform(ACTOR) as uow:
            rows = await uow.session.execute(
                _ASK,
                {
                    "shops": [question.shop_id for question in questions],
                    "people": [key.user_id for key in keys],
                    "chats": [key.chat_id for key in keys],
                    "threads": [key.thread_id or 0 for key in keys],
                    "connections": [key.business_connection_id or "" for key in keys],
                    "at_home": [question.at_home for question in questions],
                    "now": uow.now,
                },
            )
            for row in rows:
                question = questions[row.place - 1]
                question.answer = Arrival(
                    shop=context_of(row),
                    home_id=row.home_id,
                    settings=values_of(row.settings or {}),
                    texts=texts_of(row.settings or {}),
                    features=state_of(uow.now, row.switches or {}),
                    person=None
                    if row.user_id is None
                    else Known(
                        id=row.user_id,
                        telegram_id=question.key.user_id,
                        first_name=row.first_name,
                        last_name=row.last_name,
                        username=row.person_username,
                        language=row.language,
                        blocked_at=row.blocked_at,
                        unreachable_at=row.unreachable_at,
                        last_seen_at=row.last_seen_at,
                    ),
                    state=row.state,
                )
