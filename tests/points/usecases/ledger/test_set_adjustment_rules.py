"""A programme says which reasons there are, what they need, and from where two must agree."""

from tests.points.mall import Mall
from tests.points.members import ask


async def test_a_programmes_rules_name_the_reasons_evidence_and_threshold(mall: Mall) -> None:
    rules = {
        "points_unchecked_max": 10,
        "reason_codes": [
            {"code": "goodwill", "names": {"zh-CN": "服务补偿", "en": "Goodwill"}},
            {"code": "system_error", "names": {"en": "System error"}, "needs_evidence": True},
        ],
    }
    assert (await mall.get("/v1/adjustment-rules")).json()["version"] == 0
    for _ in range(2):  # The same again is no new version.
        answer = await mall.client.put("/v1/adjustment-rules", json=rules, headers=mall.staff())
        assert (answer.status_code, answer.json()["version"]) == (200, 1)
    member_id = await mall.enrol()
    unknown = await ask(mall, member_id, points=5, reason_code="because", note="x")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "reason_code_unknown")
    bare = await ask(mall, member_id, points=5, reason_code="system_error", note="x")
    assert (bare.status_code, bare.json()["code"]) == (422, "evidence_missing")
    shown = {"reason_code": "system_error", "note": "x", "evidence": "https://example.com/17"}
    good = await ask(mall, member_id, "k2", points=5, **shown)
    assert (good.status_code, good.json()["evidence"]) == (201, "https://example.com/17")
    waits = await ask(mall, member_id, "k3", points=-11, reason_code="goodwill", note="x")
    assert (waits.status_code, waits.json()["code"]) == (422, "insufficient_points")
    waits = await ask(mall, member_id, "k3", points=11, reason_code="goodwill", note="x")
    assert waits.status_code == 202
    doubled = {**rules, "reason_codes": rules["reason_codes"] * 2}  # type: ignore[operator]
    answer = await mall.client.put("/v1/adjustment-rules", json=doubled, headers=mall.staff())
    assert (answer.status_code, answer.json()["code"]) == (422, "reason_code_repeated")
