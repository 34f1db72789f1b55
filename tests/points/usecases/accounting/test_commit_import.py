"""A commit names what the dry run found, and happens once."""

from tests.points.importing import begin, lines_of, post, told_of, work_until_rest
from tests.points.mall import Mall
from tests.support.tokens import staff_headers


async def test_only_what_was_checked_and_agreed_is_committed_and_that_once(mall: Mall) -> None:
    member_id = await mall.enrol()
    content = lines_of(
        [{"reference": "a", "member_id": str(member_id), "points": 5, "earned_on": "2025-01-01"}]
    )
    agreed = told_of(content, rows=1, points=5)
    address = await begin(mall, content)
    early = await post(mall, f"{address}/commits", agreed)
    assert (early.status_code, early.json()["status_now"]) == (409, "uploading")
    await post(mall, f"{address}/checks", agreed)
    await work_until_rest(mall, address)
    other = await post(mall, f"{address}/commits", {**agreed, "points": 6})
    assert (other.status_code, other.json()["code"]) == (409, "import_not_agreed")
    own = staff_headers(mall.clock, mall.program_id, ["points.import"], subject="staff-1")
    alone = await mall.client.post(f"{address}/commits", json=agreed, headers=own)
    assert (alone.status_code, alone.json()["code"]) == (403, "committed_by_maker")
    for _ in range(2):
        assert (await post(mall, f"{address}/commits", agreed)).status_code == 202
    await work_until_rest(mall, address)
    assert (await post(mall, f"{address}/commits", agreed)).json()["status"] == "done"
    assert await mall.balance(member_id) == 5
