"""What staff change by hand, and the rules for it."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSON

from services.points.tables.metadata import instant, metadata

# One row a request, posted or not. Above the rules' threshold it waits until somebody else checks.
adjustment = Table(
    "adjustment",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("adjustment_id", Uuid, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("request_hash", LargeBinary, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("version", BigInteger),
    Column("balance_after", BigInteger),
    Column("reason_code", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    instant("recorded_at"),
    Column("kind", Text, nullable=False, server_default="adjustment"),
    Column("status", Text, nullable=False, server_default="posted"),
    Column("evidence", Text),
    Column("checked_by", Text),
    instant("checked_at", nullable=True),
    Column("check_note", Text),
    Column("wallet", Text, nullable=False, server_default="points"),
    # What was said of the points given: expiry, mall_id, shop_id, funding.
    Column("terms", JSON),
    PrimaryKeyConstraint("program_id", "adjustment_id"),
    UniqueConstraint("program_id", "made_by", "idempotency_key"),
    CheckConstraint("kind IN ('adjustment', 'write_off')", name="kind"),
    CheckConstraint("status IN ('posted', 'awaits_check', 'rejected')", name="status"),
    CheckConstraint("(status = 'posted') = (version IS NOT NULL)", name="posted_says_where"),
    CheckConstraint("checked_by <> made_by", name="checked_by_another"),
    Index("adjustment_of_account", "program_id", "account_id", "adjustment_id"),
    Index(
        "adjustment_to_check",
        "program_id",
        "adjustment_id",
        postgresql_where=text("status = 'awaits_check'"),
    ),
)
# Reason codes and the threshold of a programme; the highest version counts, the others stay.
adjustment_rules = Table(
    "adjustment_rules",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("spec", JSON, nullable=False),
    instant("recorded_at"),
    Column("recorded_by", Text, nullable=False),
    PrimaryKeyConstraint("program_id", "version"),
)
