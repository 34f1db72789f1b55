"""Staff state a kind of wallet beside the points."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.wallets.errors import WalletIsBuiltIn
from services.points.domain.wallets.wallets import POINTS, Wallet
from services.points.storage.wallets.wallets import upsert_wallet


async def set_wallet(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    wallet: Wallet,
    expiry: dict[str, Any],
    recorded_by: str,
) -> bool:
    """Add it, or state its next version, in force from now on: lots keep the end that they have,
    and what was earned before but comes late ends by the version of its time.

    Returns whether it is new. Raises `WalletIsBuiltIn` for points.
    """
    if wallet.code == POINTS:
        raise WalletIsBuiltIn("Points are built in; earning policies say how they behave.")
    return await upsert_wallet(session, program_id, now, wallet, expiry, recorded_by)
