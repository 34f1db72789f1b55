"""What became of the points of a posting can be read: other ends, freezes, what was made good."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.members import freeze
from tests.points.wallets_at_hand import give_stars, member_with_stars, redeem_stars, state_stars


async def longer(mall: Mall, member_id: UUID, days: int) -> None:
    body = {
        "change": {"kind": "days", "amount": days},
        "reason_code": "goodwill",
        "note": "Was ill",
    }
    answer = await mall.post(f"/v1/members/{member_id}/expiry-changes", body, None, new_id().hex)
    assert answer.status_code == 201, answer.text


async def changes(mall: Mall, member_id: UUID, reader: UUID | None, **query: Any) -> Any:
    path = f"/v1/members/{member_id}/postings/1/lot-changes"
    answer = await mall.get(path, reader, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_every_change_of_a_lot_is_told_to_staff_with_its_reason(mall: Mall) -> None:
    await mall.set_policy(expires_months=1)
    member_id = await mall.enrol()
    await mall.sold(10_000, member_id=member_id)
    await longer(mall, member_id, 5)
    mall.clock.advance(hours=1)
    case = (await freeze(mall, member_id, lot_version=1)).json()
    mall.clock.advance(days=60)
    thaw = f"/v1/members/{member_id}/freezes/{case['case_id']}/thaw"
    assert (await mall.post(thaw, {"outcome": "cleared"})).status_code == 200
    explained = (await mall.get(f"/v1/members/{member_id}/postings/1")).json()
    assert explained["lot_changes"] == 3
    thawed, frozen, longer_ = (await changes(mall, member_id, None))["changes"]
    assert [thawed["kind"], frozen["kind"], longer_["kind"]] == ["thawed", "frozen", "expiry_set"]
    assert (longer_["before"], longer_["after"]) == (
        "2026-04-10T16:00:00Z",
        "2026-04-15T16:00:00Z",
    )
    assert (longer_["rule"], longer_["reason"]["note"]) == ("set_by_staff", "Was ill")
    assert (frozen["has_new_end"], thawed["has_new_end"]) == (False, True)
    assert (thawed["before"], thawed["after"]) == (longer_["after"], explained["expires_at"])
    assert {row["reason"]["made_by"] for row in (thawed, frozen, longer_)} == {"staff-1"}


async def test_a_member_sees_what_changed_and_not_who_decided_it(mall: Mall) -> None:
    await mall.set_policy(expires_months=1)
    member_id = await mall.enrol()
    await mall.sold(10_000, member_id=member_id)
    seen = []
    for days in (1, 2, 3):
        mall.clock.advance(hours=1)
        await longer(mall, member_id, days)
    query: dict[str, str] = {}
    while True:
        page = await changes(mall, member_id, member_id, limit=2, **query)
        seen += [(row["rule"], row["reason"], row["after"][:10]) for row in page["changes"]]
        if page["next_before"] is None:
            break
        query = {"before": page["next_before"]}
    assert seen == [("set_by_staff", None, f"2026-04-{day}") for day in (16, 13, 11)]


async def test_what_is_not_there_has_no_changes(mall: Mall) -> None:
    member_id, other = await mall.enrol(), await mall.enrol()
    await mall.sold(10_000, member_id=member_id)
    path = f"/v1/members/{member_id}/postings/1/lot-changes"
    assert (await changes(mall, member_id, member_id)) == {"changes": [], "next_before": None}
    assert (await mall.get(path, other)).status_code == 404
    missing = await mall.get(path.replace("/1/", "/2/"), member_id)
    assert (missing.status_code, missing.json()["code"]) == (404, "posting_unknown")
    earlier = (mall.clock() - timedelta(days=1)).isoformat()
    assert (await mall.get(path, before=earlier)).status_code == 422


async def test_a_posting_of_another_wallet_is_explained_too(mall: Mall) -> None:
    stars = {"name": "Stars", "expiry": {"kind": "rolling_days", "days": 9}}
    await mall.client.put("/v1/wallets/stars", json=stars, headers=mall.staff())
    member_id, other = await mall.enrol(), await mall.enrol()
    body = {"reason_code": "gift", "note": "Birthday", "points": 7, "wallet": "stars"}
    await mall.post(f"/v1/members/{member_id}/adjustments", body, None, "a")
    path = f"/v1/members/{member_id}/wallets/stars/postings/1"
    found = (await mall.get(path, member_id)).json()
    assert (found["points"], found["lot_remaining"], found["kind"]) == (7, 7, "adjustment")
    assert found["reason"]["note"] == "Birthday"
    assert all("7" in sentence for sentence in found["sentences"].values())
    assert (await mall.get(f"{path}/lot-changes", member_id)).json()["changes"] == []
    assert (await mall.get(path, other)).status_code == 404
    for missing in (path.replace("/1", "/2"), path.replace("stars", "moons")):
        assert (await mall.get(missing, member_id)).status_code == 404


async def test_sentences_call_a_wallet_by_its_name_in_force_now(mall: Mall) -> None:
    await state_stars(mall)
    giver, receiver = await member_with_stars(mall, 10), await mall.enrol()
    await redeem_stars(mall, giver, 2)
    await give_stars(mall, giver, receiver, 3)
    await state_stars(mall, name="Sterne")
    whys = [(giver, 1), (giver, 2), (giver, 3), (receiver, 1)]
    found = [await mall.get(f"/v1/members/{m}/wallets/stars/postings/{v}", m) for m, v in whys]
    assert [answer.json()["sentences"]["en"] for answer in found] == [
        "Adjusted by staff by +10 Sterne, reason x.",
        "2 Sterne were spent: tea.",
        "3 Sterne were given away.",
        "3 Sterne were a gift.",
    ]
