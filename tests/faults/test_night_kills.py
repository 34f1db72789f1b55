"""kill -9 of the nightly run, again and again: it ends in the same books."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from signal import SIGKILL
from typing import Any, NamedTuple

import asyncpg
import pytest

from services.points.queries.invariants import check_invariants
from shared.db import transaction
from tests.faults.night_worker import work
from tests.support.service import open_engine

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 10, 16, 30, tzinfo=UTC)  # Half past midnight in Shanghai.
CHUNK = 10
MakeDatabase = Callable[[str], str]


class Crew(NamedTuple):
    """Who works the night: processes, each by so many connections."""

    processes: int
    connections: int

    def __str__(self) -> str:
        return f"{self.processes} by {self.connections}"


# Members with points that ended (100), that end this month (50), that never end (7), that are
# pending until now (20, every third) and set aside: by a till that may come (30, every fifth) or
# whose time is over (40, every seventh).
_SEED = """
INSERT INTO shop (program_id, shop_id, mall_id, name, time_zone, currency, is_open, revision)
VALUES ({p}, {p}, {p}, 'Tea', 'Asia/Shanghai', 'CNY', true, 1);
CREATE TEMP TABLE seed AS SELECT n, md5('member' || n)::uuid AS id FROM generate_series(1, {n}) n;
INSERT INTO account (program_id, account_id, member_id, status, balance, version, pending, held)
SELECT {p}, id, id, 'open', 177, 4, CASE WHEN n % 3 = 0 THEN 20 ELSE 0 END,
       CASE WHEN n % 5 = 0 THEN 30 ELSE 0 END + CASE WHEN n % 7 = 0 THEN 40 ELSE 0 END FROM seed;
INSERT INTO posting (program_id, account_id, version, points, balance_after, kind,
                     counter_account, source_kind, source_id, recorded_at, reason)
SELECT {p}, id, v, points, after, 'adjustment', 'adjustment', 'seed', md5(id::text || v)::uuid,
       '2026-01-01Z', '{{"rule":"adjustment","reason_code":"seed"}}'
FROM seed, (VALUES (1, 100, 100), (2, 50, 150), (3, 7, 157), (4, 20, 177)) x (v, points, after);
INSERT INTO outbox (program_id, event_id, type, topic, key, data, occurred_at, correlation_id,
                    traceparent)
SELECT {p}, source_id, 'points.posted.v1', 'points.ledger', account_id,
       json_build_object('version', version), recorded_at, '', '' FROM posting;
INSERT INTO lot (program_id, account_id, version, points, remaining, expires_at, funding, state,
                 activates_at)
SELECT {p}, id, v, points, points, ends::timestamptz, 'programme',
       CASE WHEN v = 4 AND n % 3 = 0 THEN 'pending' ELSE 'active' END,
       CASE WHEN v = 4 AND n % 3 = 0 THEN '2026-03-10 16:00Z'::timestamptz END
FROM seed, (VALUES (1, 100, '2026-03-10 16:00Z'), (2, 50, '2026-03-20 16:00Z'), (3, 7, NULL),
                   (4, 20, NULL)) x (v, points, ends);
INSERT INTO hold (program_id, hold_id, account_id, kind, status, points, reference, made_by,
                  expires_at, recorded_at)
SELECT {p}, md5('hold' || n || points)::uuid, id, 'payment', 'open', points, 'r', 'till',
       ends::timestamptz, '2026-03-01Z'
FROM seed, (VALUES (5, 30, '2026-04-01Z'), (7, 40, '2026-03-10 15:00Z')) x (every, points, ends)
WHERE n % every = 0;
DROP TABLE seed;
"""
_BOOKS = (
    "SELECT account_id, balance, version, pending, held FROM account ORDER BY 1",
    "SELECT account_id, version, points, balance_after, kind, source_id, recorded_at, "
    "reason::text FROM posting ORDER BY 1, 2",
    "SELECT account_id, version, remaining, state FROM lot ORDER BY 1, 2",
    "SELECT account_id, version, lot_version, points FROM lot_take ORDER BY 1, 2, 3",
    "SELECT account_id, lot_version, kind FROM lot_change ORDER BY 1, 2, 3",
    "SELECT account_id, month, points FROM expiry_reminder ORDER BY 1, 2",
    "SELECT hold_id, status FROM hold ORDER BY 1",
    "SELECT type, key, data FROM outbox ORDER BY 1, 2, 3",
    "SELECT step, activated, released, expired_accounts, expired_points, reminded FROM night_run",
    "SELECT 1 FROM night_chunk",
)
PROGRAM = "'0199f3a2-0000-7000-8000-00000000000a'"


async def seed(url: str, members: int) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(_SEED.format(p=PROGRAM, n=members))
    await connection.close()


async def books(url: str) -> list[list[Any]]:
    """All that the night may have changed; the invariants hold."""
    async with open_engine(url) as engine, transaction(engine) as session:
        broken = await check_invariants(session)
    assert not any(broken.values()), broken
    connection = await asyncpg.connect(url)
    found = [[tuple(row) for row in await connection.fetch(query)] for query in _BOOKS]
    await connection.close()
    return found


def start(url: str, connections: int) -> "subprocess.Popen[str]":
    words = (url, NOW.isoformat(), str(CHUNK), str(connections))
    command = [sys.executable, "-m", "tests.faults.night_worker", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)


def begin(workers: "Sequence[subprocess.Popen[str]]") -> None:
    """Have them all begin when all are there: else who comes first does most of it alone."""
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()


def kill_somewhere(url: str, crew: Crew, random: Random) -> bool:
    """Let processes do some steps, kill them somewhere in the next; False when all was done."""
    with ExitStack() as stack:
        workers = [stack.enter_context(start(url, crew.connections)) for _ in range(crew.processes)]
        begin(workers)
        watched = workers[0].stdout
        assert watched is not None
        for _ in range(random.randrange(5)):
            if not watched.readline():
                break
        else:
            # Anywhere in the step's round trips, or in COMMIT: nothing tells us where that is.
            time.sleep(random.random() * 0.02)
        for worker in workers:
            worker.kill()
        return workers[0].wait() == -SIGKILL


async def compare(make_database: MakeDatabase, crew: Crew, members: int, kills: int) -> None:
    undisturbed, killed = make_database("points"), make_database("points")
    random = Random(number := int.from_bytes(os.urandom(4), "big"))
    print(f"seed {number}")
    for url in (undisturbed, killed):
        await seed(url, members)
    await work(undisturbed, NOW, CHUNK)
    done = sum(kill_somewhere(killed, crew, random) for _ in range(kills))
    with start(killed, crew.connections) as last:
        begin([last])
        assert last.wait() == 0
    assert done == kills, "the night was over before it was killed often enough"
    wanted = await books(undisturbed)
    assert wanted[-2][0][0] == "done"
    assert all(wanted[:9])
    assert await books(killed) == wanted


@pytest.mark.parametrize("crew", [Crew(1, 1), Crew(1, 3), Crew(2, 2)], ids=str)
async def test_a_night_killed_at_ten_random_points_ends_in_the_same_books(
    make_database: MakeDatabase, crew: Crew
) -> None:
    await compare(make_database, crew, members=400 * crew.processes * crew.connections, kills=10)


@pytest.mark.soak
@pytest.mark.parametrize("crew", [Crew(1, 1), Crew(2, 2)], ids=str)
async def test_a_night_killed_again_and_again(make_database: MakeDatabase, crew: Crew) -> None:
    await compare(make_database, crew, members=10_000 * crew.connections, kills=200)
