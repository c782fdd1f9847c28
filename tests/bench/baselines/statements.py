"""The SQL of somebody's requests by bare asyncpg: each request's statements in one transaction.

Reads a line for every burst, the ``repr`` of a list of requests, each a list of statements with their values,
and answers a line when the burst is done.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence
from typing import Any

import asyncpg
import uvloop

Statement = tuple[str, Sequence[Any]]
_NAMES = {"datetime": dt, "__builtins__": {}}


async def main(host: str, user: str, database: str) -> None:
    connection = await asyncpg.connect(host=host, port=5432, user=user, database=database)
    for line in sys.stdin:
        # Written by the bench itself; dates and bytes have no JSON.
        requests: list[list[Statement]] = eval(line, dict(_NAMES))  # noqa: S307
        for statements in requests:
            for sql, values in statements:
                if values is None:
                    await connection.execute(sql)
                else:
                    await connection.fetch(sql, *values)
        sys.stdout.write("done\n")
        sys.stdout.flush()
    await connection.close()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
