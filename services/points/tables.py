"""The whole schema of points. Points are integers, money is in minor units, instants are UTC."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSON

from shared.migrate import NAMING, frame_tables

metadata = MetaData(naming_convention=NAMING)
frame_tables(metadata)


def instant(name: str, *, nullable: bool = False) -> Column[object]:
    """A column for an aware UTC instant."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


# Copies of membership's directory: what a receipt must name.
shop = Table(
    "shop",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("shop_id", Uuid, nullable=False),
    Column("mall_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("brand", Text),
    Column("category", Text),
    Column("is_open", Boolean, nullable=False),
    Column("revision", BigInteger, nullable=False),
    PrimaryKeyConstraint("program_id", "shop_id"),
)
till = Table(
    "till",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("shop_id", Uuid, nullable=False),
    Column("till_id", Text, nullable=False),
    Column("key_version", Integer, nullable=False),
    instant("previous_key_until", nullable=True),
    Column("is_active", Boolean, nullable=False),
    Column("revision", BigInteger, nullable=False),
    PrimaryKeyConstraint("program_id", "shop_id", "till_id"),
)
earning_policy = Table(
    "earning_policy",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    instant("effective_from"),
    Column("spec", JSON, nullable=False),
    instant("recorded_at"),
    Column("recorded_by", Text, nullable=False),
    PrimaryKeyConstraint("program_id", "version"),
    CheckConstraint("version > 0", name="version_positive"),
)

# A member's points account has the member's id. `awaited`: named by a receipt before the member
# was heard of; the row is where the receipt and the enrolment meet.
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
    PrimaryKeyConstraint("program_id", "account_id"),
    CheckConstraint("status IN ('awaited', 'open')", name="status"),
    CheckConstraint("version >= 0", name="version_not_negative"),
    CheckConstraint("status = 'open' OR version = 0", name="awaited_has_no_postings"),
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

# One row a till's receipt, sale or refund; its id is made from the natural key, so the primary key
# is the promise that a receipt counts once, for ever. `awaited`: a refund named this sale first.
pos_transaction = Table(
    "pos_transaction",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("transaction_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("receipt_id", Uuid, nullable=False),
    Column("shop_id", Uuid),
    Column("mall_id", Uuid),
    Column("till_id", Text),
    Column("receipt_number", Text),
    Column("business_date", Date),
    instant("purchased_at", nullable=True),
    instant("recorded_at", nullable=True),
    Column("total_minor", BigInteger),
    Column("member_id", Uuid),
    Column("awaited_number", Text),
    Column("content", JSON),
    Column("fingerprint", LargeBinary),
    Column("policy_version", Integer),
    Column("earned", BigInteger, nullable=False, server_default="0"),
    Column("clawed", BigInteger, nullable=False, server_default="0"),
    Column("points", BigInteger, nullable=False, server_default="0"),
    Column("balance_after", BigInteger),
    PrimaryKeyConstraint("program_id", "transaction_id"),
    CheckConstraint("kind IN ('sale', 'refund')", name="kind"),
    CheckConstraint(
        "status IN ('awaited', 'posted', 'anonymous', 'waiting_member', 'waiting_sale', 'refused')",
        name="status",
    ),
    CheckConstraint("(status = 'awaited') = (content IS NULL)", name="awaited_is_empty"),
    CheckConstraint("status <> 'posted' OR member_id IS NOT NULL", name="posted_has_member"),
    CheckConstraint("earned >= clawed AND clawed >= 0", name="clawed_within_earned"),
    CheckConstraint("kind = 'refund' OR receipt_id = transaction_id", name="sale_is_its_receipt"),
    CheckConstraint("total_minor >= 0", name="total_not_negative"),
    Index(
        "pos_transaction_of_member",
        "program_id",
        "member_id",
        "purchased_at",
        postgresql_where=text("member_id IS NOT NULL"),
    ),
    Index(
        "pos_transaction_refunds",
        "program_id",
        "receipt_id",
        postgresql_where=text("kind = 'refund'"),
    ),
    Index(
        "pos_transaction_waiting_number",
        "program_id",
        "awaited_number",
        postgresql_where=text("status = 'waiting_member' AND awaited_number IS NOT NULL"),
    ),
    Index(
        "pos_transaction_waiting",
        "program_id",
        "status",
        postgresql_where=text("status IN ('waiting_member', 'waiting_sale', 'awaited')"),
    ),
)
pos_conflict = Table(
    "pos_conflict",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("transaction_id", Uuid, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("content", JSON, nullable=False),
    Column("sent_by", Text, nullable=False),
    instant("recorded_at"),
    PrimaryKeyConstraint("program_id", "transaction_id", "fingerprint"),
)

# The ledger: append-only. (account, version) names a posting; a source posts once, for ever.
posting = Table(
    "posting",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("balance_after", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("counter_account", Text, nullable=False),
    Column("source_kind", Text, nullable=False),
    Column("source_id", Uuid, nullable=False),
    instant("purchased_at", nullable=True),
    instant("recorded_at"),
    Column("reason", JSON, nullable=False),
    PrimaryKeyConstraint("program_id", "account_id", "version"),
    UniqueConstraint("program_id", "source_kind", "source_id"),
    ForeignKeyConstraint(
        ["program_id", "account_id"], ["account.program_id", "account.account_id"]
    ),
    CheckConstraint("points <> 0", name="points_not_zero"),
    CheckConstraint("version > 0", name="version_positive"),
    CheckConstraint(
        "counter_account IN ('issuance', 'clawback', 'adjustment')", name="counter_account"
    ),
)
# A credit's lot has the version of the posting that made it.
lot = Table(
    "lot",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("remaining", BigInteger, nullable=False),
    instant("expires_at", nullable=True),
    Column("mall_id", Uuid),
    Column("shop_id", Uuid),
    Column("campaign_id", Uuid),
    Column("funding", Text, nullable=False),
    PrimaryKeyConstraint("program_id", "account_id", "version"),
    CheckConstraint("remaining >= 0 AND remaining <= points", name="remaining_within"),
    Index(
        "lot_open",
        "program_id",
        "account_id",
        "expires_at",
        "version",
        postgresql_where=text("remaining > 0"),
    ),
)
# What a debit took from which lot. A credit that repays debt takes from its own lot.
lot_take = Table(
    "lot_take",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("lot_version", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    PrimaryKeyConstraint("program_id", "account_id", "version", "lot_version"),
    CheckConstraint("points > 0", name="points_positive"),
    ForeignKeyConstraint(
        ["program_id", "account_id", "lot_version"],
        ["lot.program_id", "lot.account_id", "lot.version"],
    ),
)
adjustment = Table(
    "adjustment",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("adjustment_id", Uuid, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("request_hash", LargeBinary, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("balance_after", BigInteger, nullable=False),
    Column("reason_code", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    instant("recorded_at"),
    PrimaryKeyConstraint("program_id", "adjustment_id"),
    UniqueConstraint("program_id", "idempotency_key"),
)
