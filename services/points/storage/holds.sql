-- Holds and captures, without locks held between two round trips: look, decide in Python, write what
-- was decided in one statement that first locks the accounts and checks that nothing moved meanwhile.
-- `is_locking`: lock while looking, for those who met somebody; then nothing is left to check.

-- An account, open or not. `row_version` is PostgreSQL's own: it changes with every change of the row.
CREATE TYPE looked_account AS (
    account_id uuid, member_id uuid, wallet text, status text, balance bigint, version bigint,
    pending bigint, held bigint, frozen_case uuid, merged_into uuid, row_version bigint
);
CREATE TYPE looked_lot AS (
    account_id uuid, version bigint, remaining bigint, expires_at timestamptz, mall_id uuid,
    shop_id uuid, campaign_id uuid, funding text, state text, activates_at timestamptz,
    sliding_months integer, earned_at timestamptz, frozen_case uuid
);
CREATE TYPE looked_hold AS (
    hold_id uuid, account_id uuid, kind text, status text, points bigint, captured bigint,
    reference text, mall_id uuid, shop_id uuid, made_by text, expires_at timestamptz,
    recorded_at timestamptz, closed_at timestamptz, request_hash bytea, available_after bigint
);
CREATE TYPE looked_redemption AS (
    redemption_id uuid, account_id uuid, points bigint, balance_after bigint, hold_id uuid,
    hold_left bigint, request_hash bytea, recorded_at timestamptz, amount_minor bigint,
    currency text
);

CREATE FUNCTION look_at_holds(
    program uuid, is_locking boolean, instant timestamptz, shops uuid[], members uuid[],
    numbers text[], wanted_holds uuid[], wanted_redemptions uuid[]
) RETURNS TABLE (
    directory text[], found_numbers text[], number_members uuid[], accounts looked_account[],
    lots looked_lot[], holds looked_hold[], redemptions looked_redemption[]
) LANGUAGE plpgsql AS $$
DECLARE
    wanted uuid[] := members;
BEGIN
    SELECT array_agg(d.shop) INTO directory FROM directory_texts(program, shops) d;
    IF cardinality(numbers) > 0 THEN
        SELECT array_agg(n.member_number), array_agg(n.member_id)
        INTO found_numbers, number_members
        FROM member_number n
        WHERE n.program_id = program AND n.member_number = ANY (numbers)
          AND n.member_id IS NOT NULL;
        wanted := wanted || number_members;
    END IF;
    IF cardinality(wanted_holds) > 0 THEN
        wanted := wanted || ARRAY(
            SELECT h.account_id FROM hold h
            WHERE h.program_id = program AND h.hold_id = ANY (wanted_holds));
    END IF;

    IF is_locking THEN
        -- With the accounts that others were merged into: they are locked in one order.
        wanted := wanted || ARRAY(
            WITH RECURSIVE onward AS (
                SELECT x.merged_into FROM account x
                WHERE x.program_id = program AND x.account_id = ANY (wanted)
                  AND x.merged_into IS NOT NULL
                UNION
                SELECT x.merged_into FROM onward o JOIN account x ON x.account_id = o.merged_into
                WHERE x.program_id = program AND x.merged_into IS NOT NULL)
            SELECT o.merged_into FROM onward o);
        PERFORM FROM (SELECT FROM account a
                      WHERE a.program_id = program AND a.account_id = ANY (wanted)
                      ORDER BY a.account_id FOR UPDATE) locked;
    END IF;
    SELECT array_agg((a.account_id, a.member_id, a.wallet, a.status, a.balance, a.version,
                      a.pending, a.held, a.frozen_case, a.merged_into,
                      a.xmin::text::bigint)::looked_account)
    INTO accounts
    FROM account a WHERE a.program_id = program AND a.account_id = ANY (wanted);

    SELECT array_agg((l.account_id, l.version, l.remaining, l.expires_at, l.mall_id, l.shop_id,
                      l.campaign_id, l.funding, l.state, l.activates_at, l.sliding_months,
                      l.earned_at, l.frozen_case)::looked_lot)
    INTO lots
    FROM lot l
    WHERE l.program_id = program AND l.account_id = ANY (wanted) AND l.remaining > 0;

    -- Those asked for, and the open ones of their accounts that have run out.
    SELECT array_agg((h.hold_id, h.account_id, h.kind, h.status, h.points, h.captured,
                      h.reference, h.mall_id, h.shop_id, h.made_by, h.expires_at, h.recorded_at,
                      h.closed_at, h.request_hash, h.available_after)::looked_hold)
    INTO holds
    FROM (SELECT * FROM hold x
          WHERE x.program_id = program AND x.hold_id = ANY (wanted_holds)
          UNION ALL
          SELECT x.* FROM account a
          JOIN hold x ON x.program_id = program AND x.account_id = a.account_id
          WHERE a.program_id = program AND a.account_id = ANY (wanted) AND a.held > 0
            AND x.status = 'open' AND x.kind = 'payment' AND x.expires_at <= instant
            AND x.hold_id <> ALL (wanted_holds)) h;

    IF cardinality(wanted_redemptions) > 0 THEN
        SELECT array_agg((r.redemption_id, r.account_id, r.points, p.balance_after, r.hold_id,
                          r.hold_left, r.request_hash, r.recorded_at, r.amount_minor,
                          r.currency)::looked_redemption)
        INTO redemptions
        FROM redemption r
        JOIN posting p ON (p.program_id, p.account_id, p.version)
                        = (r.program_id, r.account_id, r.version)
        WHERE r.program_id = program AND r.redemption_id = ANY (wanted_redemptions);
    END IF;
    RETURN NEXT;
