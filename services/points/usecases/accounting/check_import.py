"""All parts of an import have come: have a job read them, without posting anything."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.errors import (
    ImportInWrongState,
    ImportOfAnother,
    ImportPartMissing,
    ImportUnknown,
)
from services.points.storage.accounting.imports import list_part_numbers, lock_import, update_import


async def check_import(
    session: AsyncSession,
    program_id: UUID,
    import_id: UUID,
    told: tuple[str, int, int],
    sent_by: str,
) -> None:
    """Begin the dry run, which must find what was `told`: hash of the parts, rows, points.

    The same again changes nothing. Raises `ImportUnknown`, `ImportOfAnother`,
    `ImportPartMissing`, `ImportInWrongState`.
    """
    found = await lock_import(session, program_id, import_id)
    if found is None:
        raise ImportUnknown("No such import.")
    if sent_by != found.made_by:
        raise ImportOfAnother("Who began the import has it checked. Begin one of your own.")
    if found.status != "uploading":
        if told != (found.sha256, found.rows_told, found.points_told):
            raise ImportInWrongState(
                "The dry run has begun with other figures. Begin another import to tell others.",
                status_now=found.status,
            )
        return
    numbers = await list_part_numbers(session, found)
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        raise ImportPartMissing("Send parts 1, 2, 3 and so on.", parts=numbers)
    await update_import(
        session,
        found,
        status="checking",
        sha256=told[0],
        rows_told=told[1],
        points_told=told[2],
        part_number=1,
    )
