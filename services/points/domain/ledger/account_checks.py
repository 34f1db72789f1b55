"""Whether an account may do what is asked: open, merged, frozen."""

from services.points.domain.ledger.errors import AccountFrozen, AccountMerged, MemberUnknown
from services.points.domain.ledger.ledger import Account
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
    if giver.frozen_case is not None:
        raise AccountFrozen("The account is frozen.", case_id=str(giver.frozen_case))


def check_receiver(receiver: Account) -> None:
    """Raise `TransferReceiverUnknown` unless others may give to the account. Why not is nobody
    else's business."""
    if not receiver.is_open or receiver.frozen_case is not None:
        raise TransferReceiverUnknown("This member cannot receive points.")
