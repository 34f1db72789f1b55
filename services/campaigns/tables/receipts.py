"""What was bought, and what must be judged again."""

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
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from services.campaigns.tables.metadata import metadata

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
