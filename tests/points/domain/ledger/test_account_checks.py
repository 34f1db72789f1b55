"""Who may give, who may be given to, and what is said to those who may not."""

from uuid import uuid4

import pytest

from services.points.domain.ledger.account_checks import check_giver, check_open, check_receiver
from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import AccountFrozen, AccountMerged, MemberUnknown
from services.points.domain.members.errors import TransferReceiverUnknown
from shared.errors import DomainError
from tests.points.samples import make_account


def merged() -> Account:
    account = make_account()
    account.is_open, account.merged_into = False, uuid4()
    return account


def frozen() -> Account:
    account = make_account()
    account.frozen_case = uuid4()
    return account


def awaited() -> Account:
    account = make_account()
    account.is_open = False
    return account


@pytest.mark.parametrize(
    ("account", "to_giver"),
    [(merged(), AccountMerged), (frozen(), AccountFrozen), (awaited(), MemberUnknown)],
    ids=["merged", "frozen", "awaited"],
)
def test_a_giver_hears_why_and_others_about_a_receiver_do_not(
    account: Account, to_giver: type[DomainError]
) -> None:
    with pytest.raises(to_giver):
        check_giver(account)
    with pytest.raises(TransferReceiverUnknown):
        check_receiver(account)


def test_an_open_account_gives_and_receives_and_a_frozen_one_is_open() -> None:
    check_giver(make_account())
    check_receiver(make_account())
    check_open(frozen())
