"""What is told of an activity, and to whom."""

from typing import Any
from uuid import UUID

import pytest

from tests.points.mall import Mall
from tests.points.usecases.activities.test_record_activity import rule, tell
from tests.points.wallets_at_hand import member_with_stars, state_stars

OWN_NOTE = {
    "code": "wallet_trimmed",
    "side": "member",
    "wallet": "stars",
    "limit": 100,
    "balance_before": 70,
    "worth": 80,
    "points": 50,
}


async def shown(mall: Mall, member_id: UUID, reader: UUID | None = None) -> Any:
    """The member's only activity, as staff see it or as a member does."""
    answer = await mall.get(f"/v1/members/{member_id}/activities", reader)
    [activity] = answer.json()["activities"]
    return activity


@pytest.mark.parametrize("had", [0, 93, 100])
async def test_who_brings_a_friend_reads_nothing_of_the_friends_wallet(
    mall: Mall, had: int
) -> None:
    await state_stars(mall, balance_max=100)
    await rule(mall, "referral", 80, referred_points=60, wallet="stars")
    member_id = await member_with_stars(mall, 70)
    friend = await member_with_stars(mall, had) if had else await mall.enrol()
    told = (await tell(mall, member_id, "a", "referral", referred_member_id=str(friend))).json()
    credited = min(60, 100 - had)
    assert (told["referred_points"], told["trimmed"]) == (credited, 50 + 60 - credited)
    lost = {"code": "wallet_trimmed", "side": "referred", "wallet": "stars"}
    lost |= {"worth": 60, "points": 60 - credited}
    assert told["notes"] == [OWN_NOTE, *([lost] if credited < 60 else [])]
    assert await shown(mall, member_id) == told
    own = {**told, "referred_points": 60, "trimmed": 50, "notes": [OWN_NOTE]}
    assert await shown(mall, member_id, member_id) == own


@pytest.mark.parametrize("had", [93, 100])
async def test_who_earns_nothing_for_a_friend_is_not_told_when_the_friends_points_end(
    mall: Mall, had: int
) -> None:
    await state_stars(mall, balance_max=100)
    await rule(mall, "referral", 0, referred_points=60, wallet="stars")
    member_id, friend = await mall.enrol(), await member_with_stars(mall, had)
    told = (await tell(mall, member_id, "a", "referral", referred_member_id=str(friend))).json()
    assert (told["expires_at"] is None) == (had == 100)
    read = await shown(mall, member_id, member_id)
    assert (read["points"], read["referred_points"], read["trimmed"]) == (0, 60, 0)
    assert (read["is_pending"], read["activates_at"], read["expires_at"]) == (False, None, None)
    assert read["notes"] is None
