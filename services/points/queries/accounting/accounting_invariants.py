"""What holds between the ledger and the pictures that finance is given of it."""

from collections.abc import Mapping

# One side of each comparison is put together from the postings alone. Days that were not written
# down yet are left out.
ACCOUNTING_INVARIANTS: Mapping[str, str] = {
    "I16_liability_moved_as_postings": """
        WITH zone AS (
            SELECT DISTINCT ON (program_id) program_id, time_zone FROM liability_day
            ORDER BY program_id, day DESC
        ), posted AS (
            SELECT p.program_id, (p.recorded_at AT TIME ZONE z.time_zone)::date AS day, a.wallet,
                   p.counter_account, sum(p.points) AS points
            FROM posting p
            JOIN zone z USING (program_id)
            JOIN account a USING (program_id, account_id)
            GROUP BY 1, 2, 3, 4
        ), posted_in AS (
            SELECT o.* FROM posted o JOIN liability_day d USING (program_id, day)
        ), written AS (
            SELECT r.program_id, r.day, r.wallet, f.counter_account, sum(f.points) AS points
            FROM liability_row r
            CROSS JOIN LATERAL (VALUES
                ('issuance', r.issued), ('redemption', r.redeemed), ('expiry', r.expired),
                ('clawback', r.clawed_back), ('adjustment', r.adjusted),
                ('transfer', r.transferred), ('opening', r.imported), ('repaid', r.repaid)
            ) AS f (counter_account, points)
            GROUP BY 1, 2, 3, 4
        )
        SELECT count(*) FROM posted_in o
        FULL JOIN written w USING (program_id, day, wallet, counter_account)
        WHERE coalesce(o.points, 0) <> coalesce(w.points, 0)""",
    "I16_liability_opens_as_it_closed": """
        SELECT count(*) FROM (
            SELECT sum(r.opening) AS opening, 0 AS closing
            FROM liability_row r
            GROUP BY r.program_id, r.day, r.wallet, r.mall_id, r.vintage
            HAVING sum(r.opening) <> coalesce((
                SELECT sum(b.closing) FROM liability_row b
                WHERE b.program_id = r.program_id AND b.day = r.day - 1 AND b.wallet = r.wallet
                  AND b.mall_id IS NOT DISTINCT FROM r.mall_id
                  AND b.vintage IS NOT DISTINCT FROM r.vintage), 0)
            UNION ALL
            SELECT 0, r.closing FROM liability_row r
            JOIN liability_day d ON d.program_id = r.program_id AND d.day = r.day + 1
            WHERE r.closing <> 0 AND NOT EXISTS (
                SELECT FROM liability_row n
                WHERE n.program_id = r.program_id AND n.day = r.day + 1 AND n.wallet = r.wallet
                  AND n.mall_id IS NOT DISTINCT FROM r.mall_id
                  AND n.vintage IS NOT DISTINCT FROM r.vintage)) broken""",
    "I17_clearing_is_what_was_burned": """
        WITH burned AS (
            SELECT p.program_id, p.account_id, p.version, t.lot_version, l.mall_id AS issuer,
                   p.mall_id AS burner, t.points, p.recorded_at AS priced_at
            FROM posting p
            JOIN lot_take t USING (program_id, account_id, version)
            JOIN lot l ON (l.program_id, l.account_id, l.version)
                        = (t.program_id, t.account_id, t.lot_version)
            WHERE p.counter_account = 'redemption' AND p.points < 0
            UNION ALL
            SELECT p.program_id, p.account_id, p.version, 0, NULL, p.mall_id,
                   (-p.points - coalesce((SELECT sum(t.points) FROM lot_take t
                       WHERE (t.program_id, t.account_id, t.version)
                           = (p.program_id, p.account_id, p.version)), 0))::bigint,
                   p.recorded_at
            FROM posting p WHERE p.counter_account = 'redemption' AND p.points < 0
            UNION ALL
            SELECT p.program_id, p.account_id, p.version, r.lot_version, l.mall_id, p.mall_id,
                   -r.points, coalesce(b.recorded_at, p.recorded_at)
            FROM posting p
            JOIN lot_return r USING (program_id, account_id, version)
            JOIN lot l ON (l.program_id, l.account_id, l.version)
                        = (r.program_id, r.account_id, r.lot_version)
            LEFT JOIN redemption b ON b.program_id = p.program_id
                AND b.redemption_id = (p.reason ->> 'redemption_id')::uuid
            WHERE p.counter_account = 'redemption'
            UNION ALL
            SELECT p.program_id, p.account_id, p.version, l.version,
                   CASE WHEN p.reason ->> 'repaid_by' IS NULL THEN l.mall_id END,
                   p.mall_id, -l.points, coalesce(b.recorded_at, p.recorded_at)
            FROM posting p JOIN lot l USING (program_id, account_id, version)
            LEFT JOIN redemption b ON b.program_id = p.program_id
                AND b.redemption_id = (p.reason ->> 'redemption_id')::uuid
            WHERE p.counter_account = 'redemption' AND p.points > 0
        )
        SELECT count(*) FROM (
            SELECT * FROM burned WHERE issuer IS DISTINCT FROM burner AND points <> 0) b
        FULL JOIN clearing_entry e
          ON (e.program_id, e.account_id, e.version, e.lot_version)
           = (b.program_id, b.account_id, b.version, b.lot_version)
        WHERE b.points IS DISTINCT FROM e.points
           OR b.issuer IS DISTINCT FROM e.issuing_mall_id
           OR b.burner IS DISTINCT FROM e.burning_mall_id
           OR b.priced_at IS DISTINCT FROM e.priced_at""",
    "I17_statements_keep_their_entries": """
        SELECT count(*) FROM clearing_statement s
        LEFT JOIN (SELECT program_id, statement_id, count(*) AS entries FROM clearing_entry
                   WHERE statement_id IS NOT NULL GROUP BY program_id, statement_id) e
             USING (program_id, statement_id)
        WHERE s.entries <> coalesce(e.entries, 0)""",
    # Units exactly; money within half a minor unit, which is what rounding once may change.
    "I17_statements_net_each_wallet": """
        WITH price AS (
            SELECT p.*, lead(effective_from, 1, 'infinity') OVER (
                       PARTITION BY program_id, wallet ORDER BY effective_from) AS until
            FROM clearing_price p
        ), entry AS (
            SELECT e.program_id, e.statement_id, e.points, e.priced_at, a.wallet,
                   CASE WHEN e.priced_at < (SELECT max(o.ends_at) FROM clearing_statement o
                            WHERE o.program_id = e.program_id AND NOT o.by_wallet)
                        THEN 'points' ELSE a.wallet END AS priced_as,
                   coalesce(e.issuing_mall_id::text, '') AS issuer,
                   coalesce(e.burning_mall_id::text, '') AS burner
            FROM clearing_entry e
            JOIN clearing_statement s USING (program_id, statement_id)
            JOIN account a USING (program_id, account_id)
            WHERE s.by_wallet
        ), burned AS (
            SELECT e.program_id, e.statement_id, e.wallet, p.currency,
                   least(e.issuer, e.burner) AS one, greatest(e.issuer, e.burner) AS other,
                   sum(x.points) AS points,
                   sum(x.points * p.amount_minor::numeric / p.per_points) AS amount
            FROM entry e
            LEFT JOIN price p ON p.program_id = e.program_id AND p.wallet = e.priced_as
                             AND e.priced_at >= p.effective_from AND e.priced_at < p.until
            CROSS JOIN LATERAL (SELECT CASE WHEN e.issuer < e.burner THEN e.points
                                            ELSE -e.points END AS points) x
            GROUP BY 1, 2, 3, 4, 5, 6
        ), told AS (
            SELECT l.program_id, l.statement_id, l.wallet, l.currency,
                   least(m.debtor, m.creditor) AS one, greatest(m.debtor, m.creditor) AS other,
                   sum(m.sign * l.points) AS points, sum(m.sign * l.amount_minor) AS amount
            FROM clearing_line l
            JOIN clearing_statement s USING (program_id, statement_id)
            CROSS JOIN LATERAL (SELECT coalesce(l.debtor_mall_id::text, '') AS debtor,
                                       coalesce(l.creditor_mall_id::text, '') AS creditor) d
            CROSS JOIN LATERAL (SELECT d.*, CASE WHEN d.debtor < d.creditor THEN 1 ELSE -1 END
                                    AS sign) m
            WHERE s.by_wallet
            GROUP BY 1, 2, 3, 4, 5, 6
        )
        SELECT count(*) FROM burned b
        FULL JOIN told t USING (program_id, statement_id, wallet, currency, one, other)
        WHERE coalesce(b.points, 0) <> coalesce(t.points, 0)
           OR abs(coalesce(b.amount, 0) - coalesce(t.amount, 0)) > 0.500001""",
    "I18_opening_balances_are_imports": """
        SELECT count(*) FROM (
            SELECT program_id, sum(rows_posted) AS rows, sum(points_posted) AS points
            FROM opening_import GROUP BY program_id) i
        FULL JOIN (SELECT program_id, count(*) AS rows, sum(points) AS points FROM posting
                   WHERE counter_account = 'opening' GROUP BY program_id) p USING (program_id)
        WHERE coalesce(i.points, 0) <> coalesce(p.points, 0)
           OR coalesce(i.rows, 0) <> coalesce(p.rows, 0)""",
}
