"""Reading policies, those among them that were withdrawn."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.receipts.earning import Policy
from services.points.domain.receipts.policy_specs import read_policy
from services.points.domain.receipts.withdrawals import PolicyKind, Withdrawal
from services.points.domain.spending.tariffs import RedemptionPolicy
from services.points.storage.receipts.directory import load_directory
from services.points.storage.receipts.withdrawals import list_versions
from services.points.storage.spending.redemptions import read_redemption_policy


async def list_policies(
    session: AsyncSession, program_id: UUID
) -> list[tuple[Policy, Withdrawal | None]]:
    """All versions of how points are earned, oldest first, the built-in one included."""
    built_in = (await load_directory(session, program_id, ())).policies[0]
    found = await list_versions(session, program_id, PolicyKind.EARNING)
    return [
        (built_in, None),
        *(
            (read_policy(number, stated.effective_from.isoformat(), stated.spec), stated.withdrawal)
            for number, stated in found.items()
        ),
    ]


async def list_redemption_versions(
    session: AsyncSession, program_id: UUID
) -> list[tuple[RedemptionPolicy, Withdrawal | None]]:
    """All versions of how points pay, oldest first."""
    found = await list_versions(session, program_id, PolicyKind.REDEMPTION)
    return [
        (read_redemption_policy(number, stated.effective_from, stated.spec), stated.withdrawal)
        for number, stated in found.items()
    ]
