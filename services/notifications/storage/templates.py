"""Templates: immutable versions and the head that says which is in force."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.causes import CauseKind
from services.notifications.domain.dispatch import Templates
from services.notifications.domain.wording import Wording
from shared.db import driver


async def list_versions_in_force(
    session: AsyncSession, program_id: UUID
) -> Mapping[tuple[str, str], int]:
    """By cause and locale; one that is absent is at version 0."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT cause, locale, version FROM template_head WHERE program_id = $1", program_id
    )
    return {(row["cause"], row["locale"]): row["version"] for row in rows}


async def lock_head(session: AsyncSession, program_id: UUID, kind: CauseKind, locale: str) -> int:
    """The version in force, locked; the row is made at version 0 when it lacks."""
    connection = await driver(session)
    await connection.execute(
        """
        INSERT INTO template_head (program_id, cause, locale, version) VALUES ($1, $2, $3, 0)
        ON CONFLICT DO NOTHING
        """,
        program_id,
        kind.value,
        locale,
    )
    version = await connection.fetchval(
        """
        SELECT version FROM template_head
        WHERE program_id = $1 AND cause = $2 AND locale = $3 FOR NO KEY UPDATE
        """,
        program_id,
        kind.value,
        locale,
    )
    return int(version)


async def find_template(
    session: AsyncSession, program_id: UUID, kind: CauseKind, locale: str, version: int
) -> Wording | None:
    """The words of a version that staff wrote."""
    found = await find_templates(session, program_id, [(kind, locale, version)])
    return found.get((kind, locale, version))


async def find_templates(
    session: AsyncSession, program_id: UUID, wanted: Iterable[tuple[CauseKind, str, int]]
) -> Templates:
    """Those of the wanted versions that staff wrote; version 0 is not a row."""
    keys = sorted({key for key in wanted if key[2] > 0})
    if not keys:
        return {}
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT t.cause, t.locale, t.version, t.title, t.body
        FROM unnest($2::text[], $3::text[], $4::int[]) AS w (cause, locale, version)
        JOIN template t ON t.program_id = $1 AND t.cause = w.cause
            AND t.locale = w.locale AND t.version = w.version
        """,
        program_id,
        [kind.value for kind, _, _ in keys],
        [locale for _, locale, _ in keys],
        [version for _, _, version in keys],
    )
    return {
        (CauseKind(row["cause"]), row["locale"], row["version"]): Wording(row["title"], row["body"])
        for row in rows
    }


async def insert_template(
    session: AsyncSession,
    program_id: UUID,
    key: tuple[CauseKind, str, int],
    wording: Wording,
    created_at: datetime,
    created_by: str,
) -> None:
    """Write a version and put it in force, under the head's lock."""
    kind, locale, version = key
    connection = await driver(session)
    await connection.execute(
        """
        INSERT INTO template
            (program_id, cause, locale, version, title, body, created_at, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        program_id,
        kind.value,
        locale,
        version,
        wording.title,
        wording.body,
        created_at,
        created_by,
    )
    await connection.execute(
        """
        UPDATE template_head SET version = $4
        WHERE program_id = $1 AND cause = $2 AND locale = $3
        """,
        program_id,
        kind.value,
        locale,
        version,
    )
