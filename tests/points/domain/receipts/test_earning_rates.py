"""Which rates lines earn by, and what of them is eligible."""

from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.receipts.earning import (
    Rounding,
    RoundingLevel,
    default_policy,
    points_of,
    rate_lines,
)
from services.points.domain.receipts.earning_rates import (
    Basis,
    Combine,
    Rate,
    Rule,
    RulesCombine,
)
from services.points.domain.receipts.receipts import Line
from tests.points.samples import NOON, SHOP, make_lines, make_policy, rate

OTHER_SHOP = UUID(int=7)
MALL = UUID(int=8)
BASKET = (
    Line(1, "red", None, 1, 1_200, 0, sku="123"),
    Line(2, "blue", None, 1, 10_000, 0, sku="000"),
    Line(3, "delivery", None, 1, 4_000, 0),
)


def test_o_1_four_a_unit_over_the_basket() -> None:
    assert points_of(rate_lines(make_policy(Rate(4, 100)), SHOP, BASKET), None) == 608


def test_o_2_a_category_with_rate_zero_is_excluded() -> None:
    policy = make_policy(Rate(4, 100), categories={"blue": Rate(0, 100)})
    assert points_of(rate_lines(policy, SHOP, BASKET), None) == 208


@pytest.mark.parametrize("basis", [{"categories": ["blue"]}, {"skus": ["000"]}], ids=str)
def test_o_2_what_is_excluded_never_earns(basis: dict[str, list[str]]) -> None:
    excluded = {f"excluded_{name}": frozenset(codes) for name, codes in basis.items()}
    policy = make_policy(Rate(4, 100), basis=Basis(**excluded), shops={SHOP: Rate(4, 100)})
    assert points_of(rate_lines(policy, SHOP, BASKET), None) == 208


def test_o_5_two_rules_add_up() -> None:
    policy = make_policy(Rate(10, 100), rules=(Rule("more", Rate(4, 100)),))
    assert points_of(rate_lines(policy, SHOP, BASKET), None) == 2_128


@pytest.mark.parametrize("named", [{"categories": ["red"]}, {"skus": ["123"]}], ids=str)
def test_o_7_three_times_for_some_lines(named: dict[str, list[str]]) -> None:
    fits = {name: frozenset(codes) for name, codes in named.items()}
    policy = make_policy(Rate(4, 100), rules=(Rule("triple", multiplier_milli=3_000, **fits),))
    assert points_of(rate_lines(policy, SHOP, BASKET), None) == 704


def test_peer_open_loyalty_which_of_the_rules_count_is_stated() -> None:
    rules = (
        Rule("tea", Rate(5, 100), categories=frozenset({"tea"})),
        Rule("double", multiplier_milli=2_000),
        Rule("triple", multiplier_milli=3_000),
    )
    for combine, category, points in [
        (RulesCombine.FIRST, "tea", 1 + 5),
        (RulesCombine.FIRST, "red", 2),
        (RulesCombine.SUM, "tea", 4 + 5),
        (RulesCombine.SUM, "red", 4),
    ]:
        policy = make_policy(rules=rules, rules_combine=combine)
        assert points_of(rate(policy, 100, category=category), None) == points


def test_a_rule_is_for_lines_that_fit_everything_it_names() -> None:
    rule = Rule(
        "lungo-here",
        Rate(7, 100),
        malls=frozenset({MALL}),
        shops=frozenset({SHOP}),
        brands=frozenset({"lungo"}),
    )
    policy = make_policy(rules=(rule,))
    lungo, other = (Line(1, "red", brand, 1, 100, 0) for brand in ("lungo", None))
    assert points_of(rate_lines(policy, SHOP, [lungo], MALL), None) == 8
    for shop, mall, line in [(OTHER_SHOP, MALL, lungo), (SHOP, None, lungo), (SHOP, MALL, other)]:
        assert points_of(rate_lines(policy, shop, [line], mall), None) == 1


@pytest.mark.parametrize(
    ("combine", "points"),
    [(Combine.MOST_SPECIFIC, [1, 2, 3, 4, 5]), (Combine.SUM, [1, 3, 6, 10, 15])],
)
def test_five_levels_from_the_programme_to_the_shop(combine: Combine, points: list[int]) -> None:
    policy = make_policy(
        Rate(1, 100),
        malls={MALL: Rate(2, 100)},
        categories={"red": Rate(3, 100)},
        brands={"lungo": Rate(4, 100)},
        shops={SHOP: Rate(5, 100)},
        combine=combine,
    )
    found = []
    for shop, mall, category, brand in [
        (OTHER_SHOP, None, "blue", None),
        (OTHER_SHOP, MALL, "blue", None),
        (OTHER_SHOP, MALL, "red", None),
        (OTHER_SHOP, MALL, "red", "lungo"),
        (SHOP, MALL, "red", "lungo"),
    ]:
        line = Line(1, category, brand, 1, 100, 0)
        found.append(points_of(rate_lines(policy, shop, [line], mall), None))
    assert found == points


