"""Requests that are sent until they are answered, the same bytes each time, as tills do it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from shared.auth import till_headers
from shared.ids import new_id
from tests.support.line import SHOPS, Line

GIVE_UP_SECONDS = 90
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_TOKEN_SECONDS = 600  # Front ends ask anew well before a token ends.


@dataclass(frozen=True)
class Answer:
    """What was heard in the end, and how often it had to be asked."""

    status: int
    found: Any
    times: int

    @property
    def code(self) -> str:
        """Why it was refused, or nothing."""
        return str(self.found["code"]) if self.status >= 400 else ""


async def until_answered(send: Callable[[], Awaitable[httpx.Response]]) -> Answer:
    """Send until something other than "try again" is heard."""
    deadline = asyncio.get_running_loop().time() + GIVE_UP_SECONDS
    times = 0
    while True:
        times += 1
        try:
            answer = await send()
        except httpx.HTTPError:
            pass
        else:
            if answer.status_code != 503:
                return Answer(answer.status_code, answer.json(), times)
        assert asyncio.get_running_loop().time() < deadline, "nobody ever answered"
        await asyncio.sleep(0.05)


@dataclass
class Counter:
    """Where people ask: as tills, members and staff. `front` is a front end's client."""

    line: Line
    client: httpx.AsyncClient
    front: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, tuple[float, str]] = field(default_factory=dict)

    async def till(self, shop: int, what: str, body: dict[str, Any]) -> Answer:
        """Ask as the till of a shop, signed anew each time."""
        raw, path = json.dumps(body).encode(), f"/v1/{what}"
        till, secret = self.line.till(shop % SHOPS)

        async def send() -> httpx.Response:
            now = int(datetime.now(UTC).timestamp())
            headers = till_headers(secret, till, new_id().hex, now, path, raw)
            headers["Content-Type"] = "application/json"
            return await self.client.post(self._url(path), content=raw, headers=headers)

        return await until_answered(send)

    async def staff(
        self, path: str, body: Any = None, key: str = "", method: str = "POST", token: str = ""
    ) -> Answer:
        """Ask as staff: the administrator, unless a token is given."""
        return await self._ask(method, path, body, token or self.line.token, key)

    async def member(self, member_id: str, path: str, body: Any = None, key: str = "") -> Answer:
        """Ask as a member, with a token of their own."""
        return await self._ask("POST", path, body, await self._token_of(member_id), key)

    async def _ask(self, method: str, path: str, body: Any, token: str, key: str) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or "none"}
        content: dict[str, Any] = {"json": body}
        if isinstance(body, bytes):
            content = {"content": body}
            headers["Content-Type"] = "application/x-ndjson"

        async def send() -> httpx.Response:
            return await self.client.request(method, self._url(path), headers=headers, **content)

        return await until_answered(send)

    def _url(self, path: str) -> str:
        return self.line.parts["points-api"].url + path

    async def open_front(self) -> None:
        """Membership makes the client of a front end, which gets tokens for its members."""
        body = {"kind": "service", "name": "Mini-program", "roles": ["front_end"]}
        made = await self.line.ask("membership", "POST", "/v1/clients", body, new_id().hex)
        self.front = {name: made[name] for name in ("client_id", "client_secret")}

    async def token_of_staff(self, name: str) -> str:
        """A token of somebody else on the staff, who may do all."""
        body = {"kind": "staff", "name": name, "roles": ["admin"]}
        made = await self.line.ask("membership", "POST", "/v1/clients", body, new_id().hex)
        return self.line.issue_token(made["client_id"])

    async def _token_of(self, member_id: str) -> str:
        now = asyncio.get_running_loop().time()
        until, token = self.tokens.get(member_id, (0.0, ""))
        if until < now:
            url = f"{self.line.parts['membership'].url}/v1/oauth/token"
            form = {
                **self.front,
                "grant_type": _EXCHANGE,
                "subject_token": member_id,
                "subject_token_type": "urn:galleria:member-id",
            }
            answer = await until_answered(lambda: self.client.post(url, data=form))
            assert answer.status == 200, answer.found
            token = answer.found["access_token"]
            self.tokens[member_id] = (now + _TOKEN_SECONDS, token)
        return token
