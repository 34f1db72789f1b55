"""The whole schema of campaigns. Every key leads with the programme."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from shared.migrate import NAMING, frame_tables

metadata = MetaData(naming_convention=NAMING)
frame_tables(metadata)

# The named row of a programme. `revision` is new whenever rules, shops or gifts change.
program_state = Table(
    "program_state",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("revision", Uuid, nullable=False),
    PrimaryKeyConstraint("program_id"),
)

mall = Table(
    "mall",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("mall_id", Uuid, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    PrimaryKeyConstraint("program_id", "mall_id"),
)

# A shop's event may come before its mall's, so there is no foreign key between the two copies.
shop = Table(
    "shop",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("shop_id", Uuid, nullable=False),
    Column("mall_id", Uuid, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("brand", Text),
    Column("category", Text),
    Column("is_open", Boolean, nullable=False),
    Column("revision", BigInteger, nullable=False),
    PrimaryKeyConstraint("program_id", "shop_id"),
)


def _names(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("program_id", Uuid, nullable=False),
        Column("code", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("revision", BigInteger, nullable=False),
        PrimaryKeyConstraint("program_id", "code"),
    )


brand = _names("brand")
category = _names("category")

# Also the lock under which everything about a member is decided. Made by whoever comes first: a
# receipt may name a member whose enrolment is still on its way. `timeline` is [[since, tier], …].
member = Table(
    "member",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("member_number", Text),
    Column("enrolled_at", DateTime(timezone=True)),
    Column("tier_version", Integer, nullable=False, server_default="-1"),
    Column("timeline", JSON, nullable=False, server_default="[]"),
    PrimaryKeyConstraint("program_id", "member_id"),
    UniqueConstraint("program_id", "member_number"),
)

campaign = Table(
    "campaign",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("campaign_id", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    Column("live_version", Integer),
    Column("draft", JSON),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("created_by", Text, nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("program_id", "campaign_id"),
    CheckConstraint("status IN ('draft', 'live', 'ended')", name="status"),
    CheckConstraint("(status = 'draft') = (live_version IS NULL)", name="live_version"),
    CheckConstraint("(status = 'ended') = (ended_at IS NOT NULL)", name="ended_at"),
)

# Immutable: a trigger refuses UPDATE and DELETE.
campaign_version = Table(
    "campaign_version",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("campaign_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("spec", JSON, nullable=False),
    Column("published_at", DateTime(timezone=True), nullable=False),
    Column("published_by", Text, nullable=False),
    PrimaryKeyConstraint("program_id", "campaign_id", "version"),
    ForeignKeyConstraint(
        ["program_id", "campaign_id"], ["campaign.program_id", "campaign.campaign_id"]
    ),
    CheckConstraint("version >= 1", name="version"),
)

gift = Table(
    "gift",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("sku", Text, nullable=False),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    PrimaryKeyConstraint("program_id", "sku"),
)

# `mall_id` NULL is the programme's common stock.
gift_stock = Table(
    "gift_stock",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("stock_id", Uuid, nullable=False),
    Column("sku", Text, nullable=False),
    Column("mall_id", Uuid),
    Column("initial", Integer, nullable=False),
    Column("remaining", Integer, nullable=False),
    PrimaryKeyConstraint("program_id", "stock_id"),
    UniqueConstraint("program_id", "sku", "mall_id", postgresql_nulls_not_distinct=True),
    ForeignKeyConstraint(["program_id", "sku"], ["gift.program_id", "gift.sku"]),
    CheckConstraint("remaining BETWEEN 0 AND initial", name="remaining"),
)

# A receipt is made by whatever is heard of it first: its sale's columns are NULL while only a
# refund has come. `lines` is [[number, category, brand, amount, base_micro], …], `refunds` is
# [[transaction_id, [[sold line or null, amount], …]], …].
receipt = Table(
    "receipt",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("receipt_id", Uuid, nullable=False),
    Column("member_id", Uuid),
    Column("mall_id", Uuid),
    Column("shop_id", Uuid),
    Column("till_id", Text),
    Column("receipt_number", Text),
    Column("business_date", Date),
    Column("purchased_at", DateTime(timezone=True)),
    Column("local_day", Date),
    Column("time_zone", Text),
    Column("currency", Text),
    Column("total_minor", BigInteger),
    Column("net_minor", BigInteger, nullable=False),
    Column("lines", JSON, nullable=False),
    Column("refunds", JSON, nullable=False),
    Column("shop_brand", Text),
    Column("shop_category", Text),
    Column("shop_is_known", Boolean, nullable=False),
    PrimaryKeyConstraint("program_id", "receipt_id"),
    UniqueConstraint(
        "program_id",
        "shop_id",
        "till_id",
        "receipt_number",
        "business_date",
        name="uq_receipt_paper",
    ),
    ForeignKeyConstraint(["program_id", "member_id"], ["member.program_id", "member.member_id"]),
    CheckConstraint("net_minor >= 0", name="net"),
    Index("receipt_by_member_day", "program_id", "member_id", "local_day"),
    Index("receipt_by_purchase", "program_id", "purchased_at", "receipt_id"),
    Index(
        "receipt_of_unknown_shop",
        "program_id",
        "shop_id",
        postgresql_where=text("NOT shop_is_known"),
    ),
)

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
    # An automatic reward uses receipts of its member's day; a desk's may use any.
    Index(
        "reward_grant_of_desk",
        "receipt_ids",
        postgresql_using="gin",
        postgresql_where=text("origin = 'desk'"),
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

# The desk's book: who, when, member, receipts, gift, quantity, desk. A trigger keeps it as it is.
claim = Table(
    "claim",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("claim_id", Uuid, nullable=False),
    Column("campaign_id", Uuid, nullable=False),
    Column("staff", Text, nullable=False),
    Column("decided_at", DateTime(timezone=True), nullable=False),
    Column("member_id", Uuid),
    Column("receipts", JSON, nullable=False),
    Column("gift_sku", Text),
    Column("quantity", Integer, nullable=False),
    Column("mall_id", Uuid, nullable=False),
    Column("desk", Text),
    Column("decision", Text, nullable=False),
    Column("reason", Text),
    Column("grant_id", Uuid),
    PrimaryKeyConstraint("program_id", "claim_id"),
    ForeignKeyConstraint(
        ["program_id", "campaign_id"], ["campaign.program_id", "campaign.campaign_id"]
    ),
    CheckConstraint(
        "(decision = 'granted' AND reason IS NULL AND quantity = 1 AND grant_id IS NOT NULL) OR "
        "(decision = 'refused' AND reason IS NOT NULL AND quantity = 0 AND grant_id IS NULL)",
        name="decision",
    ),
    Index("claim_by_campaign", "program_id", "campaign_id", "claim_id"),
)

# Answers to requests that carry an Idempotency-Key. The row is the first lock of such a request.
request_key = Table(
    "request_key",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("operation", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("input_hash", Text, nullable=False),
    Column("answer", JSON),
    Column("made_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("program_id", "operation", "key"),
    Index("request_key_age", "made_at"),
)

# Stored receipts that a job must judge again, from the cursor on, in order of purchase.
rescore = Table(
    "rescore",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("rescore_id", Uuid, nullable=False),
    Column("cause", Text, nullable=False),
    Column("shop_id", Uuid),
    Column("until_at", DateTime(timezone=True)),
    Column("cursor_at", DateTime(timezone=True), nullable=False),
    Column("cursor_id", Uuid, nullable=False),
    Column("receipts_done", BigInteger, nullable=False, server_default="0"),
    Column("done_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("program_id", "rescore_id"),
    Index("rescore_open", "rescore_id", postgresql_where=text("done_at IS NULL")),
)
