"""Files asked for and written, as the job does it."""

import csv
import io
from typing import Any
from uuid import UUID

from services.points.storage.accounting.exports import LEDGER, STATEMENT
from services.points.usecases.accounting.write_export import write_export
from shared.db import transaction
from tests.points.mall import Mall

EXPORTS = "/v1/exports"


async def ask_ledger(mall: Mall, **bounds: str) -> str:
    """Staff ask for the ledger. Returns the address of the export."""
    answer = await mall.client.post(EXPORTS, json=bounds, headers=mall.staff("points.finance"))
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"{EXPORTS}/{answer.json()['export_id']}"
    return str(answer.headers["location"])


async def write_step(mall: Mall, postings_max: int = 5_000) -> int:
    """One step of the jobs that write files."""
    async with transaction(mall.engine) as session:
        now = mall.clock()
        return await write_export(session, now, LEDGER, postings_max) or await write_export(
            session, now, STATEMENT, postings_max
        )


async def take_snapshot(mall: Mall) -> None:
    """The job's steps until what the mall asked for has its snapshot: others' files may be open."""
    waiting = "SELECT count(*) FROM export WHERE program_id = :p AND snapshot_at IS NULL"
    while await mall.count(waiting, p=mall.program_id):
        assert await write_step(mall) == 1


async def write_until_ready(mall: Mall, address: str, postings_max: int = 5_000) -> Any:
    """The job's steps until that file is ready. Returns what is told of it."""
    for _ in range(200):
        told = (await mall.get(address)).json()
        if told["status"] == "ready":
            return told
        await write_step(mall, postings_max)
    raise AssertionError(told)


async def read_file(mall: Mall, address: str, member_id: UUID | None = None) -> bytes:
    """The file, fetched."""
    answer = await mall.get(f"{address}/file", member_id)
    assert answer.status_code == 200, answer.text
    return answer.content


def rows_of(content: bytes) -> list[dict[str, str]]:
    """What a reader of CSV makes of it."""
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))
