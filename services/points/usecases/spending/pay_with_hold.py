"""Points that were set aside pay a receipt, as points pay that were not: by the policy in force."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.receipts.receipts import Bounds
from services.points.storage.receipts.pos_batch import check_till
from services.points.storage.spending.hold_requests import CaptureHold, HoldTask, wanted_by
from services.points.storage.spending.hold_tasks import (
    CaptureAnswer,
    HoldWork,
    answer,
    find_hold,
)
from services.points.storage.spending.holds import look_at_holds, write_holds
from services.points.storage.spending.redemptions import lock_paid_receipt
from services.points.storage.spending.till_payments import read_terms
from shared.db import driver
from shared.errors import DomainError


async def pay_with_hold(
    session: AsyncSession, now: datetime, bounds: Bounds, task: HoldTask
) -> CaptureAnswer:
    """A capture that names its receipt, once for its key; in a transaction of its own, so that
    nothing is kept of one that is refused.

    Lock order: the account, then the receipt that is paid. Raises why the till may not speak, why
    the policy or the receipt does not allow it, and what any capture raises.
    """
    asked, program_id = task.asked, task.program_id
    assert isinstance(asked, CaptureHold)
    assert asked.bill is not None
    connection = await driver(session)
    look = await look_at_holds(connection, program_id, now, wanted_by([task]), is_locking=True)
    work = HoldWork(now, look)
    shop = check_till(look.directory, task.shop_id, task.till_id, task.key_version, now)
    hold = find_hold(look, task, asked.hold_id)
    if task.made_id not in look.captures:
        await lock_paid_receipt(session, program_id, asked.bill.transaction_id(program_id))
        paying = (look, look.accounts[hold.account_id], shop)
        work.terms = await read_terms(session, now, bounds, program_id, paying, asked.bill)
    answered = answer(work, task)
    if isinstance(answered, DomainError):
        raise answered
    assert isinstance(answered, CaptureAnswer)
    if not work.write.is_empty:
        await write_holds(session, program_id, now, work.write)
    return answered
