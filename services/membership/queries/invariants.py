"""What must be true of membership's books at any moment, checked by SQL."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_CHECKS = {
    "tier_is_the_last_interval_told": """
        SELECT count(*) FROM member_tier
        WHERE tier IS DISTINCT FROM timeline -> -1 ->> 'tier'
           OR since IS DISTINCT FROM (timeline -> -1 ->> 'since')::timestamptz
           OR since > assessed_until
    """,
    "timeline_starts_with_the_enrolment": """
        SELECT count(*) FROM member_tier t JOIN member m USING (program_id, member_id)
        WHERE (t.timeline -> 0 ->> 'since')::timestamptz IS DISTINCT FROM m.enrolled_at
    """,
    "every_member_has_a_tier": """
        SELECT count(*) FROM member m WHERE NOT EXISTS
        (SELECT 1 FROM member_tier t
         WHERE t.program_id = m.program_id AND t.member_id = m.member_id)
    """,
    "profile_spend_is_the_sum_of_credits": """
        SELECT count(*) FROM
        (SELECT program_id, member_id, sum(amount_minor) AS spend_minor
         FROM tier_credit GROUP BY program_id, member_id) c
        FULL JOIN member_profile p USING (program_id, member_id)
        WHERE p.spend_minor IS DISTINCT FROM c.spend_minor
    """,
    "every_member_has_one_phone": """
        SELECT count(*) FROM member m WHERE erased_at IS NULL AND 1 <>
        (SELECT count(*) FROM member_identity i WHERE i.program_id = m.program_id
         AND i.member_id = m.member_id AND i.type = 'phone')
    """,
    "one_active_signing_key_at_most": """
        SELECT greatest(count(*) - 1, 0) FROM signing_key WHERE retired_at IS NULL
    """,
    "tier_scheme_versions_have_no_gaps": """
        SELECT count(*) FROM
        (SELECT version, row_number() OVER (PARTITION BY program_id ORDER BY version) AS place
         FROM tier_scheme) s WHERE version <> place
    """,
}


async def check_invariants(session: AsyncSession) -> dict[str, int]:
    """How many rows break each invariant; all zero when the books are right."""
    return {name: int(await session.scalar(text(sql)) or 0) for name, sql in _CHECKS.items()}
