"""Campaigns give and take points."""

from uuid import UUID

import pytest

from services.points.domain.errors import MemberUnknown
from shared.contracts.campaigns import RewardGranted, RewardRevoked
from shared.ids import new_id
from tests.points.mall import Mall


def granted(mall: Mall, member_id: UUID | None, points: int | None = 50) -> RewardGranted:
    return RewardGranted(
        program_id=mall.program_id,
        grant_id=new_id(),
        member_id=member_id,
        campaign_id=new_id(),
        campaign_version=3,
        campaign_name="Spring",
        kind="gift" if points is None else "points",
        points=points,
        granted_at=mall.clock(),
        explanation={"zh-CN": "满额赠", "en": "Spend and get"},
    )


def revoked(grant: RewardGranted, points: int) -> RewardRevoked:
    return RewardRevoked(
        program_id=grant.program_id,
        revocation_id=new_id(),
        grant_id=grant.grant_id,
        member_id=grant.member_id,
        campaign_id=grant.campaign_id,
        kind=grant.kind,
        points=points,
        reason="receipt refunded",
        revoked_at=grant.granted_at,
    )


async def test_a_reward_is_credited_once_and_explained_by_its_campaign(mall: Mall) -> None:
    member_id = await mall.enrol()
    grant = granted(mall, member_id)
    await mall.hear(grant, grant)
    assert await mall.balance(member_id) == 50
    explained = (await mall.get(f"/v1/members/{member_id}/postings/1", member_id)).json()
    assert explained["sentences"] == {"zh-CN": "满额赠", "en": "Spend and get"}
    assert explained["reason"]["campaign_version"] == 3
    assert explained["campaign_id"] == str(grant.campaign_id)


async def test_a_revoked_reward_is_taken_back_once_and_may_leave_a_debt(mall: Mall) -> None:
    member_id = await mall.enrol()
    grant = granted(mall, member_id)
    await mall.hear(grant)
    await mall.adjust(member_id, -30, "spend")
    revocation = revoked(grant, 50)
    await mall.hear(revocation, revocation)
    assert await mall.balance(member_id) == -30
    explained = (await mall.get(f"/v1/members/{member_id}/postings/3", member_id)).json()
    assert (explained["kind"], explained["counter_account"]) == ("reward_reversal", "clawback")
    assert "receipt refunded" in explained["sentences"]["en"]


async def test_a_reward_can_be_taken_back_in_parts(mall: Mall) -> None:
    member_id = await mall.enrol()
    grant = granted(mall, member_id)
    await mall.hear(grant, revoked(grant, 20), revoked(grant, 30))
    assert await mall.balance(member_id) == 0


async def test_gifts_and_rewards_of_nobody_move_no_points(mall: Mall) -> None:
    member_id = await mall.enrol()
    await mall.hear(granted(mall, member_id, None), granted(mall, None))
    assert await mall.balance(member_id) == 0


async def test_a_reward_for_a_stranger_is_put_aside_and_leaves_no_trace(mall: Mall) -> None:
    with pytest.raises(MemberUnknown):
        await mall.hear(granted(mall, new_id()))
    assert await mall.rows("SELECT 1 FROM account WHERE program_id = :p") == []
