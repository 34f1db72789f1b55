"""The dry run found what was agreed: post it."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.errors import (
    CommittedByMaker,
    ImportInWrongState,
    ImportNotAgreed,
    ImportUnknown,
)
from services.points.storage.accounting.imports import lock_import, update_import


async def commit_import(
    session: AsyncSession,
    program_id: UUID,
    import_id: UUID,
    agreed: tuple[str, int, int],
    committed_by: str,
) -> None:
    """Have a job post the rows, once. `agreed` is hash, rows and points of the dry run.

    The same again changes nothing; not by who began it. Raises `CommittedByMaker`,
    `ImportUnknown`, `ImportNotAgreed`, `ImportInWrongState`.
    """
    found = await lock_import(session, program_id, import_id)
    if found is None:
        raise ImportUnknown("No such import.")
    if found.status not in ("checked", "committing", "done"):
        raise ImportInWrongState(
            "Only what a dry run found good is posted.", status_now=found.status
        )
    if agreed != (found.sha256, found.rows_told, found.points_told):
        raise ImportNotAgreed(
            "This is not what the dry run found.",
            sha256=found.sha256,
            rows=found.rows_told,
            points=found.points_told,
        )
    if committed_by == found.made_by:
        raise CommittedByMaker("Who began an import cannot commit it. Ask somebody else to.")
    if found.status == "checked":
        await update_import(session, found, status="committing", committed_by=committed_by)
