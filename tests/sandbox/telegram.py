"""Both sides of the sandbox for a test: a bot that calls methods, and a person who acts."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession, FormData
from PIL import Image

from tests.sandbox.spec import problems_of_reply, problems_of_update

SHOP_A = "111111:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
SHOP_B = "222222:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
CAROL = 5001
MALLORY = 6001


class Refused(Exception):
    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(answer["description"])
        self.code = answer["error_code"]
        self.description = answer["description"]
        self.parameters = answer.get("parameters", {})


@dataclass(frozen=True, slots=True)
class Telegram:
    """Every reply that goes well is held against the Bot API's description."""

    url: str
    http: ClientSession

    async def call(self, method: str, *, token: str = SHOP_A, **params: Any) -> Any:
        return await self.raw(method, token=token, json=params)

    async def upload(
        self, method: str, files: dict[str, bytes], *, token: str = SHOP_A, **params: Any
    ) -> Any:
        form = FormData()
        for name, value in params.items():
            form.add_field(name, value if isinstance(value, str) else json.dumps(value))
        for name, content in files.items():
            form.add_field(name, io.BytesIO(content), filename=f"{name}.png", content_type="image/png")
        return await self.raw(method, token=token, data=form)

    async def raw(self, method: str, *, token: str = SHOP_A, **request: Any) -> Any:
        async with self.http.post(f"{self.url}/bot{token}/{method}", **request) as response:
            answer = await response.json()
        if not answer["ok"]:
            assert response.status == answer["error_code"]
            raise Refused(answer)
        problems = problems_of_reply(method, answer["result"])
        assert not problems, problems
        return answer["result"]

    async def act(self, action: str, **body: Any) -> dict[str, Any]:
        content = io.BytesIO(json.dumps(body).encode())  # a file of many megabytes may be in it
        headers = {"Content-Type": "application/json"}
        async with self.http.post(f"{self.url}/_c/{action}", data=content, headers=headers) as response:
            answer = await response.json()
        assert response.status == 200, answer
        return answer

    async def carol(self, action: str, *, token: str = SHOP_A, **body: Any) -> dict[str, Any]:
        """Carol does something with a bot."""
        return await self.act(action, token=token, user_id=CAROL, **body)

    async def updates(self, *, token: str = SHOP_A, **params: Any) -> list[dict[str, Any]]:
        """What waits; it stays until a later call confirms it."""
        found = await self.call("getUpdates", token=token, **params)
        assert [problem for update in found for problem in problems_of_update(update)] == []
        return found

    async def forget(self, *, token: str = SHOP_A) -> None:
        """Confirm everything that waits."""
        await self.call("getUpdates", token=token, offset=-1)
        for update in await self.call("getUpdates", token=token):
            await self.call("getUpdates", token=token, offset=update["update_id"] + 1)

    async def refused(self, method: str, *, token: str = SHOP_A, **params: Any) -> tuple[int, str]:
        """Code and words of a call that must fail."""
        try:
            result = await self.call(method, token=token, **params)
        except Refused as error:
            return error.code, error.description
        raise AssertionError(f"{method} went well: {result}")


def picture(width: int = 64, height: int = 48, color: str = "#2b6") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), color).save(out, "PNG")
    return out.getvalue()


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def keys(*rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"inline_keyboard": list(rows)}


BUY = keys([{"text": "خرید", "callback_data": "buy:1", "style": "primary"}])
