"""How a service hears which tokens are revoked: one row of its `HANDLERS`."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Revocation, keep_revocations
from shared.consumer.delivery import Delivery
from shared.contracts.membership import TokensRevoked


async def hear_revocations(
    session: AsyncSession, _: datetime, deliveries: Sequence[Delivery]
) -> None:
    """Keep what membership has revoked; processes of the service read it from there."""
    heard = [cast(TokensRevoked, delivery.event) for delivery in deliveries]
    await keep_revocations(
        session,
        heard[0].program_id,
        [Revocation(one.revoked_by, one.value, one.revoked_at) for one in heard],
    )
