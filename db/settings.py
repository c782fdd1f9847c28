"""Every setting of the installation, read once from the environment.

A value that cannot be understood is refused here, before anything starts: a clear sentence now is
worth more than a strange failure later. An empty variable counts as unset.
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NoReturn, TypeVar
from urllib.parse import urlsplit

from db import datadir, urls
from db.reached import at_home, require_reachable

TELEGRAM = "https://api.telegram.org"
ZARINPAL = "https://payment.zarinpal.com"
KEY_CHARACTERS = 32
"""The least length of a secret key; `openssl rand -hex 32` gives 64."""

_KEY_VARIETY = 10
_AN_EXAMPLE = re.compile(
    r"change.?(?:me|this|it)|example|placeholder|your.?(?:secret|key)|(.{4,})\1\1", re.IGNORECASE
)
"""Keys that were copied out of some page, or typed by repeating a word, whatever their length."""
_BOT_TOKEN = re.compile(r"[0-9]{6,12}:[A-Za-z0-9_-]{35}")
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_PROXY_SCHEMES = frozenset({"http", "https", "socks4", "socks5"})
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_T = TypeVar("_T")
_MODES: tuple[Literal["polling", "webhook"], ...] = ("polling", "webhook")
_FORMATS: tuple[Literal["console", "json"], ...] = ("console", "json")
_LEVELS = ("INFO", "DEBUG", "WARNING", "ERROR", "CRITICAL")


class SettingsError(Exception):
    """``variable`` holds something we cannot use; ``sentence`` says what, and how to put it right."""

    def __init__(self, variable: str, problem: str) -> None:
        self.variable = variable
        self.sentence = f"{variable} {problem.rstrip('.')}."
        super().__init__(self.sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What docs/settings.md lists. ``repr`` never shows a secret."""

    data_dir: Path
    """Private folder of this installation; it exists."""
    database_url: str = field(repr=False)
    """The application's own role, as ``postgresql+asyncpg://``."""
    owner_url: str | None = field(repr=False)
    """The role that migrates; None when an external database came without one."""
    embedded: bool
    """Whether the database is ours to start and stop."""
    secret_keys: tuple[str, ...] = field(repr=False)
    """Newest first; at least one."""
    bot_token: str | None = field(repr=False)
    telegram_api_url: str
    telegram_proxy: str | None = field(repr=False)
    telegram_mode: Literal["polling", "webhook"]
    webhook_url: str | None
    """Where Telegram reaches the bot process, without a slash at the end; None when it polls."""
    public_base_url: str
    """Without a slash at the end."""
    trusted_proxies: tuple[Network, ...]
    """Whose word counts for where a request came from; nobody's unless named."""
    zarinpal_base_url: str
    host: str
    """The address web and bot listen on."""
    port: int
    bot_port: int
    sandbox_port: int
    web_workers: int
    demo: bool
    """Whether the demo shop is wanted; never with a real Telegram token."""
    log_format: Literal["console", "json"]
    log_level: str

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read, check, and only then make the data folder and its key; raises SettingsError."""
        read = _Reader(environ)
        port, bot_port, sandbox_port = _ports(read)
        address = read.get("DATABASE_URL", urls.normalise)
        owner_address = read.get("DATABASE_OWNER_URL", urls.normalise)
        if owner_address and not address:
            raise SettingsError("DATABASE_OWNER_URL", "is set without DATABASE_URL; set both or neither")
        if address and owner_address and urls.role_of(address) == urls.role_of(owner_address):
            raise SettingsError("DATABASE_URL", "names the same role as DATABASE_OWNER_URL; use two roles")
        token = read.get("BOT_TOKEN", _bot_token)
        sandbox = f"http://127.0.0.1:{sandbox_port}"
        given_base = read.get("PUBLIC_BASE_URL", _web_address)
        given_api = read.get("TELEGRAM_API_URL", _web_address)
        given_keys = read.get("SECRET_KEY", _secret_keys)
        mode = read.choice("TELEGRAM_MODE", _MODES)
        wants_demo = read.choice("DEMO", ("1", "0")) == "1"
        proxy = read.get("TELEGRAM_PROXY", _proxy)
        proxies = read.get("TRUSTED_PROXIES", _networks) or ()
        zarinpal = read.get("ZARINPAL_BASE_URL", _web_address) or ZARINPAL
        host = read.get("HOST", _host) or "127.0.0.1"
        workers = read.number("WEB_WORKERS", 2, low=1, high=64)
        own_url = read.get("WEBHOOK_BASE_URL", _web_address)
        webhook_url = None
        if mode == "webhook":
            reached = _Reached(own_url, given_base, at_home(host, bot_port) if token is None else None)
            webhook_url = reached.by_sandbox() if token is None else reached.by(given_api or TELEGRAM)
        log_format = read.choice("LOG_FORMAT", _FORMATS)
        log_level = read.choice("LOG_LEVEL", _LEVELS, fold=str.upper)
        folder, keys = _data_dir(read, given_keys)
        return cls(
            data_dir=folder,
            database_url=address or _embedded(folder, urls.APP_ROLE),
            owner_url=owner_address if address else _embedded(folder, urls.OWNER_ROLE),
            embedded=address is None,
            secret_keys=keys,
            bot_token=token,
            telegram_api_url=given_api or (TELEGRAM if token else sandbox),
            telegram_proxy=proxy,
            telegram_mode=mode,
            webhook_url=webhook_url,
            public_base_url=given_base or f"http://127.0.0.1:{port}",
            trusted_proxies=proxies,
            zarinpal_base_url=zarinpal,
            host=host,
            port=port,
            bot_port=bot_port,
            sandbox_port=sandbox_port,
            web_workers=workers,
            demo=wants_demo and token is None,
            log_format=log_format,
            log_level=log_level,
        )

    @property
    def sandbox(self) -> bool:
        """Whether our own Telegram double stands in for Telegram."""
        return self.bot_token is None

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def media_dir(self) -> Path:
        return self.data_dir / "media"

    @property
    def app_role(self) -> str:
        """The database role that web and bot sign in as."""
        return urls.role_of(self.database_url)


@dataclass(frozen=True, slots=True)
class _Reached:
    """What is known of the bot process's address; which of it counts depends on who comes there."""

    own: str | None
    public: str | None
    home: str | None

    def by_sandbox(self) -> str:
        if self.own:
            return _reachable("WEBHOOK_BASE_URL", self.own, from_here=True)
        if self.home:
            return self.home
        raise SettingsError("HOST", "must be 127.0.0.1 or 0.0.0.0 for the sandbox to bring updates there")

    def by(self, api_url: str) -> str:
        variable, url = ("WEBHOOK_BASE_URL", self.own) if self.own else ("PUBLIC_BASE_URL", self.public)
        if url is None:
            raise SettingsError(
                "TELEGRAM_MODE", "webhook needs PUBLIC_BASE_URL, the https address where Telegram finds us"
            )
        # A Bot API server of one's own goes wherever it is told.
        return _reachable(variable, url, from_here=False) if api_url == TELEGRAM else url


