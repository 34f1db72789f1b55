"""What malls owe each other is netted exactly: who pays is who gets."""

from itertools import product
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.accounting.clearing import Burned, Due, Position, net, positions

POINTS, STARS = "points", "stars"
A, B, C = (UUID(int=n) for n in (1, 2, 3))


def test_the_issuer_pays_whom_its_points_were_spent_at() -> None:
    assert net([Burned(POINTS, A, B, 300, 1, 1, "CNY")]) == [Due(POINTS, A, B, "CNY", 300, 300)]


def test_what_both_owe_is_netted_and_rounded_once_half_away_from_zero() -> None:
    burned = [Burned(POINTS, A, B, 7, 1, 2, "CNY"), Burned(POINTS, B, A, 4, 1, 2, "CNY")]
    assert net(burned) == [Due(POINTS, A, B, "CNY", 3, 2)]  # 1.5, not 4 less 2.
    assert net([Burned(POINTS, B, A, 3, 1, 2, "CNY")]) == [Due(POINTS, B, A, "CNY", 3, 2)]


def test_what_was_given_back_is_as_if_it_had_not_been_burned() -> None:
    burned = [Burned(POINTS, A, B, 50, 3, 10, "CNY"), Burned(POINTS, A, B, -50, 3, 10, "CNY")]
    assert net(burned) == []


def test_prices_of_a_period_are_each_applied_to_what_was_burned_under_them() -> None:
    burned = [Burned(POINTS, A, B, 10, 1, 1, "CNY"), Burned(POINTS, A, B, 10, 2, 1, "CNY")]
    assert net(burned) == [Due(POINTS, A, B, "CNY", 20, 30)]
    given_back_dearer = [
        Burned(POINTS, A, B, 10, 1, 1, "CNY"),
        Burned(POINTS, A, B, -10, 2, 1, "CNY"),
    ]
    assert net(given_back_dearer) == [Due(POINTS, B, A, "CNY", 0, 10)]


def test_the_programme_itself_can_owe_and_be_owed() -> None:
    dues = net([Burned(POINTS, None, B, 5, 1, 1, "CNY"), Burned(POINTS, A, None, 3, 1, 1, "CNY")])
    assert positions(dues) == [
        Position(POINTS, None, "CNY", -2, -2),
        Position(POINTS, A, "CNY", -3, -3),
        Position(POINTS, B, "CNY", 5, 5),
    ]


def test_each_wallet_is_netted_and_rounded_by_itself() -> None:
    burned = [Burned(POINTS, A, B, 7, 1, 2, "CNY"), Burned(STARS, B, A, 7, 5, 2, "CNY")]
    dues = net(burned)
    assert dues == [Due(POINTS, A, B, "CNY", 7, 4), Due(STARS, B, A, "CNY", 7, 18)]
    assert positions(dues) == [
        Position(POINTS, A, "CNY", -7, -4),
        Position(POINTS, B, "CNY", 7, 4),
        Position(STARS, A, "CNY", 7, 18),
        Position(STARS, B, "CNY", -7, -18),
    ]


_party = st.sampled_from([None, A, B, C])
_burned = st.builds(
    Burned,
    st.sampled_from([POINTS, STARS]),
    _party,
    _party,
    st.integers(-1_000, 1_000),
    st.integers(0, 50),
    st.integers(1, 30),
    st.sampled_from(["CNY", "HKD"]),
).filter(lambda burned: burned.issuer != burned.burner)


@given(st.lists(_burned, max_size=30))
def test_positions_of_each_wallet_and_currency_sum_to_zero_in_units_and_in_money(
    burned: list[Burned],
) -> None:
    found = positions(net(burned))
    for wallet, currency in product((POINTS, STARS), ("CNY", "HKD")):
        mine = [p for p in found if (p.wallet, p.currency) == (wallet, currency)]
        assert sum(p.amount_minor for p in mine) == 0
        assert sum(p.points for p in mine) == 0


@given(st.lists(_burned, max_size=20))
def test_the_same_burns_seen_from_the_other_side_are_the_same_money(burned: list[Burned]) -> None:
    mirrored = [b._replace(issuer=b.burner, burner=b.issuer) for b in burned]
    there = {(d.debtor, d.creditor, d.currency, d.amount_minor, d.wallet) for d in net(burned)}
    back = {(d.creditor, d.debtor, d.currency, d.amount_minor, d.wallet) for d in net(mirrored)}
    assert {due for due in there if due[3]} == {due for due in back if due[3]}
