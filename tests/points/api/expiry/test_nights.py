"""Who watches over the nights sees what each did, and how far the running one is."""

from datetime import timedelta

from services.points.usecases.expiry.run_night import NightRules
from tests.points.mall import Mall
from tests.points.nights import begin, given, pass_night, step


async def test_staff_see_what_the_nights_did(mall: Mall) -> None:
    members = [await mall.enrol() for _ in range(3)]
    for member_id in members:
        await given(mall, member_id, 10, timedelta(hours=3))
    mall.clock.advance(hours=5)
    await begin(mall)
    for _ in range(3):
        await step(mall, NightRules(chunk_accounts=2))
    [running] = (await mall.get("/v1/nights")).json()["nights"]
    assert (running["step"], running["night_on"]) == ("expire", "2026-03-11")
    assert (running["expired_points"], running["chunks_left"]) == (20, 1)
    assert running["finished_at"] is None
    await pass_night(mall)
    first = (await mall.get("/v1/nights", limit=1)).json()
    assert first["nights"][0]["night_on"] == "2026-03-12"
    older = (await mall.get("/v1/nights", before=first["next_before"])).json()
    [done] = older["nights"]
    assert (done["step"], done["expired_accounts"], done["expired_points"]) == ("done", 3, 30)
    assert older["next_before"] is None


async def test_members_do_not_see_nights(mall: Mall) -> None:
    member_id = await mall.enrol()
    assert (await mall.get("/v1/nights", member_id)).status_code == 403
