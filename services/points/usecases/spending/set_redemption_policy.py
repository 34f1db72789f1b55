"""Staff state how points pay at a till from some instant on. Stored versions never change."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.receipts.errors import PolicyInPast
from services.points.domain.receipts.withdrawals import PolicyKind
from services.points.domain.spending.tariffs import RedemptionPolicy
from services.points.storage.receipts.withdrawals import find_newest_version
from services.points.storage.spending.redemptions import (
    insert_redemption_policy,
    list_redemption_policies,
    read_redemption_policy,
)


async def set_redemption_policy(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    effective_from: datetime,
    spec: dict[str, Any],
    recorded_by: str,
) -> RedemptionPolicy:
    """Add the next version. Raises `PolicyInPast` when an older version, which was not withdrawn,
    starts later."""
    # The number is read before the policies: who states one in between takes it from this one.
    version = await find_newest_version(session, program_id, PolicyKind.REDEMPTION) + 1
    policies = await list_redemption_policies(session, program_id)
    if policies and effective_from <= policies[-1].effective_from:
        raise PolicyInPast(
            "A new policy takes effect after the one before it.",
            latest_effective_from=policies[-1].effective_from.isoformat(),
        )
    policy = read_redemption_policy(version, effective_from, spec)
    await insert_redemption_policy(session, program_id, policy, spec, now, recorded_by)
    return policy
