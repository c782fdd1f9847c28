"""`export`: one shop's data as a private folder, or zip, of CSV files."""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, TextIO
from zipfile import ZIP_DEFLATED, ZipFile

from db.settings import Settings
from shop.cli.command import Command, Refused, bot_argument, say
from shop.cli.door import OPERATOR, find_bot, in_the_shop
from shop.export.service import OpenFile, write_shop
from shop.unit_of_work import UnitsOfWork

ENCODING = "utf-8-sig"
"""With the mark by which spreadsheets know UTF-8."""


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    async def work(units: UnitsOfWork) -> tuple[str, Path, dict[str, int]]:
        async with units.platform(OPERATOR) as uow:
            bot = await find_bot(uow, arguments.bot)
        place: Path = arguments.to or Path(
            f"pishkhan-{bot.public_id}-{time.strftime('%Y%m%d', time.gmtime())}"
        )
        with _new(place) as open_file:
            async with units.begin(bot.bot_id, OPERATOR) as uow:
                return bot.name, place, await write_shop(uow, open_file)

    shop, place, rows = in_the_shop(settings, work)
    say(f"{shop}: {sum(rows.values()):,} rows in {len(rows)} files, in {place}; README.txt explains them.")
    return 0


@contextmanager
def _new(place: Path) -> Iterator[OpenFile]:
    """A way to open files in ``place``, which appears, whole, only when everything was written."""
    if place.exists() and not (place.is_dir() and not any(place.iterdir())):
        raise Refused(f"{place} is there already; choose another name with --to")
    try:
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".export-") as folder:
            draft = Path(folder) / place.name
            with _zip(draft) if place.suffix == ".zip" else _folder(draft) as open_file:
                yield open_file
            draft.replace(place)
    except OSError as error:
        raise Refused(f"{place} cannot be written: {error.strerror}") from error


@contextmanager
def _folder(draft: Path) -> Iterator[OpenFile]:
    draft.mkdir(mode=0o700)

    @contextmanager
    def open_file(name: str) -> Iterator[TextIO]:
        with _private(draft / name) as raw, _as_text(raw) as file:
            yield file

    yield open_file


@contextmanager
def _zip(draft: Path) -> Iterator[OpenFile]:
    with _private(draft) as raw, ZipFile(raw, "w", ZIP_DEFLATED) as archive:

        @contextmanager
        def open_file(name: str) -> Iterator[TextIO]:
            with archive.open(name, "w", force_zip64=True) as member, _as_text(member) as file:
                yield file

        yield open_file


def _private(path: Path) -> IO[bytes]:
    """A new file that only its owner reads: it tells of real people."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _as_text(raw: IO[bytes]) -> AbstractContextManager[TextIO]:
    return io.TextIOWrapper(raw, encoding=ENCODING, newline="")


def _arguments(parser: argparse.ArgumentParser) -> None:
    bot_argument(parser)
    parser.add_argument(
        "--to",
        type=Path,
        metavar="FOLDER",
        help="a new folder, or a new file that ends in .zip (default: pishkhan-PUBLIC_ID-DATE here)",
    )


COMMAND = Command("export", "Write one shop's data as CSV files, without secrets.", run, _arguments)
