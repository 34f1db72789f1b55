"""All parts of an import have come: have a job read them, without posting anything."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.errors import (
    ImportHashDiffers,
    ImportInWrongState,
    ImportOfAnother,
    ImportPartMissing,
    ImportUnknown,
)
from services.points.domain.accounting.import_refusals import FIGURES_DIFFER
from services.points.storage.accounting.import_rows import delete_rows
from services.points.storage.accounting.imports import (
    Import,
    hash_parts,
    list_part_numbers,
    lock_import,
    update_import,
)


async def check_import(
    session: AsyncSession,
    program_id: UUID,
    import_id: UUID,
    told: tuple[str, int, int],
    sent_by: str,
) -> None:
    """Begin the dry run, which must find what was `told`: hash of the parts, rows, points.

    The same again changes nothing; other figures are taken where those of before were found wrong.
    Raises `ImportUnknown`, `ImportOfAnother`, `ImportPartMissing`, `ImportHashDiffers`,
    `ImportInWrongState`.
    """
    found = await lock_import(session, program_id, import_id)
    if found is None:
        raise ImportUnknown("No such import.")
    if sent_by != found.made_by:
        raise ImportOfAnother("Who began the import has it checked. Begin one of your own.")
    if told == (found.sha256, found.rows_told, found.points_told):
        return
    if found.status != "uploading" and found.why_refused not in FIGURES_DIFFER:
        raise ImportInWrongState(
            "The dry run has begun with other figures. Begin another import to tell others.",
            status_now=found.status,
        )
    await _check_parts(session, found, told[0])
    await delete_rows(session, found)
    await update_import(
        session,
        found,
        status="checking",
        why_refused=None,
        sha256=told[0],
        rows_told=told[1],
        points_told=told[2],
        rows_read=0,
        rows_bad=0,
        points_read=0,
        totals=None,
        part_number=1,
        part_line=0,
    )


async def _check_parts(session: AsyncSession, found: Import, sha256: str) -> None:
    """A slip in the hash is told at once and changes nothing: the right one may follow."""
    numbers = await list_part_numbers(session, found)
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        raise ImportPartMissing("Send parts 1, 2, 3 and so on.", parts=numbers)
    came = await hash_parts(session, found)
    if came != sha256:
        raise ImportHashDiffers(
            "The parts that came have another SHA-256 than was told.",
            sha256_told=sha256,
            sha256_of_parts=came,
            parts=len(numbers),
        )
