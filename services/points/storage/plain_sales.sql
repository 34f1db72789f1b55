-- Plain sales, without locks held between two round trips: look, decide in Python, write what was
-- decided in one statement that first locks the accounts and checks that nothing moved meanwhile.

CREATE FUNCTION glance_at_sales(
    program uuid, shops uuid[], edition_known bigint,
    wanted_accounts uuid[], numbers text[], receipts uuid[], periods text[], wanted json
) RETURNS TABLE (
    edition bigint, directory text[], policies text, review text,
    found_numbers text[], number_members uuid[],
    account_ids uuid[], balances bigint[], versions bigint[], tier_versions integer[],
    pendings bigint[], helds bigint[],
    tier_sinces timestamptz[], tier_codes text[],
    usage_accounts uuid[], usage_caps text[], usage_periods text[], usage_points bigint[],
    usage_times integer[], usage_lasts timestamptz[],
    is_any_known boolean, traces text
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    -- Little is read here, but often: each statement costs more than its rows.
    SELECT coalesce((SELECT r.edition FROM rulebook r WHERE r.program_id = program), 0),
           EXISTS (SELECT FROM pos_transaction t
                   WHERE t.program_id = program AND t.transaction_id = ANY ((SELECT receipts)::uuid[]))
    INTO edition, is_any_known;
    IF edition <> edition_known THEN
        SELECT (SELECT array_agg(d.shop) FROM directory_texts(program, shops) d),
               policies_text(program), review_text(program)
        INTO directory, policies, review;
    END IF;

    IF cardinality(numbers) > 0 THEN
        SELECT array_agg(n.member_number), array_agg(n.member_id)
        INTO found_numbers, number_members
        FROM member_number n
        WHERE n.program_id = program AND n.member_number = ANY (numbers)
          AND n.member_id IS NOT NULL;
        wanted_accounts := wanted_accounts || number_members;
    END IF;

    -- An account comes once for each tier that its member held, oldest first, or once without.
    SELECT array_agg(a.account_id), array_agg(a.balance), array_agg(a.version),
           array_agg(a.tier_version), array_agg(a.pending), array_agg(a.held),
           array_agg(a.since), array_agg(a.tier)
    INTO account_ids, balances, versions, tier_versions, pendings, helds, tier_sinces, tier_codes
    FROM (SELECT x.account_id, x.balance, x.version, x.tier_version, x.pending, x.held, m.since,
                 m.tier
          FROM account x
          LEFT JOIN member_tier m ON m.program_id = program AND m.member_id = x.account_id
          WHERE x.program_id = program AND x.account_id = ANY ((SELECT wanted_accounts)::uuid[])
            AND x.status = 'open' AND x.member_id = x.account_id
          ORDER BY x.account_id, m.since) a;

    -- Only for programmes whose policies have limits. What it reads cannot change unseen: who adds
    -- to a usage moves the account's version or its tier's.
    IF cardinality(periods) > 0 THEN
        SELECT array_agg(u.account_id), array_agg(u.cap), array_agg(u.period),
               array_agg(u.points), array_agg(u.times), array_agg(u.last_at)
        INTO usage_accounts, usage_caps, usage_periods, usage_points, usage_times, usage_lasts
        FROM cap_usage u
        WHERE u.program_id = program AND u.account_id = ANY ((SELECT account_ids)::uuid[])
          AND u.period = ANY ((SELECT periods)::text[]);
    END IF;

    IF wanted IS NOT NULL THEN
        traces := review_traces(program, shops, wanted_accounts, wanted);
    END IF;
    RETURN NEXT;
END $$;

-- What was seen of an account when its postings were decided.
CREATE TYPE seen_account AS (
    account_id uuid, version bigint, tier_version integer, pending bigint, held bigint
);

-- Raises SQLSTATE GA001 when an account moved since it was seen, 23505 when a receipt is there; then
-- nothing is written. A plain sale changes no receipt and burns nothing.
CREATE FUNCTION write_plain_sales(
    program uuid, recorded timestamptz, seen seen_account[],
    transactions new_pos_transaction[], postings new_posting[], takes new_take[],
    moves account_move[], usages new_usage[], events new_event[],
    correlations text[], traces text[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    unmoved bigint;
BEGIN
    SELECT count(*) INTO unmoved
    FROM (SELECT FROM account a JOIN unnest((SELECT seen)) s ON s.account_id = a.account_id
          WHERE a.program_id = program AND a.version = s.version
            AND a.tier_version = s.tier_version AND a.pending = s.pending AND a.held = s.held
            AND a.status = 'open'
          ORDER BY a.account_id FOR UPDATE OF a) locked;
    IF unmoved < cardinality(seen) THEN
        RAISE EXCEPTION 'an account moved meanwhile' USING ERRCODE = 'GA001';
    END IF;
    PERFORM write_books(program, recorded, transactions, '{}', postings, takes, '{}', '{}', '{}',
                        usages, events, correlations, traces, moves, false);
END $$;
