"""Versions of policies that staff take back before they begin."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from services.points.domain.accounting.liability import SETTLES_AFTER
from services.points.domain.receipts.errors import PolicyBegun


class PolicyKind(StrEnum):
    """Which policies: how points are earned, or how they pay."""

    EARNING = "earning"
    REDEMPTION = "redemption"


class Withdrawal(NamedTuple):
    """Who withdrew a version, when and why."""

    withdrawn_at: datetime
    withdrawn_by: str
    reason: str


class Version(NamedTuple):
    """A stored version: from when on, what it says, and its withdrawal."""

    effective_from: datetime
    spec: Mapping[str, Any]
    withdrawal: Withdrawal | None = None


def check_not_begun(version: Version, now: datetime, lead: timedelta) -> None:
    """Raise `PolicyBegun` when somebody may have been rated by it: receipts may be dated up to
    `lead` ahead, by tills whose clock is fast, and what began at `now` may wait for a while."""
    if version.effective_from <= now + lead + SETTLES_AFTER:
        raise PolicyBegun(
            "This version is in force, or begins right now. State another one instead.",
            effective_from=version.effective_from.isoformat(),
        )
