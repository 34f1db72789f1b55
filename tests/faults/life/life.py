"""The life of four members of a new programme; and many of them, one after the other."""

import os
import time

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.life.books import MEMBERS, Books
from tests.faults.life.days import HOURS, Days
from tests.faults.life.on_credit import OnCredit
from tests.faults.life.openings import Openings
from tests.faults.life.receipts import AMOUNTS, SALES
from tests.faults.life.reviews import Reviews
from tests.faults.life.tally import rule
from tests.faults.life.world import World
from tests.faults.soak import Share
from tests.points.naive_receipts import Sale

STEPS_A_LIFE, LIVES_A_SEED = 120, 100
# What a life has on the average: some end earlier, as no rule that it has can be followed.
_STEPS_USUAL = 95


class Life(Reviews, OnCredit, Openings, Days):
    """Four members of a new programme, and all that can happen to them."""

    @rule(target=SALES, member=MEMBERS, amount_minor=AMOUNTS, hours=HOURS)
    def buy_again_later(self, member: int, amount_minor: int, hours: int) -> Sale:
        """A member buys, and some hours later again: on another day, or not, of the mall or of
        Greenwich."""
        self.send_at_once(member, amount_minor)
        self.let_pass(hours)
        return self.send_at_once(member, amount_minor)


class EachAnew(HypothesisProvider):
    """Draws as Hypothesis does, and each life anew.

    Hypothesis itself walks every third life once more with a few steps exchanged, and some with the
    simplest step a hundred times over: of five steps one led to books that were not seen before.
    """


AVAILABLE_PROVIDERS["each_anew"] = EachAnew


def live(world: World, steps: int, share: Share | None = None, name: str = "machine") -> int:
    """Walk lives until so many steps are done, or the time is over; returns the steps done.

    Prints each `seed`, which stands for up to 100 lives, and how far it is.
    """
    Books.world, Books.steps = world, 0

    def walk() -> None:
        began = time.monotonic()
        while (missing := steps - Books.steps) > 0 and not (share is not None and share.is_over):
            rate = Books.steps / (time.monotonic() - began)
            told = f"{Books.steps} of {steps} steps, {rate:.0f}/s"
            _walk_a_seed(f"{name}: {told}", missing, share)

    world.run(walk)
    return Books.steps


def _walk_a_seed(told: str, steps_max: int, share: Share | None) -> None:
    seed, before = int.from_bytes(os.urandom(4), "big"), Books.steps
    print(f"{told}, seed {seed}", flush=True)
    # When the time is over no life begins any more; but each seed has one at least.
    Books.is_over = lambda: share is not None and share.is_over and Books.steps > before
    settings = hypothesis.settings(
        max_examples=min(LIVES_A_SEED, steps_max // _STEPS_USUAL + 1),
        stateful_step_count=STEPS_A_LIFE,
        backend="each_anew",
        deadline=None,
        database=None,
        phases=[Phase.generate],  # Making a failing life shorter takes many minutes.
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(hypothesis.seed(seed)(Life), settings=settings)
