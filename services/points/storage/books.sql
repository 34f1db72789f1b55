-- Everything that changes the books goes through write_books: set-based, in one round trip.
-- The composite types are the shape of what Python decided; the tables may grow without them.

CREATE TYPE new_pos_transaction AS (
    transaction_id uuid, kind text, status text, receipt_id uuid, shop_id uuid, mall_id uuid,
    till_id text, receipt_number text, business_date date, purchased_at timestamptz,
    total_minor bigint, member_id uuid, awaited_number text, content text, fingerprint bytea,
    policy_version integer, earned bigint, clawed bigint, points bigint, balance_after bigint,
    trimmed bigint, forgiven bigint, notes text, fills boolean, cashier_id text,
    is_watched boolean
);

CREATE TYPE changed_pos_transaction AS (
    transaction_id uuid, status text, member_id uuid, earned bigint, clawed bigint, points bigint,
    balance_after bigint, trimmed bigint, forgiven bigint, notes text
);

CREATE TYPE new_posting AS (
    event_id uuid, account_id uuid, member_id uuid, wallet text, version bigint, points bigint,
    balance_after bigint, kind text, counter_account text, source_kind text, source_id uuid,
    purchased_at timestamptz, reason text, expires_at timestamptz, mall_id uuid, shop_id uuid,
    campaign_id uuid, funding text, lot_mall_id uuid, lot_shop_id uuid, lot_state text,
    activates_at timestamptz, sliding_months integer, earned_at timestamptz,
    pending_after bigint, held_after bigint, origin integer, origin_id uuid
);

-- A debit decided in SQL: a posting without a lot of its own. `origin` is the first.
CREATE FUNCTION debit_posting(
    event_id uuid, account_id uuid, member_id uuid, wallet text, version bigint, points bigint,
    balance_after bigint, kind text, counter_account text, source_kind text, source_id uuid,
    reason text, pending_after bigint, held_after bigint
) RETURNS new_posting LANGUAGE sql IMMUTABLE AS $$
    SELECT ROW(event_id, account_id, member_id, wallet, version, points, balance_after, kind,
               counter_account, source_kind, source_id, NULL, reason, NULL, NULL, NULL, NULL,
               'programme', NULL, NULL, NULL, NULL, NULL, NULL, pending_after, held_after, 1,
               NULL)::new_posting
$$;

-- Where postings leave an account that was at `version_before`.
CREATE TYPE account_move AS (
    account_id uuid, version_before bigint, version bigint, balance bigint, pending bigint,
    held bigint
);

-- Takes and returns alike: points of a lot that went to, or came back with, the posting `version`.
CREATE TYPE new_take AS (account_id uuid, version bigint, lot_version bigint, points bigint);

-- What changes on an account or a lot without a posting. All values are the new ones.
CREATE TYPE changed_account AS (
    account_id uuid, status text, pending bigint, held bigint, frozen_case uuid, merged_into uuid
);
CREATE TYPE changed_lot AS (
    change_id uuid, account_id uuid, lot_version bigint, kind text, reason text, state text,
    activates_at timestamptz, expires_at timestamptz, frozen_case uuid
);

-- Points granted under a cap in a period; `points` and `times` are added to what is there.
CREATE TYPE new_usage AS (
    account_id uuid, cap text, period text, points bigint, times integer, last_at timestamptz
);

-- An event of pos.transactions. Origins are indexes into the arrays of correlation ids and traces.
CREATE TYPE new_event AS (event_id uuid, type text, key text, data text, origin integer);

