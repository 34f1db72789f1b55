"""What a member reads of an activity says nothing of somebody else's wallet."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.points.domain.activities.activities import Activity
from services.points.domain.activities.member_views import member_view

NOW = datetime(2026, 3, 10, tzinfo=UTC)
OWN = {"side": "member", "points": 3}


def referral(points: int, friend_took: int, notes: list[dict[str, Any]] | None) -> Activity:
    found = Activity(
        activity_id=UUID(int=9),
        member_id=UUID(int=1),
        kind="referral",
        external_id="a",
        happened_at=NOW,
        mall_id=None,
        referred_id=UUID(int=2),
        request_hash=b"",
        made_by="app",
        recorded_at=NOW,
        points=points,
        referred_points=friend_took,
        notes=notes,
    )
    if points or friend_took:
        found.expires_at = NOW
    return found


@pytest.mark.parametrize("points", [0, 80])
@pytest.mark.parametrize("own", [[], [OWN]])
def test_the_member_reads_the_same_however_full_the_friends_wallet_was(
    points: int, own: list[dict[str, Any]]
) -> None:
    read = [
        member_view(referral(points, 60 - lost, [*own, {"side": "referred", "points": lost}]))
        for lost in (1, 53, 60)
    ]
    assert read == [member_view(referral(points, 60, own or None))] * 3
    assert (read[0].referred_points, read[0].trimmed) == (60, 3 * len(own))
    assert read[0].expires_at == (NOW if points else None)


def test_what_is_kept_stays_as_it_is() -> None:
    kept = referral(0, 7, [{"side": "referred", "points": 53}])
    member_view(kept)
    assert (kept.referred_points, kept.trimmed, kept.expires_at) == (7, 53, NOW)
