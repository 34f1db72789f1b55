"""Accounts, and what is known of their members."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from services.points.tables.metadata import instant, metadata

# A member's points account has the member's id; the accounts of other wallets have ids made from
# member and wallet. `awaited`: named by a receipt before the member was heard of; the row is where
# the receipt and the enrolment meet. `pool`: a household's, nobody's own. The balance counts
# pending and held points. `timeline_version` is membership's of the member's tiers; `tier_version`
# moves with it, and with whatever else but a posting changes what a sale would earn: a sale that
# was decided without locks is written only if it did not move.
account = Table(
    "account",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("member_id", Uuid),
    Column("wallet", Text, nullable=False, server_default="points"),
    Column("status", Text, nullable=False),
    Column("balance", BigInteger, nullable=False, server_default="0"),
    Column("version", BigInteger, nullable=False, server_default="0"),
    Column("tier_version", Integer, nullable=False, server_default="0"),
    Column("timeline_version", Integer, nullable=False, server_default="0"),
    Column("pending", BigInteger, nullable=False, server_default="0"),
    Column("held", BigInteger, nullable=False, server_default="0"),
    Column("frozen_case", Uuid),
    Column("merged_into", Uuid),
    PrimaryKeyConstraint("program_id", "account_id"),
    CheckConstraint("status IN ('awaited', 'open', 'merged', 'pool')", name="status"),
    CheckConstraint("version >= 0", name="version_not_negative"),
    CheckConstraint("status <> 'awaited' OR version = 0", name="awaited_has_no_postings"),
    CheckConstraint("pending >= 0", name="pending_not_negative"),
    CheckConstraint("held >= 0", name="held_not_negative"),
    CheckConstraint("(status = 'merged') = (merged_into IS NOT NULL)", name="merged_says_where"),
    CheckConstraint("status <> 'pool' OR member_id IS NULL", name="pool_is_nobodys"),
    Index(
        "account_of_member",
        "program_id",
        "member_id",
        postgresql_where=text("account_id <> member_id"),
    ),
    Index(
        "account_merged_into",
        "program_id",
        "merged_into",
        postgresql_where=text("merged_into IS NOT NULL"),
    ),
)
member_number = Table(
    "member_number",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("member_number", Text, nullable=False),
    Column("member_id", Uuid),
    PrimaryKeyConstraint("program_id", "member_number"),
)
member_tier = Table(
    "member_tier",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    instant("since"),
    Column("tier", Text, nullable=False),
    PrimaryKeyConstraint("program_id", "member_id", "since"),
)

# What a member was granted under a cap in one of its periods (a day, a month, for ever), and when
# last: caps and cooldowns look here, under the account's lock.
cap_usage = Table(
    "cap_usage",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("cap", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),
    instant("last_at"),
    PrimaryKeyConstraint("program_id", "account_id", "period", "cap"),
    CheckConstraint("points >= 0", name="points_not_negative"),
)
