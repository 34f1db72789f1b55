"""A household's pool: who is in it, what each may spend, and whose points are in it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.ledger import Books
from services.points.domain.ledger.moves import Move, move_lots
from services.points.domain.members.errors import PoolCapReached, PoolFull, PoolOwnerOnly
from services.points.domain.receipts.receipt_books import derived_id

OPEN = "open"
DISSOLVED = "dissolved"
INVITED = "invited"
JOINED = "joined"
LEFT = "left"


@dataclass(slots=True)
class Pool:
    """A pool as stored. Its points are on the account with its id."""

    pool_id: UUID
    name: str
    owner_id: UUID
    status: str
    month_points_max: int | None
    recorded_at: datetime
    closed_at: datetime | None = None


@dataclass(slots=True)
class PoolMember:
    """Somebody's part in a pool; `month_points_max` of their own goes before the pool's."""

    member_id: UUID
    status: str
    month_points_max: int | None
    since: datetime


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

    def check_owner(self, member_id: UUID) -> None:
        """Raise `PoolOwnerOnly` for all others."""
        if self.pool.owner_id != member_id:
            raise PoolOwnerOnly("Only who opened the pool may do this.")


def invited_part(
    household: Household,
    member_id: UUID,
    month_points_max: int | None,
    members_max: int,
    now: datetime,
) -> PoolMember:
    """The part of somebody who is invited; who is in it keeps their place and gets a new cap.

    Raises `PoolFull`.
    """
    known = household.members.get(member_id)
    if known is not None and known.status != LEFT:
        return PoolMember(member_id, known.status, month_points_max, known.since)
    counted = sum(member.status != LEFT for member in household.members.values())
    if counted >= members_max:
        raise PoolFull(f"A pool has {members_max} members at most.", max=members_max)
    return PoolMember(member_id, INVITED, month_points_max, now)


def check_month(household: Household, member_id: UUID, points: int, spent: int) -> int | None:
    """What is left of the member's month afterwards; None without a cap. Raises
    `PoolCapReached`."""
    most = household.members[member_id].month_points_max or household.pool.month_points_max
    if most is None:
        return None
    left = max(0, most - spent)
    if points > left:
        raise PoolCapReached(
            f"{left} points can be spent this month.", month_points_max=most, left=left
        )
    return left - points


def return_points(
    books: Books,
    household: Household,
    givers: Mapping[int, UUID],
    members: Collection[UUID],
) -> dict[UUID, int]:
    """Give these members what is left of the points that they put in, as they are. Returns how
    many each got, maybe none.

    What is of nobody in the pool (points that came back after their lot had ended, or after who
    had put them in had left) is the owner's.
    """
    returned = {}
    pool, owner_id = household.account, household.pool.owner_id
    joined = {member.member_id for member in household.members.values() if member.status == JOINED}
    whose = {version: giver for version, giver in givers.items() if giver in joined}
    for member_id in sorted(members):
        parts = [
            (lot, lot.remaining)
            for lot in pool.lots
            if whose.get(lot.version, owner_id) == member_id
        ]
        returned[member_id] = sum(points for _, points in parts)
        if parts:
            move_id = derived_id(pool.account_id, "return", pool.version)
            facts = {"pool_id": str(pool.account_id), "member_id": str(member_id)}
            receiver = household.accounts[member_id]
            move_lots(books, pool, receiver, parts, Move("pool_return", move_id, facts))
    return returned


def end_pool(books: Books, household: Household, now: datetime) -> None:
    """An empty pool is over. What comes back to it later (a payment undone) is the owner's."""
    household.pool.status, household.pool.closed_at = DISSOLVED, now
    account = household.account
    account.merged_into = household.pool.owner_id
    books.accounts[account.account_id] = account
