-- The night's work on lots, a chunk of accounts at a time: lock, look, decide and write in one
-- round trip, because a million lots may end in one night. The rule is that of
-- domain/lots.available_points: holds cover the lots that end first, also past their end.
CREATE FUNCTION expire_lots(
    program uuid, recorded timestamptz, due timestamptz, night date, zone text, chosen uuid[],
    event_ids uuid[], correlation text, trace text,
    OUT accounts_done bigint, OUT points_gone bigint
) LANGUAGE plpgsql AS $$
DECLARE
    decided new_posting[];
    taken new_take[];
BEGIN
    PERFORM FROM account a WHERE a.program_id = program AND a.account_id = ANY (chosen)
    ORDER BY a.account_id FOR UPDATE;

    -- What is frozen waits for its case; what is pending is under no hold; a hold that has run out
    -- and was not cleared away yet, because its account was busy then, keeps nothing.
    WITH seen AS MATERIALIZED (
        SELECT a.*, CASE WHEN a.held = 0 THEN 0 ELSE a.held - coalesce(
                   (SELECT sum(h.points - h.captured) FROM hold h
                    WHERE h.program_id = program AND h.account_id = a.account_id
                      AND h.status = 'open' AND h.kind = 'payment'
                      AND h.expires_at <= recorded), 0) END AS keeping
        FROM account a
        WHERE a.program_id = program AND a.account_id = ANY (chosen) AND a.frozen_case IS NULL
    ), ended AS MATERIALIZED (
        SELECT a.account_id, a.member_id, a.wallet, a.version AS account_version, a.balance,
               a.pending, a.held, l.version, l.expires_at, l.remaining,
               CASE WHEN l.state = 'pending' THEN l.remaining ELSE 0 END AS pending_gone,
               CASE WHEN l.state = 'pending' THEN l.remaining
                    ELSE greatest(0, least(l.remaining,
                        sum(CASE WHEN l.state = 'active' THEN l.remaining ELSE 0 END)
                            OVER (PARTITION BY l.account_id ORDER BY l.expires_at, l.version)
                        - a.keeping)) END::bigint AS gone
        FROM seen a
        JOIN lot l ON l.program_id = a.program_id AND l.account_id = a.account_id
        WHERE l.program_id = program AND l.account_id = ANY (chosen) AND l.remaining > 0
          AND l.expires_at <= due AND l.frozen_case IS NULL
    ), totals AS MATERIALIZED (
        SELECT e.account_id, e.member_id, e.wallet, e.account_version + 1 AS version,
               e.balance, e.pending, e.held, sum(e.gone)::bigint AS gone,
               sum(e.pending_gone)::bigint AS pending_gone,
               count(*) FILTER (WHERE e.gone > 0) AS lots,
               sum(e.remaining - e.gone)::bigint AS kept,
               ((max(e.expires_at) FILTER (WHERE e.gone > 0) - interval '1 microsecond')
                AT TIME ZONE zone)::date AS last_day,
               row_number() OVER (ORDER BY e.account_id) AS number
        FROM ended e
        GROUP BY e.account_id, e.member_id, e.wallet, e.account_version, e.balance, e.pending,
                 e.held
        HAVING sum(e.gone) > 0
    )
    SELECT (SELECT array_agg(debit_posting(
                event_ids[t.number], t.account_id, t.member_id, t.wallet, t.version, -t.gone,
                t.balance - t.gone, 'expire', 'expiry', 'expiry',
                expiry_source(t.account_id, due),
                '{"rule":"expired","night_on":"' || night || '","last_day":"' || t.last_day
                || '","lots":' || t.lots || ',"kept_for_holds":' || t.kept || '}',
                t.pending - t.pending_gone, t.held) ORDER BY t.account_id)
            FROM totals t),
           (SELECT array_agg(ROW(
                e.account_id, e.account_version + 1, e.version, e.gone)::new_take)
            FROM ended e WHERE e.gone > 0),
           (SELECT count(*) FROM totals), (SELECT coalesce(sum(t.gone), 0) FROM totals t)
    INTO decided, taken, accounts_done, points_gone;

    IF accounts_done > 0 THEN
        PERFORM write_books(program, recorded, '{}', '{}', decided, taken, '{}', '{}', '{}', '{}',
                            '{}', ARRAY[correlation], ARRAY[trace]);
    END IF;
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
