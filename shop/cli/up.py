"""`make run`: everything, on one machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import http.client
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

from db.datadir import locked
from db.ports import require_free
from db.process import PARENT_VARIABLE, die_with_parent
from db.ready import DatabaseUnreachable, wait_until_reachable
from db.settings import Settings
from shop.cli.command import Command, Refused, say
from shop.cli.crew import PROCFILE, Crew, read_procfile
from shop.cli.opening import FirstKey, prepare_shops
from shop.cli.schema import migrate

EXTERNAL_SECONDS = 5.0
EMBEDDED_SECONDS = 90.0
"""The first start makes the database; a start after a crash recovers it."""
SERVING_SECONDS = 90.0
_PAUSE_SECONDS = 0.1
_SLICE_SECONDS = 1.0


class _Told(KeyboardInterrupt):
    """Somebody asked us to stop; a KeyboardInterrupt, because asyncio lets only that through."""


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    if PARENT_VARIABLE in os.environ:
        die_with_parent()
    refusal = f"Pishkhan already runs on {settings.data_dir}; stop it first, or choose another PISHKHAN_DATA"
    with locked(settings.data_dir / "up.lock", refusal=refusal):
        _require_ports(settings)
        lines = read_procfile(arguments.procfile)
        environment = {"PISHKHAN_DATA": str(settings.data_dir)}
        crew = Crew(lines, environment, prefix=settings.log_format == "console")
        _listen_for_signals(_stop)
        try:
            _bring_up(crew, settings, lines)
            while True:
                crew.require_all()
                time.sleep(_PAUSE_SECONDS)
        except _Told:
            say("Stopping…")
            return 0
        finally:
            _listen_for_signals(signal.SIG_IGN)
            # First who uses it, then what is used; together within ten seconds.
            crew.stop([name for name in lines if name not in {"sandbox", "db"}], grace=8.5)
            crew.stop(["sandbox"], grace=0.5)
            crew.stop(["db"], grace=3)


def _bring_up(crew: Crew, settings: Settings, lines: Mapping[str, str]) -> None:
    if settings.embedded:
        crew.start("db")
    _await_database(crew, settings)
    migrate(settings)
    keys = asyncio.run(prepare_shops(settings))
    try:
        if settings.sandbox:
            crew.start("sandbox")
        for name in lines:
            if name not in {"db", "sandbox"}:
                crew.start(name)
        _await_serving(crew, settings)
    except BaseException:
        say(_first_keys(keys))  # only their hashes are kept, so not even a failed start may swallow them
        raise
    say(_addresses(settings) + _first_keys(keys))


def _await_database(crew: Crew, settings: Settings) -> None:
    until = time.monotonic() + (EMBEDDED_SECONDS if settings.embedded else EXTERNAL_SECONDS)
    while True:
        crew.require_all()
        left = until - time.monotonic()
        try:
            # In slices, so that a database of ours that died is noticed, and not waited for.
            patience = min(left, _SLICE_SECONDS) if settings.embedded else left
            asyncio.run(wait_until_reachable(settings.database_url, timeout=patience))
        except DatabaseUnreachable:
            if not settings.embedded or left < 0:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _await_serving(crew: Crew, settings: Settings) -> None:
    """Until dashboard and bots say they are ready and the sandbox takes connections."""
    waiting: dict[str, Callable[[], bool]] = {
        "the dashboard": lambda: _is_ready(settings.host, settings.port),
        "the bot process": lambda: _is_ready(settings.host, settings.bot_port),
    }
    if settings.sandbox:
        waiting["the sandbox"] = lambda: _listens(settings.sandbox_port)
    until = time.monotonic() + SERVING_SECONDS
    for who, serves in waiting.items():
        while not serves():
            crew.require_all()
            if time.monotonic() > until:
                raise Refused(f"{who} was not ready within {SERVING_SECONDS:.0f} seconds")
            time.sleep(_PAUSE_SECONDS)


def _is_ready(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(_reachable(host), port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _reachable(host: str) -> str:
    """The address to call for a server that listens on ``host``."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (read, not bound)


def _addresses(settings: Settings) -> str:
    lines = ["", "Pishkhan is running; Ctrl-C stops it.", f"  Dashboard   {settings.public_base_url}"]
    if settings.sandbox:
        lines.append(f"  Sandbox     {settings.sandbox_url}   (a Telegram of its own: be the customer)")
    return "\n".join([*lines, ""])


def _first_keys(keys: Sequence[FirstKey]) -> str:
    if not keys:
        return ""
    lines = ["", "API tokens for the dashboard, shown only this once:"]
    lines += [f"  {key.api_token}   {key.whose}" for key in keys]
    return "\n".join([*lines, ""])


def _require_ports(settings: Settings) -> None:
    require_free(settings.host, settings.port, variable="PORT")
    require_free(settings.host, settings.bot_port, variable="BOT_PORT")
    if settings.sandbox:
        require_free("127.0.0.1", settings.sandbox_port, variable="SANDBOX_PORT")


def _listen_for_signals(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, handler)


def _stop(_signum: int, _frame: FrameType | None) -> None:
    raise _Told


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--procfile", type=Path, default=PROCFILE, help="another Procfile than the shipped one"
    )


COMMAND = Command("up", "Start everything on this machine and keep it running until Ctrl-C.", run, _arguments)
