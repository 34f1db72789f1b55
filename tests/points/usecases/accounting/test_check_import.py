"""The dry run begins once, with all parts there."""

from tests.points.importing import begin, post, put_part, told_of, work_until_rest
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
