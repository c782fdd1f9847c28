"""A running embedded server: started, asked, and stopped by this process."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from db.datadir import prepare_socket_folder
from db.embedded.binaries import find_bindir
from db.embedded.cluster import (
    SUPERUSER,
    ClusterUnusable,
    clean_environment,
    closed_to_strangers,
    forget_dead_server,
    is_ready,
    make_cluster,
)
from db.embedded.identity import choose_identity, open_the_way
from db.urls import APP_ROLE, DATABASE, OWNER_ROLE, embedded_address

START_SECONDS = 60.0
"""Recovery after a crash of a big database takes its time."""
SMART_SECONDS, FAST_SECONDS, IMMEDIATE_SECONDS = 3.0, 10.0, 5.0

SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",  # every query of ours is short: compiling costs more than it saves
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "2",
    "log_line_prefix": "",
    "log_checkpoints": "off",
    "log_min_messages": "log",  # a refused statement is its client's business, and told there
    "log_error_verbosity": "terse",  # the detail of an error quotes the row, and rows hold people's data
    "log_min_error_statement": "panic",
}
_UNSAFE_AND_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Database:
    """One database of the embedded server, as each of its two roles reaches it."""

    name: str
    owner_url: str
    app_url: str


class Server:
    """One PostgreSQL over one folder. The caller holds the folder's lock."""

    def __init__(
        self, folder: Path, *, fsync: bool = True, on_line: Callable[[str], None] | None = None
    ) -> None:
        """``on_line`` receives what the server writes; without it that goes to ``postgres.log``."""
        self.folder = folder
        self.bindir = find_bindir()
        self.identity = choose_identity(folder, self.bindir)
        self._settings = {**SETTINGS, **({} if fsync else _UNSAFE_AND_QUICK)}
        self._on_line = on_line
        self._last_lines: deque[str] = deque(maxlen=20)
        open_the_way(self.identity, folder)
        make_cluster(folder, self.bindir, self.identity, sync=fsync)
        self.socket_folder = prepare_socket_folder(folder, uid=self.identity.uid, gid=self.identity.gid)
        self.process = self._launch()

    @property
    def cluster(self) -> Path:
        return self.folder / "pg"

    def database(self, name: str) -> Database:
        """The addresses of ``name``, whether it exists or not."""
        owner, app = (embedded_address(role, name, self.socket_folder) for role in (OWNER_ROLE, APP_ROLE))
        return Database(name, owner, app)

    def create_database(self, name: str, *, template: str = "template0") -> Database:
        """Make ``name`` unless it is there, closed to everyone but our two roles. A ``template`` that is
        another database is copied whole; nobody may be connected to it meanwhile."""
        for word in (name, template):
            if not _NAME.fullmatch(word):
                raise ValueError(f"not a plain database name: {word!r}")
        make = f"create database {name} owner {OWNER_ROLE} template {template}"
        self._run_unless_found(make, "pg_database where datname", name)
        # In one transaction: whoever connects right now must not meet the moment in between.
        self.run_sql(";".join(("begin", *closed_to_strangers(name), "commit")))
        return self.database(name)

    def drop_database(self, name: str) -> None:
        """Remove ``name`` with everything in it, even while somebody is connected."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a plain database name: {name!r}")
        self.run_sql(f"drop database if exists {name} with (force)")

    def run_sql(self, script: str, *, database: str = "postgres") -> str:
        """Run ``script`` as the superuser, and return its rows as `psql -At` prints them."""
        command = [str(self.bindir / "psql"), "-qAtX", "-v", "ON_ERROR_STOP=1", "-f", "-"]
        command += ["-h", str(self.socket_folder), "-p", "5432", "-U", SUPERUSER, "-d", database]
        done = subprocess.run(  # noqa: S603  (our own argument list)
            command,
            input=script,
            capture_output=True,
            text=True,
            check=False,
            env=clean_environment(),
        )
        if done.returncode != 0:
            raise ClusterUnusable(f"the database refused its preparation: {done.stderr.strip()}")
        return done.stdout

    def _run_unless_found(self, statement: str, where: str, name: str) -> None:
        if not self.run_sql(f"select 1 from {where} = '{name}'"):  # noqa: S608  (our own plain names)
            self.run_sql(statement)

    def prepare(self) -> Database:
        """Wait until the server answers, then make roles and database where they are missing."""
        self._wait_until_ready()
        for role in (OWNER_ROLE, APP_ROLE):
            self._run_unless_found(f"create role {role} login", "pg_roles where rolname", role)
        return self.create_database(DATABASE)

    def stop(self) -> None:
        """End the server: clients may finish, then they are cut, and only at the very last is it killed."""
        for signum, seconds in (
            (signal.SIGTERM, SMART_SECONDS),
            (signal.SIGINT, FAST_SECONDS),
            (signal.SIGQUIT, IMMEDIATE_SECONDS),
        ):
            if self.process.poll() is None:
                self.process.send_signal(signum)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
            return
        self.process.kill()
        self.process.wait()

    def _launch(self) -> subprocess.Popen[str]:
        forget_dead_server(self.cluster)
        quoted = '"' + str(self.socket_folder).replace('"', '""') + '"'
        settings = {**self._settings, "unix_socket_directories": quoted}
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        command = self.identity.command(self.bindir / "postgres", "-D", self.cluster, *options)
        log = None if self._on_line else (self.folder / "postgres.log").open("w")
        try:
            process = subprocess.Popen(  # noqa: S603  (our own argument list)
                command,
                stdin=subprocess.DEVNULL,
                stdout=log or subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env=clean_environment(),
                start_new_session=True,  # Ctrl-C at the terminal is ours to pass on
            )
        finally:
            if log:
                log.close()
        if process.stdout:
            threading.Thread(target=self._relay, args=(process,), daemon=True).start()
        return process

    def _relay(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            self._last_lines.append(line.rstrip())
            if self._on_line:
                self._on_line(line.rstrip())

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + START_SECONDS
        while not is_ready(self.cluster, self.process.pid):
            if self.process.poll() is not None:
                if "still in use" not in self._last_words() or time.monotonic() > until:
                    raise ClusterUnusable(f"PostgreSQL did not start: {self._last_words()}")
                time.sleep(0.5)  # a killed server's last helpers are still leaving
                self.process = self._launch()
            if time.monotonic() > until:
                self.stop()
                raise ClusterUnusable(f"PostgreSQL did not start within {START_SECONDS:.0f} seconds")
            time.sleep(0.02)

    def _last_words(self) -> str:
        if not self._on_line:
            self._last_lines.extend((self.folder / "postgres.log").read_text(errors="replace").splitlines())
        return " ".join(line.strip() for line in self._last_lines) or "it said nothing"
