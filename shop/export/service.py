"""Read a whole shop, in pieces, as it was at one instant."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, TextIO

from sqlalchemy import Select, select, text, tuple_

from db.models import Bot
from shop.actors import SETTINGS_MANAGE, require
from shop.audit import service as audit
from shop.export.cells import cell, line_cell
from shop.export.readme import readme
from shop.export.sheets import LINES, SHEETS, Sheet
from shop.unit_of_work import UnitOfWork

BATCH = 5_000
"""Rows in memory at once."""

OpenFile = Callable[[str], AbstractContextManager[TextIO]]
"""Opens a new file of the export, for text without translation of line ends."""


async def write_shop(uow: UnitOfWork, open_file: OpenFile, *, batch: int = BATCH) -> dict[str, int]:
    """Write the unit's shop into files that ``open_file`` opens one after the other; rows by file.

    It must be the first thing the unit does: from here on the whole unit sees one instant. Raises
    NotAllowed.
    """
    require(uow.actor, SETTINGS_MANAGE)
    await uow.session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    rows = {}
    for sheet in SHEETS:
        with open_file(f"{sheet.file}.csv") as file:
            rows[sheet.file] = await _write_sheet(uow, sheet, file, batch)
    name = (await uow.session.scalars(select(Bot.name).where(Bot.id == uow.bot_id))).one()
    with open_file("README.txt") as file:
        file.write(readme(name, made_at=cell(uow.now.replace(microsecond=0)), rows=rows))
    await audit.record(uow, "shop.exported", "bot", uow.bot_id, rows=sum(rows.values()))
    return rows


async def _write_sheet(uow: UnitOfWork, sheet: Sheet, file: TextIO, batch: int) -> int:
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    names = [str(column.key) for column in sheet.selected()]
    written = [line_cell if name in LINES else cell for name in names]
    writer.writerow(names)
    count = 0
    async for rows in _read(uow, sheet, batch):
        writer.writerows(
            [write(value) for write, value in zip(written, row[: len(names)], strict=True)] for row in rows
        )
        count += len(rows)
    return count


async def _read(uow: UnitOfWork, sheet: Sheet, batch: int) -> AsyncIterator[Sequence[Sequence[Any]]]:
    """Rows by key, ascending, each followed by its key; never more than ``batch`` at a time."""
    key = sheet.key()
    statement: Select[Any] = select(*sheet.selected(), *key).order_by(*key).limit(batch)
    if sheet.model is Bot:
        statement = statement.where(Bot.id == uow.bot_id)
    rows = (await uow.session.execute(statement)).all()
    while rows:
        yield rows
        if len(rows) < batch:
            return
        following = statement.where(tuple_(*key) > tuple_(*rows[-1][-len(key) :]))
        rows = (await uow.session.execute(following)).all()
