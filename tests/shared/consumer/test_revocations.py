"""Services hear which tokens are revoked."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.auth import read_revoked
from shared.consumer import hear_revocations
from shared.contracts.membership import TokensRevoked
from shared.db import transaction
from tests.support.clock import NOON
from tests.support.frame import PROGRAM
from tests.support.service import deliver


async def test_what_membership_revokes_is_kept(engine: AsyncEngine) -> None:
    heard = deliver(
        TokensRevoked(program_id=PROGRAM, revoked_by="subject", value="desk", revoked_at=NOON),
        TokensRevoked(program_id=PROGRAM, revoked_by="token", value="t-1", revoked_at=NOON),
    )
    async with transaction(engine) as session:
        await hear_revocations(session, NOON, heard)
    async with transaction(engine) as session:
        revoked = await read_revoked(session, NOON - timedelta(hours=1))
    assert revoked == dict.fromkeys(
        [(PROGRAM, "subject", "desk"), (PROGRAM, "token", "t-1")], NOON.timestamp()
    )
