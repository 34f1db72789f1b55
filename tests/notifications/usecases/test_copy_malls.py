import pytest

from services.notifications.domain.errors import TimeZoneUnknown
from shared.db import driver, transaction
from tests.notifications.hearsay import Hearsay


async def test_the_highest_revision_stays_whatever_the_order(hearsay: Hearsay) -> None:
    first = hearsay.mall()
    second = first.model_copy(update={"revision": 2, "name": "East Gate"})
    third = first.model_copy(update={"revision": 3, "name": "East Plaza"})
    await hearsay.hear(second, first, second)
    await hearsay.hear(third, first)
    async with transaction(hearsay.engine) as session:
        rows = await (await driver(session)).fetch("SELECT name, revision FROM mall")
    assert [tuple(row) for row in rows] == [("East Plaza", 3)]


async def test_a_mall_in_no_known_time_zone_is_put_aside(hearsay: Hearsay) -> None:
    with pytest.raises(TimeZoneUnknown):
        await hearsay.hear(hearsay.mall("Mars/Base"))
