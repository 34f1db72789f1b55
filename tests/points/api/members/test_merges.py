"""Merges over HTTP: who may, and what is refused before anything is looked at."""

from typing import Any

import pytest

from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.members import merged, two_members
from tests.support.tokens import member_headers


@pytest.mark.parametrize(
    "changes",
    [{"note": ""}, {"reason_code": "Ä"}, {"merged_member_id": 5}, {"surprise": 1}],
    ids=str,
)
async def test_what_is_wrong_is_refused(mall: Mall, changes: dict[str, Any]) -> None:
    body = {
        "merged_member_id": str(new_id()),
        "survivor_member_id": str(new_id()),
        "reason_code": "duplicate",
        "note": "x",
        **changes,
    }
    answer = await mall.post("/v1/merges", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_only_staff_with_the_role_merge_and_undo(mall: Mall) -> None:
    old, kept = await two_members(mall)
    made = await merged(mall, old, kept)
    one = f"/v1/merges/{made['merge_id']}"
    body = {
        "merged_member_id": str(kept),
        "survivor_member_id": str(old),
        "reason_code": "duplicate",
        "note": "x",
    }
    for who in (
        mall.staff("points.adjust"),
        member_headers(mall.clock, mall.program_id, kept),
    ):
        for method, path, sent in (
            ("POST", "/v1/merges", body),
            ("GET", one, None),
            ("POST", f"{one}/undo", None),
        ):
            answer = await mall.client.request(method, path, json=sent, headers=who)
            assert answer.status_code == 403, path
    answer = await mall.client.get(one, headers=mall.staff("points.merge"))
    assert (answer.status_code, answer.json()) == (200, made)
