"""Waits until everything that was said has been heard, and whatever it led to is done."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

import asyncpg
from aiokafka.errors import KafkaError

from demo.lag import KafkaView, open_kafka_view
from demo.stack import DemoProblem, Stack

POLL_SECONDS = 0.25
AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,  # It starts or ends just now.
    asyncpg.InterfaceError,
    KafkaError,
)
Databases = Mapping[str, asyncpg.Connection]
Stuck = Mapping[str, Sequence[UUID]]

# What each service still has to do, by SQL; the outbox's highest id tells that it said more.
_OUTBOX = "SELECT count(*) FROM outbox_batch WHERE published_at IS NULL"
_SAID = "SELECT coalesce(max(id), 0) FROM outbox"
_PARKED = "SELECT count(*) FROM dead_letter WHERE resolved_at IS NULL"
_OPEN: Mapping[str, str] = {
    "receipts that wait": "SELECT count(*) FROM pos_transaction "
    "WHERE status IN ('waiting_member', 'waiting_sale', 'awaited') "
    "AND transaction_id <> ALL ($1::uuid[])",
    "campaigns to score anew": "SELECT count(*) FROM rescore WHERE done_at IS NULL",
    "messages to send": "SELECT count(*) FROM message WHERE state IN ('planned', 'sending') "
    "OR state = 'waiting_member' AND message_id <> ALL ($1::uuid[])",
}
# What may wait for ever for a member or a sale that nobody tells of: its ids.
_STUCK: Mapping[str, str] = {
    "receipts that wait": "SELECT transaction_id FROM pos_transaction "
    "WHERE status IN ('waiting_member', 'waiting_sale', 'awaited')",
    "messages to send": "SELECT message_id FROM message WHERE state = 'waiting_member'",
}
_OPEN_IN = {
    "points": "receipts that wait",
    "campaigns": "campaigns to score anew",
    "notifications": "messages to send",
}


async def read_stuck(stack: Stack, seconds_max: float, tell: Callable[[str], None]) -> Stuck:
    """What waits for members or sales now, by what it is: of it `drain` need not see the end.

    A part that is away is waited for. Raises DemoProblem after `seconds_max`.
    """
    began = time.monotonic()
    while True:
        try:
            async with open_databases(stack) as databases:
                return await stuck_in(databases)
        except AWAY as error:
            await _wait(f"a part that is away: {error!r}", began, seconds_max, tell)


async def stuck_in(databases: Databases) -> Stuck:
    """The same, asked of the databases."""
    found = {}
    for name, what in _OPEN_IN.items():
        if what in _STUCK:
            found[what] = [row[0] for row in await databases[name].fetch(_STUCK[what])]
    return found


async def count_open(databases: Databases, stuck: Stuck) -> dict[str, int]:
    """What the services still have to do by themselves, without what is stuck."""
    left = {}
    for name, what in _OPEN_IN.items():
        ids = [stuck.get(what, [])] if what in _STUCK else []
        left[what] = int(await databases[name].fetchval(_OPEN[what], *ids))
    return left


async def drain(
    stack: Stack, seconds_max: float, tell: Callable[[str], None], stuck: Stuck
) -> float:
    """Seconds until nothing is left to do but what was `stuck` before; tells what it waits for.

    Raises DemoProblem after `seconds_max`, or at once when an event was put aside. A look counts
    only if no service said anything while it took place; a part that is away is waited for.
    """
    began = time.monotonic()
    while True:
        try:
            async with open_databases(stack) as databases, open_kafka_view(stack.kafka) as kafka:
                while left := await _look(databases, kafka, stuck):
                    await _wait(describe(left), began, seconds_max, tell)
            return time.monotonic() - began
        except AWAY as error:
            await _wait(f"a part that is away: {error!r}", began, seconds_max, tell)


async def _wait(what: str, began: float, seconds_max: float, tell: Callable[[str], None]) -> None:
    tell(f"waiting for {what}")
    if time.monotonic() - began > seconds_max:
        raise DemoProblem(f"not done after {seconds_max:.0f} s: {what}")
    await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def open_databases(stack: Stack) -> AsyncIterator[Databases]:
    """A connection to each service's database, to look into."""
    async with AsyncExitStack() as closing:
        databases = {}
        for name, url in stack.databases.items():
            databases[name] = await asyncpg.connect(url)
            closing.push_async_callback(databases[name].close)
        yield databases


def describe(left: Mapping[str, int]) -> str:
    """What is left, in words; most first."""
    ordered = sorted(left.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count:,} {what}" for what, count in ordered)


async def _look(databases: Databases, kafka: KafkaView, stuck: Stuck) -> dict[str, int]:
    said = await _each(databases, _SAID)
    parked = await _each(databases, _PARKED)
    if any(parked.values()):
        raise DemoProblem(f"events were put aside, see /internal/dead-letters: {parked}")
    left = {
        f"events of {name} to publish": n for name, n in (await _each(databases, _OUTBOX)).items()
    }
    left |= await count_open(databases, stuck)
    for group, behind in (await kafka.lags(tuple(databases))).items():
        if behind is None:
            left[f"consumer of {group} that is not there"] = 1
        else:
            left[f"events for {group} to hear"] = behind
    if not any(left.values()) and said != await _each(databases, _SAID):
        left["service that just said something"] = 1
    return {what: count for what, count in left.items() if count}


async def _each(databases: Databases, query: str) -> dict[str, int]:
    return {name: int(await one.fetchval(query)) for name, one in databases.items()}
