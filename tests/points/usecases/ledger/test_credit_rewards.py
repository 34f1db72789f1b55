"""Campaigns give and take points."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.points.domain.ledger.errors import MemberUnknown
from services.points.domain.wallets.errors import WalletUnknown
from shared.contracts.campaigns import RewardGranted, RewardRevoked
from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.spending import dated_lots


def granted(
    mall: Mall,
    member_id: UUID | None,
    points: int | None = 50,
    wallet: str = "points",
    **fields: Any,
) -> RewardGranted:
    event: dict[str, Any] = {
        "program_id": mall.program_id,
        "grant_id": new_id(),
        "member_id": member_id,
        "campaign_id": new_id(),
        "campaign_version": 3,
        "campaign_name": "Spring",
        "kind": "gift" if points is None else "points",
        "points": points,
        "granted_at": mall.clock(),
        "explanation": {"zh-CN": "满额赠", "en": "Spend and get"},
        "wallet": wallet,
    }
    return RewardGranted(**{**event, **fields})


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
        wallet=grant.wallet,
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


@pytest.mark.parametrize("clawback", ["clamp", "within_balance"])
async def test_a_revoked_reward_makes_debt_whatever_a_refund_may_take(
    mall: Mall, clawback: str
) -> None:
    await mall.set_policy(clawback=clawback)
    member_id = await mall.enrol()
    grant = granted(mall, member_id)
    await mall.hear(grant)
    await mall.adjust(member_id, -30, "spend")
    await mall.hear(revoked(grant, 50))
    assert await mall.balance(member_id) == -30


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


async def test_a_reward_ends_as_what_was_bought_when_it_was_earned(mall: Mall) -> None:
    await mall.set_policy(expiry={"kind": "rolling_days", "days": 9})
    later = (mall.clock() + timedelta(days=1)).isoformat()
    await mall.set_policy(effective_from=later, expiry={"kind": "never"})
    member_id, earned_at = await mall.enrol(), mall.clock()
    mall.clock.advance(days=5)
    # Heard late; the second was earned when points did not end any more.
    await mall.hear(granted(mall, member_id, granted_at=earned_at), granted(mall, member_id, 7))
    # To the end of the 19th in Shanghai.
    assert await dated_lots(mall, member_id) == [(50, "2026-03-19"), (7, "never")]


async def test_a_campaign_may_say_until_when_its_points_last(mall: Mall) -> None:
    await mall.set_policy(expiry={"kind": "rolling_days", "days": 9})
    member_id = await mall.enrol()
    await mall.hear(granted(mall, member_id, last_day=date(2026, 4, 30)))
    await mall.hear(granted(mall, member_id, 7, last_day=date.max))
    assert await dated_lots(mall, member_id) == [(50, "2026-04-30"), (7, "2399-12-31")]


async def stars_of(mall: Mall, member_id: UUID) -> int:
    wallets = (await mall.get(f"/v1/members/{member_id}/wallets", member_id)).json()
    return int(wallets[1]["balance"])


async def have_stars(mall: Mall) -> None:
    stars = {"name": "Stars", "expiry": {"kind": "end_of_year"}, "balance_max": 60}
    await mall.client.put("/v1/wallets/stars", json=stars, headers=mall.staff())


async def test_a_reward_may_be_of_another_wallet_and_ends_by_its_model(mall: Mall) -> None:
    await have_stars(mall)
    member_id = await mall.enrol()
    grant = granted(mall, member_id, 50, "stars")
    await mall.hear(grant, grant)
    assert (await stars_of(mall, member_id), await mall.balance(member_id)) == (50, 0)
    assert await mall.rows("SELECT expires_at::text FROM lot WHERE program_id = :p") == [
        ("2026-12-31 16:00:00+00",)
    ]
    await mall.hear(revoked(grant, 20))
    assert await stars_of(mall, member_id) == 30


async def test_v_6_a_reward_is_trimmed_to_the_wallets_limit_and_no_more_is_taken_back(
    mall: Mall,
) -> None:
    await have_stars(mall)
    member_id = await mall.enrol()
    first, second, third = (granted(mall, member_id, 50, "stars") for _ in range(3))
    await mall.hear(first, second, third)
    assert await stars_of(mall, member_id) == 60
    [trimmed] = await mall.rows(
        "SELECT reason ->> 'trimmed' FROM posting WHERE program_id = :p AND version = 2"
    )
    assert trimmed == ("40",)
    await mall.hear(revoked(second, 25), revoked(second, 25), revoked(third, 50))
    assert await stars_of(mall, member_id) == 50


async def test_a_reward_of_a_wallet_that_is_not_there_is_put_aside(mall: Mall) -> None:
    member_id = await mall.enrol()
    with pytest.raises(WalletUnknown):
        await mall.hear(granted(mall, member_id, 50, "moons"))
    await have_stars(mall)
    with pytest.raises(MemberUnknown):
        await mall.hear(granted(mall, new_id(), 50, "stars"))
