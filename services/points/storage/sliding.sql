-- Points that slide: each activity of the member moves their end.

-- The first instant after the day that is `months` after `happened` there; domain/expiry/expiry.py says
-- the same. Where winter time repeats that midnight, the first of the two.
CREATE FUNCTION end_after_activity(happened timestamptz, months integer, zone text)
RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
    midnight timestamp := ((happened AT TIME ZONE zone)::date + make_interval(months => months))
                          ::date + 1;
    found timestamptz := midnight AT TIME ZONE zone;
BEGIN
    IF (found - interval '1 hour') AT TIME ZONE zone = midnight THEN
        RETURN found - interval '1 hour';
    END IF;
    RETURN found;
END $$;

-- The zone of the shop, else the one that most shops of the programme have.
CREATE FUNCTION zone_of_shop(program uuid, shop uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT s.time_zone FROM shop s WHERE s.program_id = program AND s.shop_id = shop),
        (SELECT s.time_zone FROM shop s WHERE s.program_id = program
         GROUP BY s.time_zone ORDER BY count(*) DESC, s.time_zone LIMIT 1), 'UTC')
$$;

-- Activities, one a place of the arrays: whose, when, and in which shop. The accounts are locked.
-- The latest activity counts, in whatever order they come; what ended before it stays ended.
CREATE FUNCTION slide_lots(
    program uuid, recorded timestamptz, active uuid[], happened timestamptz[], shops uuid[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lot_change (program_id, change_id, account_id, lot_version, kind, reason,
                            recorded_at)
    SELECT program, md5(concat_ws('|', e.account_id, e.version, e.ends_at, recorded))::uuid,
           e.account_id, e.version, 'expiry_set',
           json_build_object('rule', 'sliding', 'activity_at', e.activity_at,
                             'before', e.expires_at, 'after', e.ends_at), recorded
    FROM (SELECT DISTINCT ON (l.account_id, l.version) l.account_id, l.version, l.expires_at,
                 a.happened_at AS activity_at,
                 end_after_activity(a.happened_at, l.sliding_months,
                                    zone_of_shop(program, a.shop_id)) AS ends_at
          FROM unnest(active, happened, shops) AS a (account_id, happened_at, shop_id)
          JOIN lot l ON l.program_id = program AND l.account_id = a.account_id
          WHERE l.sliding_months IS NOT NULL AND l.remaining > 0 AND a.happened_at < l.expires_at
          ORDER BY l.account_id, l.version, ends_at DESC, activity_at) e
    WHERE e.ends_at > e.expires_at;
    UPDATE lot l SET expires_at = c.ends_at
    FROM (SELECT x.account_id, x.lot_version, max((x.reason ->> 'after')::timestamptz) AS ends_at
          FROM lot_change x
          WHERE x.program_id = program AND x.account_id = ANY (active)
            AND x.kind = 'expiry_set' AND x.recorded_at = recorded
            AND x.reason ->> 'rule' = 'sliding'
          GROUP BY x.account_id, x.lot_version) c
    WHERE l.program_id = program AND l.account_id = c.account_id AND l.version = c.lot_version
      AND l.expires_at < c.ends_at;
END $$;
