"""Versions of a programme's tiers."""

import json
from dataclasses import asdict
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.tiers.errors import TierSchemeMissing
from services.membership.domain.tiers.tiers import Tier, TierScheme
from shared.db import driver


async def list_schemes(session: AsyncSession, program_id: UUID) -> list[TierScheme]:
    """All versions, oldest first."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT version, effective_from, window_days, validity_days, tiers "
        "FROM tier_scheme WHERE program_id = $1 ORDER BY version",
        program_id,
    )
    return [
        TierScheme(
            row["version"],
            row["effective_from"],
            row["window_days"],
            row["validity_days"],
            tuple(Tier(**tier) for tier in row["tiers"]),
        )
        for row in rows
    ]


async def get_schemes(session: AsyncSession, program_id: UUID) -> list[TierScheme]:
    """All versions, at least one. Raises `TierSchemeMissing`."""
    schemes = await list_schemes(session, program_id)
    if not schemes:
        raise TierSchemeMissing("The programme has no tiers yet: PUT /v1/tier-scheme first.")
    return schemes


async def insert_scheme(session: AsyncSession, program_id: UUID, scheme: TierScheme) -> None:
    """Add a version."""
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO tier_scheme (program_id, version, effective_from, window_days, "
        "validity_days, tiers) VALUES ($1, $2, $3, $4, $5, $6)",
        program_id,
        scheme.version,
        scheme.effective_from,
        scheme.window_days,
        scheme.validity_days,
        json.dumps([asdict(tier) for tier in scheme.tiers], ensure_ascii=False),
    )
