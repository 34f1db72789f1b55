"""Receipts of members become tier credit, tiers, and what is known of their habits."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.programs.errors import CurrencyMismatch
from services.membership.domain.tiers.assessment import Assessment, TierState, assess, reaches_to
from services.membership.domain.tiers.errors import PurchaserUnknown
from services.membership.domain.tiers.purchases import Purchase, choose_new, profile_gain
from services.membership.domain.tiers.tiers import Credit, TierScheme
from services.membership.storage.members.member_news import Trace, tier_news
from services.membership.storage.programs.programs import Program, get_program
from services.membership.storage.tiers.tier_schemes import get_schemes
from services.membership.storage.tiers.tiers import (
    add_to_profiles,
    insert_credits,
    list_credits,
    lock_member_tiers,
    update_member_tiers,
)
from shared.errors import Invariant
from shared.outbox import tell


async def apply_purchases(
    session: AsyncSession, now: datetime, program_id: UUID, purchases: Sequence[Purchase]
) -> int:
    """Credit each purchase once, whatever the order and however often it comes.

    Returns how many were new. Raises `PurchaserUnknown`, `CurrencyMismatch` for the whole batch.
    """
    program = await get_program(session, program_id)
    schemes = await get_schemes(session, program_id)
    members = sorted({purchase.member_id for purchase in purchases})
    states = await lock_member_tiers(session, program_id, members)
    _check(purchases, program, states)
    known = await list_credits(session, program_id, members)
    new = choose_new(purchases, known)
    if not new:
        return 0
    assessments = _assess(program, schemes, states, known, new, now)
    credits = [(member, p.credit) for member, some in new.items() for p in some.values()]
    stored = await insert_credits(session, program_id, credits)
    await add_to_profiles(
        session, program_id, [profile_gain(member, some.values()) for member, some in new.items()]
    )
    # Most purchases move no tier. A history that stays as it was told is not written again: how far
    # it reaches is then older than it could be, and the next look goes by the credits anyway.
    moved = [assessment for assessment in assessments if assessment.is_new]
    updated = await update_member_tiers(session, program_id, moved) if moved else 0
    if (stored, updated) != (len(credits), len(moved)):
        raise Invariant(f"decided {len(credits)}/{len(moved)}, wrote {stored}/{updated}")
    await tell(session, tier_news(program_id, assessments, now, _causes(purchases)))
    return stored


def _check(
    purchases: Sequence[Purchase], program: Program, states: Mapping[UUID, TierState]
) -> None:
    for purchase in purchases:
        if purchase.member_id not in states:
            raise PurchaserUnknown(
                "The receipt names a member whom this programme never enrolled.",
                member_id=str(purchase.member_id),
            )
        if purchase.currency != program.currency:
            raise CurrencyMismatch(
                "The programme counts in another currency.", currency=program.currency
            )


def _assess(
    program: Program,
    schemes: Sequence[TierScheme],
    states: Mapping[UUID, TierState],
    known: Mapping[UUID, list[Credit]],
    new: Mapping[UUID, Mapping[UUID, Purchase]],
    now: datetime,
) -> list[Assessment]:
    assessments = []
    zone = program.zone
    for member_id, purchases in new.items():
        credits = sorted([*known.get(member_id, ()), *(p.credit for p in purchases.values())])
        until = reaches_to(credits, now)
        assessments.append(assess(states[member_id], credits, schemes, zone, until))
    return sorted(assessments, key=lambda assessment: assessment.member_id)


def _causes(purchases: Sequence[Purchase]) -> dict[UUID, Trace]:
    return {p.member_id: Trace(p.correlation_id, p.traceparent) for p in purchases}
