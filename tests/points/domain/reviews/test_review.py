"""Which receipts are held back, and which are not."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.points.domain.receipts.receipts import Receipt, ReceiptKey, transaction_id_of
from services.points.domain.reviews.review import (
    NO_REVIEW,
    OwnCard,
    Per,
    ReviewRules,
    Traces,
    Velocity,
    rules_for_claims,
    rules_for_late_members,
    twins_of,
    what_to_look_for,
    why_review,
)

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
PROGRAM, SHOP, MEMBER = UUID(int=1), UUID(int=2), UUID(int=3)


def receipt(number: str = "R1", day: int = 10, minutes: float = 0, **fields: Any) -> Receipt:
    key = ReceiptKey(SHOP, "T1", number, date(2026, 3, day))
    at = NOON + timedelta(minutes=minutes)
    values: dict[str, Any] = {
        "transaction_id": transaction_id_of(PROGRAM, key),
        "kind": "sale",
        "key": key,
        "purchased_at": at,
        "currency": "CNY",
        "total_minor": 100,
        "tendered_minor": None,
        "lines": (),
        "member_id": MEMBER,
        "member_number": None,
        "original": None,
        "original_id": None,
        "content": "{}",
        "fingerprint": b"",
        "cashier_id": "C7",
    }
    return Receipt(**{**values, **fields})


def codes(rules: ReviewRules, sale: Receipt, traces: Traces) -> list[str]:
    return [why["code"] for why in why_review(rules, PROGRAM, sale, sale.member_id, traces)]


@pytest.mark.parametrize(
    ("own_card", "cashier", "expected"),
    [
        (OwnCard.OFF, "C7", []),
        (OwnCard.CASHIER, "C7", ["own_card"]),
        (OwnCard.CASHIER, "C8", []),
        (OwnCard.CASHIER, None, []),
        (OwnCard.SHOP, "C7", ["own_card"]),
        (OwnCard.SHOP, "C8", ["card_of_staff"]),
        (OwnCard.SHOP, None, ["card_of_staff"]),
    ],
)
def test_whose_card_is_looked_at(
    own_card: OwnCard, cashier: str | None, expected: list[str]
) -> None:
    traces = Traces(cards={(SHOP, MEMBER): {"C7"}})
    rules = ReviewRules(1, own_card)
    assert codes(rules, receipt(cashier_id=cashier), traces) == expected
    assert codes(rules, receipt(cashier_id=cashier, member_id=UUID(int=9)), traces) == []


@pytest.mark.parametrize(
    ("day", "is_held"), [(7, True), (9, True), (13, True), (6, False), (14, False)]
)
def test_the_same_receipt_under_a_day_nearby_is_held_back(day: int, is_held: bool) -> None:
    rules, traces = ReviewRules(1, again_days=3), Traces()
    assert codes(rules, receipt(), traces) == []
    assert codes(rules, receipt(day=day), traces) == (["sent_again"] if is_held else [])


def test_another_number_or_another_total_is_another_receipt() -> None:
    rules, traces = ReviewRules(1, again_days=3), Traces()
    assert codes(rules, receipt(), traces) == []
    assert codes(rules, receipt(day=11, number="R2"), traces) == []
    assert codes(rules, receipt(day=11, total_minor=101), traces) == []


@pytest.mark.parametrize("per", list(Per))
def test_one_more_than_a_velocity_lets_through_is_held_back(per: Per) -> None:
    rules, traces = ReviewRules(1, velocities=(Velocity(per, 600, 2),)), Traces()
    sent = [codes(rules, receipt(f"R{n}", minutes=n), traces) for n in range(4)]
    assert sent == [[], [], ["velocity"], ["velocity"]]
    # Ten minutes after the second only the last two are within the window.
    assert codes(rules, receipt("R9", minutes=11.5), traces) == ["velocity"]
    assert codes(rules, receipt("R10", minutes=22), traces) == []


def test_receipts_of_nobody_and_of_others_are_not_counted() -> None:
    rules, traces = ReviewRules(1, velocities=(Velocity(Per.MEMBER, 600, 1),)), Traces()
    assert codes(rules, receipt("R1", member_id=None), traces) == []
    assert codes(rules, receipt("R2", member_id=UUID(int=9)), traces) == []
    assert codes(rules, receipt("R3"), traces) == []
    by_till = ReviewRules(1, velocities=(Velocity(Per.TILL, 600, 1),))
    assert codes(by_till, receipt("R4", member_id=None), Traces()) == []


def test_only_what_the_rules_ask_for_is_looked_up() -> None:
    sales = [receipt(), receipt("R2", minutes=5)]
    nothing = what_to_look_for(NO_REVIEW, PROGRAM, sales)
    assert (nothing.twins, nothing.tills, nothing.cards, nothing.since) == ((), (), False, None)
    rules = ReviewRules(
        1, OwnCard.SHOP, 2, (Velocity(Per.TILL, 60, 1), Velocity(Per.MEMBER, 600, 1))
    )
    wanted = what_to_look_for(rules, PROGRAM, sales)
    assert set(wanted.twins) == {
        id_ for sale in sales for id_ in twins_of(rules, PROGRAM, sale.key)
    }
    assert (len(wanted.twins), wanted.tills, wanted.cashiers, wanted.members) == (
        8,
        ("T1",),
        (),
        True,
    )
    assert (wanted.since, wanted.until) == (
        NOON - timedelta(minutes=10),
        NOON + timedelta(minutes=5),
    )


def test_what_comes_later_is_looked_at_for_who_it_is_and_not_for_what_was_seen_before() -> None:
    velocities = tuple(Velocity(per, 60, 1) for per in Per)
    rules = ReviewRules(1, OwnCard.SHOP, 3, velocities)
    claims, late = rules_for_claims(rules), rules_for_late_members(rules)
    assert (claims.own_card, claims.again_days, claims.velocities) == (OwnCard.SHOP, 0, velocities)
    assert [velocity.per for velocity in late.velocities] == [Per.MEMBER]
    assert (late.own_card, late.again_days) == (OwnCard.SHOP, 0)
    assert not rules_for_late_members(ReviewRules(1, again_days=3)).is_on
