"""A household's pool: its places, its caps, and whose points come back."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from services.points.domain.ledger.ledger import Books
from services.points.domain.ledger.lots import LotTerms
from services.points.domain.members.errors import PoolCapReached, PoolFull, PoolOwnerOnly
from services.points.domain.members.pools import (
    INVITED,
    JOINED,
    LEFT,
    OPEN,
    Household,
    Pool,
    PoolMember,
    check_month,
    invited_part,
    return_points,
)
from tests.points.samples import make_account, make_cause

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def household(month_points_max: int | None = None) -> tuple[Household, UUID]:
    pool_account, owner = make_account(), make_account()
    pool = Pool(pool_account.account_id, "x", owner.account_id, OPEN, month_points_max, NOW)
    part = PoolMember(owner.account_id, JOINED, None, NOW)
    accounts = {a.account_id: a for a in (pool_account, owner)}
    return Household(pool, {owner.account_id: part}, accounts), owner.account_id


def test_a_place_is_taken_by_an_invitation_and_free_when_somebody_left() -> None:
    house, owner = household()
    one, other = uuid4(), uuid4()
    house.members[one] = invited_part(house, one, None, 2, NOW)
    assert house.members[one].status == INVITED
    with pytest.raises(PoolFull):
        invited_part(house, other, None, 2, NOW)
    assert invited_part(house, owner, 7, 2, NOW) == PoolMember(owner, JOINED, 7, NOW)
    house.members[one].status = LEFT
    assert invited_part(house, other, None, 2, NOW).status == INVITED
    with pytest.raises(PoolOwnerOnly):
        house.check_owner(one)


def test_the_members_own_cap_goes_before_the_pools() -> None:
    house, owner = household(100)
    assert check_month(house, owner, 60, 40) == 0
    house.members[owner].month_points_max = 50
    with pytest.raises(PoolCapReached) as refused:
        check_month(house, owner, 11, 40)
    assert refused.value.facts == {"month_points_max": 50, "left": 10}
    house.members[owner].month_points_max = house.pool.month_points_max = None
    assert check_month(house, owner, 10**9, 0) is None


def test_everybody_gets_what_is_left_of_theirs_and_the_owner_what_is_nobodys() -> None:
    house, owner = household()
    books, member = Books(), make_account()
    house.accounts[member.account_id] = member
    house.members[member.account_id] = PoolMember(member.account_id, JOINED, None, NOW)
    for points in (10, 20, 30):
        books.credit(house.account, points, make_cause(), LotTerms())
    books.spend(house.account, 15, make_cause(), NOW)
    givers = {1: member.account_id, 2: member.account_id}
    return_points(books, house, givers, {owner, member.account_id})
    assert (member.balance, house.accounts[owner].balance, house.account.balance) == (15, 30, 0)
