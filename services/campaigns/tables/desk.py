"""What happens at a desk: its book, and answers that are given once."""

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from services.campaigns.tables.metadata import metadata

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
