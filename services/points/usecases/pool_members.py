"""A household pool: opened, members invited, joining and leaving, dissolved.

Whoever leaves takes their own unspent points along; a dissolved pool gives everybody theirs back.
What nobody put in (points that came back after their lot had ended) goes to the owner.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain import errors
from services.points.domain.ledger import Account
from services.points.domain.moves import Move, move_lots
from services.points.domain.receipt_books import derived_id
from services.points.storage.books import Write, write_books
from services.points.storage.directory import resolve_numbers
from services.points.storage.pools import (
    DISSOLVED,
    INVITED,
    JOINED,
    LEFT,
    OPEN,
    Pool,
    PoolMember,
    close_pool,
    find_pool,
    find_pool_of,
    insert_pool,
    list_contributions,
    put_pool_member,
)
from services.points.storage.pos_transactions import load_lots, lock_accounts
from services.points.storage.request_keys import find_answer, hash_request, keep_answer
from services.points.usecases.offer_transfer import check_giver
from shared.db import Collision


@dataclass(slots=True)
class Household:
    """A locked pool with everybody in it. `accounts` has the pool's and the others' asked for."""

    pool: Pool
    members: dict[UUID, PoolMember]
    accounts: dict[UUID, Account] = field(default_factory=dict)

    @property
    def account(self) -> Account:
        """Where the pool's points are."""
        return self.accounts[self.pool.pool_id]


async def lock_household(
    session: AsyncSession, program_id: UUID, pool_id: UUID, who: UUID, more: Collection[UUID] = ()
) -> Household:
    """Lock the pool's account, that of `who` and those of `more`, then look at the pool.

    Raises `PoolUnknown` when `who` has nothing to do with it, `PoolClosed`.
    """
    seen = await find_pool(session, program_id, pool_id)
    if seen is None or who not in seen[1] or seen[1][who].status == LEFT:
        raise errors.PoolUnknown("No such pool of this member.")
    accounts = await lock_accounts(session, program_id, {pool_id, who, *more})
    found = await find_pool(session, program_id, pool_id)
    assert found is not None
    pool, members = found
    if pool.status != OPEN:
        raise errors.PoolClosed("The pool was dissolved.")
    if members[who].status == LEFT:
        raise errors.PoolUnknown("No such pool of this member.")
    return Household(pool, members, accounts)


async def open_pool(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    made: Pool,
    idempotency_key: str,
) -> tuple[UUID, bool]:
    """Open a pool with its owner in it, once for their key. Returns its id, and whether it is new.

    Raises `MemberInPool`, `MemberUnknown`, `AccountMerged`, `AccountFrozen`.
    """
    accounts = await lock_accounts(session, program_id, {made.owner_id})
    operation = f"pool of {made.owner_id}"
    asked = hash_request(made.name, made.month_points_max)
    answer = await find_answer(session, program_id, operation, idempotency_key, asked)
    if answer is not None:
        return UUID(answer["pool_id"]), False
    check_giver(accounts[made.owner_id])
    await _check_free(session, program_id, made.owner_id)
    await insert_pool(session, program_id, made)
    answer = {"pool_id": str(made.pool_id)}
    await keep_answer(session, program_id, operation, idempotency_key, asked, answer, now)
    return made.pool_id, True


@dataclass(frozen=True, slots=True)
class Invitation:
    """Whom the owner invites, by id or member number, and what they may spend in a month."""

    member_id: UUID | None
    member_number: str | None
    month_points_max: int | None


async def invite(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    pool_id: UUID,
    owner_id: UUID,
    invitation: Invitation,
    members_max: int,
) -> None:
    """Invite a member; for one who is in it, set what they may spend. Repeats are harmless.

    Raises `PoolUnknown`, `PoolClosed`, `PoolOwnerOnly`, `PoolFull`, `MemberUnknown`.
    """
    member_id = invitation.member_id
    if invitation.member_number is not None:
        numbers = [invitation.member_number]
        member_id = (await resolve_numbers(session, program_id, numbers))[numbers[0]]
    if member_id is None:
        raise errors.MemberUnknown("No such member in this programme.")
    household = await lock_household(session, program_id, pool_id, owner_id, {member_id})
    check_owner(household.pool, owner_id)
    if not household.accounts[member_id].is_open:
        raise errors.MemberUnknown("No such member in this programme.")
    known = household.members.get(member_id)
    is_new = known is None or known.status == LEFT
    counted = sum(member.status != LEFT for member in household.members.values())
    if is_new and counted >= members_max:
        raise errors.PoolFull(f"A pool has {members_max} members at most.", max=members_max)
    part = PoolMember(member_id, INVITED, invitation.month_points_max, now)
    if known is not None and not is_new:
        part = PoolMember(member_id, known.status, invitation.month_points_max, known.since)
    await put_pool_member(session, program_id, pool_id, part)


