"""Where Telegram reaches the bot process in webhook mode, and whether it can. Pure."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

TELEGRAMS_PORTS = (443, 80, 88, 8443)
_HOME = {
    "127.0.0.1": "127.0.0.1",
    "localhost": "127.0.0.1",
    "0.0.0.0": "127.0.0.1",  # noqa: S104  (read, not bound)
    "::1": "[::1]",
    "::": "[::1]",
}


def at_home(host: str, port: int) -> str | None:
    """The address for a caller on this machine; None where ``host`` does not listen on its loopback."""
    return f"http://{_HOME[host]}:{port}" if host in _HOME else None


def require_reachable(url: str, *, from_here: bool) -> None:
    """Raise ValueError with what is wrong when Telegram, or a double on this machine, would not go there.

    https://core.telegram.org/bots/api#setwebhook
    """
    parts = urlsplit(url)
    if from_here and parts.scheme == "http" and parts.hostname in _HOME:
        return
    if parts.scheme != "https":
        raise ValueError("must begin with https:// in webhook mode; Telegram goes nowhere else")
    if (parts.port or 443) not in TELEGRAMS_PORTS:
        raise ValueError("must name port 443, 80, 88 or 8443 in webhook mode; Telegram goes nowhere else")
    if not from_here and _is_private(parts.hostname or ""):
        raise ValueError("must be an address that Telegram can reach from the internet in webhook mode")


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or "." not in host
