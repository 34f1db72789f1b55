"""The copies of the directory, and the rules that points are earned by."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSON

from services.points.tables.metadata import instant, metadata

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
    # Such a row states nothing: it says why another version, which had not begun, never will.
    Column("withdraws", Integer),
    PrimaryKeyConstraint("program_id", "version"),
    ForeignKeyConstraint(
        ["program_id", "withdraws"], ["earning_policy.program_id", "earning_policy.version"]
    ),
    UniqueConstraint("program_id", "withdraws"),
    CheckConstraint("version > 0", name="version_positive"),
    CheckConstraint("withdraws < version", name="withdraws_what_is_there"),
)
# Turned by triggers on what receipts are judged by: shops, tills, earning policies and rules of
# review. Who knows the edition need not read them. `turned_by`: the transaction, which turns once.
rulebook = Table(
    "rulebook",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("edition", BigInteger, nullable=False),
    Column("turned_by", BigInteger, nullable=False),
    PrimaryKeyConstraint("program_id"),
)
