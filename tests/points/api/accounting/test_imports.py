"""Imports over HTTP: who may, and what is refused before anything is read."""

from typing import Any

import pytest

from shared.ids import new_id
from tests.points.importing import IMPORTS, begin, post, put_part, told_of
from tests.points.mall import Mall
from tests.support.tokens import staff_headers

AGREED = told_of(b"{}\n", rows=1, points=1)


async def test_only_the_role_for_the_whole_programme_brings_balances_in(mall: Mall) -> None:
    address = await begin(mall)
    one_mall = staff_headers(mall.clock, mall.program_id, ("admin",), mall_ids=[mall.mall_id])
    for headers in (mall.staff("points.finance"), one_mall):
        asked = await mall.client.post(IMPORTS, json={"file_format": "csv"}, headers=headers)
        seen = await mall.client.get(address, headers=headers)
        assert (asked.status_code, seen.status_code) == (403, 403)


@pytest.mark.parametrize(
    "changes",
    [{"sha256": "x"}, {"rows": 0}, {"points": 0}, {"points": 1.5}, {"surprise": 1}],
    ids=str,
)
async def test_what_is_told_must_be_figures(mall: Mall, changes: dict[str, Any]) -> None:
    address = await begin(mall, b"{}\n")
    for step in ("checks", "commits"):
        answer = await post(mall, f"{address}/{step}", {**AGREED, **changes})
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_a_part_is_a_file_and_its_number_is_bounded(mall: Mall) -> None:
    address = await begin(mall)
    for number in (0, 1_001):
        assert (await put_part(mall, address, b"{}\n", number)).status_code == 422
    answer = await mall.client.put(
        f"{address}/parts/1", content=b"{}", headers={**mall.staff(), "Content-Type": "text/html"}
    )
    assert answer.status_code == 415


async def test_what_is_not_there_is_404(mall: Mall) -> None:
    address = f"{IMPORTS}/{new_id()}"
    answers = [
        await mall.get(address),
        await mall.get(f"{address}/errors"),
        await put_part(mall, address, b"{}\n"),
        await post(mall, f"{address}/checks", AGREED),
        await post(mall, f"{address}/commits", AGREED),
    ]
    assert {(a.status_code, a.json()["code"]) for a in answers} == {(404, "import_unknown")}
