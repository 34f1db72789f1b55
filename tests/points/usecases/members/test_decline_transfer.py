"""What is not taken is free again."""

from services.points.usecases.members.expire_transfers import expire_transfers
from shared.db import transaction
from tests.points.mall import Mall
from tests.points.members import close, held, offered


async def test_declined_cancelled_and_late_offers_free_the_points(mall: Mall) -> None:
    giver, receiver = await mall.enrol(), await mall.enrol()
    await mall.adjust(giver, 100, "give")
    for how, who in (("refusal", receiver), ("cancellation", giver)):
        transfer_id = await offered(mall, giver, receiver, 100, how)
        first, again = (
            await close(mall, how, who, transfer_id),
            await close(mall, how, who, transfer_id),
        )
        assert first.json() == again.json()
        assert await held(mall, giver) == 0
        late = await close(mall, "acceptance", receiver, transfer_id)
        assert (late.status_code, late.json()["code"]) == (409, "transfer_closed")
    transfer_id = await offered(mall, giver, receiver, 100, "late")
    mall.clock.advance(days=7)
    late = await close(mall, "acceptance", receiver, transfer_id)
    assert (late.status_code, late.json()["is_now"]) == (409, "expired")
    async with transaction(mall.engine) as session:
        assert await expire_transfers(session, mall.clock()) >= 1
    assert await held(mall, giver) == 0
    shown = await mall.get(f"/v1/members/{giver}/transfers", giver)
    assert [t["status"] for t in shown.json()["transfers"]] == ["expired", "cancelled", "declined"]
