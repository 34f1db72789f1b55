"""The few groups that a receipt can move, and none of the many that it cannot."""

from services.campaigns.domain.campaigns import Campaign, Rule
from services.campaigns.domain.reach import (
    Touch,
    counts_for_days,
    day_of,
    day_totals,
    touched_alone,
    touched_by_change,
    touched_with_day,
)
from services.campaigns.domain.receipts import Receipt
from services.campaigns.domain.rulebook import compile_rulebook, meet
from tests.campaigns.domain.samples import MEMBER, NOON, campaign, multiplier, receipt
from tests.campaigns.domain.samples import spend_and_get as spend

TOUCH = Touch(MEMBER, "family", NOON.date())
DAY = spend(basis="day")


def with_day(version: Campaign, new: Receipt, *others: Receipt, held: bool = False) -> list[Touch]:
    book = compile_rulebook([version])
    totals = day_totals(meet(book, r) for r in (new, *others))
    return list(touched_with_day(meet(book, new), totals, {TOUCH} if held else frozenset()))


def alone(version: Campaign, new: Receipt) -> list[Touch]:
    return list(touched_alone(meet(compile_rulebook([version]), new)))


def test_a_new_receipt_below_the_threshold_moves_nothing_by_itself() -> None:
    assert alone(campaign(spend()), receipt(9_999)) == []
    assert alone(campaign(spend()), receipt(5_000, 5_000)) == [TOUCH]
    assert alone(campaign(spend(currency="EUR")), receipt(10_000)) == []
    assert alone(campaign(spend(grant="desk")), receipt(10_000)) == []
    assert alone(campaign(spend()), receipt(10_000, hours=24 * 60)) == []
    assert alone(campaign(spend()), receipt(10_000, member_id=None)) == []
    assert alone(campaign(DAY), receipt(10_000)) == []


def test_a_new_receipt_counts_with_the_others_of_its_day() -> None:
    version = campaign(DAY)
    assert with_day(version, receipt(6_000)) == []
    assert with_day(version, receipt(6_000), receipt(4_000, number=2)) == [TOUCH]
    assert with_day(version, receipt(6_000), receipt(3_999, number=2)) == []
    assert with_day(version, receipt(10_000, hours=24 * 60)) == []
    assert with_day(campaign(spend()), receipt(10_000)) == []


def test_what_a_day_already_holds_is_looked_at_whatever_its_sum() -> None:
    assert with_day(campaign(DAY), receipt(1), held=True) == [TOUCH]
    assert with_day(campaign(DAY, family="other"), receipt(1), held=True) == []


def test_a_receipt_known_before_moves_all_that_counts_any_of_it() -> None:
    rules: list[Rule] = [spend(), spend(grant="desk"), multiplier()]
    book = compile_rulebook(campaign(rule, i, family=f"f{i}") for i, rule in enumerate(rules))
    found = touched_by_change(meet(book, receipt(1)))
    assert [touch.family for touch in found] == ["f0", "f1"]
    assert list(touched_by_change(meet(book, receipt(1, member_id=None)))) == []


def test_only_campaigns_of_days_need_the_day() -> None:
    assert counts_for_days(meet(compile_rulebook([campaign(DAY)]), receipt(1)))
    assert not counts_for_days(meet(compile_rulebook([campaign(spend())]), receipt(1)))
    assert day_of(receipt(1)) == (MEMBER, NOON.date())
