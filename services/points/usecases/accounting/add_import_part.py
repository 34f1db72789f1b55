"""A part of a file with opening balances has come."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.errors import (
    ImportInWrongState,
    ImportOfAnother,
    ImportUnknown,
)
from services.points.storage.accounting.imports import lock_import, upsert_part


async def add_import_part(
    session: AsyncSession,
    program_id: UUID,
    import_id: UUID,
    number: int,
    content: bytes,
    sent_by: str,
) -> None:
    """Keep it; the same number again replaces what was sent before.

    Raises `ImportUnknown`, `ImportOfAnother`, `ImportInWrongState` once the dry run has begun.
    """
    found = await lock_import(session, program_id, import_id)
    if found is None:
        raise ImportUnknown("No such import.")
    if sent_by != found.made_by:
        raise ImportOfAnother("Who began the import sends its parts. Begin one of your own.")
    if found.status != "uploading":
        raise ImportInWrongState("Parts come before the dry run.", status_now=found.status)
    await upsert_part(session, found, number, content)
