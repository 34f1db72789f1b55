"""A random life of some members, step by step against the naive books of `tests/points/naive.py`.

Receipts, also held back, claimed or capped, tiers and other deeds, pending points, holds, payments
and how they come back, offers, household pools, stars, adjustments, opening balances, freezes,
merges, other ends, days and nights: the rules are in `life/`.
After each step balance, version, what is held, and every lot with its end and state must be what
the naive books say; in the end the invariants of all books must hold. `make soak` walks a million
steps, in as many processes as there are processors (`WALKERS=1` for one).
"""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.life.life import live
from tests.faults.life.world import World, open_world

ROOT = Path(__file__).parents[2]
STEPS, STEPS_AT_LENGTH = 10_000, 1_000_000
WALKERS_VARIABLE = "SOAK_WALKERS"


@pytest.fixture
def world(worker_database: Callable[[str], str]) -> Iterator[World]:
    """Points behind its HTTP door; the books must hold in the end."""
    with open_world(worker_database("points")) as opened:
        yield opened


def test_ten_thousand_steps_end_in_the_same_books_as_the_naive_ones(world: World) -> None:
    assert live(world, STEPS) >= STEPS


async def walk(url: str, name: str, steps: int) -> None:
    """A process of its own for so many steps; what it prints is seen."""
    command = [sys.executable, "-m", "tests.faults.life.walk", url, name, str(steps)]
    walker = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    try:
        assert await walker.wait() == 0, f"{name} found something: see what it printed"
    finally:
        if walker.returncode is None:
            walker.kill()
            await walker.wait()


@pytest.mark.soak
async def test_a_million_steps_end_in_the_same_books_as_the_naive_ones(
    make_database: Callable[[str], str],
) -> None:
    walkers = int(os.environ.get(WALKERS_VARIABLE) or os.cpu_count() or 1)
    async with asyncio.TaskGroup() as group:
        for number in range(walkers):
            url, name = make_database("points"), f"walker {number + 1} of {walkers}"
            group.create_task(walk(url, name, -(-STEPS_AT_LENGTH // walkers)))
