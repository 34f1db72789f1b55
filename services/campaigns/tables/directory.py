"""What campaigns knows of malls, shops, names and members: copies of what membership says."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from services.campaigns.tables.metadata import metadata

# The named row of a programme. `revision` is new whenever rules, shops or gifts change.
program_state = Table(
    "program_state",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("revision", Uuid, nullable=False),
    PrimaryKeyConstraint("program_id"),
)

mall = Table(
    "mall",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("mall_id", Uuid, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    PrimaryKeyConstraint("program_id", "mall_id"),
)

# A shop's event may come before its mall's, so there is no foreign key between the two copies.
shop = Table(
    "shop",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("shop_id", Uuid, nullable=False),
    Column("mall_id", Uuid, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("brand", Text),
    Column("category", Text),
    Column("is_open", Boolean, nullable=False),
    Column("revision", BigInteger, nullable=False),
    PrimaryKeyConstraint("program_id", "shop_id"),
)


def _names(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("program_id", Uuid, nullable=False),
        Column("code", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("revision", BigInteger, nullable=False),
        PrimaryKeyConstraint("program_id", "code"),
    )


brand = _names("brand")
category = _names("category")

# Also the lock under which everything about a member is decided. Made by whoever comes first: a
# receipt may name a member whose enrolment is still on its way. `timeline` is [[since, tier], …].
member = Table(
    "member",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("member_number", Text),
    Column("enrolled_at", DateTime(timezone=True)),
    Column("tier_version", Integer, nullable=False, server_default="-1"),
    Column("timeline", JSON, nullable=False, server_default="[]"),
    PrimaryKeyConstraint("program_id", "member_id"),
    UniqueConstraint("program_id", "member_number"),
)
