"""Secrets at rest: AES-256-GCM bound to their row, and keyed fingerprints to look them up.

A sealed value carries one byte of format and four of key id, so that several keys can live side by
side while values are moved to the newest (SECRET_KEY lists them newest first). The context (for
example ``bots.telegram_bot_token|pub_x1``) is authenticated: a value copied into another row does
not open there.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

_FORMAT = b"\x01"
_NONCE_BYTES = 12
_KEY_ID_BYTES = 4
KEY_ID_AT = slice(len(_FORMAT), len(_FORMAT) + _KEY_ID_BYTES)
"""Where a sealed value says under which key it was sealed."""


class SecretUnreadable(RuntimeError):
    """The value was sealed with a key we do not have, or for another row."""


@dataclass(frozen=True, slots=True, repr=False)
class Vault:
    """Seals, opens and fingerprints with the keys of one installation.

    ``repr`` never shows a key.
    """

    secret_keys: Sequence[str] = field(repr=False)
    """Newest first; at least one, each at least 32 characters."""

    def seal(self, plain: str, *, context: str) -> bytes:
        """Encrypt ``plain`` for the place named by ``context``, with the newest key."""
        key_id, key = self._derive(self.secret_keys[0])
        nonce = secrets.token_bytes(_NONCE_BYTES)
        body = AESGCM(key).encrypt(nonce, plain.encode(), context.encode())
        return _FORMAT + key_id + nonce + body

    def unseal(self, sealed: bytes, *, context: str) -> str:
        """Decrypt, or raise SecretUnreadable when key or ``context`` do not fit."""
        head = len(_FORMAT) + _KEY_ID_BYTES
        key_id, nonce, body = (
            sealed[len(_FORMAT) : head],
            sealed[head : head + _NONCE_BYTES],
            sealed[head + _NONCE_BYTES :],
        )
        for secret in self.secret_keys:
            known_id, key = self._derive(secret)
            if known_id == key_id:
                try:
                    return AESGCM(key).decrypt(nonce, body, context.encode()).decode()
                except InvalidTag:
                    break
        raise SecretUnreadable(context.partition("|")[0])

    def fingerprint(self, value: str, *, purpose: str) -> bytes:
        """A keyed SHA-256 (32 bytes) to store beside a secret, made with the newest key."""
        return _fingerprint(self.secret_keys[0], value, purpose)

    def fingerprints(self, value: str, *, purpose: str) -> list[bytes]:
        """Every fingerprint ``value`` may have been stored under: one for each key, newest first."""
        return [_fingerprint(secret, value, purpose) for secret in self.secret_keys]

    @property
    def key_id(self) -> bytes:
        """The newest key's id (four bytes): not secret, and the same wherever the key is."""
        return self._derive(self.secret_keys[0])[0]

    @property
    def key_ids(self) -> list[bytes]:
        """The ids of all our keys, newest first."""
        return [self._derive(secret)[0] for secret in self.secret_keys]

    def is_newest(self, sealed: bytes) -> bool:
        """Whether ``sealed`` was sealed with the newest key."""
        return sealed[KEY_ID_AT] == self.key_id

    def fingerprint_under(self, key_id: bytes, value: str, *, purpose: str) -> bytes | None:
        """The fingerprint made with the key of that id; None when we do not have it (any more)."""
        for secret in self.secret_keys:
            if self._derive(secret)[0] == key_id:
                return _fingerprint(secret, value, purpose)
        return None

    def _derive(self, secret: str) -> tuple[bytes, bytes]:
        key = _expand(secret, "seal")
        return hashlib.sha256(b"key id|" + key).digest()[:_KEY_ID_BYTES], key


def _fingerprint(secret: str, value: str, purpose: str) -> bytes:
    key = _expand(secret, f"fingerprint|{purpose}")
    return hmac.new(key, value.encode(), hashlib.sha256).digest()


def _expand(secret: str, label: str) -> bytes:
    """SECRET_KEY is random and long, so HKDF's extract step (for weak input) is a plain hash here."""
    return HKDFExpand(SHA256(), 32, f"pishkhan|{label}".encode()).derive(
        hashlib.sha256(secret.encode()).digest()
    )
