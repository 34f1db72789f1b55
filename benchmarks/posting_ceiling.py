"""The ceiling of intake: hand-written SQL that posts the very rows that the service has written.

Rows come ready from the service's database, with texts, codes and ids as it made them, so no rule
is decided here. What is left is what no implementation can leave out: lock the accounts in order,
find version and balance and what each cap has granted, insert receipt, posting, lot and two outbox
rows, move the account, add to what the caps granted.
"""

import asyncio
import gc
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks.cpu import CpuMeter
from benchmarks.full_policy import CAPS
from benchmarks.measures import Trial
from services.points.domain.receipts.receipts import local_day
from shared.clock import utc_now

BATCH = 1_000
TABLES = ("pos_transaction", "posting", "lot", "outbox")
_LEFT_OUT = {"outbox": ("id",)}
_FRESH = ("balance_after", "version")

Columns = dict[str, list[tuple[str, str]]]

_LOCK = """
SELECT account_id, balance, version FROM account
WHERE program_id = $1 AND account_id = ANY ($2::uuid[]) ORDER BY account_id FOR UPDATE
"""
_MOVE = """
UPDATE account a SET balance = n.balance, version = n.version, pending = {pending}
FROM unnest($2::uuid[], $3::bigint[], $4::bigint[]) AS n (account_id, balance, version)
WHERE a.program_id = $1 AND a.account_id = n.account_id
"""
_GRANTED = """
SELECT account_id, cap, points FROM cap_usage
WHERE program_id = $1 AND account_id = ANY ($2::uuid[]) AND period = ANY ($3::text[])
"""
_GRANT = """
INSERT INTO cap_usage AS u (program_id, account_id, cap, period, points, times, last_at)
SELECT $1, n.account_id, c.cap, c.period, n.points, n.times, now()
FROM unnest($2::uuid[], $3::bigint[], $4::integer[]) AS n (account_id, points, times)
CROSS JOIN unnest($5::text[], $6::text[]) AS c (cap, period)
ON CONFLICT (program_id, account_id, cap, period) DO UPDATE
SET points = u.points + excluded.points, times = u.times + excluded.times,
    last_at = excluded.last_at
"""


@dataclass(frozen=True)
class Batch:
    """Rows of up to 1,000 receipts as columns, ready to be sent.

    `moves` are (account, points) in the order of the rows; versions and balances come later.
    """

    accounts: list[UUID]
    moves: list[tuple[UUID, int]]
    columns: dict[str, list[list[Any]]]


class Posting:
    """The statements, made from the tables as they are."""

    def __init__(self, program_id: UUID, columns: Columns, *, has_every_rule: bool) -> None:
        self._program_id = program_id
        # With every rule on, points wait before they can be spent, and caps are counted.
        self._has_every_rule = has_every_rule
        self._move = _MOVE.format(pending="n.balance" if has_every_rule else "0")
        self._fresh_places = {
            table: [(place, name) for place, (name, _) in enumerate(found) if name in _FRESH]
            for table, found in columns.items()
        }
        self._inserts = {table: _insert(table, found) for table, found in columns.items()}

    async def post(self, connection: Any, batch: Batch) -> None:
        """One batch in one transaction."""
        async with connection.transaction():
            locked = await connection.fetch(_LOCK, self._program_id, batch.accounts)
            caps, periods = _counted_today() if self._has_every_rule else ([], [])
            if caps:
                of_today = (self._program_id, batch.accounts, periods)
                granted = await connection.fetch(_GRANTED, *of_today)
                assert all(points >= 0 for _, _, points in granted)
            state = {account: (balance, version) for account, balance, version in locked}
            fresh: dict[str, list[int]] = {name: [] for name in _FRESH}
            grants: dict[UUID, tuple[int, int]] = dict.fromkeys(batch.accounts, (0, 0))
            for account_id, points in batch.moves:
                balance, version = state[account_id]
                before, times = grants[account_id]
                grants[account_id] = before + points, times + 1
                state[account_id] = balance + points, version + 1
                fresh["balance_after"].append(balance + points)
                fresh["version"].append(version + 1)
            for table in TABLES[:3]:
                for place, name in self._fresh_places[table]:
                    batch.columns[table][place] = fresh[name]
                await connection.execute(self._inserts[table], *batch.columns[table])
            balances, versions = zip(*(state[account] for account in batch.accounts), strict=True)
            moved = (self._program_id, batch.accounts, balances, versions)
            await connection.execute(self._move, *moved)
            if caps:
                added, times_each = zip(*grants.values(), strict=True)
                of_accounts = (self._program_id, batch.accounts, added, times_each)
                await connection.execute(_GRANT, *of_accounts, caps, periods)
            await connection.execute(self._inserts["outbox"], *batch.columns["outbox"])


