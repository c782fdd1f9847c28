"""The `db` line of the Procfile: serve in the foreground until told to stop.

With DATABASE_URL set there is nothing to serve; the process then only waits, because a Procfile ends
when one of its lines does.
"""

from __future__ import annotations

import logging
import signal
import sys
import time

from db.embedded import CANNOT_SERVE, embedded_postgres
from db.logs import configure_logging
from db.process import die_with_parent
from db.settings import Settings, settings_or_exit

log = logging.getLogger("db.embedded")

PATIENCE_SECONDS = 20.0
"""How long a predecessor that was told to stop may take."""

_LEVELS = {
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "FATAL": logging.ERROR,
    "PANIC": logging.CRITICAL,
}


def main() -> int:
    die_with_parent()
    settings = settings_or_exit()
    configure_logging(settings)
    stop: list[int] = []
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda number, _frame: stop.append(number))
    if not settings.embedded:
        log.info("DATABASE_URL is set: the embedded database stays off")
        while not stop:
            time.sleep(0.2)
        return 0
    try:
        return _serve(settings, stop)
    except CANNOT_SERVE as error:
        log.error("%s", error)  # noqa: TRY400  (a sentence for people, not a bug)
        return 1


def _serve(settings: Settings, stop: list[int]) -> int:
    with embedded_postgres(settings.data_dir, patience=PATIENCE_SECONDS, on_line=_relay) as server:
        log.info("the database is ready in %s", server.cluster)
        while not stop and server.process.poll() is None:
            time.sleep(0.1)
        if not stop:
            log.error("PostgreSQL ended unexpectedly (status %s)", server.process.returncode)
            return 1
    log.info("the database has stopped")
    return 0


def _relay(line: str) -> None:
    severity, colon, text = line.partition(": ")
    level = _LEVELS.get(severity, logging.DEBUG) if colon else logging.DEBUG
    if text.strip().startswith("the database system is "):
        level = logging.DEBUG  # starting or shutting down: whoever connects now tries again
    logging.getLogger("postgres").log(level, "%s", (text if colon else line).strip())


if __name__ == "__main__":
    sys.exit(main())
