"""The files of the embedded server: made whole or not at all, and checked before every start."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from db.embedded.binaries import major_version
from db.embedded.identity import Identity
from db.urls import APP_ROLE, DATABASE, OWNER_ROLE

SUPERUSER = "postgres"
LOCALES = ("C.UTF-8", "en_US.UTF-8", "C")
"""Tried in turn: trigrams of Persian words need a UTF-8 one, and not every system has each."""

_OLD_SERVER_SECONDS = 15.0


class ClusterUnusable(RuntimeError):
    """The files cannot be served; the text is the sentence to show."""


def make_cluster(folder: Path, bindir: Path, identity: Identity, *, sync: bool) -> None:
    """Make the cluster of ``folder`` if there is none. A kill at any moment leaves either no cluster or a
    whole one, because it is built beside its place and then renamed."""
    cluster = folder / "pg"
    if not cluster.exists():
        draft = folder / "pg.new"
        failure: str | None = None
        for locale in LOCALES:
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(mode=0o700)
            os.chown(draft, identity.uid, identity.gid)
            failure = _initdb(draft, bindir, identity, locale=locale, sync=sync)
            if failure is None:
                break
        else:
            raise ClusterUnusable(f"the database could not be made: {failure}")
        _make_roles_and_database(draft, bindir, identity)
        # Only the socket is served, and only who may enter its private folder reaches it.
        (draft / "pg_hba.conf").write_text("local all all trust\n")
        draft.rename(cluster)
    _check(cluster, bindir)


def forget_dead_server(cluster: Path) -> None:
    """Remove the pid file of a server that was killed; wait for one that is still shutting down.

    PostgreSQL does this itself unless the number was given to another process since.
    """
    pid_file = cluster / "postmaster.pid"
    until = time.monotonic() + _OLD_SERVER_SECONDS
    while (pid := _pid_in(pid_file)) is not None and _serves(pid, cluster):
        if time.monotonic() > until:
            raise ClusterUnusable(f"a PostgreSQL server (process {pid}) already runs on {cluster}")
        time.sleep(0.1)
    pid_file.unlink(missing_ok=True)


def is_ready(cluster: Path, pid: int) -> bool:
    """Whether the server ``pid`` has told in its pid file that it takes connections."""
    try:
        lines = (cluster / "postmaster.pid").read_text().split("\n")
    except OSError:
        return False
    return lines[0] == str(pid) and lines[7:8] != [] and lines[7].strip() == "ready"


def _initdb(draft: Path, bindir: Path, identity: Identity, *, locale: str, sync: bool) -> str | None:
    """None when made, else the reason."""
    command: list[str | Path] = [
        bindir / "initdb",
        "--pgdata",
        draft,
        "--username",
        SUPERUSER,
        "--auth=trust",
    ]
    command += ["--encoding=UTF8", f"--locale={locale}", "--no-instructions", "--data-checksums"]
    if major_version(bindir) >= 17:  # noqa: PLR2004  (the first with a locale provider of its own)
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if not sync:
        command.append("--no-sync")
    done = subprocess.run(  # noqa: S603  (our own argument list)
        identity.command(*command), capture_output=True, text=True, check=False, env=clean_environment()
    )
    return None if done.returncode == 0 else done.stderr.strip().rpartition("\n")[2]


def _make_roles_and_database(draft: Path, bindir: Path, identity: Identity) -> None:
    """Before the first start, so that whoever connects first finds everything in its place."""
    statements = f"create role {OWNER_ROLE} login\ncreate role {APP_ROLE} login\n"
    statements += f"create database {DATABASE} owner {OWNER_ROLE} template template0\n"
    statements += "".join(f"{statement}\n" for statement in closed_to_strangers(DATABASE))
    done = subprocess.run(  # noqa: S603  (our own argument list)
        identity.command(bindir / "postgres", "--single", "-D", draft, "postgres"),
        input=statements,
        capture_output=True,
        text=True,
        check=False,
        env=clean_environment(),
    )
    if done.returncode != 0 or "ERROR" in done.stderr:
        raise ClusterUnusable(f"the database could not be made: {done.stderr.strip()}")


def closed_to_strangers(database: str) -> tuple[str, str]:
    """Statements that let nobody into ``database`` but its owner and the application."""
    return (
        f"revoke all on database {database} from public",
        f"grant connect on database {database} to {APP_ROLE}",
    )


def clean_environment() -> dict[str, str]:
    """Ours without PGPORT, PGDATA and the like, which would send PostgreSQL's programs elsewhere."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _check(cluster: Path, bindir: Path) -> None:
    try:
        made_by = int((cluster / "PG_VERSION").read_text())
    except PermissionError:
        raise ClusterUnusable(f"{cluster} belongs to another user; run as that user") from None
    except (OSError, ValueError):
        raise ClusterUnusable(f"{cluster} holds no database; move it away to start with a new one") from None
    if os.geteuid() not in {0, cluster.stat().st_uid}:
        raise ClusterUnusable(f"{cluster} belongs to another user; run as that user")
    have = major_version(bindir)
    if made_by != have:
        raise ClusterUnusable(
            f"{cluster} was made by PostgreSQL {made_by} and this is PostgreSQL {have}; "
            "make a backup with the old version and restore it with this one"
        )


def _pid_in(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _serves(pid: int, cluster: Path) -> bool:
    if pid <= 1 or pid == os.getpid():
        return False
    if Path("/proc/self/exe").exists():
        try:
            program = Path(f"/proc/{pid}/exe").readlink()  # a zombie has none
            place = Path(f"/proc/{pid}/cwd").readlink()
        except OSError:
            return False
        return program.name.startswith("postgres") and place == cluster.resolve()
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
