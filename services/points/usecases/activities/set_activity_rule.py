"""Staff state what a kind of activity earns from some instant on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.activities.activities import ActivityRule, read_rule
from services.points.domain.activities.errors import ActivityRuleInPast
from services.points.storage.activities.activities import insert_rule, list_rules
from services.points.storage.wallets.wallets import get_wallet


async def set_activity_rule(
    session: AsyncSession,
    now: datetime,
    program_id: UUID,
    kind: str,
    effective_from: datetime,
    spec: Mapping[str, Any],
    made_by: str,
) -> ActivityRule:
    """Add the kind's next version. Raises `ActivityRuleInPast` when an older one starts later, and
    `WalletUnknown`."""
    rules = await list_rules(session, program_id, kind)
    if rules and effective_from <= rules[-1].effective_from:
        raise ActivityRuleInPast(
            "A new version takes effect after the one before it.",
            latest_effective_from=rules[-1].effective_from.isoformat(),
        )
    version = rules[-1].version + 1 if rules else 1
    rule = read_rule(kind, version, effective_from, spec)
    await get_wallet(session, program_id, rule.wallet)
    await insert_rule(session, program_id, rule, made_by, now)
    return rule
