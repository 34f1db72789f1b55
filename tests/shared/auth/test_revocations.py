"""What is remembered of revoked tokens."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.auth import Revocation, keep_revocations, read_revoked
from shared.auth.revocations import forget_revocations
from shared.db import transaction
from tests.support.clock import NOON
from tests.support.frame import OTHER_PROGRAM, PROGRAM

EARLIER = NOON - timedelta(minutes=5)


async def test_the_later_revocation_counts_in_whatever_order_they_come(engine: AsyncEngine) -> None:
    early, late = Revocation("subject", "desk", EARLIER), Revocation("subject", "desk", NOON)
    for order in ([early, late], [late, early], [late], [early]):
        async with transaction(engine) as session:
            await keep_revocations(session, PROGRAM, order)
            revoked = await read_revoked(session, NOON - timedelta(hours=1))
        assert revoked == {(PROGRAM, "subject", "desk"): NOON.timestamp()}


async def test_a_programmes_revocations_are_its_own(engine: AsyncEngine) -> None:
    async with transaction(engine) as session:
        await keep_revocations(session, PROGRAM, [Revocation("token", "t-1", NOON)])
        await keep_revocations(session, OTHER_PROGRAM, [Revocation("token", "t-1", EARLIER)])
        revoked = await read_revoked(session, NOON - timedelta(hours=1))
    assert revoked == {
        (PROGRAM, "token", "t-1"): NOON.timestamp(),
        (OTHER_PROGRAM, "token", "t-1"): EARLIER.timestamp(),
    }


async def test_what_no_token_can_outlive_is_neither_read_nor_kept(engine: AsyncEngine) -> None:
    kept = [Revocation("token", "old", EARLIER), Revocation("token", "new", NOON)]
    async with transaction(engine) as session:
        await keep_revocations(session, PROGRAM, kept)
        assert set(await read_revoked(session, EARLIER)) == {(PROGRAM, "token", "new")}
        assert await forget_revocations(session, EARLIER) == 1
        assert await forget_revocations(session, EARLIER) == 0
