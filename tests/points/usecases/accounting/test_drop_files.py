"""Files are dropped after some days; what they did stays told."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.points.storage.accounting.imports import lock_import
from services.points.usecases.accounting.drop_files import drop_files
from shared.db import transaction
from tests.points.exporting import ask_ledger, write_until_ready
from tests.points.importing import begin, bring_in, lines_of, post, told_of, work_until_rest
from tests.points.mall import Mall

ROW = {"reference": "a", "points": 5, "earned_on": "2025-01-01"}


async def drop(mall: Mall) -> int:
    async with transaction(mall.engine) as session:
        return await drop_files(session, mall.clock(), timedelta(days=7))


async def test_what_is_old_is_dropped_and_what_is_not_stays(damaged_mall: Mall) -> None:
    mall = damaged_mall
    member_id = await mall.enrol()
    imported = await bring_in(mall, [{**ROW, "member_id": str(member_id)}])
    address = await ask_ledger(mall)
    told = await write_until_ready(mall, address)
    left = await begin(mall, b"{}\n")
    mall.clock.advance(days=7)
    assert await drop(mall) == 0
    young = await ask_ledger(mall)
    await write_until_ready(mall, young)
    mall.clock.advance(seconds=1)
    assert [await drop(mall), await drop(mall)] == [3, 0]
    assert (await mall.get(f"{young}/file")).status_code == 200
    gone = await mall.get(f"{address}/file")
    assert (gone.status_code, gone.json()["code"]) == (404, "export_unknown")
    assert (await mall.get(address)).json() == {**told, "status": "dropped"}
    again = (await mall.get(f"/v1/imports/{imported['import_id']}")).json()
    assert again["rows_posted"] == 1
    assert (await mall.get(left)).json()["why_refused"] == "left_too_long"


@pytest.mark.parametrize(
    ("slip", "why"), [({"rows": 2}, "rows_differ"), ({"points": 6}, "points_differ")]
)
async def test_a_refused_import_whose_parts_were_dropped_says_that_another_must_be_begun(
    damaged_mall: Mall, slip: dict[str, int], why: str
) -> None:
    mall = damaged_mall
    content = lines_of([{**ROW, "member_id": str(await mall.enrol())}])
    agreed = told_of(content, rows=1, points=5)
    address = await begin(mall, content)
    await post(mall, f"{address}/checks", {**agreed, **slip})
    assert (await work_until_rest(mall, address))["why_refused"] == why
    mall.clock.advance(days=7, seconds=1)
    assert await drop(mall) == 1
    told = (await mall.get(address)).json()
    assert (told["status"], told["why_refused"]) == ("refused", "left_too_long")
    assert told["refusal"] == "Its parts were dropped. Begin another import."
    again = await post(mall, f"{address}/checks", agreed)
    assert (again.status_code, again.json()["code"]) == (409, "import_in_wrong_state")


async def test_an_import_with_wrong_rows_still_says_so_after_its_parts_were_dropped(
    damaged_mall: Mall,
) -> None:
    mall = damaged_mall
    address = await begin(mall, b"{}\n")
    await post(mall, f"{address}/checks", told_of(b"{}\n", rows=1, points=1))
    await work_until_rest(mall, address)
    mall.clock.advance(days=7, seconds=1)
    assert await drop(mall) == 1
    assert (await mall.get(address)).json()["why_refused"] == "rows_are_wrong"


async def test_an_import_that_somebody_works_on_keeps_its_parts(damaged_mall: Mall) -> None:
    mall = damaged_mall
    address = await begin(mall, b"{}\n")
    mall.clock.advance(days=7, seconds=1)
    async with transaction(mall.engine) as session:
        assert await lock_import(session, mall.program_id, UUID(address.split("/")[-1]))
        assert await drop(mall) == 0
    assert await drop(mall) == 1
