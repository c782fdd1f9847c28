"""The embedded database loses nothing, serves one folder once, and opens nobody's folders."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from db.datadir import socket_folder
from db.embedded import ClusterUnusable, FolderBusy, embedded_postgres, find_bindir
from db.urls import APP_ROLE, DATABASE, OWNER_ROLE
from tests.runtime.running import ROOT, environment, is_alive, process, read_until, wait_for

BINDIR = find_bindir()


def sql(folder: Path, statement: str, *, role: str = OWNER_ROLE) -> str:
    command = [
        BINDIR / "psql",
        "-qAtX",
        "-h",
        socket_folder(folder),
        "-U",
        role,
        "-d",
        DATABASE,
        "-c",
        statement,
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def postmaster(folder: Path) -> int:
    return int((folder / "pg" / "postmaster.pid").read_text().split()[0])


@contextmanager
def served(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The `db` line of the Procfile over ``folder``, ready."""
    with process("-m", "db.embedded", PISHKHAN_DATA=str(folder)) as running:
        read_until(running, "is ready")
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cluster that the tests of this module hand to each other: made once, crashed often."""
    place = tmp_path_factory.mktemp("installation") / "data"
    with embedded_postgres(place):
        sql(place, "create table kept (id int primary key)")
    return place


def test_a_committed_row_survives_the_kill_of_the_server(folder: Path) -> None:
    with served(folder) as running:
        sql(folder, "insert into kept values (1)")
        os.kill(postmaster(folder), signal.SIGKILL)
        assert running.wait(20) == 1

    with served(folder):
        assert sql(folder, "select count(*) from kept where id = 1") == "1"


def test_a_committed_row_survives_the_kill_of_the_supervisor_and_no_server_is_left(folder: Path) -> None:
    with served(folder) as running:
        sql(folder, "insert into kept values (2)")
        server = postmaster(folder)
        running.kill()
        wait_for(lambda: not is_alive(server), "the end of the server")

    with served(folder):
        assert sql(folder, "select count(*) from kept where id = 2") == "1"


def test_being_told_to_stop_is_a_clean_end(folder: Path) -> None:
    with served(folder) as running:
        running.terminate()

        assert running.wait(20) == 0
        assert not (folder / "pg" / "postmaster.pid").exists()


def test_a_second_start_on_the_same_folder_is_refused(folder: Path) -> None:
    with (
        embedded_postgres(folder),
        pytest.raises(FolderBusy, match="another process"),
        embedded_postgres(folder),
    ):
        pass


def test_a_pid_file_whose_number_belongs_to_somebody_else_now_is_no_obstacle(folder: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        try:
            stale = f"{stranger.pid}\n{folder / 'pg'}\n1\n5432\n{folder / 'pg'}\n\n\nready   \n"
            (folder / "pg" / "postmaster.pid").write_text(stale)

            with embedded_postgres(folder):
                assert sql(folder, "select 1") == "1"

            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_a_creation_that_was_killed_halfway_is_made_again(tmp_path: Path) -> None:
    half = tmp_path / "data" / "pg.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    with embedded_postgres(tmp_path / "data", fsync=False):
        assert not half.exists()


def test_a_cluster_of_another_version_is_left_alone(tmp_path: Path) -> None:
    cluster = tmp_path / "pg"
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text("9\n")

    with pytest.raises(ClusterUnusable, match="PostgreSQL 9"), embedded_postgres(tmp_path):
        pass

    assert (cluster / "PG_VERSION").read_text() == "9\n"


def test_nobody_elses_folder_is_opened(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    watched = [*closed.parents, closed, *BINDIR.parents, BINDIR]
    before = {place: (place.stat().st_mode, place.stat().st_uid) for place in watched}

    with embedded_postgres(closed / "data", fsync=False):
        pass

    assert {place: (place.stat().st_mode, place.stat().st_uid) for place in watched} == before
    assert stat.S_IMODE((closed / "data" / "pg").stat().st_mode) == 0o700


def test_the_socket_of_a_very_long_path_is_short_and_private(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)

    with embedded_postgres(folder, fsync=False) as server:
        assert server.socket_folder != server.cluster
        assert stat.S_IMODE(server.socket_folder.stat().st_mode) == 0o700
        assert sql(folder, "select 1") == "1"

    shutil.rmtree(socket_folder(folder))


def test_the_applications_role_can_neither_make_tables_nor_pass_the_walls(folder: Path) -> None:
    with embedded_postgres(folder):
        with pytest.raises(subprocess.CalledProcessError):
            sql(folder, "create table mine (id int)", role=APP_ROLE)
        rights = "select rolsuper or rolbypassrls or rolcreaterole from pg_roles where rolname = current_user"
        assert sql(folder, rights, role=APP_ROLE) == "f"


def test_a_database_copied_from_another_has_its_tables(folder: Path) -> None:
    with embedded_postgres(folder) as server:
        server.create_database("copy", template=DATABASE)

        assert server.run_sql("select to_regclass('kept')", database="copy").strip() == "kept"
        server.drop_database("copy")


def test_with_an_external_database_the_line_only_waits(tmp_path: Path) -> None:
    external = "postgresql://app:secret@db.example:5432/shop"
    with process("-m", "db.embedded", PISHKHAN_DATA=str(tmp_path / "data"), DATABASE_URL=external) as running:
        read_until(running, "stays off")
        running.terminate()

        assert running.wait(20) == 0
    assert not (tmp_path / "data" / "pg").exists()


def python_of(account: pwd.struct_passwd) -> str | None:
    """An interpreter of our version that ``account`` can start with our packages."""
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        try:
            done = subprocess.run(
                [python, "-c", "import db.urls"],
                env={"PYTHONPATH": search_path()},
                cwd="/",
                user=account.pw_uid,
                group=account.pw_gid,
                extra_groups=[],
                capture_output=True,
                check=False,
            )
        except OSError:
            continue
        if done.returncode == 0:
            return python
    return None


def search_path() -> str:
    return os.pathsep.join([str(ROOT), *(path for path in sys.path if path.endswith("site-packages"))])


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as an ordinary user already")
def test_an_ordinary_user_runs_it_in_his_own_name(tmp_path_factory: pytest.TempPathFactory) -> None:
    account = pwd.getpwnam("nobody")
    python = python_of(account)
    if python is None:
        pytest.skip("the programs lie where no other user may go")
    place = Path("/var/tmp") / f"pishkhan-test-{os.getpid()}"  # noqa: S108  (every user can reach it)
    place.mkdir()
    os.chown(place, account.pw_uid, account.pw_gid)
    script = """
import sys
from pathlib import Path
from db.embedded import embedded_postgres
with embedded_postgres(Path(sys.argv[1]), fsync=False) as server:
    print(server.run_sql("select 'served'"), server.identity.rights)
"""
    try:
        done = subprocess.run(
            [python, "-c", script, str(place / "data")],
            env=environment(PYTHONPATH=search_path(), HOME=str(place)),
            cwd="/",
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == ["served", "own"]
        assert (place / "data" / "pg").stat().st_uid == account.pw_uid
        # Root finds a cluster of this user and serves it as this user.
        with embedded_postgres(place / "data", fsync=False) as server:
            assert server.identity.uid == account.pw_uid
            assert server.run_sql("select 'served'").strip() == "served"
        # In a folder of root's own it lets that user's group through to the cluster, and nobody else.
        os.chown(place / "data", 0, 0)
        (place / "data").chmod(0o700)
        with embedded_postgres(place / "data", fsync=False) as server:
            assert server.run_sql("select 'served'").strip() == "served"
        assert stat.S_IMODE((place / "data").stat().st_mode) == 0o710
        assert (place / "data").stat().st_gid == account.pw_gid
    finally:
        shutil.rmtree(place)
