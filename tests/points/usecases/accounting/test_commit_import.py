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


async def test_nobody_but_who_began_it_sends_parts_or_has_them_checked(mall: Mall) -> None:
    member_id = await mall.enrol()
    row = {"reference": "a", "member_id": str(member_id), "points": 5, "earned_on": "2025-01-01"}
    part = lines_of([row])
    address = await begin(mall, part)
    other = staff_headers(mall.clock, mall.program_id, ["points.import"], subject="staff-2")
    sent = await mall.client.put(
        f"{address}/parts/2", content=part, headers={**other, "Content-Type": "text/csv"}
    )
    told = told_of(part, rows=1, points=5)
    checked = await mall.client.post(f"{address}/checks", json=told, headers=other)
    for answer in (sent, checked):
        assert (answer.status_code, answer.json()["code"]) == (403, "import_of_another")
    assert (await post(mall, f"{address}/checks", told)).status_code == 202
