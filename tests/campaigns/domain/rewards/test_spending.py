"""What a party deserves, as a pure function of facts."""

from itertools import permutations
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.domain.receipts.receipts import Line
from services.campaigns.domain.rewards.spending import (
    Case,
    Judgement,
    Pinned,
    Purse,
    eligible_minor,
    in_order,
    judge,
    stock_place,
    unit_key,
)
from services.campaigns.domain.rules.campaigns import Reward, Scope
from tests.campaigns.domain.samples import MALL, MEMBER, NOON, campaign, receipt, spend_and_get

GIFT = Reward("gift", gift_sku="tote")


def case(rule: Any, *receipts: Any, **values: Any) -> Case:
    rules = [campaign(r, i) for i, r in enumerate(rule, 1)] if isinstance(rule, list) else None
    return Case(MEMBER, rules or [campaign(rule)], receipts, **values)


def uses(judgement: Judgement) -> list[dict[int, int]]:
    return [{i.int: amount for i, amount in d.uses} for d in judgement.deserved]


def test_a_receipt_at_the_threshold_earns_once_and_one_below_does_not() -> None:
    assert uses(judge(case(spend_and_get(), receipt(10_000)))) == [{1: 10_000}]
    assert uses(judge(case(spend_and_get(), receipt(9_999)))) == []
    assert uses(judge(case(spend_and_get(), receipt(50_000)))) == [{1: 10_000}]
    assert len(judge(case(spend_and_get(times_max=3), receipt(25_000))).deserved) == 2


def test_a_day_uses_its_receipts_in_order_of_purchase() -> None:
    rule = spend_and_get(basis="day")
    found = judge(case(rule, receipt(8_000, number=1, hours=2), receipt(4_000, number=2)))
    assert uses(found) == [{2: 4_000, 1: 6_000}]
    assert found.deserved[0].earned_by.receipt_id.int == 1
    apart = judge(case(rule, receipt(8_000), receipt(4_000, number=2, hours=24)))
    assert uses(apart) == []


def test_an_amount_is_used_once_in_a_family_but_other_lines_stay_free() -> None:
    acme = spend_and_get(scope=Scope(brands=frozenset({"acme"})))
    mixed = receipt(
        lines=(
            Line(1, "fashion", "acme", 10_000, 0),
            Line(2, "fashion", "else", 10_000, 0),
        )
    )
    other = spend_and_get(scope=Scope(brands=frozenset({"else"})))
    assert len(judge(case([acme, acme], mixed)).deserved) == 1
    assert len(judge(case([acme, other], mixed)).deserved) == 2


def test_other_currencies_and_other_peoples_receipts_earn_nothing() -> None:
    assert eligible_minor(spend_and_get(), receipt(10_000, currency="EUR")) == 0
    stranger = receipt(10_000, member_id=UUID(int=5))
    assert judge(case(spend_and_get(), stranger)).deserved == ()
    nobody = Case(None, [campaign(spend_and_get())], [receipt(10_000, member_id=None)])
    assert judge(nobody).deserved == ()


def test_a_limit_withholds_with_a_reason_and_counts_other_days() -> None:
    rule = spend_and_get(limit_per_member=1)
    found = judge(case(rule, receipt(10_000), receipt(10_000, number=2, hours=1)))
    assert uses(found) == [{1: 10_000}]
    assert [w.reason for w in found.withheld] == ["limit_reached"]
    campaign_id = campaign(rule).campaign_id
    assert judge(case(rule, receipt(10_000), counts={campaign_id: 1})).deserved == ()


def test_stock_is_taken_once_and_a_refusal_stands() -> None:
    rule = spend_and_get(reward=GIFT)
    stock: dict[Any, int] = {("tote", None): 1}
    found = judge(case(rule, receipt(10_000), receipt(10_000, number=2)), stock)
    assert (len(found.deserved), [w.reason for w in found.withheld]) == (1, ["out_of_stock"])
    assert stock == {("tote", None): 0}
    key = found.withheld[0].unit_key
    later = judge(
        case(rule, receipt(10_000, number=2), denied=frozenset({key})), {("tote", None): 5}
    )
    assert later.deserved == ()
    holding = frozenset({unit_key(campaign(rule), rule, receipt(1), 0)})
    held = judge(case(rule, receipt(10_000), holding=holding), {("tote", None): 0})
    assert len(held.deserved) == 1


