"""Grants: reading them for judgement and writing what was decided."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.receipts.reach import Held, MemberDay
from services.campaigns.domain.rewards.grants import Grant
from services.campaigns.storage.columns import columns_of
from shared.db import Driver, driver
from shared.errors import Invariant

# In the order of `Grant`.
_COLUMNS = """grant_id, campaign_id, version, unit_key, generation, family, origin, member_id, kind,
points, points_revoked, gift_sku, stock_id, status, local_day, receipt_id, receipt_ids,
threshold_minor, shortfall_minor, granted_at, used_minor"""


class NewGrant(NamedTuple):
    """A grant and why, in JSON: `inputs` are the facts, `explanation` a sentence a language."""

    grant: Grant
    mall_id: UUID
    shop_id: UUID
    inputs: str
    explanation: str
    claim_id: UUID | None = None


def grant_of(row: Any) -> Grant:
    """The grant in a row of `_COLUMNS`."""
    grant = Grant(*row)
    return grant._replace(
        receipt_ids=tuple(grant.receipt_ids), used_minor=tuple(grant.used_minor or ())
    )


async def list_family_grants(
    session: AsyncSession, program_id: UUID, groups: Sequence[tuple[UUID, str]]
) -> list[Grant]:
    """Every grant row of these (member, family) groups."""
    connection = await driver(session)
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM reward_grant
        WHERE program_id = $1 AND (member_id, family) IN (
            SELECT * FROM unnest($2::uuid[], $3::text[]))
        """,
        program_id,
        [member_id for member_id, _ in groups],
        [family for _, family in groups],
    )
    return [grant_of(row) for row in rows]


async def list_held(
    session: AsyncSession, program_id: UUID, member_days: Sequence[MemberDay]
) -> dict[MemberDay, dict[str, Held]]:
    """What these members have of these days, by family; none for a family without any."""
    if not member_days:
        return {}
    connection = await driver(session)
    rows = await connection.fetch(
        """
        SELECT member_id, local_day, family, campaign_id, version, origin, shortfall_minor
        FROM reward_grant
        WHERE program_id = $1 AND family IS NOT NULL AND status <> 'revoked'
          AND (member_id, local_day) IN (SELECT * FROM unnest($2::uuid[], $3::date[]))
        """,
        program_id,
        [member_id for member_id, _ in member_days],
        [day for _, day in member_days],
    )
    found: dict[MemberDay, dict[str, Held]] = {}
    for member_id, day, family, campaign_id, version, origin, shortfall_minor in rows:
        families = found.setdefault((member_id, day), {})
        units, falls_short = families.get(family) or Held({}, falls_short=False)
        if origin == "automatic":
            units[campaign_id, version] = units.get((campaign_id, version), 0) + 1
        families[family] = Held(units, falls_short or shortfall_minor > 0)
    return found


async def list_grants(
    session: AsyncSession, program_id: UUID, grant_ids: Sequence[UUID]
) -> list[Grant]:
    """The grants with these ids."""
    connection = await driver(session)
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM reward_grant "
        "WHERE program_id = $1 AND grant_id = ANY ($2::uuid[])",
        program_id,
        grant_ids,
    )
    return [grant_of(row) for row in rows]


async def list_bonus_grants(
    session: AsyncSession, program_id: UUID, receipt_ids: Sequence[UUID]
) -> list[Grant]:
    """The multipliers' grants for these receipts (they have no family)."""
    connection = await driver(session)
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM reward_grant "
        "WHERE program_id = $1 AND receipt_id = ANY ($2::uuid[]) AND family IS NULL",
        program_id,
        receipt_ids,
    )
    return [grant_of(row) for row in rows]


_INSERT = """
INSERT INTO reward_grant (program_id, decided_at, points_revoked, grant_id, campaign_id, version,
    unit_key, generation, family, origin, member_id, kind, points, gift_sku, stock_id, status,
    local_day, mall_id, shop_id, receipt_id, receipt_ids, used_minor, threshold_minor,
    shortfall_minor, inputs, explanation, granted_at, claim_id)
SELECT $1, $2, 0, n.grant_id, n.campaign_id, n.version, n.unit_key, n.generation, n.family,
    n.origin, n.member_id, n.kind, n.points, n.gift_sku, n.stock_id, n.status, n.local_day,
    n.mall_id, n.shop_id, n.receipt_id,
    n.receipt_ids::uuid[], n.used_minor::bigint[], n.threshold_minor, 0,
    n.inputs, n.explanation, n.granted_at, n.claim_id
FROM unnest($3::uuid[], $4::uuid[], $5::int[], $6::text[], $7::int[], $8::text[], $9::text[],
    $10::uuid[], $11::text[], $12::bigint[], $13::text[], $14::uuid[], $15::text[], $16::date[],
    $17::uuid[], $18::uuid[], $19::uuid[], $20::text[], $21::text[], $22::bigint[], $23::json[],
    $24::json[], $25::timestamptz[], $26::uuid[])
    AS n (grant_id, campaign_id, version, unit_key, generation, family, origin, member_id, kind,
          points, gift_sku, stock_id, status, local_day, mall_id, shop_id, receipt_id,
          receipt_ids, used_minor, threshold_minor, inputs, explanation, granted_at, claim_id)
RETURNING 1
"""


