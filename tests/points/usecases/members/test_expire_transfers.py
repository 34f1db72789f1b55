"""Offers end by the clock."""

from datetime import datetime

from tests.points.mall import Mall
from tests.points.members import LOTS, earned, offered


async def test_an_offer_ends_when_the_first_of_its_points_end(mall: Mall) -> None:
    giver, receiver = await earned(mall, 10_000, 10_000), await mall.enrol()
    mall.clock.advance(days=27)
    [(_, first_end, *_), _] = await mall.rows(LOTS, m=giver)
    transfer_id = await offered(mall, giver, receiver, 150)
    shown = await mall.get(f"/v1/members/{receiver}/transfers/{transfer_id}", receiver)
    assert datetime.fromisoformat(shown.json()["accept_until"]) == first_end
