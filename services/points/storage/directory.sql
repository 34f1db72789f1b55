-- The directory and the policies as JSON text: equal text means equal content, so that whoever
-- reads it again need not parse it again.

-- A text for each shop. Plain enough for PostgreSQL to put it into the query that asks.
CREATE FUNCTION directory_texts(program uuid, shops uuid[])
RETURNS TABLE (shop text) LANGUAGE sql STABLE AS $$
    SELECT json_build_array(
        s.shop_id, s.mall_id, s.time_zone, s.currency, s.is_open,
        (SELECT json_agg(json_build_array(t.till_id, t.key_version, t.previous_key_until,
                                          t.is_active))
         FROM till t WHERE t.program_id = program AND t.shop_id = s.shop_id))::text
    FROM shop s WHERE s.program_id = program AND s.shop_id = ANY (shops)
$$;

-- Those that were withdrawn are nobody's business. In plpgsql, as older schemas have no such column
-- when the function is first installed.
CREATE FUNCTION policies_text(program uuid) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT coalesce(json_agg(json_build_array(p.version, p.effective_from, p.spec)
                                     ORDER BY p.version)::text, '[]')
            FROM earning_policy p
            WHERE p.program_id = program AND p.withdraws IS NULL
              AND NOT EXISTS (SELECT FROM earning_policy w
                              WHERE w.program_id = program AND w.withdraws = p.version));
END
$$;
