"""Receipts that points paid a part of: their refunds give points back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.ledger import Books
from services.points.domain.receipts.points_payments import PointsPayment
from services.points.domain.receipts.pos_records import Stored
from services.points.domain.receipts.refund_notes import tell_returns
from services.points.domain.spending import redeeming, tariffs
from services.points.domain.spending.redeeming import Moment, Return, Spent
from services.points.storage.receipts.pos_transactions import survivor_of
from services.points.storage.spending.redemptions import (
    list_redemption_policies,
    list_spent_on_receipts,
    set_returned,
)
from services.points.storage.zones import load_zones
from shared.db import Collision

_NEVER = Moment(datetime.min.replace(tzinfo=UTC), 0, lambda _: "UTC")


@dataclass(slots=True)
class PaidReceipts:
    """What paid which receipt, and what has come back of it since this was read."""

    spent: dict[UUID, list[Spent]] = field(default_factory=dict)
    moment: Moment = _NEVER
    changed: list[Spent] = field(default_factory=list)


async def load_paid_receipts(
    session: AsyncSession, program_id: UUID, now: datetime, receipt_ids: Iterable[UUID]
) -> PaidReceipts:
    """The redemptions of these receipts. Lock their accounts before."""
    found = PaidReceipts(moment=await moment_of_return(session, program_id, now))
    for spent in await list_spent_on_receipts(session, program_id, receipt_ids):
        assert spent.transaction_id is not None
        found.spent.setdefault(spent.transaction_id, []).append(spent)
    return found


def payments_of(paid: PaidReceipts, receipt_id: UUID) -> list[PointsPayment]:
    """What paid this receipt, as far as it was not undone."""
    return [
        PointsPayment(spent.paid_minor, spent.claimed_minor)
        for spent in paid.spent.get(receipt_id, ())
    ]


async def moment_of_return(session: AsyncSession, program_id: UUID, now: datetime) -> Moment:
    """Now, with the grace that the policy in force gives to points that come back late."""
    policy = tariffs.policy_in_force(await list_redemption_policies(session, program_id), now)
    if policy is None or not policy.return_grace_days:
        return _NEVER._replace(now=now)
    return Moment(now, policy.return_grace_days, await load_zones(session, program_id))


def give_back_for_refunds(
    books: Books,
    accounts: Mapping[UUID, Account],
    paid: PaidReceipts,
    sale: Stored,
    refunds: Sequence[Stored],
    done: int,
) -> None:
    """Give back the refunds' share of the points that paid the sale, whoever's they were.

    `refunds` are all that count so far; the last of them is the cause, and all but the first `done`
    are told what came back for them. Raises `Collision` when points of another account paid
    meanwhile.
    """
    for spent in paid.spent.get(sale.transaction_id, ()):
        refunded_minor = sum(refund.total_minor for refund in refunds)
        target = redeeming.returned_for_refunds(spent, sale.total_minor, refunded_minor)
        if target <= spent.returned:
            continue
        account = survivor_of(accounts, spent.account_id)
        if account is None:
            raise Collision("Points of another account paid this receipt meanwhile.")
        why = Return(
            refunds[-1].transaction_id,
            "redemption_refunded",
            {
                "receipt_id": str(sale.transaction_id),
                "refund_id": str(refunds[-1].transaction_id),
                "refunded_minor": refunded_minor,
                "total_minor": sale.total_minor,
            },
        )
        tell_returns(spent, sale, refunds, done)
        redeeming.give_back(books, account, spent, target - spent.returned, why, paid.moment)
        paid.changed.append(spent)


async def keep_returned(session: AsyncSession, program_id: UUID, paid: PaidReceipts) -> None:
    """Store how much has come back. The books are written by the caller."""
    if paid.changed:
        await set_returned(session, program_id, paid.changed)
