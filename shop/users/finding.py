"""Find people by what somebody remembers of them, in statements of any list that has people in it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, func, literal, or_

from db.models import User
from db.models.user import FOLDED_FROM, FOLDED_TO
from shop.formatting import latin

_AFTER_EVERY_LETTER = "\U0010ffff"
_LONGEST_NUMBER = 18


def named(words: str) -> ColumnElement[bool]:
    """The first name, the last, both or the @name begins so; or a number that is the person's or Telegram's.

    Compared as letters in their order, which the wall lets an index do (security.md R10); LIKE it would not.
    """
    said = func.lower(func.translate(literal(words), FOLDED_FROM, FOLDED_TO))
    ways = [
        and_(column >= said, column < said.concat(_AFTER_EVERY_LETTER))
        for column in (User.search_name, User.search_last, User.search_username)
    ]
    number = latin(words).strip().lstrip("#")
    if number.isascii() and number.isdecimal() and len(number) <= _LONGEST_NUMBER:
        ways += [User.telegram_id == int(number), User.id == int(number)]
    return or_(*ways)
