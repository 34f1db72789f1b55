-- What is owed to members, by vintage and issuing mall, from the append-only ledger alone.

-- Each movement of points of a lot, and of debt (no vintage), by postings of that time. `flow` is
-- the system account on the other side; what a credit repaid leaves its lot and the debt alike.
CREATE FUNCTION lot_movements(program uuid, since timestamptz, until timestamptz)
RETURNS TABLE (wallet text, mall_id uuid, earned_at timestamptz, flow text, points bigint)
LANGUAGE sql STABLE AS $$
    WITH p AS MATERIALIZED (
        SELECT x.account_id, x.version, x.points, x.counter_account, x.recorded_at
        FROM posting x
        WHERE x.program_id = program AND x.recorded_at >= since AND x.recorded_at < until
    ), taken AS MATERIALIZED (
        SELECT p.account_id, p.version, t.lot_version, t.points,
               CASE WHEN p.points > 0 THEN 'repaid' ELSE p.counter_account END AS flow
        FROM p JOIN lot_take t ON t.program_id = program AND t.account_id = p.account_id
                              AND t.version = p.version
    ), moved AS (
        SELECT t.account_id, t.lot_version, t.flow, -t.points AS points FROM taken t
        UNION ALL
        SELECT p.account_id, r.lot_version, p.counter_account, r.points
        FROM p JOIN lot_return r ON r.program_id = program AND r.account_id = p.account_id
                                AND r.version = p.version
        UNION ALL
        SELECT p.account_id, l.version, p.counter_account, l.points
        FROM p JOIN lot l ON l.program_id = program AND l.account_id = p.account_id
                         AND l.version = p.version
        WHERE p.points > 0
    ), owed AS (
        SELECT p.account_id, p.counter_account AS flow, p.points + coalesce(t.points, 0) AS points
        FROM p LEFT JOIN (SELECT account_id, version, sum(points)::bigint AS points
                          FROM taken GROUP BY account_id, version) t USING (account_id, version)
        WHERE p.points < 0
        UNION ALL
        SELECT t.account_id, t.flow, t.points FROM taken t WHERE t.flow = 'repaid'
    )
    SELECT a.wallet, l.mall_id,
           coalesce(l.earned_at, (SELECT x.recorded_at FROM posting x WHERE x.program_id = program
               AND x.account_id = l.account_id AND x.version = l.version)), m.flow, m.points
    FROM moved m
    JOIN lot l ON l.program_id = program AND l.account_id = m.account_id
              AND l.version = m.lot_version
    JOIN account a ON a.program_id = program AND a.account_id = m.account_id
    UNION ALL
    SELECT a.wallet, NULL, NULL, o.flow, o.points
    FROM owed o JOIN account a ON a.program_id = program AND a.account_id = o.account_id
    WHERE o.points <> 0
$$;

-- A day's rows: with what the day before closed with, or, when `from_ledger`, with everything
-- since the first posting. Both are the same rows.
CREATE FUNCTION liability_rows(program uuid, wanted date, zone text, starts timestamptz,
                               ends timestamptz, from_ledger boolean)
RETURNS TABLE (
    row_number integer, wallet text, mall_id uuid, vintage date, opening bigint, issued bigint,
    redeemed bigint, expired bigint, clawed_back bigint, adjusted bigint, transferred bigint,
    imported bigint, repaid bigint, closing bigint
) LANGUAGE sql STABLE AS $$
    WITH parts AS (
        SELECT r.wallet, r.mall_id, r.vintage, 'before' AS flow, r.closing AS points
        FROM liability_row r
        WHERE NOT from_ledger AND r.program_id = program AND r.day = wanted - 1
        UNION ALL
        SELECT m.wallet, m.mall_id, date_trunc('month', m.earned_at AT TIME ZONE zone)::date,
               'before', m.points
        FROM lot_movements(program, '-infinity', starts) m
        WHERE from_ledger
        UNION ALL
        SELECT m.wallet, m.mall_id, date_trunc('month', m.earned_at AT TIME ZONE zone)::date,
               m.flow, m.points
        FROM lot_movements(program, starts, ends) m
    ), sums AS (
        SELECT p.wallet, p.mall_id, p.vintage,
               coalesce(sum(p.points) FILTER (WHERE p.flow = 'before'), 0)::bigint AS opening,
               coalesce(sum(p.points) FILTER (WHERE p.flow = 'issuance'), 0)::bigint AS issued,
               coalesce(sum(p.points) FILTER (WHERE p.flow = 'redemption'), 0)::bigint
                   AS redeemed,
               coalesce(sum(p.points) FILTER (WHERE p.flow = 'expiry'), 0)::bigint AS expired,
               coalesce(sum(p.points) FILTER (WHERE p.flow = 'clawback'), 0)::bigint
                   AS clawed_back,
               coalesce(sum(p.points) FILTER (WHERE p.flow = 'adjustment'), 0)::bigint
                   AS adjusted,
               coalesce(sum(p.points) FILTER (WHERE p.flow = 'transfer'), 0)::bigint
                   AS transferred,
               coalesce(sum(p.points) FILTER (WHERE p.flow = 'opening'), 0)::bigint
                   AS imported,
               coalesce(sum(p.points) FILTER (WHERE p.flow = 'repaid'), 0)::bigint AS repaid,
               sum(p.points)::bigint AS closing,
               bool_or(p.flow <> 'before') AS has_moved
        FROM parts p GROUP BY p.wallet, p.mall_id, p.vintage
    )
    SELECT row_number() OVER (ORDER BY s.wallet, s.vintage NULLS LAST, s.mall_id NULLS FIRST)
               ::integer,
           s.wallet, s.mall_id, s.vintage, s.opening, s.issued, s.redeemed, s.expired,
           s.clawed_back, s.adjusted, s.transferred, s.imported, s.repaid, s.closing
    FROM sums s WHERE s.has_moved OR s.closing <> 0
$$;
