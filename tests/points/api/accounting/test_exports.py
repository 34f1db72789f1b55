"""Files over HTTP: asked for, looked at, fetched; and who may."""

from typing import Any

import pytest

from shared.ids import new_id
from tests.points.exporting import (
    ask_ledger,
    read_file,
    rows_of,
    write_until_ready,
)
from tests.points.mall import Mall
from tests.support.tokens import member_headers, staff_headers


async def test_a_member_gets_the_file_of_their_own_statement_in_sentences(mall: Mall) -> None:
    member_id, stranger = await mall.enrol(), await mall.enrol()
    await mall.sold(10_000, member_id=member_id)
    await mall.sold(90_000, member_id=stranger)
    headers = member_headers(mall.clock, mall.program_id, member_id)
    answer = await mall.client.post(
        f"/v1/members/{member_id}/statement-exports", json={}, headers=headers
    )
    assert (answer.status_code, answer.json()["status"]) == (202, "open")
    address = answer.headers["location"]
    early = await mall.client.get(f"{address}/file", headers=headers)
    assert (early.status_code, early.json()["code"]) == (409, "export_not_ready")
    await write_until_ready(mall, address)
    [row] = rows_of(await read_file(mall, address, member_id))
    assert (row["points"], row["balance_after"], row["wallet"]) == ("100", "100", "points")
    assert "100" in row["zh-CN"]
    assert "100" in row["en"]
    assert (await mall.get(address, stranger)).json()["code"] == "export_unknown"
    refused = await mall.client.post(
        f"/v1/members/{stranger}/statement-exports", json={}, headers=headers
    )
    assert refused.status_code == 404


async def test_the_file_comes_with_its_name_length_and_hash(mall: Mall) -> None:
    await mall.sold(1_000, member_id=await mall.enrol())
    address = await ask_ledger(mall)
    told = await write_until_ready(mall, address)
    answer = await mall.get(f"{address}/file")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["etag"] == f'"{told["sha256"]}"'
    assert int(answer.headers["content-length"]) == told["bytes"] == len(answer.content)
    assert f"ledger-{told['export_id']}.csv" in answer.headers["content-disposition"]


async def test_a_note_that_is_a_formula_is_text_in_the_file(mall: Mall) -> None:
    member_id = await mall.enrol()
    await mall.client.post(
        f"/v1/members/{member_id}/adjustments",
        json={"points": 5, "reason_code": "x", "note": "=HYPERLINK(1)", "evidence": "+1"},
        headers={**mall.staff(), "Idempotency-Key": "k"},
    )
    address = await ask_ledger(mall)
    await write_until_ready(mall, address)
    [row] = rows_of(await read_file(mall, address))
    assert all(not cell.startswith(("=", "+", "-", "@")) for cell in row.values())
    assert "=HYPERLINK" in row["reason"]


async def test_only_finance_of_the_whole_programme_exports_the_ledger(mall: Mall) -> None:
    one_mall = staff_headers(mall.clock, mall.program_id, ("admin",), mall_ids=[mall.mall_id])
    member = member_headers(mall.clock, mall.program_id, await mall.enrol())
    for headers in (mall.staff("points.read"), one_mall, member):
        answer = await mall.client.post("/v1/exports", json={}, headers=headers)
        assert answer.status_code == 403
    address = await ask_ledger(mall)
    answer = await mall.client.get(address, headers=mall.staff("points.read"))
    assert answer.status_code == 403
    await write_until_ready(mall, address)


@pytest.mark.parametrize(
    "body",
    [
        {"from_at": "2026-03-02T00:00:00Z", "until_at": "2026-03-01T00:00:00Z"},
        {"from_at": "2026-03-02"},
        {"from_at": 5},
        {"surprise": 1},
    ],
    ids=str,
)
async def test_bounds_that_make_no_sense_are_refused(mall: Mall, body: dict[str, Any]) -> None:
    answer = await mall.client.post("/v1/exports", json=body, headers=mall.staff())
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_what_is_not_there_is_404(mall: Mall) -> None:
    for path in (f"/v1/exports/{new_id()}", f"/v1/exports/{new_id()}/file"):
        answer = await mall.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "export_unknown")
