"""The database's wire is cut before COMMIT, and after it before the reply: whoever asks again gets
the one right answer, and the books are those of a mall where nothing went wrong."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from services.points.queries.invariants import check_invariants
from services.points.settings import PointsSettings
from shared.db import transaction
from tests.faults.crash_points import COMMITS_BY_SAYING, FLOWS, OVER
from tests.points.mall import Mall, open_door, open_mall
from tests.support.clock import HandClock
from tests.support.lossy_wire import LossyWire, open_lossy_wire
from tests.support.service import make_settings, open_engine

# All that a flow may leave, without the ids and instants that no two malls share.
_LEFT = (
    "SELECT wallet, status, balance, version, pending, held, frozen_case IS NULL, "
    "merged_into IS NULL FROM account WHERE program_id = :p AND version > 0 ORDER BY 1, 2, 3, 4, 5",
    "SELECT version, points, balance_after, kind, counter_account, source_kind FROM posting "
    "WHERE program_id = :p ORDER BY 1, 2, 3, 4",
    "SELECT version, points, remaining, state, frozen_case IS NULL FROM lot WHERE program_id = :p "
    "ORDER BY 1, 2, 3, 4, 5",
    "SELECT version, lot_version, points FROM lot_take WHERE program_id = :p ORDER BY 1, 2, 3",
    "SELECT version, lot_version, points FROM lot_return WHERE program_id = :p ORDER BY 1, 2, 3",
    "SELECT lot_version, kind FROM lot_change WHERE program_id = :p ORDER BY 1, 2",
    "SELECT kind, status, points, captured FROM hold WHERE program_id = :p ORDER BY 1, 2, 3, 4",
    "SELECT points, returned FROM redemption WHERE program_id = :p ORDER BY 1, 2",
    "SELECT status, points FROM transfer WHERE program_id = :p ORDER BY 1, 2",
    "SELECT status FROM pool WHERE program_id = :p ORDER BY 1",
    "SELECT status, count(*) FROM pool_member WHERE program_id = :p GROUP BY 1 ORDER BY 1",
    "SELECT count(*) FROM pool_contribution WHERE program_id = :p",
    "SELECT undone_at IS NULL, points, restored FROM account_merge WHERE program_id = :p",
    "SELECT status, points FROM adjustment WHERE program_id = :p ORDER BY 1, 2",
    "SELECT cap, points, times FROM cap_usage WHERE program_id = :p AND cap NOT LIKE 'pool:%' "
    "ORDER BY 1, 2, 3",
    "SELECT kind, points FROM activity WHERE program_id = :p ORDER BY 1, 2",
    "SELECT step, released, expired_points FROM night_run WHERE program_id = :p",
    "SELECT type, count(*) FROM outbox WHERE program_id = :p GROUP BY 1 ORDER BY 1",
)

_CALM: dict[str, list[Any]] = {}  # What each flow leaves, asked once.


@pytest.fixture
def clock() -> HandClock:
    """The clock of both malls."""
    return HandClock()


@pytest.fixture
def settings(worker_database: Callable[[str], str]) -> PointsSettings:
    """Settings with the worker's database."""
    return make_settings(PointsSettings, worker_database("points"), revocations_poll_seconds=60)


@pytest.fixture
async def mall(settings: PointsSettings, clock: HandClock) -> AsyncIterator[Mall]:
    """A mall whose books must be right in the end."""
    async with open_engine(settings.database_url) as engine:
        async with open_mall(engine, settings, clock) as opened:
            yield opened
        async with transaction(engine) as session:
            broken = await check_invariants(session)
        assert not any(broken.values()), {name: n for name, n in broken.items() if n}


@pytest.fixture
async def wire(settings: PointsSettings) -> AsyncIterator[LossyWire]:
    """A wire that can be cut."""
    async with open_lossy_wire(settings.database_url) as opened:
        yield opened


@pytest.fixture
async def far(mall: Mall, settings: PointsSettings, wire: LossyWire) -> AsyncIterator[Mall]:
    """The same mall behind a process whose wire to the database can be cut."""
    there = settings.model_copy(update={"database_url": wire.url})
    async with open_engine(wire.url) as engine, open_door(engine, there, mall.clock) as client:
        yield replace(mall, client=client, engine=engine)


async def left_by(mall: Mall) -> list[Any]:
    """What is in the books of the mall."""
    return [await mall.rows(query) for query in _LEFT]


async def left_in_calm(mall: Mall, name: str) -> list[Any]:
    """What the flow leaves in another mall where nothing goes wrong; the clock is as before."""
    if name not in _CALM:
        calm, began = await mall.another(), mall.clock()
        ask = await FLOWS[name](calm)
        assert (await ask(calm)).status_code in {200, 201, 202}
        _CALM[name] = await left_by(calm)
        mall.clock.now = began
    return _CALM[name]


@pytest.mark.parametrize("name", FLOWS)
@pytest.mark.parametrize("moment", ["before COMMIT", "after COMMIT"])
async def test_what_is_asked_again_after_a_crash_is_done_once(
    mall: Mall, far: Mall, wire: LossyWire, moment: Any, name: str
) -> None:
    wanted = await left_in_calm(mall, name)
    ask = await FLOWS[name](mall)
    before = await left_by(mall)
    wire.commit_says = COMMITS_BY_SAYING.get(name, b"COMMIT")
    wire.cut = moment
    lost = await ask(far)
    assert (lost.status_code, wire.cut) == (503, "never"), lost.text
    if moment == "before COMMIT":
        assert await left_by(mall) == before
    again = await ask(far)
    if name in OVER and moment == "after COMMIT":
        assert again.json()["code"] == OVER[name], again.text
    else:
        assert again.status_code in {200, 201, 202}, again.text
    assert await left_by(mall) == wanted
    await ask(far)
    assert await left_by(mall) == wanted
