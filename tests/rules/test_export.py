"""What a cell may hold, and that nothing leaves which nobody named."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import LargeBinary

from db.base import Base, BotOwned
from db.models import Bot
from shop.export.cells import DANGEROUS, cell, line_cell
from shop.export.readme import readme
from shop.export.sheets import SHEETS, TABLES_LEFT_OUT

FORMULA = st.sampled_from(DANGEROUS)


@given(st.text() | st.builds(str.__add__, FORMULA, st.text()) | st.integers() | st.none() | st.booleans())
def test_no_cell_is_a_formula_and_every_cell_is_read_back_as_written(value):
    for written in (cell(value), line_cell(value)):
        file = io.StringIO(newline="")
        csv.writer(file, quoting=csv.QUOTE_ALL).writerow([written, "next"])
        file.seek(0)

        assert next(csv.reader(file)) == [written, "next"]
        assert not written.startswith(DANGEROUS)


def test_values_read_alike_everywhere():
    tehran = timezone(timedelta(hours=3, minutes=30))

    assert cell(datetime(2026, 11, 22, 12, 0, tzinfo=tehran)) == "2026-11-22T08:30:00Z"
    assert cell(datetime(2026, 11, 22, 8, 30, 0, 5, tzinfo=UTC)) == "2026-11-22T08:30:00.000005Z"
    assert cell(date(2026, 11, 22)) == "2026-11-22"
    assert (cell(None), cell(True), cell(125_000), cell(-100)) == ("", "true", "125000", "'-100")
    assert cell({"نام": ["a"]}) == '{"نام": ["a"]}'


@pytest.mark.parametrize("typed", ["6219861900114421", "6219 8619 0011 4421", "۶۲۱۹-۸۶۱۹-۰۰۱۱-۴۴۲۱"])
def test_a_card_number_that_a_person_typed_is_masked(typed):
    masked = cell(f"از کارت {typed} زدم")

    assert typed not in masked
    assert masked.startswith("از کارت ")
    assert "******" in masked


def test_sixteen_digits_that_are_no_card_stay_and_so_does_an_access_line():
    assert cell("6219861900114422") == "6219861900114422"
    assert line_cell("vless://6219861900114421@x.example") == "vless://6219861900114421@x.example"


def test_every_table_and_every_column_is_exported_or_left_out_by_name():
    sheets = {sheet.model.__tablename__: sheet for sheet in SHEETS}
    tables = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}

    assert tables.keys() == sheets.keys() | TABLES_LEFT_OUT
    for name, sheet in sheets.items():
        named = [*sheet.columns.split(), *sheet.left_out.split()]
        assert sorted(named) == sorted({column.key for column in tables[name].__table__.columns} - {"bot_id"})


def test_nothing_sealed_and_no_hash_is_ever_selected():
    for sheet in SHEETS:
        assert sheet.model is Bot or issubclass(sheet.model, BotOwned)
        for column in sheet.selected():
            assert not isinstance(getattr(column.type, "impl", column.type), LargeBinary), column


def test_the_readme_names_every_file_and_column_with_its_unit():
    text = readme("نسیم‌نت", made_at="2026-11-22T08:30:00Z", rows={sheet.file: 7 for sheet in SHEETS})

    for sheet in SHEETS:
        part = text.partition(f"\n{sheet.file}.csv (7 rows)\n")[2].partition("\n\n")[0]
        assert sheet.about in part
        told = {line.split()[0]: line.split(maxsplit=1)[1] for line in part.splitlines()[1:]}
        assert list(told) == [column.key for column in sheet.selected()]
    assert "  credit           money\n" in text
    assert "  created_at       time\n" in text
