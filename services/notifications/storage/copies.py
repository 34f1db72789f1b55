"""Copies of malls and tier names: the newest told wins, whatever the order of arrival."""

import json
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.directory import Directory, Mall, TierScheme
from shared.db import driver


async def upsert_malls(session: AsyncSession, program_id: UUID, malls: Sequence[Mall]) -> None:
    """Keep each mall's highest revision. `malls` names a mall once, in id order."""
    connection = await driver(session)
    await connection.execute(
        """
        INSERT INTO mall (program_id, mall_id, name, time_zone, revision)
        SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::int[])
        ON CONFLICT (program_id, mall_id) DO UPDATE
        SET name = excluded.name, time_zone = excluded.time_zone, revision = excluded.revision
        WHERE excluded.revision > mall.revision
        """,
        program_id,
        [m.mall_id for m in malls],
        [m.name for m in malls],
        [m.time_zone for m in malls],
        [m.revision for m in malls],
    )


async def upsert_tier_scheme(session: AsyncSession, program_id: UUID, scheme: TierScheme) -> None:
    """Keep the scheme if it is newer than the one held."""
    connection = await driver(session)
    await connection.execute(
        """
        INSERT INTO tier_scheme (program_id, version, names) VALUES ($1, $2, $3::text::json)
        ON CONFLICT (program_id) DO UPDATE
        SET version = excluded.version, names = excluded.names
        WHERE excluded.version > tier_scheme.version
        """,
        program_id,
        scheme.version,
        json.dumps(dict(scheme.names)),
    )


async def get_directory(
    session: AsyncSession, program_id: UUID, member_ids: Sequence[UUID]
) -> Directory:
    """What the copies say now of these members, and of the whole programme's tiers and malls."""
    connection = await driver(session)
    members = await connection.fetch(
        """
        SELECT member_id, home_mall_id FROM member
        WHERE program_id = $1 AND member_id = ANY ($2::uuid[]) AND enrolled_at IS NOT NULL
        """,
        program_id,
        member_ids,
    )
    names = await connection.fetchval(
        "SELECT names::text FROM tier_scheme WHERE program_id = $1", program_id
    )
    malls = await connection.fetch(
        "SELECT mall_id, time_zone FROM mall WHERE program_id = $1 ORDER BY mall_id", program_id
    )
    return Directory(
        known_members=frozenset(row["member_id"] for row in members),
        home_malls={r["member_id"]: r["home_mall_id"] for r in members if r["home_mall_id"]},
        tier_names=json.loads(names) if names else {},
        time_zones={row["mall_id"]: row["time_zone"] for row in malls},
    )
