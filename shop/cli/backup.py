"""`backup` and `restore`: one private file with the database, the pictures and the installation's key.

Row-level security is forced even on the owner of the tables, so a dump must be made by a role that
stands above it: the embedded server's superuser, or a role with BYPASSRLS that an external server
provides for this.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from db.datadir import locked, socket_folder
from db.embedded import find_bindir
from db.embedded.cluster import SUPERUSER
from db.migrate import head
from db.settings import Settings
from db.urls import DATABASE
from shop.cli.command import Command, Refused, say
from shop.cli.schema import migrate, serving_database

DUMP, KEY, ABOUT, MEDIA = "database.dump", "secret_key", "about.json", "media"


def run_backup(arguments: argparse.Namespace, settings: Settings) -> int:
    place: Path = arguments.file or Path(time.strftime("pishkhan-%Y%m%d-%H%M%S.tar", time.gmtime()))
    draft = place.with_name(place.name + ".part")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w") as archive:
            with serving_database(settings):
                _dump_into(archive, settings)
            # After the database: a picture that arrives in between is one too many, not one too few.
            if settings.media_dir.exists():
                archive.add(settings.media_dir, MEDIA)
            key = settings.data_dir / KEY
            if key.exists():
                archive.add(key, KEY)
            _add_about(archive)
        draft.replace(place)
    except OSError as error:
        raise Refused(f"the backup {place} cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)
    say(f"Written to {place}. It holds every secret of the installation: keep it as you keep your keys.")
    return 0


def run_restore(arguments: argparse.Namespace, settings: Settings) -> int:
    refusal = f"Pishkhan runs on {settings.data_dir}; stop it before restoring"
    with locked(settings.data_dir / "up.lock", refusal=refusal), _open(arguments.file) as archive:
        with serving_database(settings):
            _require_empty(settings)
            _load(archive, settings)
            migrate(settings)
        _put_files_back(archive, settings)
    say("Restored.")
    return 0


def _dump_into(archive: tarfile.TarFile, settings: Settings) -> None:
    with tempfile.TemporaryDirectory(dir=settings.data_dir) as folder:
        dump = Path(folder) / DUMP
        _run_tool(settings, "pg_dump", ["--format=custom", f"--file={dump}", "--no-owner", "--no-privileges"])
        archive.add(dump, DUMP)


def _load(archive: tarfile.TarFile, settings: Settings) -> None:
    """Into the empty database, as the role that shall own the tables; all of it or nothing."""
    with tempfile.TemporaryDirectory(dir=settings.data_dir) as folder:
        dump = Path(folder) / DUMP
        with dump.open("wb") as file:
            shutil.copyfileobj(_member(archive, DUMP), file)
        options = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
        _run_tool(settings, "pg_restore", [*options, str(dump)])


def _run_tool(settings: Settings, tool: str, options: Sequence[str]) -> None:
    """Run pg_dump as a role above row-level security, or pg_restore as the owner."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    if settings.embedded:
        program = str(find_bindir() / tool)
        as_role = SUPERUSER if tool == "pg_dump" else make_url(_owner(settings)).username
        where = ["-h", str(socket_folder(settings.data_dir)), "-p", "5432", "-U", str(as_role)]
        where += ["-d", DATABASE]
    else:
        url = make_url(_owner(settings)).set(drivername="postgresql")
        if password := url.password:
            environment["PGPASSWORD"] = str(password)
        encryption = str(url.query.get("ssl", "prefer"))
        url = url.difference_update_query(["ssl"]).update_query_dict({"sslmode": encryption})
        address = url._replace(password=None).render_as_string()
        # The wheel's programs understand newer servers than the system's, but speak no TLS.
        program = str(find_bindir() / tool)
        if encryption not in {"prefer", "allow", "disable"}:
            program = shutil.which(tool) or program
        where = [f"--dbname={address}"]
    done = subprocess.run(  # noqa: S603  (our own argument list)
        [program, *where, *options], capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode != 0:
        _explain(tool, done.stderr)


def _explain(tool: str, complaint: str) -> None:
    if "row-level security" in complaint or "row security" in complaint:
        raise Refused(
            "the role in DATABASE_OWNER_URL may not read past row-level security; for this command give it "
            "a role with BYPASSRLS (create role … login bypassrls; grant pg_read_all_data to …)"
        )
    raise Refused(f"{tool} failed: {complaint.strip().partition(chr(10))[0]}")


def _owner(settings: Settings) -> str:
    if settings.owner_url is None:
        raise Refused(
            "DATABASE_OWNER_URL is missing: a backup or a restore needs more rights than the application"
        )
    return settings.owner_url


def _require_empty(settings: Settings) -> None:
    async def count() -> int:
        engine = create_async_engine(_owner(settings), poolclass=NullPool)
        try:
            async with engine.connect() as connection:
                statement = "select count(*) from pg_tables where schemaname = 'public'"
                return int(await connection.scalar(text(statement)) or 0)
        finally:
            await engine.dispose()

    if asyncio.run(count()):
        raise Refused(
            "the database already holds tables; restore into an empty one, "
            "for example with another PISHKHAN_DATA"
        )


def _put_files_back(archive: tarfile.TarFile, settings: Settings) -> None:
    """Pictures, and the key when this folder has not been given one by SECRET_KEY."""
    for member in archive.getmembers():
        parts = Path(member.name).parts
        inside = parts[:1] == (MEDIA,) and ".." not in parts
        if not member.isfile() or not (inside or (member.name == KEY and "SECRET_KEY" not in os.environ)):
            continue
        place = settings.data_dir.joinpath(*parts)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            shutil.copyfileobj(_member(archive, member.name), file)


def _open(file: Path) -> tarfile.TarFile:
    try:
        archive = tarfile.open(file)  # noqa: SIM115  (the caller closes it)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from error
    except tarfile.TarError as error:
        raise Refused(f"{file} is no backup of Pishkhan") from error
    if DUMP not in archive.getnames():
        archive.close()
        raise Refused(f"{file} is no backup of Pishkhan")
    return archive


def _member(archive: tarfile.TarFile, name: str) -> io.BufferedIOBase:
    content = archive.extractfile(name)
    if content is None:
        raise Refused(f"{name} is missing in the backup")
    return content  # type: ignore[return-value]  # an IO[bytes] that typeshed calls otherwise


def _add_about(archive: tarfile.TarFile) -> None:
    about = json.dumps({"made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "schema": head()})
    member = tarfile.TarInfo(ABOUT)
    member.size = len(about)
    archive.addfile(member, io.BytesIO(about.encode()))


def _backup_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", type=Path, help="where to write; default: pishkhan-DATE.tar here")


def _restore_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a file that `backup` wrote")


BACKUP = Command(
    "backup", "Write database, pictures and key into one private file.", run_backup, _backup_arguments
)
RESTORE = Command("restore", "Fill an empty installation from a backup.", run_restore, _restore_arguments)
