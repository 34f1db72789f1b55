"""Who may end an offer, and what happens when two do it at once."""

import asyncio

from tests.points.mall import Mall
from tests.points.members import close, held, offered


async def test_only_the_receiver_takes_and_only_the_giver_cancels(mall: Mall) -> None:
    giver, receiver, stranger = await mall.enrol(), await mall.enrol(), await mall.enrol()
    await mall.adjust(giver, 100, "give")
    transfer_id = await offered(mall, giver, receiver, 100)
    for how, who in (
        ("acceptance", giver),
        ("acceptance", stranger),
        ("refusal", giver),
        ("cancellation", receiver),
    ):
        answer = await close(mall, how, who, transfer_id)
        assert (answer.status_code, answer.json()["code"]) == (404, "transfer_unknown")


async def test_taking_and_cancelling_at_once_ends_in_one_of_both(mall: Mall, twin: Mall) -> None:
    giver, receiver = await mall.enrol(), await mall.enrol()
    await mall.adjust(giver, 100, "give")
    for n in range(8):
        transfer_id = await offered(mall, giver, receiver, 1, f"k{n}")
        answers = await asyncio.gather(
            close(mall, "acceptance", receiver, transfer_id),
            close(twin, "cancellation", giver, transfer_id),
        )
        assert sorted(a.status_code for a in answers) == [200, 409]
    assert await held(mall, giver) == 0
    assert await mall.balance(giver) + await mall.balance(receiver) == 100
