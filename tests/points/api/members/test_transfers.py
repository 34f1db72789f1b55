"""Transfers over HTTP: what is refused, who sees what, and pages."""

from typing import Any

import pytest

from tests.points.mall import Mall
from tests.points.members import offer, offered

OTHER = "0199f3a2-c1d0-7b7e-8000-00000000000b"


@pytest.mark.parametrize(
    "body",
    [
        {"points": 5},
        {"points": 5, "to_member_id": OTHER, "to_member_number": "600000000009"},
        {"points": 0, "to_member_id": OTHER},
        {"points": -5, "to_member_id": OTHER},
        {"points": 1.0, "to_member_id": OTHER},
        {"points": 10**30, "to_member_id": OTHER},
        {"points": 5, "to_member_number": "12"},
        {"points": 5, "to_member_id": OTHER, "message": "a\x00b"},
    ],
    ids=str,
)
async def test_what_is_wrong_is_refused(mall: Mall, body: dict[str, Any]) -> None:
    member_id = await mall.enrol()
    answer = await mall.post(f"/v1/members/{member_id}/transfers", body, member_id, "k")
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_staff_see_transfers_and_offer_none(mall: Mall) -> None:
    giver, receiver = await mall.enrol(), await mall.enrol()
    await mall.adjust(giver, 100, "give")
    body = {"to_member_id": str(receiver), "points": 5}
    answer = await mall.post(f"/v1/members/{giver}/transfers", body, None, "k")
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_principal")
    transfer_id = await offered(mall, giver, receiver, 5)
    assert (await mall.get(f"/v1/members/{receiver}/transfers/{transfer_id}")).status_code == 200
    cancel = f"/v1/members/{giver}/transfers/{transfer_id}/cancellation"
    answer = await mall.client.post(cancel, headers=mall.staff("points.read"))
    assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")
    answer = await mall.post(cancel)
    assert answer.json()["status"] == "cancelled"


async def test_transfers_come_in_pages_the_newest_first(mall: Mall) -> None:
    giver, receiver = await mall.enrol(), await mall.enrol()
    await mall.adjust(giver, 100, "give")
    made = [
        (await offer(mall, giver, receiver, n, f"k{n}")).json()["transfer_id"] for n in (1, 2, 3)
    ]
    path = f"/v1/members/{receiver}/transfers"
    first = (await mall.get(path, receiver, limit=2)).json()
    assert [t["transfer_id"] for t in first["transfers"]] == [made[2], made[1]]
    rest = (await mall.get(path, receiver, limit=2, before=first["next_before"])).json()
    assert ([t["transfer_id"] for t in rest["transfers"]], rest["next_before"]) == ([made[0]], None)
