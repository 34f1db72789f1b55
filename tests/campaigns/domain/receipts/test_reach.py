"""The few groups that a receipt can move, and none of the many that it cannot."""

from collections.abc import Sequence
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.domain.receipts.reach import (
    Held,
    Touch,
    add_to_day,
    counts_for_days,
    day_of,
    day_totals,
    touched_alone,
    touched_by_change,
    touched_with_day,
)
from services.campaigns.domain.receipts.receipts import Receipt
from services.campaigns.domain.rewards.spending import Case, Judgement, judge, place_in_order
from services.campaigns.domain.rules.campaigns import Campaign, Rule, SpendAndGet
from services.campaigns.domain.rules.rulebook import compile_rulebook, meet
from tests.campaigns.domain.samples import MEMBER, NOON, campaign, multiplier, receipt
from tests.campaigns.domain.samples import spend_and_get as spend

TOUCH = Touch(MEMBER, "family", NOON.date())
DAY = spend(basis="day")
SHORT = Held({}, falls_short=True)


def with_day(
    versions: Campaign | Sequence[Campaign],
    new: Receipt,
    *others: Receipt,
    held: Held | None = None,
) -> list[Touch]:
    book = compile_rulebook([versions] if isinstance(versions, Campaign) else versions)
    totals = day_totals(book, others)
    add_to_day(totals, meet(book, new))
    assert totals == day_totals(book, (new, *others))
    is_last = all(place_in_order(r) < place_in_order(new) for r in others)
    has = {"family": held} if held else {}
    return list(touched_with_day(book, meet(book, new), totals, has, is_last=is_last))


def holds(*versions: Campaign, units: int = 1) -> Held:
    return Held({(v.campaign_id, v.version): units for v in versions}, falls_short=False)


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


def test_a_day_with_a_gift_that_falls_short_is_looked_at_whatever_its_sum() -> None:
    assert with_day(campaign(DAY), receipt(1), held=SHORT) == [TOUCH]
    assert with_day(campaign(DAY), receipt(10_000), held=SHORT) == [TOUCH]
    assert with_day(campaign(DAY, family="other"), receipt(1), held=SHORT) == []


def test_a_day_that_has_all_it_can_get_is_not_moved_by_a_later_receipt() -> None:
    version, earlier = campaign(DAY), receipt(10_000, number=2)
    later, between = receipt(10_000, hours=1), receipt(10_000, hours=-1)
    assert with_day(version, later, earlier, held=holds(version)) == []
    assert with_day(version, between, earlier, held=holds(version)) == [TOUCH]
    twice = campaign(spend(basis="day", times_max=2))
    assert with_day(twice, later, earlier, held=holds(twice)) == [TOUCH]
    assert with_day(twice, later, earlier, held=holds(twice, units=2)) == []


def test_others_of_the_family_may_still_want_the_later_receipt() -> None:
    full, earlier = campaign(DAY), receipt(10_000, number=2)
    assert with_day([full, campaign(DAY, 2)], receipt(1, hours=1), earlier, held=holds(full))
    for other in (campaign(DAY, 2, ends_at=NOON), campaign(spend(grant="desk"), 2)):
        assert with_day([full, other], receipt(1, hours=1), earlier, held=holds(full)) == []


RULES = st.builds(
    spend,
    basis=st.sampled_from(["day", "receipt"]),
    member_threshold_minor=st.sampled_from([3, 5, 8]),
    times_max=st.sampled_from([1, 2]),
    limit_per_member=st.sampled_from([None, 1]),
)
BOUGHT = st.lists(st.tuples(st.integers(0, 5), st.integers(-5, 5)), min_size=1, max_size=6)


@given(st.lists(RULES, min_size=1, max_size=3), BOUGHT)
def test_a_receipt_that_moves_nothing_leaves_every_judgement_as_it_was(
    rules: list[SpendAndGet], bought: list[tuple[int, int]]
) -> None:
    versions = [campaign(rule, number) for number, rule in enumerate(rules)]
    book = compile_rulebook(versions)
    known: list[Receipt] = []
    for number, (amount, hours) in enumerate(bought, 1):
        new = receipt(amount, number=number, hours=hours)
        before = judge(Case(MEMBER, versions, known))
        after = judge(Case(MEMBER, versions, [*known, new]))
        units: dict[tuple[UUID, int], int] = {}
        for deserved in before.deserved:
            key = deserved.campaign.campaign_id, deserved.campaign.version
            units[key] = units.get(key, 0) + 1
        held = Held(units, falls_short=False) if units else None
        meeting = meet(book, new)
        if not [*touched_alone(meeting), *with_day(versions, new, *known, held=held)]:
            assert _outcome(before) == _outcome(after)
        known.append(new)


def _outcome(judgement: Judgement) -> tuple[object, object]:
    given = {(d.unit_key, d.campaign.campaign_id, d.uses) for d in judgement.deserved}
    return given, {(w.unit_key, w.campaign.campaign_id, w.reason) for w in judgement.withheld}


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