def test_a_malls_own_shelf_comes_before_the_programmes() -> None:
    assert stock_place({("tote", MALL): 0, ("tote", None): 9}, "tote", MALL) is None
    assert stock_place({("tote", None): 9}, "tote", MALL) == ("tote", None)
    assert stock_place({}, "tote", MALL) is None


def pinned(rule: Any, *, is_out: bool, key: str = "claim:1") -> Pinned:
    ids = frozenset({UUID(int=1)})
    return Pinned(UUID(int=50), key, campaign(rule), 10_000, ids, NOON, is_out)


def test_a_claimed_reward_ends_below_its_threshold_and_one_that_is_out_falls_short() -> None:
    rule = spend_and_get(grant="desk")
    (ended,) = judge(case(rule, receipt(9_000), pinned=[pinned(rule, is_out=False)])).pinned
    assert (ended.ends, ended.uses) == (True, ())
    (out,) = judge(case(rule, receipt(9_000), pinned=[pinned(rule, is_out=True)])).pinned
    assert (out.ends, out.shortfall_minor, out.uses[0][1]) == (False, 1_000, 9_000)


def test_what_is_pinned_uses_its_receipts_before_anything_else() -> None:
    rule = spend_and_get()
    key = unit_key(campaign(rule), rule, receipt(1), 0)
    found = judge(case(rule, receipt(15_000), pinned=[pinned(rule, is_out=True, key=key)]))
    assert found.deserved == ()
    desk = pinned(spend_and_get(grant="desk"), is_out=False)
    found = judge(case(rule, receipt(15_000), pinned=[desk]))
    assert (found.deserved, found.pinned[0].ends) == ((), False)


def test_a_purse_says_who_earned_it() -> None:
    purse = Purse([receipt(4_000), receipt(6_000, number=2)])
    pool = in_order(purse.receipts.values())
    earner = purse.find_earner(spend_and_get(), pool, 5_000)
    assert earner is not None
    assert earner.receipt_id.int == 2
    assert purse.find_earner(spend_and_get(), pool, 10_001) is None
    assert purse.total(spend_and_get(), pool) == 10_000


def test_receipts_in_any_order_are_judged_alike() -> None:
    rules = [spend_and_get(basis="day", limit_per_member=2), spend_and_get()]
    receipts = [receipt(7_000 + 900 * i, number=i, hours=7 * i) for i in range(1, 6)]
    results = {judge(case(rules, *order)) for order in permutations(receipts)}
    assert len(results) == 1


@given(
    st.lists(st.tuples(st.integers(0, 30_000), st.integers(0, 60)), max_size=8),
    st.integers(1, 3),
    st.one_of(st.none(), st.integers(1, 3)),
)
def test_no_amount_is_used_twice_and_every_reward_uses_its_threshold(
    bought: list[tuple[int, int]], times_max: int, limit: int | None
) -> None:
    receipts = [receipt(a, number=i, hours=h) for i, (a, h) in enumerate(bought, 1)]
    rules = [
        spend_and_get(basis="day", times_max=times_max, limit_per_member=limit),
        spend_and_get(times_max=times_max),
    ]
    found = judge(case(rules, *receipts))
    spent: dict[UUID, int] = {}
    for deserved in found.deserved:
        assert sum(amount for _, amount in deserved.uses) == 10_000
        for receipt_id, amount in deserved.uses:
            spent[receipt_id] = spent.get(receipt_id, 0) + amount
    worth = {r.receipt_id: r.net_minor for r in receipts}
    assert all(spent[i] <= worth[i] for i in spent)
    first = campaign(rules[0], 1).campaign_id
    given_by_first = sum(d.campaign.campaign_id == first for d in found.deserved)
    assert limit is None or given_by_first <= limit
