"""Members joined: open their accounts and post the receipts that waited for them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.storage.ledger.accounts import set_accounts_open, set_first_tiers
from services.points.storage.receipts.directory import insert_member_numbers
from services.points.storage.receipts.pos_transactions import lock_accounts
from services.points.usecases.activities.reward_enrolments import reward_enrolments
from services.points.usecases.receipts.post_waiting import post_waiting
from shared.consumer import Delivery
from shared.contracts.membership import MemberEnrolled


async def open_accounts(
    session: AsyncSession, now: datetime, program_id: UUID, deliveries: Sequence[Delivery]
) -> None:
    """Open the account of every enrolled member, once, under the lock that receipts take too.

    Lock order: member numbers, accounts, receipts; each ascending.
    """
    events = {d.event.member_id: d.event for d in deliveries if isinstance(d.event, MemberEnrolled)}
    origins = {
        d.event.member_id: (d.correlation_id, d.traceparent)
        for d in deliveries
        if isinstance(d.event, MemberEnrolled)
    }
    numbers = sorted((event.member_number, event.member_id) for event in events.values())
    await insert_member_numbers(session, program_id, list(numbers))
    accounts = await lock_accounts(session, program_id, events)
    await set_accounts_open(session, program_id, sorted(accounts))
    await set_first_tiers(
        session,
        program_id,
        [(e.member_id, e.enrolled_at, e.tier) for e in events.values()],
    )
    await post_waiting(session, now, program_id, numbers, origins)
    await reward_enrolments(session, now, program_id, list(events.values()), origins)
