"""Members: who they are, which tiers they held, and the lock under which they are judged."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.directory.tiers import Tenure
from shared.db import driver
from shared.errors import Invariant


class MemberRow(NamedTuple):
    """`tier_version` is -1 while nothing is known, 0 from the enrolment, then membership's.

    The timeline stays the JSON that is stored until a multiplier asks for the member's tier.
    """

    member_id: UUID
    member_number: str | None
    enrolled_at: datetime | None
    tier_version: int
    timeline_json: str

    @property
    def timeline(self) -> tuple[Tenure, ...]:
        """The tiers that were held, in order."""
        return _read_timeline(self.timeline_json)


@lru_cache(maxsize=10_000)
def _read_timeline(text: str) -> tuple[Tenure, ...]:
    return tuple(Tenure(datetime.fromisoformat(since), tier) for since, tier in json.loads(text))


def write_timeline(timeline: Sequence[Tenure]) -> str:
    """The JSON of `timeline_json`."""
    return json.dumps([[t.since.isoformat(), t.tier] for t in timeline])


async def lock_members(
    session: AsyncSession, program_id: UUID, member_ids: Iterable[UUID]
) -> dict[UUID, MemberRow]:
    """Lock the members in ascending order, making rows for those not heard of yet.

    The rows are made in a statement of their own: one that inserted and locked at once would not
    see what another transaction has just inserted.
    """
    ordered = sorted(set(member_ids))
    if not ordered:
        return {}
    connection = await driver(session)
    rows = await connection.fetch(_LOCK, program_id, ordered)
    if len(rows) < len(ordered):
        await connection.execute(
            "INSERT INTO member (program_id, member_id) "
            "SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING",
            program_id,
            ordered,
        )
        rows = await connection.fetch(_LOCK, program_id, ordered)
    if len(rows) != len(ordered):
        raise Invariant(f"{len(rows)} of {len(ordered)} members could be locked")
    return {row["member_id"]: MemberRow(*row) for row in rows}


_LOCK = """
SELECT member_id, member_number, enrolled_at, tier_version, timeline::text FROM member
WHERE program_id = $1 AND member_id = ANY ($2::uuid[]) ORDER BY member_id FOR NO KEY UPDATE
"""


async def find_member_id(
    session: AsyncSession, program_id: UUID, *, member_id: UUID | None, number: str | None
) -> UUID | None:
    """The member with this id or number; None when neither is known."""
    connection = await driver(session)
    found: UUID | None = await connection.fetchval(
        "SELECT member_id FROM member WHERE program_id = $1 "
        "AND (member_id = $2 OR member_number = $3)",
        program_id,
        member_id,
        number,
    )
    return found


async def update_members(
    session: AsyncSession, program_id: UUID, members: Sequence[MemberRow]
) -> None:
    """Write rows that are locked."""
    connection = await driver(session)
    await connection.execute(
        """
        UPDATE member m SET member_number = n.number, enrolled_at = n.enrolled_at,
               tier_version = n.tier_version, timeline = n.timeline::json
        FROM unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::int[], $6::text[])
             AS n (member_id, number, enrolled_at, tier_version, timeline)
        WHERE m.program_id = $1 AND m.member_id = n.member_id
        """,
        program_id,
        [m.member_id for m in members],
        [m.member_number for m in members],
        [m.enrolled_at for m in members],
        [m.tier_version for m in members],
        [m.timeline_json for m in members],
    )
