"""Staff state how points are earned from some instant on. Stored versions never change."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.receipts.earning import Policy
from services.points.domain.receipts.earning_rates import DENOMINATOR_MAX
from services.points.domain.receipts.errors import PolicyInPast, PolicyTooFine
from services.points.domain.receipts.policy_specs import read_policy
from services.points.domain.receipts.withdrawals import PolicyKind
from services.points.storage.receipts.directory import insert_policy, load_directory
from services.points.storage.receipts.withdrawals import find_newest_version
from shared.ids import new_id


async def set_earning_policy(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    effective_from: datetime,
    spec: dict[str, Any],
    recorded_by: str,
) -> Policy:
    """Add the next version. Raises `PolicyInPast` when an older version, which was not withdrawn,
    starts later, and `PolicyTooFine` when its rates cannot be counted in one fraction.

    A first policy may take effect in the past, for imports; receipts that were rated before keep
    the policy that rated them.
    """
    # The number is read before the policies: who states one in between takes it from this one.
    version = await find_newest_version(session, program_id, PolicyKind.EARNING) + 1
    policies = (await load_directory(session, program_id, ())).policies
    latest = policies[-1]
    if latest.version > 0 and effective_from <= latest.effective_from:
        raise PolicyInPast(
            "A new policy takes effect after the one before it.",
            latest_effective_from=latest.effective_from.isoformat(),
        )
    spec = {**spec, "policy_id": str(new_id())}
    policy = read_policy(version, effective_from.isoformat(), spec)
    if policy.denominator > DENOMINATOR_MAX:
        raise PolicyTooFine(
            "The rates' per_minor have too large a common multiple. Say the rates by amounts that "
            "divide each other, such as 100, 200 and 1000.",
            common_multiple_digits_max=len(str(DENOMINATOR_MAX)) - 1,
        )
    await insert_policy(session, program_id, version, effective_from, spec, now, recorded_by)
    return policy
