"""Opening balances sent and worked, as staff and the job do it."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import httpx

from services.points.usecases.accounting.work_import import work_import
from shared.db import transaction
from tests.points.mall import Mall
from tests.support.tokens import staff_headers

IMPORTS = "/v1/imports"


async def begin(mall: Mall, *parts: bytes, file_format: str = "jsonl") -> str:
    """An import with these parts. Returns its address."""
    headers = mall.staff("points.import")
    answer = await mall.client.post(IMPORTS, json={"file_format": file_format}, headers=headers)
    assert answer.status_code == 201, answer.text
    address = f"{IMPORTS}/{answer.json()['import_id']}"
    for number, part in enumerate(parts, 1):
        answer = await put_part(mall, address, part, number)
        assert answer.status_code == 200, answer.text
    return address


async def put_part(mall: Mall, address: str, content: bytes, number: int = 1) -> httpx.Response:
    """A part as a file."""
    return await mall.client.put(
        f"{address}/parts/{number}",
        content=content,
        headers={**mall.staff("points.import"), "Content-Type": "text/csv; charset=utf-8"},
    )


def told_of(*parts: bytes, rows: int, points: int) -> dict[str, Any]:
    """What the sender says of the file."""
    return {"sha256": hashlib.sha256(b"".join(parts)).hexdigest(), "rows": rows, "points": points}


def row(member_id: object, reference: str, points: int, **fields: Any) -> dict[str, Any]:
    """A row of a file."""
    return {
        "reference": reference,
        "member_id": str(member_id),
        "points": points,
        "earned_on": "2025-06-30",
        **fields,
    }


def lines_of(rows: Sequence[dict[str, Any]]) -> bytes:
    """JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


async def post(mall: Mall, address: str, body: dict[str, Any]) -> httpx.Response:
    """Check as who began it, or commit as somebody else."""
    who = "staff-2" if address.endswith("/commits") else "staff-1"
    headers = staff_headers(mall.clock, mall.program_id, ["points.import"], subject=who)
    return await mall.client.post(address, json=body, headers=headers)


async def work_step(mall: Mall, lines_max: int = 5_000, rows_max: int = 1_000) -> int:
    """One step of the job."""
    async with transaction(mall.engine) as session:
        return await work_import(session, mall.clock(), lines_max, rows_max)


async def work_until_rest(mall: Mall, address: str, at_once: int = 1_000) -> Any:
    """The job's steps until the import rests. Returns what is told of it."""
    for _ in range(500):
        told = (await mall.get(address)).json()
        if told["status"] not in ("checking", "committing"):
            return told
        await work_step(mall, at_once, at_once)
    raise AssertionError(told)


async def bring_in(mall: Mall, rows: Sequence[dict[str, Any]], at_once: int = 1_000) -> Any:
    """Send, check and commit these rows. Returns what is told in the end."""
    content = lines_of(rows)
    agreed = told_of(content, rows=len(rows), points=sum(row["points"] for row in rows))
    address = await begin(mall, content)
    assert (await post(mall, f"{address}/checks", agreed)).status_code == 202
    checked = await work_until_rest(mall, address, at_once)
    assert checked["status"] == "checked", checked
    assert (await post(mall, f"{address}/commits", agreed)).status_code == 202
    return await work_until_rest(mall, address, at_once)
