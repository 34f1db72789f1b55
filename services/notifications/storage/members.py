"""The copy of members: the rows at which a message and an enrolment meet."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.directory import Newcomer
from shared.db import driver


async def lock_members(
    session: AsyncSession, program_id: UUID, member_ids: Sequence[UUID]
) -> Mapping[UUID, str | None]:
    """Lock the members' rows in id order, making those that lack, and read their locales.

    None is a member who has not been heard of yet. The rows are made in a statement of their own:
    one statement would lock only what its snapshot saw.
    """
    connection = await driver(session)
    ordered = sorted(set(member_ids))
    await connection.execute(
        """
        INSERT INTO member (program_id, member_id) SELECT $1, * FROM unnest($2::uuid[])
        ON CONFLICT DO NOTHING
        """,
        program_id,
        ordered,
    )
    rows = await connection.fetch(
        """
        SELECT member_id, locale FROM member
        WHERE program_id = $1 AND member_id = ANY ($2::uuid[])
        ORDER BY member_id FOR NO KEY UPDATE
        """,
        program_id,
        ordered,
    )
    return {row["member_id"]: row["locale"] for row in rows}


async def update_members(
    session: AsyncSession, program_id: UUID, newcomers: Sequence[Newcomer]
) -> int:
    """Write what membership told of members whose rows are locked. Returns how many rows."""
    connection = await driver(session)
    status = await connection.execute(
        """
        UPDATE member SET member_number = n.member_number, locale = n.locale,
            enrolled_at = n.enrolled_at, home_mall_id = n.home_mall_id
        FROM unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::uuid[])
            AS n (member_id, member_number, locale, enrolled_at, home_mall_id)
        WHERE member.program_id = $1 AND member.member_id = n.member_id
        """,
        program_id,
        [n.member_id for n in newcomers],
        [n.member_number for n in newcomers],
        [n.locale for n in newcomers],
        [n.enrolled_at for n in newcomers],
        [n.home_mall_id for n in newcomers],
    )
    return int(status.rsplit(" ", 1)[-1])
