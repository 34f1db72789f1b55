"""What living rewards use of receipts, and rewards withheld."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.settlement import WithheldRow
from services.campaigns.domain.spending import Uses, Withheld
from shared.db import driver


class Usage(NamedTuple):
    """`amount_minor` of a receipt is used by a grant of `party` on `local_day`."""

    receipt_id: UUID
    family: str
    grant_id: UUID
    amount_minor: int
    party: UUID | None
    local_day: date


async def list_usage(
    session: AsyncSession, program_id: UUID, receipt_ids: Sequence[UUID]
) -> list[Usage]:
    """Every use of these receipts."""
    if not receipt_ids:
        return []
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT u.receipt_id, u.family, u.grant_id, u.amount_minor, g.member_id AS party, g.local_day
        FROM receipt_usage u JOIN reward_grant g
          ON g.program_id = u.program_id AND g.grant_id = u.grant_id
        WHERE u.program_id = $1 AND u.receipt_id = ANY ($2::uuid[])
        """,
        program_id,
        receipt_ids,
    )
    return [Usage(*row) for row in rows]


async def replace_usage(
    session: AsyncSession,
    program_id: UUID,
    ended: Sequence[UUID],
    uses: Mapping[tuple[UUID, str], Uses],
) -> None:
    """Drop what `ended` grants used; let each (grant, family) of `uses` use exactly that."""
    grant_ids = sorted({*ended, *(grant_id for grant_id, _ in uses)})
    if not grant_ids:
        return
    connection = await driver(session)
    await connection.execute(
        "DELETE FROM receipt_usage WHERE program_id = $1 AND grant_id = ANY ($2::uuid[])",
        program_id,
        grant_ids,
    )
    rows = [(r, f, g, a) for (g, f), parts in uses.items() for r, a in parts]
    if rows:
        await connection.execute(
            "INSERT INTO receipt_usage (program_id, receipt_id, family, grant_id, amount_minor) "
            "SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::bigint[])",
            program_id,
            *[list(column) for column in zip(*rows, strict=True)],
        )


async def list_withheld(
    session: AsyncSession, program_id: UUID, groups: Sequence[tuple[UUID, str]]
) -> dict[tuple[UUID, str], list[WithheldRow]]:
    """What is withheld from these (member, family) groups."""
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT member_id, family, campaign_id, unit_key, local_day, reason FROM reward_withheld
        WHERE program_id = $1 AND (member_id, family) IN (
            SELECT * FROM unnest($2::uuid[], $3::text[]))
        """,
        program_id,
        [member_id for member_id, _ in groups],
        [family for _, family in groups],
    )
    found: dict[tuple[UUID, str], list[WithheldRow]] = {}
    for row in rows:
        found.setdefault((row["member_id"], row["family"]), []).append(
            WithheldRow(row["campaign_id"], row["unit_key"], row["local_day"], row["reason"])
        )
    return found


async def replace_withheld(
    session: AsyncSession,
    program_id: UUID,
    now: datetime,
    gone: Sequence[tuple[UUID, str]],
    new: Sequence[tuple[UUID, Withheld]],
) -> None:
    """Forget the (campaign, unit) pairs of `gone`, then write `new` (member, what is withheld)."""
    connection = await driver(session)
    if gone:
        await connection.execute(
            "DELETE FROM reward_withheld WHERE program_id = $1 AND (campaign_id, unit_key) IN "
            "(SELECT * FROM unnest($2::uuid[], $3::text[]))",
            program_id,
            [campaign_id for campaign_id, _ in gone],
            [unit_key for _, unit_key in gone],
        )
    if new:
        await connection.execute(
            """
            INSERT INTO reward_withheld (program_id, decided_at, member_id, campaign_id, unit_key,
                                         version, family, local_day, reason)
            SELECT $1, $2, * FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::int[],
                                         $7::text[], $8::date[], $9::text[])
            """,
            program_id,
            now,
            [member_id for member_id, _ in new],
            [w.campaign.campaign_id for _, w in new],
            [w.unit_key for _, w in new],
            [w.campaign.version for _, w in new],
            [w.campaign.family for _, w in new],
            [w.local_day for _, w in new],
            [w.reason for _, w in new],
        )
