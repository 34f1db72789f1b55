"""The dry run begins once, with all parts there."""

import pytest

from tests.points.importing import begin, lines_of, post, put_part, row, told_of, work_until_rest
from tests.points.mall import Mall

AGREED = told_of(b"{}\n", rows=1, points=1)


async def test_parts_must_be_there_without_gaps(mall: Mall) -> None:
    address = await begin(mall)
    answer = await post(mall, f"{address}/checks", AGREED)
    assert (answer.status_code, answer.json()["code"]) == (422, "import_part_missing")
    await put_part(mall, address, b"{}\n", 2)
    answer = await post(mall, f"{address}/checks", AGREED)
    assert answer.json()["parts"] == [2]


async def test_the_same_again_changes_nothing_and_other_figures_are_refused(mall: Mall) -> None:
    address = await begin(mall, b"{}\n")
    for _ in range(2):
        assert (await post(mall, f"{address}/checks", AGREED)).status_code == 202
    answer = await post(mall, f"{address}/checks", {**AGREED, "rows": 2})
    assert (answer.status_code, answer.json()["code"]) == (409, "import_in_wrong_state")
    await work_until_rest(mall, address)


async def test_a_slip_in_the_hash_is_refused_with_both_and_the_right_one_may_follow(
    mall: Mall,
) -> None:
    member_id = await mall.enrol()
    content = lines_of([row(member_id, "a", 5)])
    agreed = told_of(content, rows=1, points=5)
    address = await begin(mall, content)
    slip = {**agreed, "sha256": "0" * 64}
    refused = await post(mall, f"{address}/checks", slip)
    assert (refused.status_code, refused.json()["code"]) == (422, "import_hash_differs")
    assert refused.json()["sha256_told"] == slip["sha256"]
    assert refused.json()["sha256_of_parts"] == agreed["sha256"]
    assert (await mall.get(address)).json()["status"] == "uploading"
    await post(mall, f"{address}/checks", agreed)
    assert (await work_until_rest(mall, address))["status"] == "checked"
    refused = await post(mall, f"{address}/commits", slip)
    assert (refused.status_code, refused.json()["code"]) == (409, "import_not_agreed")
    assert refused.json()["sha256"] == agreed["sha256"]
    await post(mall, f"{address}/commits", agreed)
    assert (await work_until_rest(mall, address))["status"] == "done"
    assert await mall.balance(member_id) == 5


@pytest.mark.parametrize("slip", [{"rows": 3}, {"points": 11}])
async def test_rows_and_points_that_were_told_wrong_are_told_again_for_the_same_parts(
    mall: Mall, slip: dict[str, int]
) -> None:
    member_id = await mall.enrol()
    content = lines_of([row(member_id, "a", 5), row(member_id, "b", 5)])
    agreed = told_of(content, rows=2, points=10)
    address = await begin(mall, content)
    for _ in range(2):  # The same slip again changes nothing.
        assert (await post(mall, f"{address}/checks", {**agreed, **slip})).status_code == 202
        assert (await work_until_rest(mall, address))["status"] == "refused"
    assert (await put_part(mall, address, b"{}\n")).status_code == 409
    begun = await post(mall, f"{address}/checks", agreed)
    assert (begun.status_code, begun.json()["status"]) == (202, "checking")
    figures = ("rows_read", "rows_bad", "points_read", "totals")
    assert [begun.json()[name] for name in figures] == [0, 0, 0, None]
    told = await work_until_rest(mall, address)
    assert (told["status"], told["why_refused"], told["rows_read"]) == ("checked", None, 2)
    await post(mall, f"{address}/commits", agreed)
    assert (await work_until_rest(mall, address))["points_posted"] == 10


async def test_rows_that_are_wrong_are_not_made_good_by_other_figures(mall: Mall) -> None:
    address = await begin(mall, b"{}\n")
    await post(mall, f"{address}/checks", AGREED)
    assert (await work_until_rest(mall, address))["why_refused"] == "rows_are_wrong"
    answer = await post(mall, f"{address}/checks", {**AGREED, "points": 2})
    assert (answer.status_code, answer.json()["code"]) == (409, "import_in_wrong_state")
