"""The Bot API's own numbers and the shape of its refusals."""

from __future__ import annotations

from typing import Any

JsonObject = dict[str, Any]

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
CALLBACK_DATA_LIMIT = 64
"""In bytes: a Persian letter takes two."""
COPY_TEXT_LIMIT = 256
ANSWER_TEXT_LIMIT = 200
PHOTO_LIMIT = 10 * 1024 * 1024
UPLOAD_LIMIT = 50 * 1024 * 1024
DOWNLOAD_LIMIT = 20 * 1024 * 1024
"""What ``getFile`` hands out at most, in bytes."""

MESSAGE_LIFETIME = 86_400.0
"""Seconds an update waits for its bot."""
QUERY_LIFETIME = 150.0
"""Seconds a press, or a question before payment, may be answered."""
DELETE_LIFETIME = 48 * 3600


class ApiError(Exception):
    """An answer with ``ok: false``; ``code`` is also the HTTP status, ``retry_after`` is in seconds."""

    def __init__(self, code: int, description: str, *, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after

    def envelope(self) -> JsonObject:
        answer: JsonObject = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after is not None:
            answer["parameters"] = {"retry_after": self.retry_after}
        return answer


def bad_request(reason: str) -> ApiError:
    return ApiError(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> ApiError:
    return ApiError(403, f"Forbidden: {reason}")


def conflict(reason: str) -> ApiError:
    return ApiError(409, f"Conflict: {reason}")


def unauthorized(reason: str | None = None) -> ApiError:
    return ApiError(401, f"Unauthorized: {reason}" if reason else "Unauthorized")
