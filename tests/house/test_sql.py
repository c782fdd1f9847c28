"""Values reach the database as parameters: SQL is made of pieces in few places, and of names of ours alone.

Ruff's S608 looks for the same and knows fewer words, and whoever silences it there has to say so here too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.house.test_conventions import ROOT, SOURCES

OF_PIECES = {
    "db/batch.py": "tables and columns of the models",
    "db/embedded/cluster.py": "roles and databases that we name ourselves, before anybody is served",
    "db/embedded/server.py": "the same",
    "db/folding.py": "letters of ours",
    "db/migrate.py": "a waiting time of ours",
    "db/tenancy.py": "a number, and on or off: SET takes no parameters",
    "db/walls.py": "tables, rights and policies; roles are quoted",
    "shop/books/checks.py": "statements of that module, and how many rows",
    "shop/demo/rows.py": "tables and columns of the models",
    "shop/unit_of_work.py": "a number: SET takes no parameters",
}
SQL = re.compile(
    r"\s*(select\b|insert\s+into|update\s+\S*\s*(as\s|set\s|$)|delete\s+from|with\s+\w+\s+as\b|set\s|begin\b"
    r"|create\s|alter\s|drop\s|grant\s|revoke\s|truncate\b|copy\s|listen\s|notify\s|call\s|do\s+\$)",
    re.IGNORECASE,
)
SILENCED = re.compile(r"noqa: [A-Z0-9, ]*S608")


def pieces(source: str) -> Iterator[ast.expr]:
    """What stands first in every text that is put together: f-strings, +, %, format."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.JoinedStr(values=[first, _, *_]):
                yield first
            case ast.JoinedStr(values=[ast.FormattedValue() as first]):
                yield first
            case ast.BinOp(left=first, op=ast.Add() | ast.Mod()):
                yield first
            case ast.Call(func=ast.Attribute(value=first, attr="format" | "format_map")):
                yield first


def is_made_of_pieces(source: str) -> bool:
    return any(
        isinstance(first, ast.Constant) and isinstance(first.value, str) and SQL.match(first.value)
        for first in pieces(source)
    )


def test_sql_is_made_of_pieces_only_where_it_is_said_of_which():
    found = {path.relative_to(ROOT).as_posix() for path in SOURCES if is_made_of_pieces(path.read_text())}

    assert found - {"bot/inbox.py"} == set(OF_PIECES), "bot/inbox.py names a task “update 5”"


def test_the_linter_is_silenced_nowhere_else():
    silenced = {path.relative_to(ROOT).as_posix() for path in SOURCES if SILENCED.search(path.read_text())}

    assert silenced <= set(OF_PIECES)


def test_every_way_to_make_it_is_seen():
    for made in (
        "f\"select * from users where name = '{name}'\"",
        '"DELETE FROM users WHERE id = " + str(number)',
        '"update users set name = %s" % name',
        '"select {}".format(name)',
        'f"SET app.bot_id = {shop}"',
    ):
        assert is_made_of_pieces(made), made
    for whole in ('text("select * from users where id = :id")', 'f"{name} set out"', '"a" + "b"'):
        assert not is_made_of_pieces(whole), whole
