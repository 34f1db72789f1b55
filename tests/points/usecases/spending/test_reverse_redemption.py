"""Payments undone: also when the member's account was merged into another meanwhile."""

from tests.points.mall import Mall
from tests.points.spending import capture, dated_lots, held, member_with, reverse


async def test_points_come_back_to_the_account_that_the_members_was_merged_into(
    mall: Mall,
) -> None:
    member_id, survivor = await member_with(mall, 100), await member_with(mall, 10)
    paid = (await capture(mall, await held(mall, member_id, 40))).json()
    merged = await mall.client.post(
        "/v1/merges",
        json={
            "merged_member_id": str(member_id),
            "survivor_member_id": str(survivor),
            "reason_code": "duplicate",
            "note": "same phone",
        },
        headers={**mall.staff(), "Idempotency-Key": "m"},
    )
    assert merged.status_code == 201, merged.text
    undone = (await reverse(mall, paid["redemption_id"])).json()
    assert (undone["points"], undone["member_id"]) == (40, str(survivor))
    assert sum(points for points, _ in await dated_lots(mall, survivor)) == 110
    assert await mall.balance(survivor) == 110


async def test_a_key_is_of_its_redemption_only(mall: Mall) -> None:
    member_id = await member_with(mall, 100)
    for _ in range(2):
        paid = (await capture(mall, await held(mall, member_id, 10))).json()
        answer = await reverse(mall, paid["redemption_id"], idempotency_key="void")
        assert (answer.status_code, answer.json()["balance"]) == (201, 100)
