"""Conversation states. There are few on purpose: a receipt is taken at any time, in no state at all."""

from __future__ import annotations

from aiogram.fsm.state import State, StatesGroup


class Question(StatesGroup):
    writing = State()
    """The next words, or the next picture, are for the shop; the order it is about is in the data."""


class Receipt(StatesGroup):
    asked = State()
    """We asked for the receipt of one payment; its id is in the data."""
    pending = State()
    """A file or a text came and we asked what it is; what came is in the data."""
