"""Household pools: who is in them, and whose points their lots were."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.account_checks import check_giver
from services.points.domain.ledger.ledger import NewPosting
from services.points.domain.members.errors import MemberInPool, PoolClosed, PoolUnknown
from services.points.domain.members.pools import JOINED, LEFT, OPEN, Household, Pool, PoolMember
from services.points.storage.receipts.pos_transactions import load_lots, lock_accounts
from shared.db import driver


async def find_pool_of(session: AsyncSession, program_id: UUID, member_id: UUID) -> UUID | None:
    """The pool that the member has joined. The member's account's lock guards it."""
    connection = await driver(session)
    found: UUID | None = await connection.fetchval(
        "SELECT pool_id FROM pool_member "
        "WHERE program_id = $1 AND member_id = $2 AND status = 'joined'",
        program_id,
        member_id,
    )
    return found


async def find_pool(
    session: AsyncSession, program_id: UUID, pool_id: UUID
) -> tuple[Pool, dict[UUID, PoolMember]] | None:
    """The pool and everybody who ever had to do with it. Its account's lock guards both."""
    connection = await driver(session)
    row = await connection.fetchrow(
        "SELECT pool_id, name, owner_id, status, month_points_max, recorded_at, closed_at "
        "FROM pool WHERE program_id = $1 AND pool_id = $2",
        program_id,
        pool_id,
    )
    if row is None:
        return None
    rows = await connection.fetch(
        "SELECT member_id, status, month_points_max, since FROM pool_member "
        "WHERE program_id = $1 AND pool_id = $2 ORDER BY since, member_id",
        program_id,
        pool_id,
    )
    return Pool(**dict(row)), {row["member_id"]: PoolMember(**dict(row)) for row in rows}


async def insert_pool(session: AsyncSession, program_id: UUID, made: Pool) -> None:
    """The pool, its account, and its owner as the first member."""
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO account (program_id, account_id, member_id, status) "
        "VALUES ($1, $2, NULL, 'pool')",
        program_id,
        made.pool_id,
    )
    await connection.execute(
        "INSERT INTO pool (program_id, pool_id, name, owner_id, status, month_points_max, "
        "recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        program_id,
        made.pool_id,
        made.name,
        made.owner_id,
        made.status,
        made.month_points_max,
        made.recorded_at,
    )
    owner = PoolMember(made.owner_id, JOINED, None, made.recorded_at)
    await put_pool_member(session, program_id, made.pool_id, owner)


async def close_pool(session: AsyncSession, program_id: UUID, pool: Pool) -> None:
    """The pool is dissolved, and nobody is in it."""
    connection = await driver(session)
    await connection.execute(
        "UPDATE pool SET status = $3, closed_at = $4 WHERE program_id = $1 AND pool_id = $2",
        program_id,
        pool.pool_id,
        pool.status,
        pool.closed_at,
    )
    await connection.execute(
        "UPDATE pool_member SET status = 'left', since = $3 "
        "WHERE program_id = $1 AND pool_id = $2 AND status <> 'left'",
        program_id,
        pool.pool_id,
        pool.closed_at,
    )


async def put_pool_member(
    session: AsyncSession, program_id: UUID, pool_id: UUID, member: PoolMember
) -> None:
    """The member's part in the pool is now this."""
    connection = await driver(session)
    await connection.execute(
        """
        INSERT INTO pool_member (program_id, pool_id, member_id, status, month_points_max, since)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (program_id, pool_id, member_id) DO UPDATE
        SET status = excluded.status, month_points_max = excluded.month_points_max,
            since = excluded.since
        """,
        program_id,
        pool_id,
        member.member_id,
        member.status,
        member.month_points_max,
        member.since,
    )


async def insert_contributions(
    session: AsyncSession, program_id: UUID, pool_id: UUID, member_id: UUID, versions: list[int]
) -> None:
    """These lots of the pool were the member's points. They are stored already."""
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO pool_contribution (program_id, pool_id, lot_version, member_id) "
        "SELECT $1, $2, version, $3 FROM unnest($4::bigint[]) AS v (version)",
        program_id,
        pool_id,
        member_id,
        versions,
    )


