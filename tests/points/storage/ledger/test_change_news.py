"""Other ends, freezes, thaws and cases are told, without a word of why."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.contracts.campaigns import ExpiryChangeGranted
from shared.contracts.event import Event
from shared.contracts.points_changes import (
    LotEnd,
    PointsEndsChanged,
    PointsFrozen,
    PointsThawed,
    ReviewCaseOpened,
)
from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.members import freeze


async def member_with_lots(mall: Mall) -> UUID:
    assert (await mall.set_policy(expires_months=1)).status_code == 201
    member_id = await mall.enrol()
    for amount in (10_000, 5_000):
        await mall.sold(amount, member_id=member_id)
    return member_id


async def ends(mall: Mall) -> list[tuple[str, list[int], int]]:
    """(cause, versions of the lots, how many days more the first has)."""
    return [
        (
            event.cause,
            [lot.lot_version for lot in event.lots],
            (event.lots[0].after - event.lots[0].before).days,
        )
        for event in await mall.told(PointsEndsChanged)
    ]


async def change(mall: Mall, member_id: UUID, key: str, **fields: Any) -> Any:
    body = {
        "change": {"kind": "days", "amount": 3},
        "reason_code": "goodwill",
        "note": "secret",
        **fields,
    }
    return await mall.post(f"/v1/members/{member_id}/expiry-changes", body, None, key)


async def test_ends_that_staff_or_a_campaign_change_are_told_once(mall: Mall) -> None:
    member_id = await member_with_lots(mall)
    for _ in range(2):
        assert (await change(mall, member_id, "a", lot_versions=[2])).status_code in {200, 201}
    assert await ends(mall) == [("staff", [2], 3)]
    grant = ExpiryChangeGranted(
        program_id=mall.program_id,
        grant_id=new_id(),
        campaign_id=new_id(),
        campaign_version=1,
        campaign_name="Longer",
        member_id=member_id,
        kind="days",
        amount=7,
        granted_at=mall.clock(),
    )
    await mall.hear(grant, grant)
    assert await ends(mall) == [("staff", [2], 3), ("campaign", [1, 2], 7)]
    told = (await mall.told(PointsEndsChanged))[1]
    assert (told.campaign_id, told.member_id) == (grant.campaign_id, member_id)


async def test_what_changes_nothing_is_not_told(mall: Mall) -> None:
    member_id = await member_with_lots(mall)
    to_today = {"kind": "last_day", "on": "2026-03-11"}  # May not shorten.
    assert (await change(mall, member_id, "a", change=to_today)).status_code == 201
    assert await ends(mall) == []


async def test_a_freeze_and_its_thaw_are_told_with_the_ends_that_moved(mall: Mall) -> None:
    member_id = await member_with_lots(mall)
    for lot_version in (1, None):
        case = (await freeze(mall, member_id, lot_version=lot_version)).json()
        await freeze(mall, member_id, lot_version=lot_version)
        mall.clock.advance(days=40)
        thaw = f"/v1/members/{member_id}/freezes/{case['case_id']}/thaw"
        for _ in range(2):
            assert (await mall.post(thaw, {"outcome": "secret"})).status_code == 200
        [opened] = [e for e in await mall.told(PointsFrozen) if str(e.case_id) == case["case_id"]]
        [closed] = [e for e in await mall.told(PointsThawed) if str(e.case_id) == case["case_id"]]
        assert opened.lot_version == closed.lot_version == lot_version
        assert closed.thawed_at - opened.frozen_at == timedelta(days=40)
    assert [(cause, lots) for cause, lots, _ in await ends(mall)] == [
        ("thaw", [1]),
        ("thaw", [1]),
    ]


async def test_a_case_is_told_by_its_codes_and_not_whose_it_is(mall: Mall) -> None:
    await mall.client.put("/v1/review-rules", json={"own_card": "shop"}, headers=mall.staff())
    member_id = await mall.enrol()
    cards = f"/v1/shops/{mall.shop_id}/staff-cards"
    await mall.client.put(f"{cards}/C7", json={"member_id": str(member_id)}, headers=mall.staff())
    answer = await mall.push(mall.sale(100, member_id=member_id))
    assert answer.json()["status"] == "in_review"
    [told] = await mall.told(ReviewCaseOpened)
    [case] = (await mall.get("/v1/cases")).json()["cases"]
    assert (str(told.case_id), str(told.transaction_id)) == (
        case["case_id"],
        case["transaction_id"],
    )
    assert list(told.reasons) == [reason["code"] for reason in case["reasons"]]
    assert str(member_id) not in told.model_dump_json()


def test_no_field_says_why_or_by_whom() -> None:
    events: list[type[Event]] = [PointsEndsChanged, PointsFrozen, PointsThawed, ReviewCaseOpened]
    for event in events:
        assert not {"note", "reason_code", "made_by", "opened_by"} & set(event.model_fields)
    assert set(LotEnd.model_fields) == {"lot_version", "points", "before", "after"}
