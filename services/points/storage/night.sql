-- The night's work on lots, a chunk of accounts at a time: lock, look, decide, write and call the
-- chunk done in one round trip, because a million lots may end in one night. The rule is that of
-- domain/lots.available_points: holds cover the lots that end first, also past their end.
CREATE FUNCTION expire_lots(
    program uuid, recorded timestamptz, due timestamptz, night date, zone text, chunk integer,
    chosen uuid[], event_ids uuid[], correlation text, trace text
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    decided new_posting[];
    moves account_move[];
    taken new_take[];
    points_gone bigint;
BEGIN
    PERFORM FROM account a WHERE a.program_id = program AND a.account_id = ANY (chosen)
    ORDER BY a.account_id FOR UPDATE;

    -- What is frozen waits for its case; what is pending is under no hold; a hold that has run out
    -- and was not cleared away yet, because its account was busy then, keeps nothing. Few accounts
    -- have holds: only their lots are put in order and added up one by one.
    WITH seen AS MATERIALIZED (
        SELECT a.*, CASE WHEN a.held = 0 THEN 0 ELSE a.held - coalesce(
                   (SELECT sum(h.points - h.captured) FROM hold h
                    WHERE h.program_id = program AND h.account_id = a.account_id
                      AND h.status = 'open' AND h.kind = 'payment'
                      AND h.expires_at <= recorded), 0) END AS keeping
        FROM account a
        WHERE a.program_id = program AND a.account_id = ANY (chosen) AND a.frozen_case IS NULL
    ), lots AS MATERIALIZED (
        SELECT l.account_id, l.version, l.expires_at, l.remaining, l.state
        FROM lot l
        WHERE l.program_id = program AND l.account_id = ANY (chosen) AND l.remaining > 0
          AND l.expires_at <= due AND l.frozen_case IS NULL
    ), ended AS MATERIALIZED (
        SELECT l.*, l.remaining AS gone
        FROM lots l JOIN seen a USING (account_id) WHERE a.keeping = 0
        UNION ALL
        SELECT l.*,
               CASE WHEN l.state = 'pending' THEN l.remaining
                    ELSE greatest(0, least(l.remaining,
                        sum(CASE WHEN l.state = 'active' THEN l.remaining ELSE 0 END)
                            OVER (PARTITION BY l.account_id ORDER BY l.expires_at, l.version)
                        - a.keeping)) END::bigint
        FROM lots l JOIN seen a USING (account_id) WHERE a.keeping <> 0
    ), sums AS (
        SELECT e.account_id, sum(e.gone)::bigint AS gone,
               coalesce(sum(e.gone) FILTER (WHERE e.state = 'pending'), 0)::bigint AS pending_gone,
               count(*) FILTER (WHERE e.gone > 0) AS lots,
               sum(e.remaining - e.gone)::bigint AS kept,
               max(e.expires_at) FILTER (WHERE e.gone > 0) - interval '1 microsecond' AS last_at
        FROM ended e GROUP BY e.account_id HAVING sum(e.gone) > 0
    ), totals AS MATERIALIZED (
        SELECT a.account_id, a.member_id, a.wallet, a.version + 1 AS version, a.held, s.gone,
               s.lots, s.kept, a.balance - s.gone AS balance, a.pending - s.pending_gone AS pending,
               (s.last_at AT TIME ZONE zone)::date AS last_day, row_number() OVER () AS number
        FROM sums s JOIN seen a USING (account_id)
    )
    SELECT (SELECT array_agg(debit_posting(
                event_ids[t.number], t.account_id, t.member_id, t.wallet, t.version, -t.gone,
                t.balance, 'expire', 'expiry', 'expiry', expiry_source(t.account_id, due),
                '{"rule":"expired","night_on":"' || night || '","last_day":"' || t.last_day
                || '","lots":' || t.lots || ',"kept_for_holds":' || t.kept || '}',
                t.pending, t.held) ORDER BY t.account_id)
            FROM totals t),
           (SELECT array_agg(ROW(t.account_id, t.version - 1, t.version, t.balance, t.pending,
                                 t.held)::account_move)
            FROM totals t),
           (SELECT array_agg(ROW(
                e.account_id, a.version + 1, e.version, e.gone)::new_take)
            FROM ended e JOIN seen a USING (account_id) WHERE e.gone > 0),
           (SELECT sum(t.gone) FROM totals t)
    INTO decided, moves, taken, points_gone;

    IF decided IS NOT NULL THEN
        PERFORM write_books(program, recorded, '{}', '{}', decided, taken, '{}', '{}', '{}', '{}',
                            '{}', ARRAY[correlation], ARRAY[trace], moves, false);
    END IF;
    UPDATE night_chunk c SET done_at = recorded, points = coalesce(points_gone, 0),
        accounts = coalesce(cardinality(decided), 0)
    WHERE c.program_id = program AND c.due_at = due AND c.number = chunk;
END $$;

-- The source of an account's expiry in a night, a UUIDv8: the same night posts it once, for ever.
CREATE FUNCTION expiry_source(account uuid, due timestamptz) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT overlay(overlay(md5(account || '|expiry|' || extract(epoch FROM due))
                           PLACING '8' FROM 13) PLACING '8' FROM 17)::uuid
$$;

-- Pending points whose time has come are good from now on: of some accounts, locked ascending.
-- Returns how many lots. `event_ids` has one for each account, so `lots_max` are enough.
CREATE FUNCTION activate_lots(
    program uuid, recorded timestamptz, lots_max integer, event_ids uuid[], correlation text,
    trace text
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    chosen uuid[];
    done bigint;
BEGIN
    SELECT array_agg(DISTINCT d.account_id) INTO chosen
    FROM (SELECT l.account_id FROM lot l
          WHERE l.program_id = program AND l.state = 'pending' AND l.remaining > 0
            AND l.activates_at <= recorded
          ORDER BY l.activates_at LIMIT lots_max) d;
    IF chosen IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM FROM account a WHERE a.program_id = program AND a.account_id = ANY (chosen)
    ORDER BY a.account_id FOR UPDATE;
    INSERT INTO lot_change (program_id, change_id, account_id, lot_version, kind, reason,
                            recorded_at)
    SELECT program, md5(concat_ws('|', l.account_id, l.version, l.activates_at, recorded))::uuid,
           l.account_id, l.version, 'activated',
           json_build_object('rule', 'time_has_come', 'activates_at', l.activates_at), recorded
    FROM lot l
    WHERE l.program_id = program AND l.account_id = ANY (chosen) AND l.state = 'pending'
      AND l.remaining > 0 AND l.activates_at <= recorded;
    INSERT INTO outbox (program_id, event_id, type, topic, key, data, occurred_at,
                        correlation_id, traceparent)
    SELECT program, event_ids[d.number], 'points.activated.v1', 'points.ledger',
           d.account_id::text, json_build_object(
               'program_id', program, 'account_id', d.account_id, 'member_id', d.member_id,
               'wallet', d.wallet, 'points', d.points, 'lots', d.lots, 'cause', 'clock',
               'event', NULL, 'activated_at', recorded)::text,
           recorded, correlation, trace
    FROM (SELECT l.account_id, a.member_id, a.wallet, sum(l.remaining) AS points,
                 json_agg(json_build_object('lot_version', l.version, 'points', l.remaining)
                          ORDER BY l.version) AS lots,
                 row_number() OVER (ORDER BY l.account_id) AS number
          FROM lot l JOIN account a USING (program_id, account_id)
          WHERE l.program_id = program AND l.account_id = ANY (chosen) AND l.state = 'pending'
            AND l.remaining > 0 AND l.activates_at <= recorded
          GROUP BY l.account_id, a.member_id, a.wallet) d;
    UPDATE account a SET pending = a.pending - d.points
    FROM (SELECT l.account_id, sum(l.remaining) AS points FROM lot l
          WHERE l.program_id = program AND l.account_id = ANY (chosen) AND l.state = 'pending'
            AND l.remaining > 0 AND l.activates_at <= recorded
          GROUP BY l.account_id) d
    WHERE a.program_id = program AND a.account_id = d.account_id;
    UPDATE lot l SET state = 'active', activates_at = NULL
    WHERE l.program_id = program AND l.account_id = ANY (chosen) AND l.state = 'pending'
      AND l.remaining > 0 AND l.activates_at <= recorded;
    GET DIAGNOSTICS done = ROW_COUNT;
    RETURN done;
END $$;
