"""What a member has that is not good yet, and from when on it is."""

from datetime import datetime
from uuid import UUID

from shared.db import Driver, Statements

_NOW = """
SELECT a.balance, a.version, a.pending, CASE WHEN a.pending > 0 THEN (
    SELECT json_agg(json_build_object('activates_at', w.activates_at, 'points', w.points)
                    ORDER BY w.activates_at)::text
    FROM (SELECT l.activates_at, sum(l.remaining) AS points FROM lot l
          WHERE l.program_id = $1 AND l.account_id = $2 AND l.state = 'pending' AND l.remaining > 0
          GROUP BY l.activates_at) w) END AS activations
FROM account a WHERE a.program_id = $1 AND a.account_id = $2 AND a.status IN ('open', 'merged')
"""

# A lot was pending then if it is so still, or if it was made active later; and a posting took from
# it by then if its version is not above the account's at that time.
_THEN = """
SELECT coalesce(sum(w.points), 0)::bigint AS pending,
       json_agg(json_build_object('activates_at', w.activates_at, 'points', w.points)
                ORDER BY w.activates_at)::text AS activations
FROM (SELECT x.activates_at, sum(x.points) AS points
      FROM (SELECT CASE WHEN c.reason IS NULL THEN l.activates_at
                        ELSE (c.reason ->> 'activates_at')::timestamptz END AS activates_at,
                   l.points
                   - coalesce((SELECT sum(t.points) FROM lot_take t
                       WHERE t.program_id = $1 AND t.account_id = $2 AND t.lot_version = l.version
                         AND t.version <= $3), 0)
                   + coalesce((SELECT sum(r.points) FROM lot_return r
                       WHERE r.program_id = $1 AND r.account_id = $2 AND r.lot_version = l.version
                         AND r.version <= $3), 0) AS points
            FROM lot l
            LEFT JOIN LATERAL (
                SELECT k.reason FROM lot_change k
                WHERE k.program_id = $1 AND k.account_id = $2 AND k.lot_version = l.version
                  AND k.kind = 'activated' AND k.recorded_at > $4
                ORDER BY k.recorded_at LIMIT 1) c ON true
            WHERE l.program_id = $1 AND l.account_id = $2 AND l.version <= $3
              AND (l.state = 'pending' OR c.reason IS NOT NULL)) x
      WHERE x.points > 0 GROUP BY x.activates_at) w
"""


async def find_points(
    reads: Statements | Driver, program_id: UUID, member_id: UUID
) -> tuple[int, int, int, str] | None:
    """(balance, version, pending, when it is good as JSON) of the member's points, or None."""
    row = await reads.fetchrow(_NOW, program_id, member_id)
    if row is None:
        return None
    return row["balance"], row["version"], row["pending"], row["activations"] or "[]"


async def find_pending_at(
    reads: Statements | Driver, program_id: UUID, member_id: UUID, version: int, instant: datetime
) -> tuple[int, str]:
    """(pending, when it is good as JSON) as it was when the account had that version."""
    row = await reads.fetchrow(_THEN, program_id, member_id, version, instant)
    return row["pending"], row["activations"] or "[]"