-- The caller has locked the accounts, then the receipts. Raises when fewer rows were written than
-- were decided, or a receipt is there: the caller rolls back and decides again (SQLSTATE GA001, or
-- 23505 of the receipts' primary key). Each statement costs a small group as much as its rows do:
-- none is run for nothing. What names rows is hidden in a subquery, `unnest((SELECT moves))`: else a
-- statement is planned anew each time, as few rows look cheaper than the ten that a plan for all
-- thinks of. Who knows `moves` and `is_burning` says so; else they are found.
CREATE FUNCTION write_books(
    program uuid, recorded timestamptz,
    transactions new_pos_transaction[], changes changed_pos_transaction[],
    postings new_posting[], takes new_take[], returned new_take[],
    accounts changed_account[], lots changed_lot[], usages new_usage[], events new_event[],
    correlations text[], traces text[],
    moves account_move[] DEFAULT NULL, is_burning boolean DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    written bigint;
    moved bigint;
BEGIN
    IF cardinality(transactions) > 0 THEN
        INSERT INTO pos_transaction (
            program_id, transaction_id, kind, status, receipt_id, shop_id, mall_id, till_id,
            receipt_number, business_date, purchased_at, recorded_at, total_minor, member_id,
            awaited_number, content, fingerprint, policy_version, earned, clawed, points, balance_after,
            trimmed, forgiven, notes, cashier_id, is_watched)
        SELECT program, t.transaction_id, t.kind, t.status, t.receipt_id, t.shop_id, t.mall_id,
               t.till_id, t.receipt_number, t.business_date, t.purchased_at, recorded,
               t.total_minor, t.member_id, t.awaited_number, t.content::json, t.fingerprint,
               t.policy_version, t.earned, t.clawed, t.points, t.balance_after, t.trimmed, t.forgiven,
               t.notes::json, t.cashier_id, t.is_watched
        FROM unnest(transactions) t WHERE NOT t.fills ORDER BY t.transaction_id;
        GET DIAGNOSTICS written = ROW_COUNT;
        IF written < cardinality(transactions) THEN
            -- A refund came first and left a placeholder, which the caller has locked.
            UPDATE pos_transaction p
            SET kind = t.kind, status = t.status, receipt_id = t.receipt_id, shop_id = t.shop_id,
                mall_id = t.mall_id, till_id = t.till_id, receipt_number = t.receipt_number,
                business_date = t.business_date, purchased_at = t.purchased_at,
                recorded_at = recorded, total_minor = t.total_minor, member_id = t.member_id,
                awaited_number = t.awaited_number, content = t.content::json,
                fingerprint = t.fingerprint, policy_version = t.policy_version,
                earned = t.earned, clawed = t.clawed, points = t.points,
                balance_after = t.balance_after, trimmed = t.trimmed, forgiven = t.forgiven,
                notes = t.notes::json, cashier_id = t.cashier_id, is_watched = t.is_watched
            FROM unnest(transactions) t
            WHERE t.fills AND p.program_id = program AND p.transaction_id = t.transaction_id
              AND p.status = 'awaited';
            GET DIAGNOSTICS moved = ROW_COUNT;
            IF written + moved < cardinality(transactions) THEN
                RAISE EXCEPTION 'a receipt was filled meanwhile' USING ERRCODE = 'GA001';
            END IF;
        END IF;
    END IF;

    IF cardinality(changes) > 0 THEN
        UPDATE pos_transaction p
        SET status = c.status, member_id = c.member_id, earned = c.earned, clawed = c.clawed, points = c.points,
            balance_after = c.balance_after, trimmed = c.trimmed, forgiven = c.forgiven,
            notes = c.notes::json,
            awaited_number = CASE WHEN c.status = 'waiting_member' THEN p.awaited_number END
        FROM unnest(changes) c
        WHERE p.program_id = program AND p.transaction_id = c.transaction_id;
        GET DIAGNOSTICS written = ROW_COUNT;
        IF written < cardinality(changes) THEN
            RAISE EXCEPTION 'a receipt to change is gone' USING ERRCODE = 'GA001';
        END IF;
    END IF;

    IF cardinality(postings) > 0 THEN
        INSERT INTO posting (
            program_id, account_id, version, points, balance_after, kind, counter_account,
            source_kind, source_id, purchased_at, recorded_at, reason, mall_id, shop_id)
        SELECT program, n.account_id, n.version, n.points, n.balance_after, n.kind,
               n.counter_account, n.source_kind, n.source_id, n.purchased_at, recorded,
               n.reason::json, n.mall_id, n.shop_id
        FROM unnest(postings) n;

        IF moves IS NULL THEN
            SELECT array_agg(ROW(l.account_id, l.first_version - 1, l.version, l.balance_after,
                                 l.pending_after, l.held_after)::account_move)
            INTO moves
            FROM (SELECT DISTINCT ON (n.account_id) n.account_id, n.version, n.balance_after,
                         n.pending_after, n.held_after,
                         min(n.version) OVER (PARTITION BY n.account_id) AS first_version
                  FROM unnest(postings) n ORDER BY n.account_id, n.version DESC) l;
        END IF;
        UPDATE account a SET balance = m.balance, version = m.version, pending = m.pending,
            held = m.held
        FROM unnest((SELECT moves)) m
        WHERE a.program_id = program AND a.account_id = m.account_id
          AND a.version = m.version_before;
        GET DIAGNOSTICS written = ROW_COUNT;
        IF written < cardinality(moves) THEN
            RAISE EXCEPTION 'an account moved meanwhile' USING ERRCODE = 'GA001';
        END IF;

        -- A credit without a lot of its own gives points back to lots that are there.
        INSERT INTO lot (program_id, account_id, version, points, remaining, expires_at, mall_id,
                         shop_id, campaign_id, funding, state, activates_at, sliding_months,
                         earned_at, origin_id)
        SELECT program, n.account_id, n.version, n.points, n.points, n.expires_at, n.lot_mall_id,
               n.lot_shop_id, n.campaign_id, n.funding, n.lot_state, n.activates_at,
               n.sliding_months, coalesce(n.earned_at, recorded), n.origin_id
        FROM unnest(postings) n WHERE n.points > 0 AND n.lot_state IS NOT NULL;
    END IF;

    IF cardinality(takes) > 0 OR cardinality(returned) > 0 THEN
        -- At once: what comes back to a lot may be taken again by the next posting.
        UPDATE lot l SET remaining = l.remaining + t.points
        FROM (SELECT account_id, lot_version, sum(points) AS points
              FROM (SELECT account_id, lot_version, -points AS points
                    FROM unnest((SELECT takes))
                    UNION ALL
                    SELECT account_id, lot_version, points
                    FROM unnest((SELECT returned))) moved
              GROUP BY account_id, lot_version) t
        WHERE l.program_id = program AND l.account_id = t.account_id
          AND l.version = t.lot_version;
        IF cardinality(takes) > 0 THEN
            INSERT INTO lot_take (program_id, account_id, version, lot_version, points)
            SELECT program, t.account_id, t.version, t.lot_version, t.points FROM unnest(takes) t;
        END IF;
        IF cardinality(returned) > 0 THEN
            INSERT INTO lot_return (program_id, account_id, version, lot_version, points)
            SELECT program, t.account_id, t.version, t.lot_version, t.points
            FROM unnest(returned) t;
        END IF;
    END IF;

    IF is_burning IS NULL AND cardinality(postings) > 0 THEN
        is_burning := EXISTS (SELECT FROM unnest(postings) n
                              WHERE n.counter_account = 'redemption');
    END IF;
    IF is_burning THEN
        -- What one mall issued and another burned, in the transaction that burned it: such an
        -- entry can neither be lost nor be written twice.
        INSERT INTO clearing_entry (program_id, account_id, version, lot_version,
                                    issuing_mall_id, burning_mall_id, points, recorded_at,
                                    priced_at)
        SELECT program, e.account_id, e.version, e.lot_version, e.issuer, e.burner, e.points,
               recorded, recorded
        FROM (
            SELECT n.account_id, n.version, t.lot_version, l.mall_id AS issuer,
                   n.mall_id AS burner, t.points
            FROM unnest(postings) n
            JOIN unnest(takes) t ON (t.account_id, t.version) = (n.account_id, n.version)
            JOIN lot l ON l.program_id = program AND l.account_id = t.account_id
                      AND l.version = t.lot_version
            WHERE n.counter_account = 'redemption' AND n.points < 0
            UNION ALL  -- What no lot covered was never issued: the programme stands for it.
            SELECT n.account_id, n.version, 0, NULL, n.mall_id, -n.points - coalesce(t.points, 0)
            FROM unnest(postings) n
            LEFT JOIN (SELECT account_id, version, sum(points) AS points FROM unnest(takes)
                       GROUP BY account_id, version) t USING (account_id, version)
            WHERE n.counter_account = 'redemption' AND n.points < 0
        ) e
        WHERE e.issuer IS DISTINCT FROM e.burner AND e.points <> 0;
    END IF;
    IF is_burning AND (cardinality(returned) > 0
                       OR EXISTS (SELECT FROM unnest(postings) n WHERE n.points > 0)) THEN
        -- At the price of the burn that it undoes, whatever a point is worth by now.
        INSERT INTO clearing_entry (program_id, account_id, version, lot_version,
                                    issuing_mall_id, burning_mall_id, points, recorded_at,
                                    priced_at)
        SELECT program, e.account_id, e.version, e.lot_version, e.issuer, e.burner, e.points,
               recorded,
               coalesce((SELECT r.recorded_at FROM redemption r WHERE r.program_id = program
                            AND r.redemption_id = (e.reason::json ->> 'redemption_id')::uuid),
                        recorded)
        FROM (
            SELECT n.account_id, n.version, t.lot_version, l.mall_id AS issuer,
                   n.mall_id AS burner, -t.points AS points, n.reason
            FROM unnest(postings) n
            JOIN unnest(returned) t ON (t.account_id, t.version) = (n.account_id, n.version)
            JOIN lot l ON l.program_id = program AND l.account_id = t.account_id
                      AND l.version = t.lot_version
            WHERE n.counter_account = 'redemption'
            UNION ALL  -- Given back as a new lot, where the old one's end was long past. Of what was
                       -- spent on credit the lot is as that which repaid, and the burn was the
                       -- programme's.
            SELECT n.account_id, n.version, n.version,
                   CASE WHEN n.reason::json ->> 'repaid_by' IS NULL THEN n.lot_mall_id END,
                   n.mall_id, -n.points, n.reason
            FROM unnest(postings) n
            WHERE n.counter_account = 'redemption' AND n.points > 0 AND n.lot_state IS NOT NULL
        ) e
        WHERE e.issuer IS DISTINCT FROM e.burner AND e.points <> 0;
    END IF;

    IF cardinality(lots) > 0 THEN
        UPDATE lot l SET state = c.state, activates_at = c.activates_at,
            expires_at = c.expires_at, frozen_case = c.frozen_case
        FROM unnest(lots) c
        WHERE l.program_id = program AND l.account_id = c.account_id AND l.version = c.lot_version;
        INSERT INTO lot_change (program_id, change_id, account_id, lot_version, kind, reason,
                                recorded_at)
        SELECT program, c.change_id, c.account_id, c.lot_version, c.kind, c.reason::json, recorded
        FROM unnest(lots) c;
    END IF;

    IF cardinality(accounts) > 0 THEN
        UPDATE account a SET status = c.status, pending = c.pending, held = c.held,
            frozen_case = c.frozen_case, merged_into = c.merged_into
        FROM unnest(accounts) c
        WHERE a.program_id = program AND a.account_id = c.account_id;
    END IF;

    -- Activity moves the end of points that slide; most programmes have none.
    IF EXISTS (SELECT FROM lot l WHERE l.program_id = program AND l.sliding_months IS NOT NULL
                                   AND l.remaining > 0) THEN
        PERFORM slide_lots(program, recorded, array_agg(a.account_id), array_agg(a.happened_at),
                           array_agg(a.shop_id))
        FROM (SELECT t.member_id AS account_id, t.purchased_at AS happened_at, t.shop_id
              FROM unnest(transactions) t WHERE t.kind = 'sale' AND t.status = 'posted'
              UNION ALL
              SELECT p.member_id, p.purchased_at, p.shop_id FROM unnest(changes) c
              JOIN pos_transaction p
                ON p.program_id = program AND p.transaction_id = c.transaction_id
              WHERE p.kind = 'sale' AND c.status = 'posted'
              UNION ALL
              SELECT n.account_id, coalesce(n.purchased_at, recorded), n.shop_id
              FROM unnest(postings) n WHERE n.kind IN ('earn', 'redeem', 'capture')) a;
    END IF;

    IF cardinality(usages) > 0 THEN
        -- A receipt that is worth less now gives back what it had used up, where that was counted
        -- here and not on an account that was merged. On its own: the row that an INSERT proposes
        -- is checked before its conflict is found.
        IF cardinality(changes) > 0 AND EXISTS (SELECT FROM unnest(usages) n WHERE n.points < 0)
        THEN
            UPDATE cap_usage u SET points = greatest(0, u.points + n.points)
            FROM (SELECT account_id, cap, period, sum(points) AS points FROM unnest(usages)
                  GROUP BY account_id, cap, period HAVING sum(points) < 0) n
            WHERE u.program_id = program AND u.account_id = n.account_id AND u.cap = n.cap
              AND u.period = n.period;
        END IF;
        INSERT INTO cap_usage AS u (program_id, account_id, cap, period, points, times, last_at)
        SELECT program, n.account_id, n.cap, n.period, sum(n.points), sum(n.times), max(n.last_at)
        FROM unnest(usages) n GROUP BY n.account_id, n.cap, n.period
        HAVING sum(n.points) >= 0 OR cardinality(changes) = 0
        ON CONFLICT (program_id, account_id, cap, period) DO UPDATE
        SET points = u.points + excluded.points, times = u.times + excluded.times,
            last_at = greatest(u.last_at, excluded.last_at);
    END IF;

    -- Last, under the locks: the receipts' news, then the ledger's, each in the order decided.
    INSERT INTO outbox (program_id, event_id, type, topic, key, data, occurred_at,
                        correlation_id, traceparent)
    SELECT program, e.event_id, e.type, 'pos.transactions', e.key, e.data, recorded,
           correlations[e.origin], traces[e.origin]
    FROM unnest(events) e
    UNION ALL
    SELECT program, n.event_id, 'points.posted.v1', 'points.ledger', n.account_id::text,
           -- Text put together: half the price of json_build_object. Nothing here needs escaping.
           '{"program_id":"' || program || '","account_id":"' || n.account_id
           || '","member_id":' || coalesce('"' || n.member_id || '"', 'null')
           || ',"wallet":"' || n.wallet || '","version":' || n.version
           || ',"kind":"' || n.kind || '","counter_account":"' || n.counter_account
           || '","points":' || n.points || ',"balance_after":' || n.balance_after
           || ',"source_kind":"' || n.source_kind || '","source_id":"' || n.source_id
           || '","purchased_at":' || coalesce(to_json(n.purchased_at)::text, 'null')
           || ',"recorded_at":' || to_json(recorded)::text
           || ',"expires_at":' || coalesce(to_json(n.expires_at)::text, 'null')
           || ',"mall_id":' || coalesce('"' || n.mall_id || '"', 'null')
           || ',"shop_id":' || coalesce('"' || n.shop_id || '"', 'null')
           || ',"campaign_id":' || coalesce('"' || n.campaign_id || '"', 'null') || '}',
           recorded, correlations[n.origin], traces[n.origin]
    FROM unnest(postings) n;
END $$;
