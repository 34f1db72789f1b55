"""How many a pool may have."""

from tests.points.mall import Mall
from tests.points.members import act_in_pool, join_pool, opened_pool


async def test_a_pool_has_so_many_members_and_no_more(mall: Mall) -> None:
    owner = await mall.enrol()
    pool_id = await opened_pool(mall, owner)
    for _ in range(7):
        await join_pool(mall, pool_id, owner, await mall.enrol())
    ninth = await mall.enrol()
    refused = await act_in_pool(mall, pool_id, "invitations", owner, member_id=str(ninth))
    assert (refused.status_code, refused.json()["code"]) == (409, "pool_full")