async def insert_grants(
    session: AsyncSession, program_id: UUID, now: datetime, grants: Sequence[NewGrant]
) -> None:
    """Write new grants; each must be new by its natural key."""
    if not grants:
        return
    connection = await driver(session)
    columns = columns_of([_row_of(new) for new in grants])
    written = await connection.fetch(_INSERT, program_id, now, *columns)
    if len(written) != len(grants):
        raise Invariant(f"{len(written)} of {len(grants)} grants were written")
    await _name_desk_receipts(connection, program_id, [new.grant for new in grants])


async def _name_desk_receipts(
    connection: Driver, program_id: UUID, grants: Sequence[Grant]
) -> None:
    named = [(i, g.grant_id) for g in grants if g.origin == "desk" for i in set(g.receipt_ids)]
    if named:
        await connection.execute(
            "INSERT INTO desk_receipt (program_id, receipt_id, grant_id) "
            "SELECT $1, * FROM unnest($2::uuid[], $3::uuid[])",
            program_id,
            [receipt_id for receipt_id, _ in named],
            [grant_id for _, grant_id in named],
        )


def _row_of(new: NewGrant) -> tuple[Any, ...]:
    g = new.grant
    return (
        g.grant_id,
        g.campaign_id,
        g.version,
        g.unit_key,
        g.generation,
        g.family,
        g.origin,
        g.member_id,
        g.kind,
        g.points,
        g.gift_sku,
        g.stock_id,
        g.status,
        g.local_day,
        new.mall_id,
        new.shop_id,
        g.receipt_id,
        array_text(g.receipt_ids),
        None if g.family is None else array_text(g.used_minor),
        g.threshold_minor,
        new.inputs,
        new.explanation,
        g.granted_at,
        new.claim_id,
    )


def array_text(values: Iterable[Any]) -> str:
    """An array as PostgreSQL writes it, for columns of arrays of different lengths."""
    return "{" + ",".join(map(str, values)) + "}"


@dataclass(frozen=True, slots=True)
class Revocation:
    """`points` of a grant are taken back, or the whole gift when it is None."""

    revocation_id: UUID
    grant: Grant
    points: int | None
    reason: str


async def revoke_grants(
    session: AsyncSession, program_id: UUID, now: datetime, revocations: Sequence[Revocation]
) -> None:
    """Write the revocations and what they leave of their grants."""
    if not revocations:
        return
    connection = await driver(session)
    changed = await connection.fetch(
        """
        UPDATE reward_grant g SET points_revoked = g.points_revoked + coalesce(n.points, 0),
            status = CASE WHEN g.kind = 'points' AND g.points_revoked + n.points < g.points
                          THEN 'granted' ELSE 'revoked' END,
            used_minor = CASE WHEN g.family IS NOT NULL
                              THEN array_fill(0::bigint, ARRAY[cardinality(g.used_minor)]) END
        FROM unnest($2::uuid[], $3::bigint[]) AS n (grant_id, points)
        WHERE g.program_id = $1 AND g.grant_id = n.grant_id AND g.status = 'granted'
        RETURNING 1
        """,
        program_id,
        [r.grant.grant_id for r in revocations],
        [r.points for r in revocations],
    )
    if len(changed) != len(revocations):
        raise Invariant(f"{len(changed)} of {len(revocations)} grants could be revoked")
    await connection.execute(
        """
        INSERT INTO reward_revocation
            (program_id, revoked_at, revocation_id, grant_id, points, reason)
        SELECT $1, $2, * FROM unnest($3::uuid[], $4::uuid[], $5::bigint[], $6::text[])
        """,
        program_id,
        now,
        [r.revocation_id for r in revocations],
        [r.grant.grant_id for r in revocations],
        [r.points for r in revocations],
        [r.reason for r in revocations],
    )


async def flag_grants(
    session: AsyncSession, program_id: UUID, shortfalls: Mapping[UUID, int]
) -> None:
    """Set what is missing behind gifts that are out: more than 0 is a bill-back."""
    if not shortfalls:
        return
    connection = await driver(session)
    await connection.execute(
        """
        UPDATE reward_grant g SET shortfall_minor = n.shortfall,
            status = CASE WHEN n.shortfall > 0 THEN 'bill_back' ELSE 'issued' END
        FROM unnest($2::uuid[], $3::bigint[]) AS n (grant_id, shortfall)
        WHERE g.program_id = $1 AND g.grant_id = n.grant_id
        """,
        program_id,
        list(shortfalls),
        list(shortfalls.values()),
    )


async def lock_grant(session: AsyncSession, program_id: UUID, grant_id: UUID) -> Grant | None:
    """The grant, locked; its member, if any, must be locked before."""
    connection = await driver(session)
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM reward_grant WHERE program_id = $1 AND grant_id = $2 "
        "FOR NO KEY UPDATE",
        program_id,
        grant_id,
    )
    return None if row is None else grant_of(row)


async def issue_grant(
    session: AsyncSession,
    program_id: UUID,
    now: datetime,
    grant_id: UUID,
    staff: str,
    mall_id: UUID,
) -> None:
    """Mark a locked gift as handed out."""
    connection = await driver(session)
    await connection.execute(
        "UPDATE reward_grant SET status = 'issued', issued_at = $3, issued_by = $4, "
        "issued_mall_id = $5 WHERE program_id = $1 AND grant_id = $2",
        program_id,
        grant_id,
        now,
        staff,
        mall_id,
    )
