"""What receipts are looked at before they earn, and the cards of those who work at tills."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSON

from services.points.tables.metadata import instant, metadata

# The newest version is in force.
review_rules = Table(
    "review_rules",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("spec", JSON, nullable=False),
    instant("recorded_at"),
    Column("recorded_by", Text, nullable=False),
    PrimaryKeyConstraint("program_id", "version"),
    CheckConstraint("version > 0", name="version_positive"),
)
staff_card = Table(
    "staff_card",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("shop_id", Uuid, nullable=False),
    Column("cashier_id", Text, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("recorded_by", Text, nullable=False),
    instant("recorded_at"),
    PrimaryKeyConstraint("program_id", "shop_id", "cashier_id"),
)
# Whose card a cashier had from when on, and who said so; without a member: none any more.
staff_card_change = Table(
    "staff_card_change",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("change_id", Uuid, nullable=False),
    Column("shop_id", Uuid, nullable=False),
    Column("cashier_id", Text, nullable=False),
    Column("member_id", Uuid),
    Column("recorded_by", Text, nullable=False),
    instant("recorded_at"),
    PrimaryKeyConstraint("program_id", "change_id"),
    Index("staff_card_change_of", "program_id", "shop_id", "cashier_id", "recorded_at"),
)
