"""The `web` line of the Procfile: the dashboard behind Granian."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from db.logs import configure_logging
from db.ports import PortTaken, require_free
from db.process import die_with_parent
from db.ready import ready_or_exit
from db.settings import Settings, settings_or_exit

BACKLOG = 1024
GRACEFUL_SECONDS = 15
"""How long a request in flight (a picture being uploaded) may take after we were told to stop."""

_OWN_LOGGERS = {
    "handlers": {},
    "loggers": {
        "_granian": {"handlers": [], "propagate": True},
        "granian.access": {"handlers": [], "propagate": True},
    },
}
"""Granian's lines go through our root logger, where secrets are taken out."""


def main() -> int:
    die_with_parent()
    settings = settings_or_exit()
    configure_logging(settings)
    try:
        require_free(settings.host, settings.port, variable="PORT")
    except PortTaken as error:
        sys.stderr.write(f"{error}\n")
        return 1
    ready_or_exit(settings.database_url)
    server = Server(
        "web.app:create_app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.web_workers,
        backlog=BACKLOG,
        websockets=False,
        log_level=LogLevels.info if settings.log_level == "DEBUG" else LogLevels.warning,
        log_dictconfig=_OWN_LOGGERS,
        log_access=False,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACEFUL_SECONDS,
    )
    server.serve(target_loader=partial(load_app, settings, os.getpid()), wrap_loader=False)
    return 0


def load_app(settings: Settings, launcher: int) -> Any:
    """The application, inside a worker process, which shall not outlive its launcher.

    Not asked but killed: until the server listens for signals a worker hears none, and one that stays keeps
    the port from the launcher's successor.
    """
    die_with_parent(signal.SIGKILL, parent=launcher)
    configure_logging(settings)
    from web.app import create_app  # noqa: PLC0415  (in the worker only: the launcher stays small)

    return create_app()


if __name__ == "__main__":
    sys.exit(main())
