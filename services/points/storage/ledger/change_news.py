"""Lots with other ends, freezes and thaws, told so that others can keep what they show of them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.points.domain.expiry.expiry_changes import ChangedLot
from services.points.domain.ledger.accounts import Account
from services.points.domain.members.freezing import Freeze
from shared.contracts.points_changes import (
    LotEnd,
    PointsEndsChanged,
    PointsFrozen,
    PointsThawed,
)


def ends_changed(
    program_id: UUID,
    now: datetime,
    account: Account,
    cause: Literal["staff", "campaign", "thaw"],
    changed: Iterable[ChangedLot],
    campaign_id: UUID | None = None,
) -> list[PointsEndsChanged]:
    """One event of the lots that end at another time now; none when there is no such lot."""
    lots = tuple(
        LotEnd(lot_version=lot.lot_version, points=lot.points, before=lot.before, after=lot.after)
        for lot in changed
        if lot.before != lot.after
    )
    if not lots:
        return []
    return [
        PointsEndsChanged(
            program_id=program_id,
            account_id=account.account_id,
            member_id=account.member_id,
            wallet=account.wallet,
            cause=cause,
            campaign_id=campaign_id,
            lots=lots,
            changed_at=now,
        )
    ]


def frozen(program_id: UUID, account: Account, case: Freeze) -> PointsFrozen:
    """The case is open."""
    return PointsFrozen(
        program_id=program_id,
        account_id=account.account_id,
        member_id=account.member_id,
        wallet=account.wallet,
        case_id=case.case_id,
        lot_version=case.lot_version,
        frozen_at=case.opened_at,
    )


def thawed(program_id: UUID, now: datetime, account: Account, case: Freeze) -> PointsThawed:
    """The case is closed."""
    return PointsThawed(
        program_id=program_id,
        account_id=account.account_id,
        member_id=account.member_id,
        wallet=account.wallet,
        case_id=case.case_id,
        lot_version=case.lot_version,
        thawed_at=now,
    )
