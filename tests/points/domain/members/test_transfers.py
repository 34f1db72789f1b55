"""Offers between members: their bounds, their ends, and how they end."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.points.domain.ledger.accounts import Account
from services.points.domain.ledger.ledger import Books
from services.points.domain.ledger.lots import LotTerms
from services.points.domain.ledger.moves import pick_spendable
from services.points.domain.members.errors import (
    TransferCapReached,
    TransferClosed,
    TransferUnavailable,
)
from services.points.domain.members.transfers import (
    ACCEPTED,
    CANCELLED,
    EXPIRED,
    OFFERED,
    Transfer,
    TransferBounds,
    expire_due,
    free_transfer,
    take_transfer,
)
from tests.points.samples import make_account, make_cause

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
BOUNDS = TransferBounds(timedelta(days=7), 100)


def offered(books: Books, points: int = 60) -> tuple[Account, Account, Transfer]:
    giver, receiver = make_account(), make_account()
    books.credit(giver, 100, make_cause(), LotTerms())
    books.hold(giver, points, NOW)
    until = NOW + BOUNDS.accept
    transfer = Transfer(
        uuid4(), giver.account_id, receiver.account_id, points, "", OFFERED, NOW, until
    )
    return giver, receiver, transfer


def test_a_day_has_a_cap_and_an_offer_ends_with_the_first_of_its_points() -> None:
    BOUNDS.check_cap(40, 60)
    with pytest.raises(TransferCapReached) as refused:
        BOUNDS.check_cap(41, 60)
    assert refused.value.facts["left"] == 40
    books, account = Books(), make_account()
    for points, days in ((10, 3), (10, 30)):
        books.credit(account, points, make_cause(), LotTerms(NOW + timedelta(days=days)))
    assert BOUNDS.accept_until(pick_spendable(account, 20, NOW), NOW) == NOW + timedelta(days=3)
    assert BOUNDS.accept_until([], NOW) == NOW + timedelta(days=7)


def test_taking_moves_the_points_and_frees_the_hold() -> None:
    books = Books()
    giver, receiver, transfer = offered(books)
    take_transfer(books, giver, receiver, transfer, NOW)
    assert (giver.balance, giver.held, receiver.balance) == (40, 0, 60)
    assert (transfer.status, transfer.closed_at) == (ACCEPTED, NOW)
    with pytest.raises(TransferClosed):
        free_transfer(books, giver, transfer, CANCELLED, "giver", NOW)


def test_at_its_deadline_an_offer_is_over() -> None:
    books = Books()
    giver, receiver, transfer = offered(books)
    late = transfer.accept_until
    with pytest.raises(TransferClosed):
        take_transfer(books, giver, receiver, transfer, late)
    assert expire_due(books, giver, [transfer], late - timedelta(microseconds=1)) == []
    assert expire_due(books, giver, [transfer], late) == [transfer]
    assert (transfer.status, giver.held) == (EXPIRED, 0)


def test_what_claw_backs_or_a_freeze_left_without_points_is_not_taken() -> None:
    books = Books()
    giver, receiver, transfer = offered(books)
    books.claw_back(giver, 50, make_cause())
    with pytest.raises(TransferUnavailable) as short:
        take_transfer(books, giver, receiver, transfer, NOW)
    books = Books()
    giver, receiver, transfer = offered(books)
    giver.frozen_case = uuid4()
    with pytest.raises(TransferUnavailable) as frozen:
        take_transfer(books, giver, receiver, transfer, NOW)
    # How the giver stands is nothing for the receiver.
    assert (short.value.facts, frozen.value.facts) == ({}, {})
    assert str(short.value) == str(frozen.value)