def _reachable(variable: str, url: str, *, from_here: bool) -> str:
    try:
        require_reachable(url, from_here=from_here)
    except ValueError as error:
        raise SettingsError(variable, str(error)) from None
    return url


def settings_or_exit(environ: Mapping[str, str] | None = None) -> Settings:
    """For entry points: the settings, or one sentence on standard error and exit status 2."""
    try:
        return Settings.from_env(os.environ if environ is None else environ)
    except SettingsError as error:
        _refuse(error.sentence)


def _refuse(sentence: str) -> NoReturn:
    sys.stderr.write(sentence + "\n")
    sys.exit(2)


@dataclass(frozen=True, slots=True)
class _Reader:
    environ: Mapping[str, str]

    def get(self, variable: str, understand: Callable[[str], _T]) -> _T | None:
        text = self.environ.get(variable, "").strip()
        if not text:
            return None
        try:
            return understand(text)
        except ValueError as error:
            raise SettingsError(variable, str(error)) from None

    def number(self, variable: str, default: int, *, low: int, high: int) -> int:
        def understand(text: str) -> int:
            if not (text.isascii() and text.isdigit() and low <= int(text[:10]) <= high):
                raise ValueError(f"must be a whole number from {low} to {high}, not {text[:20]!r}")
            return int(text)

        value = self.get(variable, understand)
        return default if value is None else value

    def choice(self, variable: str, allowed: tuple[_T, ...], fold: Callable[[str], str] = str) -> _T:
        """One of ``allowed``; the first is the default."""

        def understand(text: str) -> _T:
            for value in allowed:
                if fold(text) == value:
                    return value
            raise ValueError(f"must be {' or '.join(map(str, allowed))}, not {text[:20]!r}")

        value = self.get(variable, understand)
        return allowed[0] if value is None else value


