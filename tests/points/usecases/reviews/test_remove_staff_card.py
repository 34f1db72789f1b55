"""A card that is taken away leaves its trace."""

from typing import Any

from tests.points.mall import Mall


async def test_whose_card_it_was_and_who_said_so_is_kept(mall: Mall) -> None:
    one, two = await mall.enrol(), await mall.enrol()
    path, seen = f"/v1/shops/{mall.shop_id}/staff-cards/C7", []
    for member_id in (one, two):
        await mall.client.put(path, json={"member_id": str(member_id)}, headers=mall.staff())
        mall.clock.advance(hours=1)
    await mall.client.delete(path, headers=mall.staff())
    await mall.client.put(f"{path}8", json={"member_id": str(one)}, headers=mall.staff())
    query: dict[str, Any] = {}
    while True:
        page = (await mall.get(f"{path}/changes", limit=2, **query)).json()
        seen += [(row["member_id"], row["recorded_by"]) for row in page["changes"]]
        if page["next_before"] is None:
            break
        query = {"before": page["next_before"]}
    assert seen == [(None, "staff-1"), (str(two), "staff-1"), (str(one), "staff-1")]
