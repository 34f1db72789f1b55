"""What malls owe each other is netted exactly: who pays is who gets."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.accounting.clearing import Burned, Due, Position, net, positions

A, B, C = (UUID(int=n) for n in (1, 2, 3))


def test_the_issuer_pays_whom_its_points_were_spent_at() -> None:
    assert net([Burned(A, B, 300, 1, 1, "CNY")]) == [Due(A, B, "CNY", 300, 300)]


def test_what_both_owe_is_netted_and_rounded_once_half_away_from_zero() -> None:
    burned = [Burned(A, B, 7, 1, 2, "CNY"), Burned(B, A, 4, 1, 2, "CNY")]
    assert net(burned) == [Due(A, B, "CNY", 3, 2)]  # 1.5, not 4 less 2.
    assert net([Burned(B, A, 3, 1, 2, "CNY")]) == [Due(B, A, "CNY", 3, 2)]


def test_what_was_given_back_is_as_if_it_had_not_been_burned() -> None:
    burned = [Burned(A, B, 50, 3, 10, "CNY"), Burned(A, B, -50, 3, 10, "CNY")]
    assert net(burned) == []


def test_prices_of_a_period_are_each_applied_to_what_was_burned_under_them() -> None:
    burned = [Burned(A, B, 10, 1, 1, "CNY"), Burned(A, B, 10, 2, 1, "CNY")]
    assert net(burned) == [Due(A, B, "CNY", 20, 30)]
    given_back_dearer = [Burned(A, B, 10, 1, 1, "CNY"), Burned(A, B, -10, 2, 1, "CNY")]
    assert net(given_back_dearer) == [Due(B, A, "CNY", 0, 10)]


def test_the_programme_itself_can_owe_and_be_owed() -> None:
    dues = net([Burned(None, B, 5, 1, 1, "CNY"), Burned(A, None, 3, 1, 1, "CNY")])
    assert positions(dues) == [
        Position(None, "CNY", -2, -2),
        Position(A, "CNY", -3, -3),
        Position(B, "CNY", 5, 5),
    ]


_party = st.sampled_from([None, A, B, C])
_burned = st.builds(
    Burned,
    _party,
    _party,
    st.integers(-1_000, 1_000),
    st.integers(0, 50),
    st.integers(1, 30),
    st.sampled_from(["CNY", "HKD"]),
).filter(lambda burned: burned.issuer != burned.burner)


@given(st.lists(_burned, max_size=30))
def test_positions_of_each_currency_sum_to_zero_in_points_and_in_money(
    burned: list[Burned],
) -> None:
    found = positions(net(burned))
    for currency in ("CNY", "HKD"):
        mine = [p for p in found if p.currency == currency]
        assert sum(p.amount_minor for p in mine) == 0
        assert sum(p.points for p in mine) == 0


@given(st.lists(_burned, max_size=20))
def test_the_same_burns_seen_from_the_other_side_are_the_same_money(burned: list[Burned]) -> None:
    mirrored = [b._replace(issuer=b.burner, burner=b.issuer) for b in burned]
    there = {(d.debtor, d.creditor, d.currency, d.amount_minor) for d in net(burned) if d[4]}
    back = {(d.creditor, d.debtor, d.currency, d.amount_minor) for d in net(mirrored) if d[4]}
    assert there == back
