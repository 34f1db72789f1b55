"""Receipts of the tills, and what was kept back for people to look at."""

from sqlalchemy import (
    BigInteger,
    Boolean,
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
# is the promise that a receipt counts once, for ever. `awaited`: a refund
# or a payment by points named this sale first.
# `is_watched`: it names a member and was recorded while velocities were looked at.
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
    Column("cashier_id", Text),
    Column("is_watched", Boolean, nullable=False, server_default="false"),
    PrimaryKeyConstraint("program_id", "transaction_id"),
    CheckConstraint("kind IN ('sale', 'refund')", name="kind"),
    CheckConstraint(
        "status IN ('awaited', 'posted', 'anonymous', 'waiting_member', 'waiting_sale', 'refused',"
        " 'in_review', 'rejected')",
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
    Index(
        "pos_transaction_of_till",
        "program_id",
        "shop_id",
        "till_id",
        "purchased_at",
        postgresql_where=text("is_watched"),
    ),
    Index(
        "pos_transaction_of_cashier",
        "program_id",
        "shop_id",
        "cashier_id",
        "purchased_at",
        postgresql_where=text("is_watched AND cashier_id IS NOT NULL"),
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
# Where a sale and what points paid of it differ, when it was recorded: see Mismatch. It stays open
# until somebody settles it; what is kept of the payment never changes.
payment_mismatch = Table(
    "payment_mismatch",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("transaction_id", Uuid, nullable=False),
    Column("redeemed_minor", BigInteger, nullable=False),
    Column("tendered_minor", BigInteger, nullable=False),
    Column("claimed_minor", BigInteger),
    instant("recorded_at"),
    Column("settled_by", Text),
    Column("note", Text),
    instant("settled_at", nullable=True),
    PrimaryKeyConstraint("program_id", "transaction_id"),
    CheckConstraint(
        "num_nulls(settled_at, settled_by, note) IN (0, 3)", name="settled_says_by_whom_and_why"
    ),
    Index("payment_mismatch_by_time", "program_id", "recorded_at", "transaction_id"),
    Index(
        "payment_mismatch_open",
        "program_id",
        "recorded_at",
        "transaction_id",
        postgresql_where=text("settled_at IS NULL"),
    ),
)
# How often a member claimed a receipt wrongly, ever and of late: with less than a day from one to
# the next. The receipt may be none.
wrong_claim = Table(
    "wrong_claim",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("receipt_id", Uuid, nullable=False),
    Column("wrong", Integer, nullable=False),
    Column("wrong_of_late", Integer, nullable=False),
    instant("last_at"),
    PrimaryKeyConstraint("program_id", "member_id", "receipt_id"),
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
    Column("note", Text),
    PrimaryKeyConstraint("program_id", "case_id"),
    CheckConstraint("kind IN ('receipt', 'account', 'lot')", name="kind"),
    CheckConstraint("status IN ('open', 'closed')", name="status"),
    CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed_says_when"),
    Index("review_case_open", "program_id", "opened_at", postgresql_where=text("status = 'open'")),
    Index("review_case_by_time", "program_id", "kind", "opened_at", "case_id"),
    Index(
        "review_case_of_account",
        "program_id",
        "account_id",
        "opened_at",
        postgresql_where=text("account_id IS NOT NULL"),
    ),
)