async def list_contributions(
    session: AsyncSession, program_id: UUID, pool_id: UUID
) -> dict[int, UUID]:
    """Whose points the pool's lots were."""
    connection = await driver(session)
    rows = await connection.fetch(
        "SELECT lot_version, member_id FROM pool_contribution "
        "WHERE program_id = $1 AND pool_id = $2",
        program_id,
        pool_id,
    )
    return {row["lot_version"]: row["member_id"] for row in rows}


async def find_spent(
    session: AsyncSession, program_id: UUID, pool_id: UUID, cap: str, period: str
) -> int:
    """Points spent under this cap in this period. The pool's account's lock guards it."""
    connection = await driver(session)
    spent = await connection.fetchval(
        "SELECT points FROM cap_usage "
        "WHERE program_id = $1 AND account_id = $2 AND cap = $3 AND period = $4",
        program_id,
        pool_id,
        cap,
        period,
    )
    return int(spent or 0)


async def find_pool_balance(session: AsyncSession, program_id: UUID, pool_id: UUID) -> int:
    """Points in the pool."""
    connection = await driver(session)
    return int(
        await connection.fetchval(
            "SELECT balance FROM account WHERE program_id = $1 AND account_id = $2",
            program_id,
            pool_id,
        )
    )


async def find_place(
    session: AsyncSession, program_id: UUID, shop_id: UUID
) -> tuple[UUID, str] | None:
    """The shop's mall and time zone."""
    connection = await driver(session)
    row = await connection.fetchrow(
        "SELECT mall_id, time_zone FROM shop WHERE program_id = $1 AND shop_id = $2",
        program_id,
        shop_id,
    )
    return None if row is None else (row["mall_id"], row["time_zone"])


async def insert_spending(
    session: AsyncSession, program_id: UUID, posting: NewPosting, reference: str, now: datetime
) -> None:
    """A redemption, so that what was spent can come back to its lots."""
    connection = await driver(session)
    await connection.execute(
        "INSERT INTO redemption (program_id, redemption_id, account_id, version, points, "
        "reference, mall_id, shop_id, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        program_id,
        posting.cause.source_id,
        posting.account_id,
        posting.version,
        -posting.points,
        reference,
        posting.cause.mall_id,
        posting.cause.shop_id,
        now,
    )


async def lock_household(
    session: AsyncSession, program_id: UUID, pool_id: UUID, who: UUID, more: Collection[UUID] = ()
) -> Household:
    """Lock the pool's account, that of `who` and those of `more`, then look at the pool.

    Raises `PoolUnknown` when `who` has nothing to do with it, `PoolClosed`.
    """
    seen = await find_pool(session, program_id, pool_id)
    if seen is None or who not in seen[1] or seen[1][who].status == LEFT:
        raise PoolUnknown("No such pool of this member.")
    accounts = await lock_accounts(session, program_id, {pool_id, who, *more})
    found = await find_pool(session, program_id, pool_id)
    assert found is not None
    pool, members = found
    if pool.status != OPEN:
        raise PoolClosed("The pool was dissolved.")
    if members[who].status == LEFT:
        raise PoolUnknown("No such pool of this member.")
    return Household(pool, members, accounts)


async def lock_joined(
    session: AsyncSession, program_id: UUID, pool_id: UUID, member_id: UUID
) -> Household:
    """As `lock_household`, for who has joined and may give and spend."""
    household = await lock_household(session, program_id, pool_id, member_id)
    if household.members[member_id].status != JOINED:
        raise PoolUnknown("The member has not joined this pool.")
    check_giver(household.accounts[member_id])
    return household


async def check_in_no_pool(session: AsyncSession, program_id: UUID, member_id: UUID) -> None:
    """Raise `MemberInPool` when the member, whose account is locked, is in a pool already."""
    if await find_pool_of(session, program_id, member_id) is not None:
        raise MemberInPool("The member is in a pool already.")


async def load_contributions(
    session: AsyncSession, program_id: UUID, household: Household
) -> dict[int, UUID]:
    """Give the pool its lots. Returns whose points they were."""
    pool_id = household.pool.pool_id
    await load_lots(session, program_id, {pool_id: household.account})
    return await list_contributions(session, program_id, pool_id)
