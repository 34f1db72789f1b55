"""A pool and who joins it."""

from tests.points.mall import Mall
from tests.points.members import act_in_pool, join_pool, opened_pool


async def test_a_pool_is_opened_once_and_its_members_join_by_invitation(mall: Mall) -> None:
    owner, member_id, stranger = [await mall.enrol() for _ in range(3)]
    pool_id = await opened_pool(mall, owner)
    again = await mall.post(f"/v1/members/{owner}/pools", {"name": "Wang family"}, owner, "pool")
    assert (again.status_code, again.json()["pool_id"]) == (200, pool_id)
    second = await mall.post(f"/v1/members/{owner}/pools", {"name": "Another"}, owner, "other")
    assert (second.status_code, second.json()["code"]) == (409, "member_in_pool")
    uninvited = await act_in_pool(mall, pool_id, "joining", stranger)
    assert (uninvited.status_code, uninvited.json()["code"]) == (404, "pool_unknown")
    await join_pool(mall, pool_id, owner, member_id)
    shown = (await mall.get(f"/v1/pools/{pool_id}", member_id)).json()
    assert [(m["member_id"], m["status"]) for m in shown["members"]] == [
        (str(owner), "joined"),
        (str(member_id), "joined"),
    ]
    assert (await mall.get(f"/v1/pools/{pool_id}", stranger)).status_code == 404
    for_others = await act_in_pool(mall, pool_id, "invitations", member_id, member_id=str(stranger))
    assert (for_others.status_code, for_others.json()["code"]) == (403, "pool_owner_only")
    own = await opened_pool(mall, stranger)
    await act_in_pool(mall, own, "invitations", stranger, member_id=str(member_id))
    taken = await act_in_pool(mall, own, "joining", member_id)
    assert (taken.status_code, taken.json()["code"]) == (409, "member_in_pool")
