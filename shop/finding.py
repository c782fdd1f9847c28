"""Find people, and what is theirs, by what somebody remembers, in the statements of any list of theirs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    any_,
    false,
    func,
    intersect,
    literal,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from db.models import CardToCardPayment, Order, Subscription, Transaction, User, UserWord
from shop.formatting import latin

_AFTER_EVERY_LETTER = "\U0010ffff"
Keys = Select[Any] | CompoundSelect[Any]
_NUMBER = re.compile(r"#?([0-9]{1,32})", re.ASCII)
_LONGEST_KEY = 18
_MOST_WORDS = 8
"""Of one search; what is typed after them narrows it no more."""


def named(words: str) -> ColumnElement[bool]:
    """People: the start of any word of the name or the @name, of several in any order; or a number that is
    the person's or Telegram's."""
    return _one_of(User.id, _people(words))


def customer_of(words: str) -> ColumnElement[bool]:
    """People who are ``named``, or whose order or receipt has that number, ours or the bank's."""
    return _one_of(User.id, [*_people(words), *(select(sold.c.user_id) for sold in _orders(words))])


def belonging_to(kind: type[Subscription | Transaction], words: str) -> ColumnElement[bool]:
    """Rows of the people who are ``named``; of the order that has this number, or whose receipt has it; and
    the row that has it itself."""
    orders, number = _orders(words), _number(words)
    if number is None:
        return _one_of(kind.user_id, _people(words))
    mine = aliased(kind)
    ways: list[Keys] = [select(mine.id).where(_one_of(mine.user_id, _people(words)))]
    for sold in orders:
        mine = aliased(kind)
        ways.append(select(mine.id).where(mine.user_id == sold.c.user_id, mine.order_id == sold.c.order_id))
    if len(number) <= _LONGEST_KEY:
        mine = aliased(kind)
        ways.append(select(mine.id).where(mine.id == int(number)))
    return _one_of(kind.id, ways)


def _one_of(column: Any, ways: Sequence[Keys]) -> ColumnElement[bool]:
    """The keys are looked up once, before the rows. IN would leave that to the planner's guess of how many
    there are: behind a wall, or after a great import, it guesses one and asks anew at every row."""
    if not ways:
        return false()
    keys = (ways[0] if len(ways) == 1 else union_all(*ways)).scalar_subquery()
    found: ColumnElement[bool] = column == any_(func.array(keys, type_=ARRAY(BigInteger)))
    return found


def _people(words: str) -> list[Keys]:
    said = [word for word in words.split() if any(map(str.isalnum, word))][:_MOST_WORDS]
    ways: list[Keys] = [_with(said)] if len(said) > 1 else []
    if said:
        # Whoever leaves out a space, or sets one too many, finds the name as well.
        ways.append(_with(["".join(said)]))
    number = _number(words)
    if number is not None and len(number) <= _LONGEST_KEY:
        ways += [select(User.id).where(column == int(number)) for column in (User.telegram_id, User.id)]
    return ways


def _with(said: Sequence[str]) -> Keys:
    """Who has every one of these words. As sets, which are hashed however wrong the planner's guess is."""
    each = []
    for word in said:
        kept = aliased(UserWord)
        each.append(select(kept.user_id).where(_begins(kept.word, word)))
    return each[0] if len(each) == 1 else intersect(*each)


def _begins(column: Any, word: str) -> ColumnElement[bool]:
    """Compared as letters in their order, which the wall lets an index do (security.md R10); LIKE it would
    not, nor anything with trigrams."""
    said = func.name_folded(literal(word))
    return and_(column >= said, column < said.concat(_AFTER_EVERY_LETTER))


def _orders(words: str) -> list[Any]:
    """Whose orders a number means: that of the order, of its receipt, on its receipt."""
    number = _number(words)
    if number is None:
        return []
    paid = CardToCardPayment
    of_paid = select(paid.user_id.label("user_id"), paid.order_id.label("order_id"))
    found = [of_paid.where(paid.tracking_number == number), of_paid.where(paid.payer_reference == number)]
    if len(number) <= _LONGEST_KEY:
        found.append(of_paid.where(paid.id == int(number)))
        own = select(Order.user_id.label("user_id"), Order.id.label("order_id"))
        found.append(own.where(Order.id == int(number)))
    return [one.subquery() for one in found]


def _number(words: str) -> str | None:
    found = _NUMBER.fullmatch("".join(latin(words).split()))
    return None if found is None else found[1]
