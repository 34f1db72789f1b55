"""A programme whose points end in one night: accounts, postings and lots, straight by SQL."""

from datetime import UTC, datetime
from uuid import UUID

PROGRAM_ID = UUID("0199f3a2-0000-7000-8000-0000000000ce")
NOW = datetime(2026, 3, 10, 17, 0, tzinfo=UTC)
DUE = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)  # Midnight in Shanghai.
LOTS_EACH = 2

# Each account has two lots that end in the night and one that lasts for years.
SEED = """
INSERT INTO shop (program_id, shop_id, mall_id, name, time_zone, currency, is_open, revision)
VALUES ('{program}', '{program}', '{program}', 'Tea', 'Asia/Shanghai', 'CNY', true, 1);
CREATE UNLOGGED TABLE seed AS
    SELECT md5('member' || n)::uuid AS id FROM generate_series(1, {accounts}) n;
INSERT INTO account (program_id, account_id, member_id, status, balance, version)
SELECT '{program}', id, id, 'open', 157, 3 FROM seed ORDER BY id;
INSERT INTO posting (program_id, account_id, version, points, balance_after, kind,
                     counter_account, source_kind, source_id, recorded_at, reason)
SELECT '{program}', id, v, points, after, 'earn', 'issuance', 'seed', md5(id::text || v)::uuid,
       '2025-03-01Z', '{{"rule":"earning_policy"}}'
FROM (VALUES (1, 100, 100), (2, 50, 150), (3, 7, 157)) x (v, points, after), seed;
INSERT INTO lot (program_id, account_id, version, points, remaining, expires_at, funding,
                 earned_at)
SELECT '{program}', id, v, points, points, ends::timestamptz, 'programme', '2025-03-01Z'
FROM (VALUES (1, 100, '2026-03-10 16:00Z'), (2, 50, '2026-03-10 16:00Z'),
             (3, 7, '2028-03-10 16:00Z')) x (v, points, ends), seed;
DROP TABLE seed;
"""


def seed(accounts: int) -> str:
    """The statements that fill an empty database of points."""
    return SEED.format(program=PROGRAM_ID, accounts=accounts)
