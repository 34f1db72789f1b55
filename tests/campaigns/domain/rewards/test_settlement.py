"""From stored and wanted state to what must be written."""

from datetime import date, timedelta
from uuid import UUID

from services.campaigns.domain.rewards.grants import Grant
from services.campaigns.domain.rewards.settlement import (
    FamilyState,
    WithheldRow,
    case_of,
    days_to_judge,
    settle,
)
from services.campaigns.domain.rewards.spending import judge, unit_key
from services.campaigns.domain.rules.campaigns import SpendAndGet
from tests.campaigns.domain.samples import MEMBER, NOON, campaign, receipt, spend_and_get

TODAY = date(2026, 3, 10)
RULE: SpendAndGet = spend_and_get(limit_per_member=1)
CAMPAIGN = campaign(RULE)


def stored(number: int = 1, day: date = TODAY) -> Grant:
    bought = receipt(10_000, number=number)
    return Grant(
        grant_id=UUID(int=100 + number),
        campaign_id=CAMPAIGN.campaign_id,
        version=1,
        unit_key=unit_key(CAMPAIGN, RULE, bought, 0),
        generation=1,
        family="family",
        origin="automatic",
        member_id=MEMBER,
        kind="points",
        points=10,
        points_revoked=0,
        gift_sku=None,
        stock_id=None,
        status="granted",
        local_day=day,
        receipt_id=bought.receipt_id,
        receipt_ids=(bought.receipt_id,),
        threshold_minor=10_000,
        shortfall_minor=0,
        granted_at=NOON,
    )


def state(*grants: Grant, withheld: tuple[WithheldRow, ...] = ()) -> FamilyState:
    return FamilyState(MEMBER, [CAMPAIGN], grants, withheld)


VERSIONS = {(CAMPAIGN.campaign_id, 1): CAMPAIGN}


def test_a_limit_draws_in_later_days_but_no_earlier_ones() -> None:
    after, before = TODAY + timedelta(days=3), TODAY - timedelta(days=3)
    row = WithheldRow(CAMPAIGN.campaign_id, "unit", after, "limit_reached")
    found = days_to_judge(state(stored(2, before), withheld=(row,)), {TODAY})
    assert found == {TODAY, after}


def test_what_is_right_already_changes_nothing() -> None:
    known = state(stored())
    case = case_of(known, {TODAY}, [receipt(10_000)], VERSIONS)
    changes = settle(known, {TODAY}, judge(case))
    assert (changes.new, changes.take_back, changes.withheld) == ([], [], [])
    assert changes.uses == {stored().grant_id: ((UUID(int=1), 10_000),)}


def test_a_refund_takes_back_and_a_new_receipt_gives() -> None:
    known = state(stored())
    receipts = [receipt(9_000), receipt(10_000, number=2, hours=1)]
    changes = settle(known, {TODAY}, judge(case_of(known, {TODAY}, receipts, VERSIONS)))
    assert [(b.grant.grant_id, why) for b, why in changes.take_back] == [(stored().grant_id, None)]
    assert [d.earned_by.receipt_id.int for d, _ in changes.new] == [2]


def test_a_reward_that_lost_its_place_says_so() -> None:
    known = state(stored(2))
    receipts = [receipt(10_000), receipt(10_000, number=2, hours=1)]
    changes = settle(known, {TODAY}, judge(case_of(known, {TODAY}, receipts, VERSIONS)))
    assert [why for _, why in changes.take_back] == ["limit_reached"]
    assert [w.reason for w in changes.withheld] == ["limit_reached"]


def test_a_refusal_that_no_longer_holds_is_forgotten() -> None:
    row = WithheldRow(CAMPAIGN.campaign_id, "unit", TODAY, "limit_reached")
    known = state(withheld=(row,))
    changes = settle(known, {TODAY}, judge(case_of(known, {TODAY}, [], VERSIONS)))
    assert changes.withheld_gone == [(CAMPAIGN.campaign_id, "unit")]


def test_a_gift_that_is_out_is_pinned_and_its_shortfall_told_once() -> None:
    out = stored()._replace(
        kind="gift", points=None, gift_sku="tote", stock_id=UUID(int=3), status="issued"
    )
    known = state(out)
    case = case_of(known, {TODAY}, [receipt(9_000)], VERSIONS)
    assert [p.grant_id for p in case.pinned] == [out.grant_id]
    changes = settle(known, {TODAY}, judge(case))
    assert changes.shortfalls == {out.grant_id: 1_000}
    flagged = state(out._replace(status="bill_back", shortfall_minor=1_000))
    assert settle(flagged, {TODAY}, judge(case)).shortfalls == {}
