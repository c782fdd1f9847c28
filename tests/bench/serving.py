"""``python -m tests.bench.serving MODULE:FACTORY PORT WORKERS [wsgi]``: served as our dashboard is."""

from __future__ import annotations

import logging
import sys

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

BACKLOG = 1024


def main(target: str, port: int, workers: int, interface: str = "asgi") -> None:
    Server(
        target,
        address="127.0.0.1",
        port=port,
        interface=Interfaces(interface),
        workers=workers,
        backlog=BACKLOG,
        websockets=False,
        factory=True,
        log_level=LogLevels.warning,
        log_access=False,
    ).serve()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
