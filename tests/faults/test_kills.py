"""kill -9 of every part while receipts flow: nothing acknowledged is lost, nothing is doubled."""

import asyncio
import os
from collections.abc import Iterator
from itertools import cycle
from random import Random

import pytest

from tests.faults.books import campaign_on_food, check_books
from tests.faults.soak import Share
from tests.support.line import Line, module_line
from tests.support.traffic import Traffic

pytestmark = pytest.mark.xdist_group("line")
VICTIMS = (
    "points-api",
    "postgres",
    "points-consumer",
    "kafka",
    "points-relay",
    "membership",
    "campaigns",
    "notifications",
)
ROUNDS_AT_LENGTH = 5 * len(VICTIMS)


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    """The line, for all tests of this file one after the other."""
    with module_line(campaign_on_food) as opened:
        yield opened


async def kill_now_and_then(line: Line, victim: str, traffic: Traffic, kills: int) -> None:
    """Kill the victim each time another share of the traffic is through."""
    random = Random(traffic.seed)
    for number in range(kills):
        await traffic.reached((number + random.random()) / (kills + 1))
        if victim in {"postgres", "kafka"}:
            engine = line.postgres if victim == "postgres" else line.kafka
            await asyncio.to_thread(engine.kill)
            await asyncio.to_thread(engine.start)
        else:
            part = line.parts[victim]
            part.kill()
            part.start()
            await part.ready()


async def run_and_check(line: Line, victim: str, sales: int, kills: int) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}, victim {victim}", flush=True)
    traffic = Traffic(line, seed)
    # An import and an export must outlive those who work on them.
    with_files = victim in {"points-consumer", "postgres"}
    await traffic.run(
        8, sales, lambda t: kill_now_and_then(line, victim, t, kills), with_files=with_files
    )
    await check_books(line, traffic)


@pytest.mark.parametrize("victim", VICTIMS)
async def test_a_killed_part_loses_and_doubles_nothing(line: Line, victim: str) -> None:
    await run_and_check(line, victim, sales=10, kills=3)


@pytest.mark.soak
async def test_parts_are_killed_again_and_again(line: Line) -> None:
    share, victims = Share("kills"), cycle(VICTIMS)
    for number in range(ROUNDS_AT_LENGTH):
        print(f"run {number}: ", end="", flush=True)
        await run_and_check(line, next(victims), sales=60, kills=10)
        if share.is_over:
            return
