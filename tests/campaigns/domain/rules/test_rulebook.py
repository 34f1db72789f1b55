"""A receipt meets the campaigns that name what is on it, and no others."""

from uuid import UUID

from services.campaigns.domain.receipts.receipts import Line
from services.campaigns.domain.rules.campaigns import Rule, Scope
from services.campaigns.domain.rules.rulebook import candidates, compile_rulebook, meet
from tests.campaigns.domain.samples import (
    MALL,
    SHOP,
    campaign,
    multiplier,
    receipt,
    spend_and_get,
)

OTHER = UUID(int=77)


def found(scope: Scope) -> bool:
    book = compile_rulebook([campaign(spend_and_get(scope=scope))])
    return bool(list(candidates(meet(book, receipt(100)))))


def test_each_part_of_the_scope_must_fit() -> None:
    assert found(Scope())
    assert found(Scope(malls=frozenset({MALL})))
    assert found(Scope(shops=frozenset({SHOP}), brands=frozenset({"acme"})))
    assert not found(Scope(malls=frozenset({OTHER})))
    assert not found(Scope(shops=frozenset({OTHER})))
    assert not found(Scope(shops=frozenset({SHOP}), brands=frozenset({"else"})))
    assert not found(Scope(categories=frozenset({"beauty"})))
    assert found(Scope(categories=frozenset({"beauty", "fashion"})))


def test_brand_and_category_must_fit_on_one_line() -> None:
    assert not found(Scope(brands=frozenset({"acme"}), categories=frozenset({"beauty"})))


def test_what_each_scope_counts_of_a_receipt_is_added_up_once() -> None:
    acme = Scope(brands=frozenset({"acme"}))
    rules: list[Rule] = [
        spend_and_get(scope=acme),
        multiplier(scope=acme),
        spend_and_get(basis="day"),
    ]
    book = compile_rulebook(campaign(rule, i) for i, rule in enumerate(rules))
    bought = receipt(300, 500)
    bought = bought._replace(lines=(*bought.lines, Line(3, "fashion", "else", 70, 9)))
    counted = {c.rules.scope: (c.amount_minor, c.base_micro) for c in meet(book, bought).counted}
    assert counted == {acme: (800, 8_000_000), Scope(): (870, 8_000_009)}


def test_the_same_kind_of_line_is_looked_up_once() -> None:
    book = compile_rulebook([campaign(spend_and_get())])
    first, second = (meet(book, receipt(100, number=i)) for i in (1, 2))
    assert first.counted == second.counted
    assert list(book.kinds_of_line) == [(MALL, SHOP, "acme", "fashion")]


def test_a_thousand_campaigns_of_other_brands_are_never_looked_at() -> None:
    book = compile_rulebook(
        campaign(spend_and_get(scope=Scope(brands=frozenset({f"b{i}"}))), i, family=f"f{i}")
        for i in range(1000)
    )
    assert meet(book, receipt(100)).counted == []
    assert book.everywhere == ()
    assert len(book.by_brand) == 1000


def test_a_version_out_of_its_time_is_no_candidate() -> None:
    book = compile_rulebook([campaign(spend_and_get())])
    assert list(candidates(meet(book, receipt(100, hours=24 * 60)))) == []


def test_only_multipliers_with_tiers_need_judging_after_a_tier_change() -> None:
    assert not compile_rulebook([campaign(multiplier())]).has_tier_rules
    assert compile_rulebook([campaign(multiplier(tiers=frozenset({"gold"})))]).has_tier_rules
