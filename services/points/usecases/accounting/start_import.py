"""Staff begin to bring in opening balances."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.storage.accounting.imports import insert_import


async def start_import(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    import_id: UUID,
    file_format: str,
    made_by: str,
) -> None:
    """Make an empty import of `csv` or `jsonl`."""
    await insert_import(session, program_id, import_id, file_format, made_by, now)
