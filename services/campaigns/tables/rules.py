"""Campaigns with their immutable versions, and the gifts that they may give."""

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from services.campaigns.tables.metadata import metadata

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
