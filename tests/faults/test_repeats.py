"""Everything twice, everybody at once: repeats, two relays, a group that comes and goes."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from deploy.local.parts import run_tool
from tests.faults.books import campaign_on_food, check_books
from tests.support.line import Line, module_line
from tests.support.traffic import Traffic

pytestmark = pytest.mark.xdist_group("line")


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    """The line, for all tests of this file one after the other."""
    with module_line(campaign_on_food) as opened:
        yield opened


def new_traffic(line: Line) -> Traffic:
    """Traffic with a seed of its own, which is printed."""
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    return Traffic(line, seed)


async def test_every_event_delivered_one_to_five_times_counts_once(line: Line) -> None:
    traffic = new_traffic(line)

    async def tell_again(traffic: Traffic) -> None:
        random = Random(traffic.seed)
        for share in sorted(random.random() for _ in range(4)):
            await traffic.reached(share)
            since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
            for service in ("membership", "points", "campaigns"):
                run_tool(
                    f"services.{service}",
                    *("replay", "--since", since),
                    environment=line.environment(service, 1),
                )

    await traffic.run(8, 10, tell_again)
    await check_books(line, traffic)


async def test_of_two_relays_one_tells_and_the_other_takes_over(line: Line) -> None:
    traffic = new_traffic(line)
    second = line.add_part("points-relay#2")
    second.start()
    await second.ready()

    async def kill_in_turn(traffic: Traffic) -> None:
        for number, name in enumerate(("points-relay", "points-relay#2", "points-relay")):
            await traffic.reached((number + 1) / 5)
            line.parts[name].kill()
            line.parts[name].start()
            await line.parts[name].ready()

    await traffic.run(8, 10, kill_in_turn)
    await check_books(line, traffic)
    assert second.stop() == 0


async def test_a_group_whose_members_come_and_go_in_mid_batch_works_each_event_once(
    line: Line,
) -> None:
    traffic = new_traffic(line)
    second = line.add_part("points-consumer#2")

    async def come_and_go(traffic: Traffic) -> None:
        for number in range(3):
            await traffic.reached((number + 1) / 5)
            second.start()
            await second.ready()
            await traffic.reached((number + 1.7) / 5)
            if number % 2:
                second.kill()
            else:
                assert second.stop() == 0

    await traffic.run(8, 10, come_and_go)
    await check_books(line, traffic)