END $$;

CREATE TYPE seen_row AS (account_id uuid, row_version bigint);
CREATE TYPE new_hold AS (
    hold_id uuid, account_id uuid, kind text, status text, points bigint, captured bigint,
    reference text, mall_id uuid, shop_id uuid, made_by text, expires_at timestamptz,
    closed_at timestamptz, request_hash bytea, available_after bigint
);
CREATE TYPE changed_hold AS (
    hold_id uuid, status text, captured bigint, closed_at timestamptz
);
CREATE TYPE new_redemption AS (
    redemption_id uuid, account_id uuid, version bigint, points bigint, amount_minor bigint,
    currency text, reference text, transaction_id uuid, hold_id uuid, hold_left bigint,
    mall_id uuid, shop_id uuid, request_hash bytea
);

-- Raises SQLSTATE GA001 when an account moved since it was seen, or somebody has made the same.
CREATE FUNCTION write_holds(
    program uuid, recorded timestamptz, seen seen_row[], made new_hold[], changed changed_hold[],
    redemptions new_redemption[], postings new_posting[], takes new_take[], returned new_take[],
    moves account_move[], accounts changed_account[], correlations text[], traces text[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    written bigint;
BEGIN
    IF cardinality(seen) > 0 THEN
        SELECT count(*) INTO written
        FROM (SELECT FROM account a JOIN unnest(seen) s ON s.account_id = a.account_id
              WHERE a.program_id = program AND a.xmin::text::bigint = s.row_version
              ORDER BY a.account_id FOR UPDATE OF a) locked;
        IF written < cardinality(seen) THEN
            RAISE EXCEPTION 'an account moved meanwhile' USING ERRCODE = 'GA001';
        END IF;
    END IF;
    IF cardinality(made) > 0 THEN
        INSERT INTO hold (program_id, hold_id, account_id, kind, status, points, captured,
                          reference, mall_id, shop_id, made_by, expires_at, recorded_at,
                          closed_at, request_hash, available_after)
        SELECT program, h.hold_id, h.account_id, h.kind, h.status, h.points, h.captured,
               h.reference, h.mall_id, h.shop_id, h.made_by, h.expires_at, recorded,
               h.closed_at, h.request_hash, h.available_after
        FROM unnest(made) h
        ON CONFLICT (program_id, hold_id) DO NOTHING;
        GET DIAGNOSTICS written = ROW_COUNT;
        IF written < cardinality(made) THEN
            RAISE EXCEPTION 'a hold was made meanwhile' USING ERRCODE = 'GA001';
        END IF;
    END IF;
    IF cardinality(changed) > 0 THEN
        UPDATE hold h SET status = c.status, captured = c.captured, closed_at = c.closed_at
        FROM unnest(changed) c
        WHERE h.program_id = program AND h.hold_id = c.hold_id;
        GET DIAGNOSTICS written = ROW_COUNT;
        IF written < cardinality(changed) THEN
            RAISE EXCEPTION 'a hold is gone' USING ERRCODE = 'GA001';
        END IF;
    END IF;
    IF cardinality(redemptions) > 0 THEN
        INSERT INTO redemption (program_id, redemption_id, account_id, version, points,
                                amount_minor, currency, reference, transaction_id, hold_id,
                                hold_left, mall_id, shop_id, request_hash, recorded_at)
        SELECT program, r.redemption_id, r.account_id, r.version, r.points, r.amount_minor,
               r.currency, r.reference, r.transaction_id, r.hold_id, r.hold_left, r.mall_id,
               r.shop_id, r.request_hash, recorded
        FROM unnest(redemptions) r
        ON CONFLICT (program_id, redemption_id) DO NOTHING;
        GET DIAGNOSTICS written = ROW_COUNT;
        IF written < cardinality(redemptions) THEN
            RAISE EXCEPTION 'a redemption was made meanwhile' USING ERRCODE = 'GA001';
        END IF;
    END IF;
    PERFORM write_books(program, recorded, '{}', '{}', postings, takes, returned, accounts, '{}',
                        '{}', '{}', correlations, traces, moves,
                        nullif(cardinality(redemptions) > 0, false));
END $$;

-- Open holds that have run out, of the accounts that are theirs: they are free again. Accounts are
-- locked before the holds are read again; whose account somebody else holds is left for later.
CREATE FUNCTION expire_holds(program uuid, instant timestamptz, hold_max integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    wanted uuid[];
    done integer;
BEGIN
    SELECT array_agg(DISTINCT h.account_id) INTO wanted
    FROM (SELECT x.account_id FROM hold x
          WHERE x.program_id = program AND x.status = 'open' AND x.kind = 'payment'
            AND x.expires_at <= instant
          ORDER BY x.expires_at LIMIT hold_max) h;
    SELECT array_agg(l.account_id) INTO wanted
    FROM (SELECT a.account_id FROM account a
          WHERE a.program_id = program AND a.account_id = ANY (wanted)
          ORDER BY a.account_id FOR UPDATE SKIP LOCKED) l;
    UPDATE hold h SET status = 'expired', closed_at = instant
    WHERE h.program_id = program AND h.account_id = ANY (wanted) AND h.status = 'open'
      AND h.kind = 'payment' AND h.expires_at <= instant;
    GET DIAGNOSTICS done = ROW_COUNT;
    UPDATE account a SET held = coalesce(
        (SELECT sum(h.points - h.captured) FROM hold h
         WHERE h.program_id = program AND h.account_id = a.account_id AND h.status = 'open'), 0)
    WHERE a.program_id = program AND a.account_id = ANY (wanted);
    RETURN done;
END $$;
