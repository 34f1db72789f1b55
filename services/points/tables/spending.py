"""Holds, redemptions, and the keys of requests."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
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

# Points set aside for somebody: counted in the balance, not to be spent otherwise. A hold that is
# `cancelled` before it was made is a tombstone. `captured` is what has been spent of it.
hold = Table(
    "hold",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("hold_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("captured", BigInteger, nullable=False, server_default="0"),
    Column("reference", Text, nullable=False),
    Column("mall_id", Uuid),
    Column("shop_id", Uuid),
    Column("made_by", Text, nullable=False),
    instant("expires_at", nullable=True),
    instant("recorded_at"),
    instant("closed_at", nullable=True),
    Column("request_hash", LargeBinary),
    Column("available_after", BigInteger),
    PrimaryKeyConstraint("program_id", "hold_id"),
    CheckConstraint(
        "status IN ('open', 'captured', 'released', 'expired', 'cancelled', 'refused')",
        name="status",
    ),
    CheckConstraint("captured >= 0 AND captured <= points", name="captured_within"),
    CheckConstraint("points > 0 OR status = 'cancelled'", name="points_positive"),
    Index(
        "hold_open_of_account",
        "program_id",
        "account_id",
        "recorded_at",
        postgresql_where=text("status = 'open'"),
    ),
    Index("hold_expiring", "program_id", "expires_at", postgresql_where=text("status = 'open'")),
)
# A debit that paid for something: what it may give back, and what it gave back so far.
redemption = Table(
    "redemption",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("redemption_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("returned", BigInteger, nullable=False, server_default="0"),
    Column("amount_minor", BigInteger),
    Column("currency", Text),
    Column("reference", Text, nullable=False),
    Column("transaction_id", Uuid),
    Column("hold_id", Uuid),
    Column("mall_id", Uuid),
    Column("shop_id", Uuid),
    instant("recorded_at"),
    Column("request_hash", LargeBinary),
    Column("hold_left", BigInteger),
    PrimaryKeyConstraint("program_id", "redemption_id"),
    CheckConstraint("points > 0 AND returned >= 0 AND returned <= points", name="returned_within"),
    Index(
        "redemption_of_receipt",
        "program_id",
        "transaction_id",
        postgresql_where=text("transaction_id IS NOT NULL"),
    ),
)
# How points pay at a till, in versions: the latest whose `effective_from` has passed is in force.
redemption_policy = Table(
    "redemption_policy",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    instant("effective_from"),
    Column("spec", JSON, nullable=False),
    instant("recorded_at"),
    Column("recorded_by", Text, nullable=False),
    # Such a row states nothing: it says why another version, which had not begun, never will.
    Column("withdraws", Integer),
    PrimaryKeyConstraint("program_id", "version"),
    ForeignKeyConstraint(
        ["program_id", "withdraws"], ["redemption_policy.program_id", "redemption_policy.version"]
    ),
    UniqueConstraint("program_id", "withdraws"),
    CheckConstraint("version > 0", name="version_positive"),
    CheckConstraint("withdraws < version", name="withdraws_what_is_there"),
)
# The answer to a request with an idempotency key, beside its effect, for ever.
request_key = Table(
    "request_key",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("operation", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("request_hash", LargeBinary, nullable=False),
    Column("answer", JSON, nullable=False),
    instant("recorded_at"),
    PrimaryKeyConstraint("program_id", "operation", "idempotency_key"),
)
