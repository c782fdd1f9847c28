"""Is a port free? Asked before starting, so that the answer can name the variable to change."""

from __future__ import annotations

import errno
import socket


class PortTaken(RuntimeError):
    """Nothing can listen there; the text is the sentence to show."""


def require_free(host: str, port: int, *, variable: str) -> None:
    """Raise PortTaken when ``host``:``port`` cannot be listened on."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # Connections of a server that has just stopped linger for a minute; they are no obstacle.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except socket.gaierror:
        raise PortTaken(f"HOST={host} is no address of this machine") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"port {port} is in use by another program; choose another one with {variable}="
            ) from None
        if error.errno == errno.EACCES:
            raise PortTaken(
                f"port {port} is not ours to open; choose one above 1023 with {variable}="
            ) from None
        raise PortTaken(f"{host}:{port} cannot be listened on: {error.strerror}") from None
