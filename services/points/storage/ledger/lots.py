"""Lots, as their rows say them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.lots import PENDING, LotTerms, OpenLot
from shared.db import driver

LOT_COLUMNS = """
l.account_id, l.version, l.remaining, coalesce(l.origin_id, p.source_id) AS source_id,
l.expires_at, l.mall_id, l.shop_id, l.campaign_id, l.funding, l.state, l.activates_at,
l.sliding_months, coalesce(l.earned_at, p.recorded_at) AS earned_at, l.frozen_case, l.origin_id
"""


async def load_open_lots(
    session: AsyncSession, program_id: UUID, account_ids: Sequence[UUID]
) -> list[tuple[UUID, OpenLot]]:
    """Open lots of locked accounts, with the account of each; those that end first come first."""
    connection = await driver(session)
    rows = await connection.fetch(
        f"""
        SELECT {LOT_COLUMNS} FROM lot l JOIN posting p USING (program_id, account_id, version)
        WHERE l.program_id = $1 AND l.account_id = ANY ($2::uuid[]) AND l.remaining > 0
        ORDER BY l.account_id, l.expires_at, l.version
        """,
        program_id,
        account_ids,
    )
    return [(row["account_id"], read_lot(row)) for row in rows]


def read_lot(row: Any) -> OpenLot:
    """A lot from a row with `LOT_COLUMNS`."""
    terms = read_terms(row, row["origin_id"])
    return OpenLot(row["version"], row["remaining"], row["source_id"], terms, row["frozen_case"])


def read_terms(row: Any, origin_id: UUID | None = None) -> LotTerms:
    """What a lot's own columns say of it; whose it was first is for the caller to know."""
    return LotTerms(
        row["expires_at"],
        row["mall_id"],
        row["shop_id"],
        row["campaign_id"],
        row["funding"],
        row["state"] == PENDING,
        row["activates_at"],
        row["sliding_months"],
        row["earned_at"],
        origin_id,
    )
