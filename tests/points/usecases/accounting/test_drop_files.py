"""Files are dropped after some days; what they did stays told."""

from datetime import timedelta

from services.points.usecases.accounting.drop_files import drop_files
from shared.db import transaction
from tests.points.exporting import ask_ledger, write_until_ready
from tests.points.importing import begin, bring_in
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
