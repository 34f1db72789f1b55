-- Receipts that somebody looks at before they earn: the rules, and what is known of the receipts'
-- neighbours.

CREATE FUNCTION review_text(program uuid) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT json_build_array(r.version, r.spec)::text FROM review_rules r
            WHERE r.program_id = program ORDER BY r.version DESC LIMIT 1);
END $$;

-- `wanted` is domain/review.Wanted as JSON. Only sales that name a member count for velocities.
CREATE FUNCTION review_traces(program uuid, shops uuid[], members uuid[], wanted json)
RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    since timestamptz := wanted ->> 'since';
    until timestamptz := wanted ->> 'until';
    cards json;
    totals json;
    instants json;
BEGIN
    IF (wanted ->> 'cards')::boolean THEN
        -- A card of somebody who was merged into a member is the member's.
        WITH RECURSIVE merged AS (
            SELECT a.account_id, a.merged_into AS member_id FROM account a
            WHERE a.program_id = program AND a.merged_into = ANY (members)
            UNION ALL
            SELECT a.account_id, m.member_id FROM merged m
            JOIN account a ON a.program_id = program AND a.merged_into = m.account_id)
        SELECT json_agg(json_build_array(n.shop_id, n.member_id, n.cashier_id)) INTO cards
        FROM (
            SELECT c.shop_id, c.member_id, c.cashier_id FROM staff_card c
            WHERE c.program_id = program AND c.shop_id = ANY (shops) AND c.member_id = ANY (members)
            UNION ALL
            SELECT c.shop_id, m.member_id, c.cashier_id
            FROM merged m JOIN staff_card c ON c.program_id = program
              AND c.shop_id = ANY (shops) AND c.member_id = m.account_id) n;
    END IF;
    IF json_array_length(wanted -> 'twins') > 0 THEN
        SELECT json_agg(json_build_array(t.transaction_id, t.total_minor)) INTO totals
        FROM pos_transaction t
        WHERE t.program_id = program AND t.kind = 'sale' AND t.status <> 'awaited'
          AND t.transaction_id IN (SELECT x::uuid FROM json_array_elements_text(wanted -> 'twins') x);
    END IF;
    IF since IS NOT NULL THEN
        SELECT json_agg(json_build_array(n.per, n.name, n.purchased_at) ORDER BY n.purchased_at)
        INTO instants
        FROM (
            SELECT 'member' AS per, t.member_id::text AS name, t.purchased_at
            FROM pos_transaction t
            WHERE (wanted ->> 'members')::boolean AND t.program_id = program
              AND t.member_id = ANY (members) AND t.kind = 'sale'
              AND t.purchased_at > since AND t.purchased_at <= until
            UNION ALL
            SELECT 'till', t.shop_id || '/' || t.till_id, t.purchased_at
            FROM pos_transaction t
            WHERE t.program_id = program AND t.is_watched AND t.shop_id = ANY (shops)
              AND t.till_id IN (SELECT json_array_elements_text(wanted -> 'tills'))
              AND t.purchased_at > since AND t.purchased_at <= until
            UNION ALL
            SELECT 'cashier', t.shop_id || '/' || t.cashier_id, t.purchased_at
            FROM pos_transaction t
            WHERE t.program_id = program AND t.is_watched AND t.shop_id = ANY (shops)
              AND t.cashier_id IN (SELECT json_array_elements_text(wanted -> 'cashiers'))
              AND t.purchased_at > since AND t.purchased_at <= until) n;
    END IF;
    RETURN json_build_object('cards', cards, 'totals', totals, 'instants', instants)::text;
END $$;
