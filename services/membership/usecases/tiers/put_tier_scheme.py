"""Say which tiers there are."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.membership.domain.tiers.tiers import Tier, TierScheme, check_scheme
from services.membership.storage.directory.directory_news import as_news, tier_scheme_changed
from services.membership.storage.programs.programs import lock_program
from services.membership.storage.tiers.tier_schemes import insert_scheme, list_schemes
from shared.outbox import tell

# The first scheme also rules what was bought before anybody wrote it down.
_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


async def put_tier_scheme(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    window_days: int,
    validity_days: int,
    tiers: Sequence[Tier],
) -> TierScheme:
    """The scheme in force: a new version, or the newest if it already says so.

    A new version judges purchases and validities from now on, never earlier ones. Raises
    `TierSchemeInvalid`, `TierCodeRemoved`.
    """
    await lock_program(session, program_id)
    schemes = await list_schemes(session, program_id)
    newest = schemes[-1] if schemes else None
    check_scheme(tiers, newest)
    if newest is not None and (newest.window_days, newest.validity_days, newest.tiers) == (
        window_days,
        validity_days,
        tuple(tiers),
    ):
        return newest
    scheme = TierScheme(
        newest.version + 1 if newest else 1,
        now if newest else _ALWAYS,
        window_days,
        validity_days,
        tuple(tiers),
    )
    await insert_scheme(session, program_id, scheme)
    await tell(session, as_news([tier_scheme_changed(program_id, scheme)], now))
    return scheme
