"""The desk's decision, reason by reason (over HTTP: usecases/desk/test_claim_reward.py)."""

from uuid import UUID

from services.campaigns.domain.desk.claims import Shown, Verdict, decide_claim
from services.campaigns.domain.receipts.receipts import Receipt
from services.campaigns.domain.rewards.spending import Purse
from services.campaigns.domain.rules.campaigns import Scope
from tests.campaigns.domain.samples import campaign, receipt, spend_and_get

RULE = spend_and_get(grant="desk", basis="day", limit_per_member=1)


def decide(
    *receipts: Receipt, is_member: bool = True, given: int = 0, rule: object = RULE
) -> Verdict:
    assert rule is not None
    shown = [Shown(r, campaign(rule)) for r in receipts]  # type: ignore[arg-type]
    return decide_claim(shown, Purse(receipts), is_member=is_member, rewards_given=given)


def test_a_members_day_adds_up_and_says_what_is_used() -> None:
    verdict = decide(receipt(4_000), receipt(7_000, number=2))
    assert verdict.reason is None
    assert [a.used_minor for a in verdict.receipts] == [4_000, 6_000]


def test_the_better_of_two_days_is_taken() -> None:
    verdict = decide(receipt(4_000), receipt(10_000, number=2, hours=24))
    assert [i.int for i, _ in verdict.uses] == [2]


def test_without_a_card_each_receipt_stands_alone_at_the_other_threshold() -> None:
    assert decide(receipt(9_000), receipt(9_000, number=2), is_member=False).reason
    verdict = decide(receipt(11_999), is_member=False)
    assert (verdict.reason, verdict.shortfall_minor) == ("below_threshold", 1)
    assert decide(receipt(12_000), is_member=False).reason is None


def test_a_limit_is_reached() -> None:
    assert decide(receipt(10_000), given=1).reason == "limit_reached"


def test_an_unknown_receipt_comes_before_one_of_another_member() -> None:
    shown = [Shown(receipt(1), campaign(RULE), is_of_other=True), Shown(None)]
    purse = Purse([receipt(1)])
    assert decide_claim(shown, purse, is_member=True, rewards_given=0).reason == "receipt_unknown"
    verdict = decide_claim(shown[:1], purse, is_member=True, rewards_given=0)
    assert verdict.reason == "receipt_of_other_member"


def test_a_receipt_used_elsewhere_is_used_however_much_is_left() -> None:
    shown = [Shown(receipt(20_000), campaign(RULE), is_used_by_other=True)]
    verdict = decide_claim(shown, Purse([receipt(20_000)]), is_member=True, rewards_given=0)
    assert (verdict.reason, verdict.receipts[0].status) == ("receipt_used", "used")


def test_out_of_scope_and_out_of_time() -> None:
    scoped = spend_and_get(grant="desk", scope=Scope(shops=frozenset({UUID(int=1)})))
    assert decide(receipt(10_000), rule=scoped).reason == "not_in_scope"
    late = [Shown(receipt(10_000), None)]
    verdict = decide_claim(late, Purse([receipt(10_000)]), is_member=True, rewards_given=0)
    assert verdict.reason == "campaign_not_live"
