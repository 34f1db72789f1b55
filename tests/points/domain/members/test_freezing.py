"""Freezing and thawing, lot by lot."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.errors import AccountFrozen, LotUnknown
from services.points.domain.ledger.ledger import Books
from services.points.domain.ledger.lots import LotTerms
from services.points.domain.members.freezing import Freeze, freeze, standing_case, thaw
from tests.points.samples import make_account, make_cause

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=10)
GRACE_END = datetime(2026, 3, 28, tzinfo=UTC)  # The end of the seventh day after 20 March.


def utc(_: object) -> str:
    return "UTC"


def case_of(account: Account, lot_version: int | None = None) -> Freeze:
    return Freeze(uuid4(), account.account_id, lot_version, "disputed", "x", "staff-1", NOW)


def filled(*days: int) -> tuple[Books, Account]:
    books, account = Books(), make_account()
    for number in days:
        books.credit(account, 10, make_cause(), LotTerms(NOW + timedelta(days=number)))
    return books, account


def closed(case: Freeze) -> Freeze:
    case.closed_by, case.closed_at = "staff-2", LATER
    return case


def test_only_what_ended_while_it_was_frozen_lasts_longer() -> None:
    books, account = filled(-1, 5, 20)
    case = case_of(account)
    freeze(books, account, case)
    assert (account.available(NOW), standing_case(account, None)) == (0, case.case_id)
    thaw(books, account, closed(case), LATER, 7, utc)
    assert [lot.expires_at for lot in account.lots] == [
        NOW - timedelta(days=1),
        GRACE_END,
        NOW + timedelta(days=20),
    ]
    assert account.available(LATER) == 20


def test_a_lot_that_another_case_froze_stays_frozen() -> None:
    books, account = filled(5, 6)
    whole, one = case_of(account), case_of(account, 1)
    freeze(books, account, one)
    freeze(books, account, whole)
    thaw(books, account, closed(whole), LATER, 7, utc)
    assert [lot.expires_at for lot in account.lots] == [NOW + timedelta(days=5), GRACE_END]
    assert standing_case(account, 1) == one.case_id
    thaw(books, account, closed(one), LATER, 7, utc)
    assert account.available(LATER) == 20


def test_a_frozen_account_spends_nothing_and_a_missing_lot_cannot_be_frozen() -> None:
    books, account = filled(5)
    freeze(books, account, case_of(account))
    with pytest.raises(AccountFrozen):
        books.spend(account, 1, make_cause(), NOW)
    with pytest.raises(LotUnknown):
        freeze(books, account, case_of(account, 9))
