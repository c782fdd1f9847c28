"""What a promised message is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Message(ABC):
    """A promise: ``kind`` names the words, the fields fill them."""

    kind: ClassVar[str]

    @property
    @abstractmethod
    def dedupe_key(self) -> str:
        """What makes this promise the same as another."""

    @property
    def payload(self) -> dict[str, Any]:
        return asdict(self)
