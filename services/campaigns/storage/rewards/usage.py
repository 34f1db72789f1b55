"""What living rewards use of receipts, and rewards withheld."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.receipts.receipts import Receipt
from services.campaigns.domain.rewards.grants import Grant
from services.campaigns.domain.rewards.settlement import WithheldRow
from services.campaigns.domain.rewards.spending import Uses, Withheld
from services.campaigns.storage.rewards.grants import array_text
from shared.db import driver


class Usage(NamedTuple):
    """`amount_minor` of a receipt is used by a grant of `party` on `local_day`."""

    receipt_id: UUID
    family: str
    grant_id: UUID
    amount_minor: int
    party: UUID | None
    local_day: date


_COLUMNS = "receipt_ids, used_minor, family, grant_id, member_id, local_day"


async def list_uses(
    session: AsyncSession, program_id: UUID, receipts: Sequence[Receipt]
) -> list[Usage]:
    """Every use of these receipts."""
    if not receipts:
        return []
    connection = await driver(session)
    days = {(r.member_id, r.local_day) for r in receipts if r.member_id is not None}
    # What is given by itself uses receipts of its own member and day.
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM reward_grant
        WHERE program_id = $1 AND family IS NOT NULL AND origin = 'automatic'
          AND status <> 'revoked'
          AND (member_id, local_day) IN (SELECT * FROM unnest($2::uuid[], $3::date[]))
        """,
        program_id,
        [member_id for member_id, _ in days],
        [day for _, day in days],
    )
    receipt_ids = [r.receipt_id for r in receipts]
    return _uses_in(rows, receipt_ids) + await list_desk_uses(session, program_id, receipt_ids)


async def list_desk_uses(
    session: AsyncSession, program_id: UUID, receipt_ids: Sequence[UUID]
) -> list[Usage]:
    """Uses of these receipts by rewards that were claimed at a desk, by anybody."""
    if not receipt_ids:
        return []
    connection = await driver(session)
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM reward_grant
        WHERE program_id = $1 AND status <> 'revoked' AND grant_id IN (
            SELECT grant_id FROM desk_receipt
            WHERE program_id = $1 AND receipt_id = ANY ($2::uuid[]))
        """,
        program_id,
        receipt_ids,
    )
    return _uses_in(rows, receipt_ids)


def _uses_in(rows: Iterable[Any], receipt_ids: Sequence[UUID]) -> list[Usage]:
    asked = set(receipt_ids)
    return [
        Usage(receipt_id, family, grant_id, used, party, local_day)
        for named, used_minor, family, grant_id, party, local_day in rows
        for receipt_id, used in zip(named, used_minor, strict=True)
        if used and receipt_id in asked
    ]


async def update_uses(
    session: AsyncSession, program_id: UUID, changes: Sequence[tuple[Grant, Uses]]
) -> None:
    """Let each grant use exactly that. Receipts that it used before stay named."""
    if not changes:
        return
    ids = [list(dict.fromkeys([*g.receipt_ids, *(i for i, _ in uses)])) for g, uses in changes]
    amounts = [
        [used.get(receipt_id, 0) for receipt_id in named]
        for named, used in zip(ids, (dict(uses) for _, uses in changes), strict=True)
    ]
    connection = await driver(session)
    await connection.execute(
        """
        UPDATE reward_grant g SET receipt_ids = n.receipt_ids::uuid[],
            used_minor = n.used_minor::bigint[]
        FROM unnest($2::uuid[], $3::text[], $4::text[]) AS n (grant_id, receipt_ids, used_minor)
        WHERE g.program_id = $1 AND g.grant_id = n.grant_id
        """,
        program_id,
        [grant.grant_id for grant, _ in changes],
        [array_text(named) for named in ids],
        [array_text(used) for used in amounts],
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
