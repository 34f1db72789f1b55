"""Receipts through the front door."""

from tests.points.mall import Mall


async def test_a_sale_becomes_points_in_the_answer(mall: Mall) -> None:
    member_id = await mall.enrol()
    answer = await mall.push(mall.sale(19_900, member_id=member_id))
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["result"], body["status"]) == ("accepted", "posted")
    assert (body["points"], body["balance"]) == (199, 199)
    assert await mall.balance(member_id) == 199
