"""Templates as staff see them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.causes import CauseKind
from services.notifications.domain.default_templates import DEFAULTS
from shared.db import driver


async def list_templates_in_force(
    session: AsyncSession, program_id: UUID
) -> Sequence[Mapping[str, Any]]:
    """One row for each cause and locale: what staff wrote last, or the words of the code."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT t.cause, t.locale, t.version, t.title, t.body, t.created_at, t.created_by
        FROM template_head h JOIN template t USING (program_id, cause, locale, version)
        WHERE h.program_id = $1
        """,
        program_id,
    )
    written = {(row["cause"], row["locale"]): dict(row) for row in rows}
    return [
        written.get((kind.value, locale)) or default_row(kind, locale) for kind, locale in DEFAULTS
    ]


async def list_template_versions(
    session: AsyncSession,
    program_id: UUID,
    kind: CauseKind,
    locale: str,
    *,
    before: int | None,
    count_max: int,
) -> Sequence[Mapping[str, Any]]:
    """Versions below `before`, newest first; the last is version 0."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT cause, locale, version, title, body, created_at, created_by FROM template
        WHERE program_id = $1 AND cause = $2 AND locale = $3
          AND ($4::int IS NULL OR version < $4)
        ORDER BY version DESC LIMIT $5
        """,
        program_id,
        kind.value,
        locale,
        before,
        count_max,
    )
    found = [dict(row) for row in rows]
    if len(found) < count_max and (before is None or before > 0):
        found.append(default_row(kind, locale))
    return found


async def find_template_version(
    session: AsyncSession, program_id: UUID, kind: CauseKind, locale: str, version: int | None
) -> Mapping[str, Any] | None:
    """The version, or the one in force when None is asked for."""
    before = None if version is None else version + 1
    rows = await list_template_versions(
        session, program_id, kind, locale, before=before, count_max=1
    )
    found = rows[0]
    return found if version is None or found["version"] == version else None


def default_row(kind: CauseKind, locale: str) -> dict[str, Any]:
    """Version 0 in the shape of a row: nobody wrote it."""
    wording = DEFAULTS[kind, locale]
    return {
        "cause": kind.value,
        "locale": locale,
        "version": 0,
        "title": wording.title,
        "body": wording.body,
        "created_at": None,
        "created_by": None,
    }
