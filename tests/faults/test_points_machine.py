"""A random life of some members, step by step against the naive books of `tests/points/naive.py`.

Receipts and other deeds, pending points, holds, payments and how they come back, offers, household
pools, stars, adjustments, freezes, merges, other ends, days and nights: the rules are in `life/`.
After each step balance, version, what is held, and every lot with its end and state must be what
the naive books say. `make soak` walks a million steps.
"""

import os
from collections.abc import Callable, Iterator

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.life.books import Books
from tests.faults.life.receipts import Receipts
from tests.faults.life.spending import Spending
from tests.faults.life.staff import Staff
from tests.faults.life.world import World, open_world
from tests.faults.soak import Share

STEPS, STEPS_AT_LENGTH = 10_000, 1_000_000
STEPS_A_LIFE, LIVES_A_SEED = 120, 20


class Life(Receipts, Spending, Staff):
    """Four members of a new programme, and all that can happen to them."""


@pytest.fixture
def world(worker_database: Callable[[str], str]) -> Iterator[World]:
    """Points behind its HTTP door; the books must hold in the end."""
    with open_world(worker_database("points")) as opened:
        yield opened


def live(world: World, steps: int, share: Share | None = None) -> None:
    """Lives, one after the other, until so many steps are done, or the time is over. Each prints
    its seed."""
    Books.world, Books.steps = world, 0
    while Books.steps < steps and not (share is not None and share.is_over):
        seed = int.from_bytes(os.urandom(4), "big")
        print(f"seed {seed}, {Books.steps} steps before it", flush=True)
        settings = hypothesis.settings(
            # A life has fewer steps than it may have: about so many are enough for the rest.
            max_examples=min(LIVES_A_SEED, (steps - Books.steps) // (STEPS_A_LIFE // 2) + 1),
            stateful_step_count=STEPS_A_LIFE,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # Making a failing life shorter takes many minutes.
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        )
        run_state_machine_as_test(hypothesis.seed(seed)(Life), settings=settings)


def test_ten_thousand_steps_end_in_the_same_books_as_the_naive_ones(world: World) -> None:
    live(world, STEPS)
    assert Books.steps >= STEPS


@pytest.mark.soak
def test_a_million_steps_end_in_the_same_books_as_the_naive_ones(world: World) -> None:
    share = Share("machine")
    live(world, STEPS_AT_LENGTH, share)
    print(f"{Books.steps} steps")
    assert Books.steps >= STEPS_AT_LENGTH or share.is_over
