"""Files are kept for some days: exports that were ready, imports that ended or were left."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.storage.accounting.exports import drop_exports
from services.points.storage.accounting.imports import drop_import_contents


async def drop_files(session: AsyncSession, now: datetime, kept: timedelta) -> int:
    """Drop what is older than `kept`. Returns how many files. What they did stays told."""
    return await drop_exports(session, now - kept) + await drop_import_contents(session, now - kept)
