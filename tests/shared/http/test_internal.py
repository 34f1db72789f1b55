"""The doors for those who run the service."""

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import utc_now
from shared.consumer import Consumer
from shared.db import transaction
from tests.support.clock import HandClock
from tests.support.frame import (
    OTHER_PROGRAM,
    PROGRAM,
    FrameSettings,
    Listener,
    Struck,
    read_letters,
    read_tally,
    record_of,
)
from tests.support.tokens import staff_headers


@pytest.fixture
def operator(clock: HandClock) -> dict[str, str]:
    return staff_headers(clock, PROGRAM, ["operations"])


@pytest.fixture
async def parked(settings: FrameSettings, engine: AsyncEngine, listener: Listener) -> list[int]:
    """The ids of three parked strokes of one bell: poison and two behind it. Now cured."""
    listener.poison = {1}
    consumer = Consumer("bells", settings, engine, listener.handlers, utc_now)
    strokes = [Struck(program_id=PROGRAM, bell="a", number=n) for n in (1, 2, 3)]
    await consumer.work_records([record_of(stroke) for stroke in strokes])
    listener.poison = set()
    return [row.id for row in await read_letters(engine)]


async def test_live_says_ok_and_503_when_the_consumer_is_stuck(
    client: httpx.AsyncClient, trouble: list[str]
) -> None:
    assert (await client.get("/health/live")).json() == {"status": "ok"}
    trouble.append("The consumer has lag and does not get on.")
    answer = await client.get("/health/live")
    assert (answer.status_code, answer.json()["detail"]) == (503, trouble[0])


async def test_ready_asks_the_database(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/ready")).json() == {"status": "ok"}


async def test_metrics_are_prometheus_text(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "galleria_http_requests_total" in answer.text


async def test_invariants_are_checked_on_demand(
    client: httpx.AsyncClient, engine: AsyncEngine, operator: dict[str, str]
) -> None:
    answer = await client.get("/internal/invariants", headers=operator)
    assert answer.json() == {"holds": True, "broken": {"always": 0, "no_broken_bell": 0}}
    async with transaction(engine) as session:
        await session.execute(text("INSERT INTO tally VALUES ('p', 'broken', '1')"))
    answer = await client.get("/internal/invariants", headers=operator)
    assert answer.json() == {"holds": False, "broken": {"always": 0, "no_broken_bell": 1}}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/internal/invariants"),
        ("GET", "/internal/dead-letters"),
        ("POST", "/internal/dead-letters/1/replay"),
        ("POST", "/internal/dead-letters/1/discard"),
    ],
)
async def test_operations_need_their_role(
    client: httpx.AsyncClient, clock: HandClock, method: str, path: str
) -> None:
    headers = staff_headers(clock, PROGRAM, ["marketing"])
    assert (await client.request(method, path, headers=headers)).status_code == 403
    assert (await client.request(method, path)).status_code == 401


async def test_dead_letters_are_listed_to_their_own_programme(
    client: httpx.AsyncClient, clock: HandClock, operator: dict[str, str], parked: list[int]
) -> None:
    rows = (await client.get("/internal/dead-letters", headers=operator)).json()
    assert [row["reason"] for row in rows] == ["poisonous", "behind_parked", "behind_parked"]
    others = staff_headers(clock, OTHER_PROGRAM, ["operations"])
    assert (await client.get("/internal/dead-letters", headers=others)).json() == []
    for act in ("replay", "discard"):
        path = f"/internal/dead-letters/{parked[0]}/{act}"
        assert (await client.post(path, headers=others)).status_code == 404


async def test_a_replay_works_the_letter_and_those_behind_it(
    client: httpx.AsyncClient, engine: AsyncEngine, operator: dict[str, str], parked: list[int]
) -> None:
    path = f"/internal/dead-letters/{parked[0]}/replay"
    answer = await client.post(path, headers=operator)
    assert answer.json() == {"id": parked[0], "resolution": "replayed"}
    assert await read_tally(engine) == [("a", 1), ("a", 2), ("a", 3)]
    assert (await client.get("/internal/dead-letters", headers=operator)).json() == []
    assert (await client.post(path, headers=operator)).status_code == 404


async def test_a_letter_behind_another_must_wait_its_turn(
    client: httpx.AsyncClient, engine: AsyncEngine, operator: dict[str, str], parked: list[int]
) -> None:
    answer = await client.post(f"/internal/dead-letters/{parked[1]}/replay", headers=operator)
    assert (answer.status_code, answer.json()["code"]) == (409, "behind_parked")
    assert await read_tally(engine) == []


async def test_a_discarded_letter_lets_those_behind_it_go_on(
    client: httpx.AsyncClient, engine: AsyncEngine, operator: dict[str, str], parked: list[int]
) -> None:
    answer = await client.post(f"/internal/dead-letters/{parked[0]}/discard", headers=operator)
    assert answer.json()["resolution"] == "discarded"
    assert await read_tally(engine) == [("a", 2), ("a", 3)]


async def test_a_replay_that_fails_changes_nothing(
    client: httpx.AsyncClient,
    engine: AsyncEngine,
    operator: dict[str, str],
    parked: list[int],
    listener: Listener,
) -> None:
    listener.poison = {1}
    answer = await client.post(f"/internal/dead-letters/{parked[0]}/replay", headers=operator)
    assert (answer.status_code, answer.json()["code"]) == (422, "poisonous")
    assert await read_tally(engine) == []
    assert len((await client.get("/internal/dead-letters", headers=operator)).json()) == 3