def _ports(read: _Reader) -> tuple[int, int, int]:
    taken: dict[int, str] = {}
    for variable, default in (("PORT", 8000), ("BOT_PORT", 8001), ("SANDBOX_PORT", 8002)):
        number = read.number(variable, default, low=1, high=65535)
        if number in taken:
            raise SettingsError(variable, f"is {number}, which {taken[number]} uses already; choose another")
        taken[number] = variable
    port, bot_port, sandbox_port = taken
    return port, bot_port, sandbox_port


def _data_dir(read: _Reader, given_keys: tuple[str, ...] | None) -> tuple[Path, tuple[str, ...]]:
    place = Path(read.environ.get("PISHKHAN_DATA", "").strip() or ".pishkhan").expanduser().absolute()
    try:
        folder = datadir.make_private(place).resolve()
        if given_keys:
            return folder, given_keys
        generated = datadir.generated_key(folder)
    except datadir.FolderUnusable as error:
        raise SettingsError("PISHKHAN_DATA", f"cannot be used: {error}") from None
    try:
        return folder, _secret_keys(generated)
    except ValueError as error:
        raise SettingsError("SECRET_KEY", f"in {folder / 'secret_key'} {error}") from None


def _embedded(folder: Path, role: str) -> str:
    try:
        return urls.embedded_address(role, urls.DATABASE, datadir.socket_folder(folder))
    except (datadir.FolderUnusable, OSError) as error:
        raise SettingsError("PISHKHAN_DATA", f"cannot be used: {error}") from None


def _secret_keys(text: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in text.split(",") if key.strip())
    for key in keys:
        if len(key) < KEY_CHARACTERS:
            raise ValueError(
                f"must hold at least {KEY_CHARACTERS} characters; `openssl rand -hex 32` makes one"
            )
        if len(set(key)) < _KEY_VARIETY or _AN_EXAMPLE.search(key):
            raise ValueError("is too simple to be a secret; `openssl rand -hex 32` makes one")
    if not keys:
        raise ValueError("holds no key; `openssl rand -hex 32` makes one")
    return keys


def _bot_token(text: str) -> str:
    if not _BOT_TOKEN.fullmatch(text):
        raise ValueError("does not look like a Telegram token (123456789:AAE…); @BotFather shows it")
    return text


def _web_address(text: str) -> str:
    parts = urlsplit(text)  # raises ValueError by itself for a broken [address]
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be an address such as https://example.com")
    if parts.port == 0:
        raise ValueError("must not name port 0")
    return text.rstrip("/")


def _proxy(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in _PROXY_SCHEMES or not parts.hostname or not parts.port:
        raise ValueError("must be an address such as socks5://127.0.0.1:1080 or http://proxy:3128")
    return text


def _networks(text: str) -> tuple[Network, ...]:
    found = []
    for part in text.split(","):
        try:
            network = ipaddress.ip_network(part.strip(), strict=False)
        except ValueError:
            raise ValueError(
                f"must be addresses or networks such as 10.0.0.5,fd00::/8, not {part.strip()[:20]!r}"
            ) from None
        if network.prefixlen == 0:
            raise ValueError("must not trust everybody; name the addresses of your proxies")
        found.append(network)
    return tuple(found)


def _host(text: str) -> str:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        if not _HOST_NAME.fullmatch(text):
            raise ValueError(f"must be an address to listen on, such as 0.0.0.0, not {text[:20]!r}") from None
    return text
