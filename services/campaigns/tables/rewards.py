"""What campaigns gave, took back, and did not give."""

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.campaigns.tables.metadata import metadata

# One row of a reward. Net points of a unit are Σ (points − points_revoked) of its generations.
# `used_minor` says what a reward of a family uses of each of `receipt_ids`: nothing once revoked.
# Rows of their own for it were the dearest thing that was written for a reward.
reward_grant = Table(
    "reward_grant",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("grant_id", Uuid, nullable=False),
    Column("campaign_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("unit_key", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("family", Text),
    Column("origin", Text, nullable=False),
    Column("member_id", Uuid),
    Column("kind", Text, nullable=False),
    Column("points", BigInteger),
    Column("points_revoked", BigInteger, nullable=False),
    Column("gift_sku", Text),
    Column("stock_id", Uuid),
    Column("status", Text, nullable=False),
    Column("local_day", Date, nullable=False),
    Column("mall_id", Uuid, nullable=False),
    Column("shop_id", Uuid, nullable=False),
    Column("receipt_id", Uuid, nullable=False),
    Column("receipt_ids", ARRAY(Uuid), nullable=False),
    Column("used_minor", ARRAY(BigInteger)),
    Column("threshold_minor", BigInteger),
    Column("shortfall_minor", BigInteger, nullable=False),
    Column("inputs", JSON, nullable=False),
    Column("explanation", JSON, nullable=False),
    Column("granted_at", DateTime(timezone=True), nullable=False),
    Column("decided_at", DateTime(timezone=True), nullable=False),
    Column("claim_id", Uuid),
    Column("issued_at", DateTime(timezone=True)),
    Column("issued_by", Text),
    Column("issued_mall_id", Uuid),
    PrimaryKeyConstraint("program_id", "grant_id"),
    UniqueConstraint("program_id", "campaign_id", "unit_key", "generation"),
    ForeignKeyConstraint(
        ["program_id", "campaign_id", "version"],
        [
            "campaign_version.program_id",
            "campaign_version.campaign_id",
            "campaign_version.version",
        ],
    ),
    ForeignKeyConstraint(["program_id", "member_id"], ["member.program_id", "member.member_id"]),
    ForeignKeyConstraint(
        ["program_id", "stock_id"], ["gift_stock.program_id", "gift_stock.stock_id"]
    ),
    CheckConstraint("generation >= 1", name="generation"),
    CheckConstraint("origin IN ('automatic', 'desk')", name="origin"),
    CheckConstraint(
        "(kind = 'points' AND points >= 1 AND gift_sku IS NULL AND stock_id IS NULL "
        "AND member_id IS NOT NULL AND status IN ('granted', 'revoked') "
        "AND (status = 'revoked') = (points_revoked = points)) "
        "OR (kind = 'gift' AND points IS NULL AND points_revoked = 0 AND gift_sku IS NOT NULL "
        "AND stock_id IS NOT NULL AND status IN ('granted', 'issued', 'bill_back', 'revoked'))",
        name="kind",
    ),
    CheckConstraint("points_revoked BETWEEN 0 AND coalesce(points, 0)", name="points_revoked"),
    CheckConstraint(
        "(family IS NULL) = (used_minor IS NULL) AND 0 <= ALL (used_minor) "
        "AND cardinality(used_minor) = cardinality(receipt_ids)",
        name="used",
    ),
    CheckConstraint("(status = 'bill_back') = (shortfall_minor > 0)", name="shortfall"),
    CheckConstraint("(status IN ('issued', 'bill_back')) = (issued_at IS NOT NULL)", name="issued"),
    Index("reward_grant_by_family", "program_id", "member_id", "family"),
    Index(
        "reward_grant_of_multiplier",
        "program_id",
        "receipt_id",
        postgresql_where=text("family IS NULL"),
    ),
    Index(
        "reward_grant_one_gift_a_unit",
        "program_id",
        "campaign_id",
        "unit_key",
        unique=True,
        postgresql_where=text("kind = 'gift' AND status <> 'revoked'"),
    ),
)

# Which receipts a desk's reward names. An automatic one uses receipts of its member's day; a desk's
# may use any. A row each, because an index of arrays compares each key of a question with each.
desk_receipt = Table(
    "desk_receipt",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("receipt_id", Uuid, nullable=False),
    Column("grant_id", Uuid, nullable=False),
    PrimaryKeyConstraint("program_id", "receipt_id", "grant_id"),
    ForeignKeyConstraint(
        ["program_id", "grant_id"], ["reward_grant.program_id", "reward_grant.grant_id"]
    ),
)

reward_revocation = Table(
    "reward_revocation",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("revocation_id", Uuid, nullable=False),
    Column("grant_id", Uuid, nullable=False),
    Column("points", BigInteger),
    Column("reason", Text, nullable=False),
    Column("revoked_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("program_id", "revocation_id"),
    ForeignKeyConstraint(
        ["program_id", "grant_id"], ["reward_grant.program_id", "reward_grant.grant_id"]
    ),
    CheckConstraint("points >= 1", name="points"),
    Index("reward_revocation_by_grant", "program_id", "grant_id"),
)

# Thresholds reached for which nothing was given, and why.
reward_withheld = Table(
    "reward_withheld",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("campaign_id", Uuid, nullable=False),
    Column("unit_key", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("family", Text, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("local_day", Date, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("program_id", "campaign_id", "unit_key"),
    ForeignKeyConstraint(["program_id", "member_id"], ["member.program_id", "member.member_id"]),
    CheckConstraint("reason IN ('limit_reached', 'out_of_stock')", name="reason"),
    Index("reward_withheld_by_family", "program_id", "member_id", "family"),
)
