"""Campaigns: drafts, immutable versions, status."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.rules.errors import CampaignUnknown
from shared.db import driver

Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """`draft` is the next version's spec, None when there is nothing to publish."""

    campaign_id: UUID
    status: str
    live_version: int | None
    draft: Spec | None
    ended_at: datetime | None


async def insert_campaign(
    session: AsyncSession, program_id: UUID, now: datetime, campaign_id: UUID, spec: Spec, by: str
) -> None:
    """A new campaign, a draft."""
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO campaign (program_id, campaign_id, status, draft, created_at, created_by) "
        "VALUES ($1, $2, 'draft', $3, $4, $5)",
        program_id,
        campaign_id,
        json.dumps(spec, ensure_ascii=False),
        now,
        by,
    )


async def lock_campaign(session: AsyncSession, program_id: UUID, campaign_id: UUID) -> CampaignRow:
    """The campaign, locked against other changes of it. Raises `CampaignUnknown`."""
    connection = await driver(session)
    row = await connection.fetchrow(
        "SELECT campaign_id, status, live_version, draft, ended_at FROM campaign "
        "WHERE program_id = $1 AND campaign_id = $2 FOR UPDATE",
        program_id,
        campaign_id,
    )
    if row is None:
        raise CampaignUnknown("No campaign has this id.")
    draft = row["draft"]
    return CampaignRow(
        row["campaign_id"], row["status"], row["live_version"], draft, row["ended_at"]
    )


async def get_status(session: AsyncSession, program_id: UUID, campaign_id: UUID) -> str:
    """draft, live or ended. Raises `CampaignUnknown`."""
    connection = await driver(session)
    status = await connection.fetchval(
        "SELECT status FROM campaign WHERE program_id = $1 AND campaign_id = $2",
        program_id,
        campaign_id,
    )
    if status is None:
        raise CampaignUnknown("No campaign has this id.")
    return str(status)


async def set_draft(session: AsyncSession, program_id: UUID, campaign_id: UUID, spec: Spec) -> None:
    """Replace the draft of a locked campaign."""
    connection = await driver(session)
    await connection.execute(
        "UPDATE campaign SET draft = $3 WHERE program_id = $1 AND campaign_id = $2",
        program_id,
        campaign_id,
        json.dumps(spec, ensure_ascii=False),
    )


async def get_spec(
    session: AsyncSession, program_id: UUID, campaign_id: UUID, version: int
) -> Spec:
    """The spec of a published version."""
    connection = await driver(session)
    spec: Spec = await connection.fetchval(
        "SELECT spec FROM campaign_version "
        "WHERE program_id = $1 AND campaign_id = $2 AND version = $3",
        program_id,
        campaign_id,
        version,
    )
    return spec


async def insert_version(
    session: AsyncSession,
    program_id: UUID,
    now: datetime,
    campaign_id: UUID,
    version: int,
    spec: Spec,
    by: str,
) -> None:
    """Make the locked campaign's draft its version `version`, live from now on."""
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO campaign_version (program_id, campaign_id, version, spec, published_at, "
        "published_by) VALUES ($1, $2, $3, $4, $5, $6)",
        program_id,
        campaign_id,
        version,
        json.dumps(spec, ensure_ascii=False),
        now,
        by,
    )
    await connection.execute(
        "UPDATE campaign SET status = 'live', live_version = $3, draft = NULL "
        "WHERE program_id = $1 AND campaign_id = $2",
        program_id,
        campaign_id,
        version,
    )


async def end_locked_campaign(
    session: AsyncSession, program_id: UUID, now: datetime, campaign_id: UUID
) -> None:
    """End a locked live campaign; a draft that waits is dropped."""
    connection = await driver(session)
    await connection.execute(
        "UPDATE campaign SET status = 'ended', ended_at = $3, draft = NULL "
        "WHERE program_id = $1 AND campaign_id = $2",
        program_id,
        campaign_id,
        now,
    )
