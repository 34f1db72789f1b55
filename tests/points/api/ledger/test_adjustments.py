"""Adjustments over HTTP: who may, and what is refused."""

import json
from typing import Any

import pytest

from shared.ids import new_id
from tests.points.mall import Mall
from tests.points.spending import dated_lots
from tests.support.tokens import member_headers, staff_headers

GOOD = {"points": 5, "reason_code": "goodwill", "note": "等礼品久了 😀"}

NOBODY = "00000000-0000-7000-8000-000000000000"


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


async def test_points_of_staff_end_as_what_is_bought_that_day_unless_they_say_otherwise(
    mall: Mall,
) -> None:
    await mall.set_policy(expiry={"kind": "rolling_days", "days": 9})
    member_id = await mall.enrol()
    await mall.adjust(member_id, 10, "a")
    path = f"/v1/members/{member_id}/adjustments"
    for key, expiry in enumerate(
        ({"kind": "never"}, {"kind": "end_of_month"}, {"kind": "months", "months": 2})
    ):
        body = {**GOOD, "terms": {"expiry": expiry}}
        answer = await mall.post(path, body, None, str(key))
        assert answer.status_code == 201, answer.text
        assert answer.json()["terms"]["expiry"]["kind"] == expiry["kind"]
    assert await dated_lots(mall, member_id) == [
        (10, "2026-03-19"),
        (5, "2026-03-31"),
        (5, "2026-05-10"),
        (5, "never"),
    ]


async def test_points_of_staff_may_be_a_shops_and_be_paid_for_by_whom_they_say(
    mall: Mall,
) -> None:
    member_id = await mall.enrol()
    path = f"/v1/members/{member_id}/adjustments"
    terms = {"shop_id": str(mall.shop_id), "funding": "brand"}
    made = (await mall.post(path, {**GOOD, "points": 50_000, "terms": terms}, None, "k")).json()
    assert made["status"] == "awaits_check"
    assert made["terms"]["mall_id"] == str(mall.mall_id)
    checked = await mall.client.post(
        f"/v1/adjustments/{made['adjustment_id']}/approval",
        json={"note": "seen"},
        headers=staff_headers(mall.clock, mall.program_id, ("admin",), subject="second"),
    )
    assert checked.json()["status"] == "posted"
    again = (await mall.post(path, {**GOOD, "points": 50_000, "terms": terms}, None, "k")).json()
    assert again == checked.json()
    other = {**GOOD, "points": 50_000, "terms": {**terms, "funding": "mall"}}
    answer = await mall.post(path, other, None, "k")
    assert answer.json()["code"] == "idempotency_key_reused"
    small = {**GOOD, "terms": {"mall_id": str(mall.mall_id), "funding": "mall"}}
    assert (await mall.post(path, small, None, "l")).status_code == 201
    rows = await mall.rows("SELECT mall_id, shop_id, funding FROM lot WHERE program_id = :p")
    assert set(rows) == {(mall.mall_id, mall.shop_id, "brand"), (mall.mall_id, None, "mall")}


@pytest.mark.parametrize(
    ("terms", "points", "code"),
    [
        ({"mall_id": NOBODY}, 5, "mall_unknown"),
        ({"shop_id": NOBODY}, 5, "shop_unknown"),
        ({"funding": "mall"}, -5, "validation_failed"),
        ({"expiry": {"kind": "soon"}}, 5, "validation_failed"),
        ({"surprise": 1}, 5, "validation_failed"),
    ],
    ids=str,
)
async def test_terms_that_cannot_be_are_refused(
    mall: Mall, terms: dict[str, Any], points: int, code: str
) -> None:
    member_id = await mall.enrol()
    body = {**GOOD, "points": points, "terms": terms}
    answer = await mall.post(f"/v1/members/{member_id}/adjustments", body, None, "k")
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_shop_of_another_mall_is_not_known_there(mall: Mall) -> None:
    member_id = await mall.enrol()
    terms = {"shop_id": str(mall.shop_id), "mall_id": str(new_id())}
    path = f"/v1/members/{member_id}/adjustments"
    answer = await mall.post(path, {**GOOD, "terms": terms}, None, "k")
    assert (answer.status_code, answer.json()["code"]) == (422, "shop_unknown")
