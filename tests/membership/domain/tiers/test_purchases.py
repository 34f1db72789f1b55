"""What is kept of receipts."""

from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from services.membership.domain.tiers.purchases import Purchase, choose_new, profile_gain
from services.membership.domain.tiers.tiers import Credit

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
WANG, LI = UUID(int=1), UUID(int=2)


def _purchase(
    number: int, amount_minor: int, kind: Literal["sale", "refund"] = "sale", member: UUID = WANG
) -> Purchase:
    at = NOON + timedelta(hours=number)
    return Purchase(member, UUID(int=number), kind, at, amount_minor, "CNY")


def test_a_refund_takes_off_at_its_own_instant() -> None:
    assert _purchase(3, 500, "refund").credit == Credit(
        NOON + timedelta(hours=3), UUID(int=3), -500
    )


def test_a_receipt_counts_once_however_often_it_comes() -> None:
    known = {WANG: [_purchase(1, 100).credit]}
    new = choose_new([_purchase(1, 100), _purchase(2, 50), _purchase(2, 50)], known)
    assert {member: list(some) for member, some in new.items()} == {WANG: [UUID(int=2)]}


def test_the_same_receipt_counts_for_each_member_apart() -> None:
    new = choose_new([_purchase(1, 100), _purchase(1, 100, member=LI)], {})
    assert set(new) == {WANG, LI}


def test_sales_are_visits_and_refunds_are_none() -> None:
    gain = profile_gain(WANG, [_purchase(1, 100), _purchase(2, 30, "refund"), _purchase(5, 50)])
    assert (gain.visits, gain.spend_minor) == (2, 120)
    assert (gain.first_purchase_at, gain.last_purchase_at) == (
        NOON + timedelta(hours=1),
        NOON + timedelta(hours=5),
    )


def test_a_refund_alone_says_nothing_of_visits() -> None:
    gain = profile_gain(WANG, [_purchase(2, 30, "refund")])
    assert (gain.visits, gain.first_purchase_at, gain.spend_minor) == (0, None, -30)
