"""Requests handed to the app at once: to prepare and unpack them, httpx took a sixth of a walker's
CPU time."""

from json import dumps
from typing import Any
from urllib.parse import urlencode

import httpx
from fastapi import FastAPI


class Door(httpx.AsyncClient):
    """A client of that app alone, which knows JSON and bytes, and no cookies and redirects."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__()
        self.app = app

    async def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        *,
        content: bytes | None = None,
        json: Any = None,
        params: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        **_: object,
    ) -> httpx.Response:
        """One request as a server would hand it to the app."""
        sent = dict(headers or {})
        if json is not None:
            content = dumps(json).encode()
            sent.setdefault("Content-Type", "application/json")
        body = content or b""
        sent |= {"Host": "test", "Content-Length": str(len(body))}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "headers": [(name.lower().encode(), sent[name].encode()) for name in sent],
            "scheme": "http",
            "path": url,
            "raw_path": url.encode(),
            "query_string": urlencode(params or {}).encode(),
            "server": ("test", None),
            "client": ("127.0.0.1", 123),
            "root_path": "",
        }
        return await self._answer(scope, body)

    async def _answer(self, scope: dict[str, Any], body: bytes) -> httpx.Response:
        status, parts = 0, list[bytes]()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                parts.append(message.get("body", b""))

        await self.app(scope, receive, send)
        return httpx.Response(status, content=b"".join(parts))
