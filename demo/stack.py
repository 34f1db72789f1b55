"""The running local stack, and how to ask it things as its staff."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

ANSWER_SECONDS_MAX = 180.0  # the invariants of a whole year are looked through by SQL
RETRIES_MAX = 30
RETRY_SECONDS = 1.0


class DemoProblem(Exception):
    """Something that the demo cannot go on with; told in words, without a stack trace."""


@dataclass(frozen=True, slots=True)
class Paging:
    """Where a page has its items and the place of the next page, and how that is asked for."""

    items: str
    next: str
    cursor: str


ITEMS = Paging("items", "next", "cursor")


@dataclass(frozen=True, slots=True)
class Stack:
    """What `stack.json` tells of it. `home` is the folder that the file lies in."""

    home: Path
    program_id: UUID
    urls: dict[str, str]
    databases: dict[str, str]
    kafka: str
    token: str


def read_stack(home: Path) -> Stack:
    """The stack of this folder. Raises DemoProblem when none is ready."""
    try:
        said = json.loads((home / "stack.json").read_text())
    except FileNotFoundError:
        raise DemoProblem("The stack is not running (or not ready yet): `make up` first.") from None
    return Stack(
        home=home,
        program_id=UUID(said["program_id"]),
        urls={name: service["url"] for name, service in said["services"].items()},
        databases=said["databases"],
        kafka=said["kafka"]["bootstrap_servers"],
        token=said["credentials"]["staff"]["token"],
    )


class Staff:
    """Calls the services with the demo's staff token; connections are kept."""

    def __init__(self, stack: Stack) -> None:
        self._urls = stack.urls
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {stack.token}"},
            timeout=ANSWER_SECONDS_MAX,
            transport=httpx.HTTPTransport(retries=3, limits=httpx.Limits(max_connections=16)),
        )

    def get(self, service: str, path: str, **params: Any) -> Any:
        """The JSON answer of a GET. Raises DemoProblem unless it is 200."""
        return self.ask("GET", service, path, params=params)

    def send(self, method: str, service: str, path: str, body: Any, key: str | None = None) -> Any:
        """The JSON answer of a PUT or POST. `key` is its Idempotency-Key."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.ask(method, service, path, json=body, headers=headers)

    def ask(self, method: str, service: str, path: str, **options: Any) -> Any:
        """The same is sent again while the answer is 503: it says that this is safe."""
        for _ in range(RETRIES_MAX):
            answer = self._client.request(method, self._urls[service] + path, **options)
            if answer.status_code != 503:
                break
            time.sleep(RETRY_SECONDS)
        if not answer.is_success:
            raise DemoProblem(
                f"{method} {path} of {service}: {answer.status_code} {answer.text[:500]}"
            )
        return answer.json()

    def pages(self, service: str, path: str, paging: Paging = ITEMS, **params: Any) -> list[Any]:
        """All items of a list that comes in pages."""
        found: list[Any] = []
        place: dict[str, Any] = {}
        while True:
            page = self.get(service, path, **params, **place)
            found += page[paging.items]
            if page[paging.next] is None:
                return found
            place = {paging.cursor: page[paging.next]}

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()
