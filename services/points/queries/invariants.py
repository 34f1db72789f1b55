"""The books' invariants by SQL: how many rows break each. All zero, or somebody is called."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.points.domain.accounting.liability import SETTLES_AFTER
from services.points.queries.accounting.accounting_invariants import ACCOUNTING_INVARIANTS

# A request knows its time before it waits for a connection and for locks: of two instants the
# earlier may be stored later, by less than this.
_WAITED_MAX = f"interval '{SETTLES_AFTER.total_seconds():.0f} seconds'"
# Outbox rows are dropped by age, a partition at a time: what was told in those that are gone
# cannot be looked for.
_TOLD_SINCE = f"""
    (SELECT CASE WHEN to_regclass('outbox_0') IS NOT NULL THEN '-infinity'
                 ELSE min(occurred_at) + {_WAITED_MAX} END FROM outbox)"""

INVARIANTS: Mapping[str, str] = {
    "I1_postings_sum_to_balance": """
        SELECT count(*) FROM account a
        LEFT JOIN (SELECT program_id, account_id, sum(points) AS points FROM posting
                   GROUP BY program_id, account_id) p USING (program_id, account_id)
        WHERE a.balance <> coalesce(p.points, 0)""",
    "I2_versions_without_gaps": """
        SELECT count(*) FROM account a
        LEFT JOIN (SELECT program_id, account_id, count(*) AS n, max(version) AS last,
                          min(version) AS first
                   FROM posting GROUP BY program_id, account_id) p
             USING (program_id, account_id)
        WHERE a.version <> coalesce(p.last, 0) OR coalesce(p.n, 0) <> a.version
           OR coalesce(p.first, 1) <> 1""",
    "I2_balances_chained": """
        SELECT count(*) FROM (
            SELECT points, balance_after,
                   lag(balance_after, 1, 0::bigint)
                       OVER (PARTITION BY program_id, account_id ORDER BY version) AS before
            FROM posting) c
        WHERE c.before + c.points <> c.balance_after""",
    "I3_open_lots_less_debt_is_balance": """
        SELECT count(*) FROM account a
        LEFT JOIN (SELECT program_id, account_id, sum(remaining) AS remaining,
                          coalesce(sum(remaining) FILTER (WHERE state = 'pending'), 0) AS pending
                   FROM lot GROUP BY program_id, account_id) l USING (program_id, account_id)
        WHERE greatest(a.balance, 0) <> coalesce(l.remaining, 0)
           OR a.pending <> coalesce(l.pending, 0)""",
    "I3_open_holds_are_held": """
        SELECT count(*) FROM account a
        LEFT JOIN (SELECT program_id, account_id, sum(points - captured) AS held FROM hold
                   WHERE status = 'open' GROUP BY program_id, account_id) h
             USING (program_id, account_id)
        WHERE a.held <> coalesce(h.held, 0)""",
    "I3_takes_explain_lots": """
        SELECT count(*) FROM lot l
        LEFT JOIN (SELECT program_id, account_id, lot_version, sum(points) AS taken FROM lot_take
                   GROUP BY program_id, account_id, lot_version) t
          ON (t.program_id, t.account_id, t.lot_version)
           = (l.program_id, l.account_id, l.version)
        LEFT JOIN (SELECT program_id, account_id, lot_version, sum(points) AS back FROM lot_return
                   GROUP BY program_id, account_id, lot_version) r
          ON (r.program_id, r.account_id, r.lot_version)
           = (l.program_id, l.account_id, l.version)
        WHERE l.points - l.remaining <> coalesce(t.taken, 0) - coalesce(r.back, 0)""",
    "I3_only_what_ended_expires": f"""
        SELECT count(*) FROM posting p
        JOIN lot_take t USING (program_id, account_id, version)
        JOIN lot l ON (l.program_id, l.account_id, l.version)
                    = (t.program_id, t.account_id, t.lot_version)
        WHERE p.kind = 'expire' AND (l.expires_at IS NULL OR l.expires_at > p.recorded_at)
          AND NOT EXISTS (
            SELECT 1 FROM lot_change c
            WHERE (c.program_id, c.account_id, c.lot_version)
                = (l.program_id, l.account_id, l.version)
              AND c.recorded_at > p.recorded_at - {_WAITED_MAX})""",
    "I4_debt_only_by_clawback": """
        SELECT count(*) FROM posting
        WHERE points < 0 AND balance_after < 0 AND kind NOT IN
              ('refund', 'rerate', 'reward_reversal', 'capture',
               'merge_debt', 'merge_undo_debt')""",
    "I3_moves_between_accounts_sum_to_nothing": """
        SELECT count(*) FROM (
            SELECT FROM posting WHERE counter_account = 'transfer'
            GROUP BY program_id, reason ->> 'move_id' HAVING sum(points) <> 0) m""",
    "I3_merged_accounts_are_empty": """
        SELECT count(*) FROM account
        WHERE status = 'merged' AND (balance <> 0 OR held <> 0 OR pending <> 0)""",
    "I3_freezes_have_open_cases": """
        SELECT count(*) FROM (
            SELECT program_id, frozen_case FROM account WHERE frozen_case IS NOT NULL
            UNION ALL
            SELECT program_id, frozen_case FROM lot
            WHERE frozen_case IS NOT NULL AND remaining > 0) f
        LEFT JOIN review_case c
          ON (c.program_id, c.case_id) = (f.program_id, f.frozen_case) AND c.status = 'open'
        WHERE c.case_id IS NULL""",
    "I3_redemptions_returned_within": """
        SELECT count(*) FROM redemption r
        LEFT JOIN posting p
          ON (p.program_id, p.account_id, p.version) = (r.program_id, r.account_id, r.version)
        WHERE p.points IS DISTINCT FROM -r.points OR r.returned > r.points""",
    "I5_one_posting_per_receipt": """
        SELECT count(*) FROM pos_transaction t
        WHERE t.points <> 0 AND NOT EXISTS (
            SELECT 1 FROM posting p WHERE p.program_id = t.program_id
            AND p.source_kind = t.kind AND p.source_id = t.transaction_id
            AND p.points = t.points)""",
    "I6_clawed_within_earned": """
        SELECT count(*) FROM (
            SELECT r.program_id, r.receipt_id, sum(r.total_minor) AS refunded
            FROM pos_transaction r
            WHERE r.kind = 'refund' AND r.status IN
                  ('posted', 'anonymous', 'waiting_member', 'in_review', 'rejected')
            GROUP BY r.program_id, r.receipt_id) r
        JOIN pos_transaction s
          ON (s.program_id, s.transaction_id) = (r.program_id, r.receipt_id)
        WHERE r.refunded > s.total_minor""",
    "I6_refunds_gave_back_what_paid": """
        SELECT count(*) FROM redemption r
        JOIN pos_transaction s
          ON (s.program_id, s.transaction_id) = (r.program_id, r.transaction_id)
        JOIN (SELECT program_id, receipt_id, sum(total_minor) AS refunded FROM pos_transaction
              WHERE kind = 'refund' AND status IN ('posted', 'anonymous', 'waiting_member')
              GROUP BY program_id, receipt_id) f
          ON (f.program_id, f.receipt_id) = (s.program_id, s.transaction_id)
        WHERE s.total_minor > 0
          AND r.returned < div(r.points * f.refunded, s.total_minor)""",
    "I8_every_posting_was_told": f"""
        SELECT count(*) FROM posting p
        WHERE p.recorded_at > {_TOLD_SINCE}
          AND NOT EXISTS (
            SELECT 1 FROM outbox o WHERE o.program_id = p.program_id
            AND o.type = 'points.posted.v1' AND o.key = p.account_id::text
            AND (o.data::json ->> 'version')::bigint = p.version)""",
    "I12_no_cap_granted_too_much": """
        SELECT count(*) FROM cap_usage u
        JOIN (SELECT p.program_id, 'earn:' || (c ->> 'code') AS cap,
                     max((c ->> 'points')::bigint) AS points
              FROM earning_policy p, json_array_elements(p.spec -> 'caps') c
              GROUP BY p.program_id, c ->> 'code') most
          ON (most.program_id, most.cap) = (u.program_id, u.cap)
        WHERE u.points > most.points
          -- Who was merged brought along what they had been granted under caps of their own.
          AND NOT EXISTS (SELECT FROM account_merge m
                          WHERE (m.program_id, m.survivor_id) = (u.program_id, u.account_id))""",
    "I15_nothing_waits_beside_its_member": """
        SELECT count(*) FROM pos_transaction t
        LEFT JOIN member_number n
          ON (n.program_id, n.member_number) = (t.program_id, t.awaited_number)
        JOIN account a ON a.program_id = t.program_id
         AND a.account_id = coalesce(t.member_id, n.member_id) AND a.status = 'open'
        WHERE t.status = 'waiting_member'""",
    "I15_nothing_waits_beside_its_sale": """
        SELECT count(*) FROM pos_transaction r
        JOIN pos_transaction s
          ON (s.program_id, s.transaction_id) = (r.program_id, r.receipt_id)
        WHERE r.status = 'waiting_sale' AND s.status <> 'awaited'""",
    "I20_no_night_is_left_open": """
        SELECT count(*) FROM night_run r
        WHERE r.finished_at IS NULL AND EXISTS (
            SELECT 1 FROM night_run n WHERE n.program_id = r.program_id
            AND n.due_at >= r.due_at + interval '2 days')""",
    "I21_what_is_held_back_has_an_open_case": """
        SELECT count(*) FROM (
            (SELECT program_id, transaction_id FROM pos_transaction
             WHERE kind = 'sale' AND status = 'in_review'
             EXCEPT SELECT program_id, transaction_id FROM review_case
             WHERE kind = 'receipt' AND status = 'open')
            UNION ALL
            (SELECT program_id, transaction_id FROM review_case
             WHERE kind = 'receipt' AND status = 'open'
             EXCEPT SELECT program_id, transaction_id FROM pos_transaction
             WHERE kind = 'sale' AND status = 'in_review')) apart""",
    "I19_activities_are_posted": """
        SELECT count(*) FROM (
            SELECT program_id, sum(points + referred_points) AS points FROM activity
            GROUP BY program_id) a
        FULL JOIN (SELECT program_id, sum(points) AS points FROM posting
                   WHERE source_kind = 'activity' GROUP BY program_id) p USING (program_id)
        WHERE coalesce(a.points, 0) <> coalesce(p.points, 0)""",
    **ACCOUNTING_INVARIANTS,
}


async def check_invariants(session: AsyncSession) -> dict[str, int]:
    """How many rows break each invariant, over all programmes."""
    return {name: int(await session.scalar(text(query)) or 0) for name, query in INVARIANTS.items()}
