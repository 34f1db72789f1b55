-- The accounts that these were merged into, and those into which they were merged in turn. In
-- plpgsql, as older schemas have no such column when the function is first installed.
CREATE FUNCTION merged_onward(program uuid, accounts uuid[])
RETURNS uuid[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY(
        WITH RECURSIVE onward AS (
            SELECT x.merged_into FROM account x
            WHERE x.program_id = program AND x.account_id = ANY (accounts)
              AND x.merged_into IS NOT NULL
            UNION
            SELECT x.merged_into FROM onward o JOIN account x ON x.account_id = o.merged_into
            WHERE x.program_id = program AND x.merged_into IS NOT NULL)
        SELECT o.merged_into FROM onward o);
END $$;

-- Lock and look for a batch of receipts: the one lock order is accounts by ascending id, then
-- receipts by ascending id. Rows that are waited for are inserted before they are locked, each in
-- a statement of its own, so that whoever comes second finds them.
CREATE FUNCTION lock_pos_batch(
    program uuid, wanted_accounts uuid[], wanted_receipts uuid[], originals uuid[]
) RETURNS TABLE (
    account_ids uuid[], statuses text[], balances bigint[], versions bigint[],
    tier_versions integer[], pendings bigint[], helds bigint[], frozen_cases uuid[],
    merged_intos uuid[], members uuid[], wallets text[], tier_members uuid[], tier_sinces timestamptz[], tier_codes text[],
    known_receipts uuid[]
) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO account (program_id, account_id, member_id, status)
    SELECT program, w, w, 'awaited' FROM unnest(wanted_accounts) w ORDER BY w
    ON CONFLICT DO NOTHING;

    -- Accounts that others were merged into are locked with them: that is where points go.
    wanted_accounts := wanted_accounts || merged_onward(program, wanted_accounts);

    SELECT array_agg(a.account_id), array_agg(a.status), array_agg(a.balance),
           array_agg(a.version), array_agg(a.tier_version), array_agg(a.pending),
           array_agg(a.held), array_agg(a.frozen_case), array_agg(a.merged_into),
           array_agg(a.member_id), array_agg(a.wallet)
    INTO account_ids, statuses, balances, versions, tier_versions, pendings, helds, frozen_cases,
         merged_intos, members, wallets
    FROM (SELECT * FROM account x
          WHERE x.program_id = program AND x.account_id = ANY (wanted_accounts)
          ORDER BY x.account_id FOR UPDATE) a;

    SELECT array_agg(m.member_id), array_agg(m.since), array_agg(m.tier)
    INTO tier_members, tier_sinces, tier_codes
    FROM (SELECT x.member_id, x.since, x.tier FROM member_tier x
          WHERE x.program_id = program AND x.member_id = ANY (wanted_accounts)
          ORDER BY x.member_id, x.since) m;

    IF cardinality(originals) > 0 THEN
        INSERT INTO pos_transaction (program_id, transaction_id, receipt_id, kind, status)
        SELECT program, o, o, 'sale', 'awaited' FROM unnest(originals) o ORDER BY o
        ON CONFLICT DO NOTHING;
    END IF;

    SELECT array_agg(r.transaction_id) INTO known_receipts
    FROM (SELECT x.transaction_id FROM pos_transaction x
          WHERE x.program_id = program AND x.transaction_id = ANY (wanted_receipts || originals)
          ORDER BY x.transaction_id FOR UPDATE) r;
    RETURN NEXT;
END $$;
