"""Members and the identities by which they are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import driver


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A new member's row; sealed columns are bytes or None."""

    member_id: UUID
    member_number: str
    channel: str
    locale: str
    home_mall_id: UUID | None
    enrolled_at: datetime
    key_sealed: bytes
    name_sealed: bytes | None
    birthday_sealed: bytes | None


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """A claim of a member on an identity."""

    identity_id: UUID
    member_id: UUID
    type: str
    value_index: bytes
    value_sealed: bytes
    verified_at: datetime | None


async def find_members_by_index(
    session: AsyncSession, program_id: UUID, kind: str, indexes: Sequence[bytes]
) -> dict[bytes, UUID]:
    """Whose identities these are, by blind index."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT value_index, member_id FROM member_identity "
        "WHERE program_id = $1 AND type = $2 AND value_index = ANY ($3::bytea[])",
        program_id,
        kind,
        indexes,
    )
    return {row["value_index"]: row["member_id"] for row in rows}


async def claim_identities(
    session: AsyncSession, program_id: UUID, rows: Sequence[IdentityRow], now: datetime
) -> set[UUID]:
    """Claim what nobody has; the ids of the claims that succeeded.

    A claim that somebody else is making waits for their end. All claim in the order of the index,
    so that two batches cannot wait for each other.
    """
    connection = await driver(session)
    won = await connection.fetch(
        """
        INSERT INTO member_identity (program_id, identity_id, member_id, type, value_index,
                                     value_sealed, verified_at, added_at)
        SELECT $1, c.*, $8 FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::bytea[],
                                       $6::bytea[], $7::timestamptz[])
            AS c (identity_id, member_id, type, value_index, value_sealed, verified_at)
        ORDER BY c.type, c.value_index
        ON CONFLICT (program_id, type, value_index) DO NOTHING
        RETURNING identity_id
        """,
        program_id,
        [row.identity_id for row in rows],
        [row.member_id for row in rows],
        [row.type for row in rows],
        [row.value_index for row in rows],
        [row.value_sealed for row in rows],
        [row.verified_at for row in rows],
        now,
    )
    return {row["identity_id"] for row in won}


async def insert_members(
    session: AsyncSession, program_id: UUID, rows: Sequence[MemberRow], now: datetime
) -> set[UUID]:
    """Store members; the ids of those whose member number was free."""
    connection = await driver(session)
    stored = await connection.fetch(
        """
        INSERT INTO member (program_id, member_id, member_number, channel, locale, home_mall_id,
                            enrolled_at, key_sealed, name_sealed, birthday_sealed, created_at)
        SELECT $1, m.*, $11 FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[],
            $6::uuid[], $7::timestamptz[], $8::bytea[], $9::bytea[], $10::bytea[]) AS m
        ON CONFLICT (program_id, member_number) DO NOTHING
        RETURNING member_id
        """,
        program_id,
        [row.member_id for row in rows],
        [row.member_number for row in rows],
        [row.channel for row in rows],
        [row.locale for row in rows],
        [row.home_mall_id for row in rows],
        [row.enrolled_at for row in rows],
        [row.key_sealed for row in rows],
        [row.name_sealed for row in rows],
        [row.birthday_sealed for row in rows],
        now,
    )
    return {row["member_id"] for row in stored}


async def list_members_by_id(
    session: AsyncSession, program_id: UUID, member_ids: Sequence[UUID]
) -> Mapping[UUID, tuple[str, datetime, str]]:
    """Number, instant of joining and present tier by id."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT member_id, member_number, enrolled_at, tier FROM member "
        "JOIN member_tier USING (program_id, member_id) "
        "WHERE program_id = $1 AND member_id = ANY ($2::uuid[])",
        program_id,
        member_ids,
    )
    return {r["member_id"]: (r["member_number"], r["enrolled_at"], r["tier"]) for r in rows}


async def lock_member_key(session: AsyncSession, program_id: UUID, member_id: UUID) -> bytes | None:
    """Hold the member and return their sealed key; None when unknown or erased."""
    connection = await driver(session)
    key: bytes | None = await connection.fetchval(
        "SELECT key_sealed FROM member WHERE program_id = $1 AND member_id = $2 "
        "AND erased_at IS NULL FOR NO KEY UPDATE",
        program_id,
        member_id,
    )
    return key


async def delete_identity(
    session: AsyncSession, program_id: UUID, member_id: UUID, identity_id: UUID
) -> str | None:
    """Take one identity away; its type, or None when the member has no such one."""
    connection = await driver(session)
    kind: str | None = await connection.fetchval(
        "DELETE FROM member_identity "
        "WHERE program_id = $1 AND member_id = $2 AND identity_id = $3 RETURNING type",
        program_id,
        member_id,
        identity_id,
    )
    return kind


async def delete_phone(session: AsyncSession, program_id: UUID, member_id: UUID) -> None:
    """Make room for a member's new phone, in the transaction that stores it."""
    connection = await driver(session)
    await connection.execute(
        "DELETE FROM member_identity WHERE program_id = $1 AND member_id = $2 AND type = 'phone'",
        program_id,
        member_id,
    )


async def touch_identity(
    session: AsyncSession,
    program_id: UUID,
    kind: str,
    index: bytes,
    verified_at: datetime | None,
) -> tuple[UUID, datetime | None]:
    """Note the first verification of an identity that is there; its id and that instant."""
    connection = await driver(session)
    row = await connection.fetchrow(
        "UPDATE member_identity SET verified_at = coalesce(verified_at, $4) "
        "WHERE program_id = $1 AND type = $2 AND value_index = $3 "
        "RETURNING identity_id, verified_at",
        program_id,
        kind,
        index,
        verified_at,
    )
    return row["identity_id"], row["verified_at"]