def test_d_1_tax_is_in_the_basis_unless_it_is_stated_out() -> None:
    line = Line(1, "red", None, 1, 11_500, 0, tax_minor=1_500)
    assert points_of(rate_lines(make_policy(Rate(5, 100)), SHOP, [line]), None) == 575
    policy = make_policy(Rate(5, 100), basis=Basis(counts_tax=False))
    assert points_of(rate_lines(policy, SHOP, [line]), None) == 500


def test_delivery_can_be_left_out() -> None:
    lines = [Line(1, "red", None, 1, 1_000, 0), Line(2, "d", None, 1, 900, 0, is_delivery=True)]
    assert points_of(rate_lines(make_policy(), SHOP, lines), None) == 19
    policy = make_policy(basis=Basis(counts_delivery=False))
    assert points_of(rate_lines(policy, SHOP, lines), None) == 10


def test_tenders_that_are_no_new_money_are_taken_out_of_every_line_in_proportion() -> None:
    policy = make_policy(
        basis=Basis(
            excluded_tenders=frozenset({"points", "gift_card"}),
            excluded_categories=frozenset({"gold"}),
        )
    )
    lines = [Line(1, "red", None, 1, 10_000, 0), Line(2, "gold", None, 1, 30_000, 0)]
    tenders = [("points", 4_000), ("gift_card", 6_000), ("coupon", 5_000)]
    rating = rate_lines(policy, SHOP, lines, None, tenders)
    # A quarter of the receipt was not new money, so a quarter of the red line.
    assert (rating.eligible_minor, points_of(rating, None)) == (7_500, 75)
    third = rate_lines(policy, SHOP, lines[:1], None, [("points", 3_333)])
    assert (third.eligible_minor, points_of(third, None)) == (6_667, 66)


def test_a_receipt_paid_with_points_alone_earns_nothing() -> None:
    rating = rate_lines(default_policy(NOON), SHOP, make_lines(5_000, 0), None, [("points", 5_000)])
    assert (points_of(rating, None), rating.eligible_minor) == (0, 0)
    nothing = rate_lines(default_policy(NOON), SHOP, make_lines(0), None, [("points", 0)])
    assert points_of(nothing, None) == 0


def test_codes_and_shops_that_never_end_are_not_remembered_for_ever() -> None:
    policy = make_policy()
    for number in range(5_010):
        line = Line(1, f"c{number}", None, 1, 100, 0)
        rate_lines(policy, UUID(int=number), [line])
        rate_lines(policy, SHOP, [line])
    assert len(policy.remembered(SHOP, None)) < 5_000
    assert len(policy._by_shop) <= 5_000


def test_a_shop_that_moved_earns_by_its_new_malls_rates() -> None:
    policy = make_policy(malls={MALL: Rate(2, 100)})
    line = Line(1, "red", None, 1, 100, 0)
    for mall, points in [(None, 1), (MALL, 2), (None, 1)]:
        assert points_of(rate_lines(policy, SHOP, [line], mall), None) == points


@given(
    st.lists(st.integers(0, 10**7), min_size=1, max_size=6),
    st.integers(0, 100),
    st.sampled_from(Rounding),
    st.sampled_from(RoundingLevel),
)
def test_excluded_tenders_take_exactly_their_share(
    amounts: list[int], percent: int, rounding: Rounding, level: RoundingLevel
) -> None:
    basis = Basis(excluded_tenders=frozenset({"points"}))
    policy = make_policy(Rate(3, 70), basis=basis, rounding=rounding, rounding_level=level)
    total = sum(amounts)
    excluded = total * percent // 100
    rating = rate_lines(policy, SHOP, make_lines(*amounts), None, [("points", excluded)])
    exact = Fraction((total - excluded) * 3, 70)
    assert Fraction(rating.total_weight, rating.denominator) == exact
    points = points_of(rating, None)
    assert abs(points - exact) < (len(amounts) if level is RoundingLevel.LINE else 1)


def test_the_shop_goes_before_the_category_and_the_category_before_the_programme() -> None:
    policy = make_policy(
        Rate(1, 100), categories={"red": Rate(2, 100)}, shops={OTHER_SHOP: Rate(5, 100)}
    )
    red, blue = (Line(1, "red", None, 1, 100, 0),), (Line(1, "blue", None, 1, 100, 0),)
    assert points_of(rate_lines(policy, OTHER_SHOP, red), None) == 5
    assert points_of(rate_lines(policy, SHOP, red), None) == 2
    assert points_of(rate_lines(policy, SHOP, blue), None) == 1


def test_a_shop_can_be_excluded() -> None:
    policy = make_policy(shops={SHOP: Rate(0, 100)})
    assert points_of(rate(policy, 10_000), None) == 0
