"""The rules of review are versions; the newest is in force."""

from tests.points.mall import Mall


async def test_the_same_rules_again_make_no_new_version(mall: Mall) -> None:
    async def put(**rules: object) -> dict[str, object]:
        answer = await mall.client.put("/v1/review-rules", json=rules, headers=mall.staff())
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found

    nothing = {"version": 0, "own_card": "off", "again_days": 0, "velocities": []}
    assert (await mall.get("/v1/review-rules")).json() == nothing
    assert (await put())["version"] == 0
    velocity = {"per": "till", "window_seconds": 60, "receipts_max": 5}
    set_now = await put(own_card="shop", again_days=2, velocities=[velocity])
    assert (set_now["version"], set_now["velocities"]) == (1, [velocity])
    assert await put(own_card="shop", again_days=2, velocities=[velocity]) == set_now
    assert (await put())["version"] == 2
    assert (await mall.get("/v1/review-rules")).json() == {**nothing, "version": 2}


async def test_more_than_three_days_are_refused(mall: Mall) -> None:
    for rules in ({"again_days": 4}, {"own_card": "x"}, {"velocities": [{"per": "shop"}]}):
        answer = await mall.client.put("/v1/review-rules", json=rules, headers=mall.staff())
        assert answer.status_code == 422
