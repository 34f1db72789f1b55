"""All parts of an import have come: have a job read them, without posting anything."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.errors import (
    ImportInWrongState,
    ImportPartMissing,
    ImportUnknown,
)
from services.points.storage.accounting.imports import list_part_numbers, lock_import, update_import


async def check_import(
    session: AsyncSession, program_id: UUID, import_id: UUID, sha256: str, rows: int, points: int
) -> None:
    """Begin the dry run, which must find what the sender says: hash of the parts, rows, points.

    The same again changes nothing. Raises `ImportUnknown`, `ImportPartMissing`,
    `ImportInWrongState`.
    """
    found = await lock_import(session, program_id, import_id)
    if found is None:
        raise ImportUnknown("No such import.")
    told = (found.sha256, found.rows_told, found.points_told)
    if found.status != "uploading":
        if told != (sha256, rows, points):
            raise ImportInWrongState("The dry run has begun already.", status_now=found.status)
        return
    numbers = await list_part_numbers(session, found)
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        raise ImportPartMissing("Send parts 1, 2, 3 and so on.", parts=numbers)
    await update_import(
        session,
        found,
        status="checking",
        sha256=sha256,
        rows_told=rows,
        points_told=points,
        part_number=1,
    )
