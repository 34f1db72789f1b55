"""Staff take back a version of a policy that has not begun."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.receipts.errors import PolicyVersionUnknown
from services.points.domain.receipts.withdrawals import PolicyKind, Withdrawal, check_not_begun
from services.points.storage.receipts.withdrawals import insert_withdrawal, list_versions


async def withdraw_policy(
    session: AsyncSession,
    program_id: UUID,
    kind: PolicyKind,
    version: int,
    withdrawal: Withdrawal,
    lead: timedelta,
) -> tuple[datetime, Withdrawal]:
    """The version never begins; it stays, with who withdrew it, when and why. Returns when it would
    have begun, and its withdrawal: the first one, if there was one already.

    Raises `PolicyVersionUnknown`, and `PolicyBegun` when it begins within `lead`.
    """
    found = (await list_versions(session, program_id, kind)).get(version)
    if found is None:
        raise PolicyVersionUnknown("No such version was stated.")
    if found.withdrawal is not None:
        return found.effective_from, found.withdrawal
    check_not_begun(found, withdrawal.withdrawn_at, lead)
    await insert_withdrawal(session, program_id, kind, version, withdrawal)
    return found.effective_from, withdrawal
