"""The arguments of a call, wherever they came from: address, form, JSON or upload."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.protocol import JsonObject, bad_request


@dataclass(frozen=True, slots=True)
class Upload:
    name: str
    mime: str
    content: bytes


class Params:
    """Read as Telegram reads them: numbers may be text, structures may be JSON text."""

    def __init__(self, values: Mapping[str, Any], uploads: Mapping[str, Upload]) -> None:
        self._values = values
        self._uploads = uploads

    def has(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str) -> str:
        """Empty when it was not given."""
        value = self._values.get(name)
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        return json.dumps(value) if isinstance(value, bool | list | dict) else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        value = self._values.get(name)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad_request(f'field "{name}" must be a valid Number') from None

    def optional_integer(self, name: str) -> int | None:
        return self.integer(name) if self._values.get(name) not in (None, "") else None

    def flag(self, name: str) -> bool:
        return self.text(name).strip().lower() in ("true", "1", "yes")

    def structure(self, name: str) -> Any:
        """A list or an object; nothing when it was not given."""
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None

    def items(self, name: str) -> list[Any]:
        """A list; empty when it was not given."""
        value = self.structure(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise bad_request(f"can't parse {name.replace('_', ' ')}: Array expected")
        return value

    def record(self, name: str) -> JsonObject:
        """An object; empty when it was not given."""
        value = self.structure(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise bad_request(f"can't parse {name.replace('_', ' ')}: Object expected")
        return value

    def upload(self, name: str) -> Upload | None:
        """The file sent under this name, directly or by ``attach://``."""
        direct = self._uploads.get(name)
        if direct is not None:
            return direct
        return self.attached(self.text(name))

    def attached(self, reference: str) -> Upload | None:
        """The upload that ``attach://name`` speaks of."""
        if not reference.startswith("attach://"):
            return None
        return self._uploads.get(reference.removeprefix("attach://"))

    def loggable(self) -> dict[str, Any]:
        """The arguments without the bytes of uploads."""
        uploads = {
            name: {"file_name": upload.name, "size": len(upload.content)}
            for name, upload in self._uploads.items()
        }
        return {**self._values, **uploads}
