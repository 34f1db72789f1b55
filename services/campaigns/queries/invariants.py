"""The books of campaigns, checked by SQL over all programmes."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# Outbox rows are dropped by age, a partition at a time. Once some are gone, only what is younger
# can be looked for: by more than anybody waits between looking at the clock and telling.
_TOLD_SINCE = """
    (SELECT CASE WHEN to_regclass('outbox_0') IS NOT NULL THEN '-infinity'::timestamptz
                 ELSE min(occurred_at) + interval '15 minutes' END FROM outbox)
"""

_CHECKS: Mapping[str, str] = {
    "used_at_most_what_is_left_of_the_receipt": """
        SELECT count(*) FROM (
            SELECT g.program_id, u.receipt_id, g.family, sum(u.used_minor) AS used
            FROM reward_grant g, unnest(g.receipt_ids, g.used_minor) AS u (receipt_id, used_minor)
            WHERE g.family IS NOT NULL GROUP BY 1, 2, 3) u
        LEFT JOIN receipt r USING (program_id, receipt_id)
        WHERE u.used > coalesce(r.net_minor, 0)""",
    "living_reward_uses_its_threshold_or_is_flagged": """
        SELECT count(*) FROM reward_grant g WHERE g.family IS NOT NULL AND g.status <> 'revoked'
        AND g.threshold_minor - g.shortfall_minor <> (
            SELECT coalesce(sum(used), 0) FROM unnest(g.used_minor) AS used)""",
    "revoked_reward_uses_nothing": """
        SELECT count(*) FROM reward_grant WHERE status = 'revoked' AND 0 < ANY (used_minor)""",
    "desk_reward_is_found_by_its_receipts": """
        SELECT count(*) FROM (
            SELECT g.program_id, u.receipt_id, g.grant_id
            FROM reward_grant g, unnest(g.receipt_ids) AS u (receipt_id) WHERE g.origin = 'desk'
        ) named FULL JOIN desk_receipt d USING (program_id, receipt_id, grant_id)
        WHERE named.grant_id IS NULL OR d.grant_id IS NULL""",
    "stock_is_what_was_not_granted": """
        SELECT count(*) FROM gift_stock s WHERE s.remaining < 0 OR s.initial - s.remaining <> (
            SELECT count(*) FROM reward_grant g WHERE g.program_id = s.program_id
            AND g.stock_id = s.stock_id AND g.status <> 'revoked')""",
    "rewards_within_the_limit": """
        SELECT count(*) FROM (
            SELECT g.program_id, g.campaign_id, g.member_id, count(*) AS given,
                   min((v.spec -> 'rule' ->> 'limit_per_member')::bigint) AS limit_per_member
            FROM reward_grant g
            JOIN campaign_version v USING (program_id, campaign_id, version)
            WHERE g.family IS NOT NULL AND g.status <> 'revoked' AND g.member_id IS NOT NULL
            GROUP BY 1, 2, 3
            HAVING count(DISTINCT g.version) = 1) c
        WHERE given > limit_per_member""",
    "revoked_points_are_the_sum_of_revocations": """
        SELECT count(*) FROM reward_grant g WHERE g.points_revoked <> (
            SELECT coalesce(sum(r.points), 0) FROM reward_revocation r
            WHERE r.program_id = g.program_id AND r.grant_id = g.grant_id)""",
    "net_points_not_negative": """
        SELECT count(*) FROM reward_grant WHERE kind = 'points' AND points < points_revoked""",
    "every_grant_is_told": f"""
        SELECT count(*) FROM reward_grant g WHERE g.decided_at > {_TOLD_SINCE}
        AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.program_id = g.program_id
            AND o.type = 'reward.granted.v1' AND o.occurred_at = g.decided_at
            AND o.data::json ->> 'grant_id' = g.grant_id::text)""",
    "every_revocation_is_told": f"""
        SELECT count(*) FROM reward_revocation r WHERE r.revoked_at > {_TOLD_SINCE}
        AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.program_id = r.program_id
            AND o.type = 'reward.revoked.v1' AND o.occurred_at = r.revoked_at
            AND o.data::json ->> 'revocation_id' = r.revocation_id::text)""",
    "every_issue_is_told": f"""
        SELECT count(*) FROM reward_grant g WHERE g.issued_at > {_TOLD_SINCE}
        AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.program_id = g.program_id
            AND o.type = 'gift.issued.v1' AND o.occurred_at = g.issued_at
            AND o.data::json ->> 'grant_id' = g.grant_id::text)""",
    "granted_claim_has_its_grant": """
        SELECT count(*) FROM claim c WHERE c.decision = 'granted' AND NOT EXISTS (
            SELECT 1 FROM reward_grant g WHERE g.program_id = c.program_id
            AND g.grant_id = c.grant_id AND g.claim_id = c.claim_id)""",
}


async def check_invariants(session: AsyncSession) -> dict[str, int]:
    """The number of rows that break each invariant: all zero when the books are right."""
    return {name: await session.scalar(text(sql)) or 0 for name, sql in _CHECKS.items()}
