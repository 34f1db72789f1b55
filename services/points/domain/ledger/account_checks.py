"""Whether an account may do what is asked: open, merged, frozen, with so much to spend."""

from datetime import datetime

from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import (
    AccountFrozen,
    AccountMerged,
    InsufficientPoints,
    MemberUnknown,
)
from services.points.domain.members.errors import TransferReceiverUnknown


def check_open(account: Account) -> None:
    """Raise `AccountMerged` or `MemberUnknown` unless the account is a member's open one."""
    if account.merged_into is not None:
        raise AccountMerged(
            "The account was merged into another.", merged_into=str(account.merged_into)
        )
    if not account.is_open:
        raise MemberUnknown("No such member in this programme.")


def check_giver(giver: Account) -> None:
    """Raise unless the account may give: open and not frozen (`AccountFrozen`)."""
    check_open(giver)
    check_not_frozen(giver)


def check_receiver(receiver: Account) -> None:
    """Raise `TransferReceiverUnknown` unless others may give to the account. Why not is nobody
    else's business."""
    if not receiver.is_open or receiver.frozen_case is not None:
        raise TransferReceiverUnknown("This member cannot receive points.")


def check_available(account: Account, points: int, now: datetime) -> None:
    """Raise `AccountFrozen` or `InsufficientPoints` (with the shortfall) when it is not there."""
    assert points > 0
    check_not_frozen(account)
    available = account.available(now)
    if points > available:
        raise InsufficientPoints(
            f"{available} points are available; {points - available} more are needed.",
            balance=account.balance,
            available=available,
            shortfall=points - available,
        )


def check_not_frozen(account: Account) -> None:
    """Raise `AccountFrozen`: nothing goes out until its case is closed."""
    if account.frozen_case is not None:
        raise AccountFrozen("The account is frozen.", case_id=str(account.frozen_case))