def _counted_today() -> tuple[list[str], list[str]]:
    """The caps that count over time, and the period of each."""
    today = local_day(utc_now(), "Asia/Shanghai")
    keys = [key for cap in CAPS if (key := cap.key_on(today)) is not None]
    return [cap for cap, _ in keys], [period for _, period in keys]


def _insert(table: str, columns: Sequence[tuple[str, str]]) -> str:
    names = ", ".join(name for name, _ in columns)
    arrays = ", ".join(f"${n}::{type_}[]" for n, (_, type_) in enumerate(columns, 1))
    return f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays})"


async def read_columns(connection: Any) -> Columns:
    """Names and types of the columns that a posting writes."""
    columns: Columns = {}
    for table in TABLES:
        found = await connection.fetch(
            "SELECT attname, format_type(atttypid, NULL) AS type FROM pg_attribute "
            "WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            table,
        )
        left_out = _LEFT_OUT.get(table, ())
        columns[table] = [(r["attname"], r["type"]) for r in found if r["attname"] not in left_out]
    return columns


async def read_batches(connection: Any, columns: Columns, skip: int, number: int) -> list[Batch]:
    """What the service wrote for posted sales, from the `skip`th on, in batches."""
    told, posted = [
        await connection.fetch(
            f"SELECT {_names('o', columns['outbox'])} FROM outbox o "
            "WHERE type = $1 ORDER BY id OFFSET $2 LIMIT $3",
            type_,
            skip,
            number,
        )
        for type_ in ("pos_transaction.recorded.v1", "points.posted.v1")
    ]
    written = await connection.fetch(
        f"SELECT p.account_id, p.points, {_names('t', columns['pos_transaction'])}, "
        f"{_names('p', columns['posting'])}, {_names('l', columns['lot'])} "
        "FROM pos_transaction t JOIN posting p ON p.program_id = t.program_id "
        "AND p.source_id = t.transaction_id "
        "JOIN lot l ON (l.program_id, l.account_id, l.version) "
        "= (p.program_id, p.account_id, p.version) "
        "ORDER BY t.recorded_at, t.transaction_id OFFSET $1 LIMIT $2",
        skip,
        number,
    )
    if not len(written) == len(told) == len(posted) == number:
        raise RuntimeError(f"{number} receipts: {len(written)} rows, {len(told)} {len(posted)}")
    return [
        _batch(columns, *(rows[start : start + BATCH] for rows in (written, told, posted)))
        for start in range(0, number, BATCH)
    ]


def _batch(columns: Columns, written: Any, told: Any, posted: Any) -> Batch:
    account_ids, points, *rest = _transposed(written)
    found, place = {"outbox": _transposed([*told, *posted])}, 0
    for table in TABLES[:3]:
        found[table] = rest[place : place + len(columns[table])]
        place += len(columns[table])
    return Batch(sorted(set(account_ids)), list(zip(account_ids, points, strict=True)), found)


def _transposed(rows: Any) -> list[list[Any]]:
    return list(map(list, zip(*rows, strict=True)))


def _names(alias: str, columns: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{alias}.{name}" for name, _ in columns)


class Poster:
    """Connections to one database, kept open over all trials: their plans stay warm."""

    def __init__(self, runner: asyncio.Runner, url: str, connections: int, posting: Posting):
        self._runner = runner
        self._posting = posting
        self._connections = [runner.run(asyncpg.connect(url)) for _ in range(connections)]

    def close(self) -> None:
        """Close them."""
        for connection in self._connections:
            self._runner.run(connection.close())

    def post(self, batches: list[Batch], meter_groups: Mapping[str, Sequence[int]]) -> Trial:
        """Post the batches, each connection taking the next."""
        meter, cpu_start = CpuMeter(meter_groups), time.process_time()
        gc.collect()
        gc.disable()
        try:
            seconds, waits = self._runner.run(self._post_all(batches))
        finally:
            gc.enable()
        used = {**meter.used_seconds(), "client": time.process_time() - cpu_start}
        receipts = sum(len(batch.moves) for batch in batches)
        waits.sort()
        return Trial(
            receipts,
            seconds,
            waits[len(waits) // 2],
            waits[min(len(waits) - 1, len(waits) * 99 // 100)],
            cpu_us={name: spent / receipts * 1e6 for name, spent in used.items()},
        )

    async def _post_all(self, batches: list[Batch]) -> tuple[float, list[float]]:
        left = iter(batches)
        waits_ms: list[float] = []

        async def work(connection: Any) -> None:
            for batch in left:
                began = time.perf_counter()
                await self._posting.post(connection, batch)
                waits_ms.append((time.perf_counter() - began) * 1e3)

        start = time.perf_counter()
        await asyncio.gather(*map(work, self._connections))
        return time.perf_counter() - start, waits_ms
