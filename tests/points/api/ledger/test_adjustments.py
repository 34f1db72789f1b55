"""Adjustments over HTTP: who may, and what is refused."""

import json
from typing import Any

import pytest

from tests.points.mall import Mall
from tests.support.tokens import member_headers

GOOD = {"points": 5, "reason_code": "goodwill", "note": "等礼品久了 😀"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"points": 0}, "nothing_to_adjust"),
        ({"points": 1.0}, "validation_failed"),
        ({"points": True}, "validation_failed"),
        ({"points": "12"}, "validation_failed"),
        ({"points": 10**30}, "validation_failed"),
        ({"note": "a\x00b"}, "validation_failed"),
        ({"note": "\ud800"}, "validation_failed"),
        ({"note": ""}, "validation_failed"),
        ({"reason_code": "Ä"}, "validation_failed"),
        ({"surprise": 1}, "validation_failed"),
    ],
    ids=str,
)
async def test_what_is_wrong_is_refused(mall: Mall, changes: dict[str, Any], code: str) -> None:
    member_id = await mall.enrol()
    answer = await mall.client.post(
        f"/v1/members/{member_id}/adjustments",
        content=json.dumps({**GOOD, **changes}),
        headers={**mall.staff(), "Idempotency-Key": "k", "Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize(
    ("key", "what"),
    [(None, "missing"), ("", "missing")]
    + [(key, "invalid") for key in ("x" * 129, "x" * 300, b"\xff", b"a\x01b")],
)
async def test_without_a_good_idempotency_key_nothing_is_done(
    mall: Mall, key: str | bytes | None, what: str
) -> None:
    member_id = await mall.enrol()
    headers: dict[Any, Any] = dict(mall.staff())
    if key is not None:
        headers["Idempotency-Key"] = key
    answer = await mall.client.post(
        f"/v1/members/{member_id}/adjustments", json=GOOD, headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (400, f"idempotency_key_{what}")
    assert await mall.balance(member_id) == 0


async def test_only_staff_with_the_role_adjust(mall: Mall) -> None:
    member_id = await mall.enrol()
    path = f"/v1/members/{member_id}/adjustments"
    for who in (mall.staff("desk"), member_headers(mall.clock, mall.program_id, member_id)):
        answer = await mall.client.post(path, json=GOOD, headers={**who, "Idempotency-Key": "k"})
        assert answer.status_code == 403
    answer = await mall.client.post(
        path, json=GOOD, headers={**mall.staff("points.adjust"), "Idempotency-Key": "k"}
    )
    assert (answer.status_code, answer.json()["note"]) == (201, GOOD["note"])
