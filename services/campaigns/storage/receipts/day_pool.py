"""Receipts that are at hand while rewards are decided: each is read once, and those just worked
not at all."""

from collections import defaultdict
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.campaigns.domain.receipts.reach import MemberDay, day_of
from services.campaigns.domain.receipts.receipts import Receipt
from services.campaigns.storage.receipts.receipts import list_receipts, list_receipts_of_days


@dataclass(slots=True)
class DayPool:
    """Receipts by id, and by member and local day; those of `whole_days` are all there."""

    receipts: dict[UUID, Receipt] = field(default_factory=dict)
    by_day: defaultdict[MemberDay, list[Receipt]] = field(default_factory=lambda: defaultdict(list))
    whole_days: set[MemberDay] = field(default_factory=set)


def open_pool(receipts: Iterable[Receipt]) -> DayPool:
    """A pool of receipts in the caller's hands, as they are stored."""
    pool = DayPool()
    for receipt in receipts:
        _put(pool, receipt)
    return pool


async def read_days(
    session: AsyncSession,
    program_id: UUID,
    pool: DayPool,
    member_days: Set[MemberDay],
    receipt_ids: Set[UUID] = frozenset(),
) -> None:
    """Have all receipts of these days in the pool, and those named."""
    days = member_days - pool.whole_days
    if days:
        # Sorted, for a plan that walks the index once.
        known = list(pool.receipts)
        for receipt in await list_receipts_of_days(session, program_id, sorted(days), known):
            _put(pool, receipt)
        pool.whole_days |= days
    named = [i for i in receipt_ids if i not in pool.receipts]
    if named:
        for receipt in await list_receipts(session, program_id, named):
            _put(pool, receipt)


def _put(pool: DayPool, receipt: Receipt) -> None:
    pool.receipts[receipt.receipt_id] = receipt
    if receipt.member_id is not None:
        pool.by_day[day_of(receipt)].append(receipt)