async def join(
    session: AsyncSession, now: datetime, program_id: UUID, pool_id: UUID, member_id: UUID
) -> None:
    """The invited member joins. Repeats are harmless. Raises `PoolUnknown`, `MemberInPool`."""
    household = await lock_household(session, program_id, pool_id, member_id)
    part = household.members[member_id]
    if part.status == JOINED:
        return
    check_giver(household.accounts[member_id])
    await _check_free(session, program_id, member_id)
    part.status, part.since = JOINED, now
    await put_pool_member(session, program_id, pool_id, part)


async def leave(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    pool_id: UUID,
    member_id: UUID,
    sent_by: UUID,
    origin: tuple[str, str],
) -> None:
    """The member leaves, or the owner sends them away, with their own unspent points.

    Raises `PoolUnknown`, `PoolOwnerOnly`, and `PoolOwnerStays` for the owner themselves.
    """
    household = await lock_household(session, program_id, pool_id, sent_by, {member_id})
    part = household.members.get(member_id)
    if part is None or part.status == LEFT:
        raise errors.PoolUnknown("No such pool of this member.")
    if sent_by != member_id:
        check_owner(household.pool, sent_by)
    if member_id == household.pool.owner_id:
        raise errors.PoolOwnerStays("The owner dissolves the pool instead.")
    write = Write()
    write.books.origin = origin
    await _return_points(session, program_id, write, household, {member_id})
    part.status, part.since = LEFT, now
    await put_pool_member(session, program_id, pool_id, part)
    await write_books(session, program_id, now, write)


async def dissolve(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    pool_id: UUID,
    owner_id: UUID,
    origin: tuple[str, str],
) -> None:
    """Everybody gets their unspent points back. Raises `PoolUnknown`, `PoolOwnerOnly`."""
    seen = await find_pool(session, program_id, pool_id)
    members = set(seen[1]) if seen is not None else set()
    household = await lock_household(session, program_id, pool_id, owner_id, members)
    check_owner(household.pool, owner_id)
    joined = {m.member_id for m in household.members.values() if m.status == JOINED}
    if not joined <= members:
        raise Collision("Somebody joined meanwhile.")
    write = Write()
    write.books.origin = origin
    await _return_points(session, program_id, write, household, joined)
    household.pool.status, household.pool.closed_at = DISSOLVED, now
    await close_pool(session, program_id, household.pool)
    await write_books(session, program_id, now, write)


def check_owner(pool: Pool, member_id: UUID) -> None:
    """Raise `PoolOwnerOnly` for all others."""
    if pool.owner_id != member_id:
        raise errors.PoolOwnerOnly("Only who opened the pool may do this.")


async def _check_free(session: AsyncSession, program_id: UUID, member_id: UUID) -> None:
    if await find_pool_of(session, program_id, member_id) is not None:
        raise errors.MemberInPool("The member is in a pool already.")


async def _return_points(
    session: AsyncSession,
    program_id: UUID,
    write: Write,
    household: Household,
    members: Collection[UUID],
) -> None:
    pool = household.account
    await load_lots(session, program_id, {pool.account_id: pool})
    givers: Mapping[int, UUID] = await list_contributions(session, program_id, pool.account_id)
    for member_id in sorted(members):
        parts = [
            (lot, lot.remaining)
            for lot in pool.lots
            if givers.get(lot.version, household.pool.owner_id) == member_id
        ]
        if parts:
            move_id = derived_id(pool.account_id, "return", pool.version)
            facts = {"pool_id": str(pool.account_id), "member_id": str(member_id)}
            receiver = household.accounts[member_id]
            move_lots(write.books, pool, receiver, parts, Move("pool_return", move_id, facts))
