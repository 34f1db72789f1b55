"""What points pay by the policy in force: whole steps, a minimum, a share."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.spending.errors import RedemptionAboveShare
from services.points.domain.spending.tariffs import (
    Payment,
    RedemptionPolicy,
    Tariff,
    amount_of,
    most_points,
    policy_in_force,
)
from shared.ids import new_id
from tests.points.samples import NOON

TARIFF = Tariff(step_points=100, step_minor=50, minimum_points=200, share_percent_max=50)


@pytest.mark.parametrize(
    ("total_minor", "paid_minor", "available", "points"),
    [
        (1_000, 0, 5_000, 1_000),
        (1_000, 450, 5_000, 0),
        (1_000, 400, 5_000, 200),
        (1_099, 0, 5_000, 1_000),
        (10_000, 0, 1_299, 1_200),
        (10_000, 0, 199, 0),
        (0, 0, 5_000, 0),
    ],
)
def test_the_most_that_can_pay_is_in_whole_steps(
    total_minor: int, paid_minor: int, available: int, points: int
) -> None:
    assert most_points(TARIFF, Payment(total_minor, paid_minor), available) == points


@given(
    st.builds(
        Tariff, st.integers(1, 500), st.integers(1, 500), st.integers(0, 500), st.integers(1, 100)
    ),
    st.integers(0, 100_000),
    st.integers(0, 100_000),
)
def test_what_is_quoted_can_be_paid_and_a_step_more_cannot(
    tariff: Tariff, total_minor: int, available: int
) -> None:
    payment = Payment(total_minor, 0)
    points = most_points(tariff, payment, available)
    assert points <= available
    if points:
        assert amount_of(tariff, payment, points) <= total_minor
    more = points + tariff.step_points
    if more <= available and more >= tariff.minimum_points and points:
        with pytest.raises(RedemptionAboveShare):
            amount_of(tariff, payment, more)


def test_the_latest_policy_that_has_begun_is_in_force() -> None:
    policies = [
        RedemptionPolicy(n, NOON + timedelta(days=n), TARIFF, {"gold": TARIFF}) for n in (1, 2)
    ]
    assert policy_in_force(policies, NOON) is None
    found = policy_in_force(policies, NOON + timedelta(days=2))
    assert found is policies[1]


def test_points_pay_where_the_policy_names_the_shop_or_its_mall() -> None:
    mall, shop, other = new_id(), new_id(), new_id()
    everywhere = RedemptionPolicy(1, NOON, TARIFF)
    in_mall = RedemptionPolicy(1, NOON, TARIFF, mall_ids=frozenset({mall}))
    in_shop = RedemptionPolicy(1, NOON, TARIFF, shop_ids=frozenset({shop}))
    assert everywhere.is_offered(other, other)
    assert in_mall.is_offered(mall, other)
    assert in_shop.is_offered(other, shop)
    assert not in_mall.is_offered(other, shop)
    assert not in_shop.is_offered(mall, other)
