-- Holds and captures, without locks held between two round trips: look, decide in Python, write what
-- was decided in one statement that first locks the accounts and checks that nothing moved meanwhile.

-- An account, open or not. `row_version` is PostgreSQL's own: it changes with every change of the row.
CREATE TYPE looked_account AS (
    account_id uuid, member_id uuid, wallet text, status text, balance bigint, version bigint,
    pending bigint, held bigint, frozen_case uuid, merged_into uuid, row_version bigint
);
-- What spending asks of an open lot.
CREATE TYPE looked_lot AS (
    account_id uuid, version bigint, remaining bigint, expires_at timestamptz, state text,
    frozen_case uuid
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
CREATE TYPE holds_look AS (
    edition bigint, directory text[], found_numbers text[], number_members uuid[], accounts looked_account[],
    lots looked_lot[], holds looked_hold[], redemptions looked_redemption[]
);

-- What is asked for, and the holds of those accounts that have run out. With `locked`, of these
-- accounts alone. STABLE: all of it is one snapshot, so that whatever moves an account later moves
-- the version of its row, too. Each statement costs more than its rows: none is run for nothing,
-- and the directory is read only by who does not know its edition. Arrays are subqueries: else
-- PostgreSQL makes a new plan for each small group.
CREATE FUNCTION glance_at_holds(
    program uuid, instant timestamptz, shops uuid[], edition_known bigint, members uuid[],
    numbers text[], wanted_holds uuid[], wanted_redemptions uuid[], locked uuid[] DEFAULT NULL
) RETURNS holds_look LANGUAGE plpgsql STABLE AS $$
DECLARE
    found holds_look;
    wanted uuid[] := members;
    is_any_captured boolean := cardinality(wanted_holds) = 0;
    all_held numeric;
    asked_held numeric := 0;
    run_out looked_hold[];
BEGIN
    IF cardinality(numbers) > 0 THEN
        SELECT array_agg(n.member_number), array_agg(n.member_id)
        INTO found.found_numbers, found.number_members
        FROM member_number n
        WHERE n.program_id = program AND n.member_number = ANY (numbers)
          AND n.member_id IS NOT NULL;
        wanted := wanted || found.number_members;
    END IF;
    IF cardinality(wanted_holds) > 0 THEN
        SELECT array_agg((h.hold_id, h.account_id, h.kind, h.status, h.points, h.captured,
                          h.reference, h.mall_id, h.shop_id, h.made_by, h.expires_at,
                          h.recorded_at, h.closed_at, h.request_hash,
                          h.available_after)::looked_hold),
               wanted || array_agg(h.account_id), bool_or(h.captured > 0),
               coalesce(sum(h.points - h.captured) FILTER (WHERE h.status = 'open'), 0)
        INTO found.holds, wanted, is_any_captured, asked_held
        FROM hold h
        WHERE h.program_id = program AND h.hold_id = ANY ((SELECT wanted_holds)::uuid[])
          AND (locked IS NULL OR h.account_id = ANY (locked));
    END IF;
    wanted := coalesce(locked, wanted);

    SELECT coalesce((SELECT r.edition FROM rulebook r WHERE r.program_id = program), 0),
           a.accounts, a.held, l.lots
    INTO found.edition, found.accounts, all_held, found.lots
    FROM (SELECT array_agg((x.account_id, x.member_id, x.wallet, x.status, x.balance, x.version,
                            x.pending, x.held, x.frozen_case, x.merged_into,
                            x.xmin::text::bigint)::looked_account) AS accounts,
                 sum(x.held) AS held
          FROM account x
          WHERE x.program_id = program AND x.account_id = ANY ((SELECT wanted)::uuid[])) a,
         (SELECT array_agg((x.account_id, x.version, x.remaining, x.expires_at, x.state,
                            x.frozen_case)::looked_lot) AS lots
          FROM lot x
          WHERE x.program_id = program AND x.account_id = ANY ((SELECT wanted)::uuid[])
            AND x.remaining > 0) l;
    IF found.edition <> edition_known AND cardinality(shops) > 0 THEN
        SELECT array_agg(x.shop) INTO found.directory FROM directory_texts(program, shops) x;
    END IF;

    -- Where nothing is held but by the holds that were asked for, no other can have run out.
    IF all_held > asked_held THEN
        SELECT array_agg((h.hold_id, h.account_id, h.kind, h.status, h.points, h.captured,
                          h.reference, h.mall_id, h.shop_id, h.made_by, h.expires_at,
                          h.recorded_at, h.closed_at, h.request_hash,
                          h.available_after)::looked_hold)
        INTO run_out
        FROM hold h
        WHERE h.program_id = program AND h.account_id = ANY ((SELECT wanted)::uuid[])
          AND h.status = 'open' AND h.kind = 'payment' AND h.expires_at <= instant
          AND h.hold_id <> ALL (wanted_holds);
        found.holds := found.holds || run_out;
    END IF;

    -- Of a hold of which nothing was captured there are no captures to be found.
    IF is_any_captured AND cardinality(wanted_redemptions) > 0 THEN
        SELECT array_agg((r.redemption_id, r.account_id, r.points, p.balance_after, r.hold_id,
                          r.hold_left, r.request_hash, r.recorded_at, r.amount_minor,
                          r.currency)::looked_redemption)
        INTO found.redemptions
        FROM redemption r
        JOIN posting p ON (p.program_id, p.account_id, p.version)
                        = (r.program_id, r.account_id, r.version)
        WHERE r.program_id = program
          AND r.redemption_id = ANY ((SELECT wanted_redemptions)::uuid[]);
    END IF;
    RETURN found;
END $$;

-- The same under locks, for those who met somebody; with the accounts that others were merged into:
-- they are locked in one order. The glance is a statement of its own, and sees what the locks kept.
CREATE FUNCTION look_at_holds(
    program uuid, instant timestamptz, shops uuid[], edition_known bigint, members uuid[],
    numbers text[], wanted_holds uuid[], wanted_redemptions uuid[]
) RETURNS holds_look LANGUAGE plpgsql AS $$
DECLARE
    found holds_look;
    wanted uuid[];
BEGIN
    wanted := members
        || ARRAY(SELECT n.member_id FROM member_number n
                 WHERE n.program_id = program AND n.member_number = ANY (numbers)
                   AND n.member_id IS NOT NULL)
        || ARRAY(SELECT h.account_id FROM hold h
                 WHERE h.program_id = program AND h.hold_id = ANY (wanted_holds));
    wanted := wanted || merged_onward(program, wanted);
    PERFORM FROM (SELECT FROM account a
                  WHERE a.program_id = program AND a.account_id = ANY (wanted)
                  ORDER BY a.account_id FOR UPDATE) in_order;
    SELECT * INTO found
    FROM glance_at_holds(program, instant, shops, edition_known, members, numbers, wanted_holds,
                         wanted_redemptions, wanted);
    RETURN found;
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

-- Raises SQLSTATE GA001 when an account moved since it was seen, 23505 when somebody has made the
-- same hold or redemption; then nothing is written.
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
        FROM unnest(made) h;
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
        FROM unnest(redemptions) r;
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
