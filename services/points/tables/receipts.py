"""Receipts of the tills, and what was kept back for people to look at."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSON

from services.points.tables.metadata import instant, metadata

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
    Column("trimmed", BigInteger, nullable=False, server_default="0"),
    Column("forgiven", BigInteger, nullable=False, server_default="0"),
    Column("notes", JSON),
    PrimaryKeyConstraint("program_id", "transaction_id"),
    CheckConstraint("kind IN ('sale', 'refund')", name="kind"),
    CheckConstraint(
        "status IN ('awaited', 'posted', 'anonymous', 'waiting_member', 'waiting_sale', 'refused',"
        " 'in_review')",
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

# Something that a person must look at: a receipt held back, an account or a lot frozen.
review_case = Table(
    "review_case",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("case_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("account_id", Uuid),
    Column("transaction_id", Uuid),
    Column("lot_version", BigInteger),
    Column("reason", JSON, nullable=False),
    Column("opened_by", Text, nullable=False),
    instant("opened_at"),
    Column("closed_by", Text),
    instant("closed_at", nullable=True),
    Column("outcome", Text),
    PrimaryKeyConstraint("program_id", "case_id"),
    CheckConstraint("kind IN ('receipt', 'account', 'lot')", name="kind"),
    CheckConstraint("status IN ('open', 'closed')", name="status"),
    CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed_says_when"),
    Index("review_case_open", "program_id", "opened_at", postgresql_where=text("status = 'open'")),
)
