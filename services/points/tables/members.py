"""Members among each other: transfers, household pools, merged accounts."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from services.points.tables.metadata import instant, metadata

# Points offered by one member to another. While it is offered, a hold with the same id sets the
# points aside; both change together.
transfer = Table(
    "transfer",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("transfer_id", Uuid, nullable=False),
    Column("from_member_id", Uuid, nullable=False),
    Column("to_member_id", Uuid, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("message", Text, nullable=False),
    Column("status", Text, nullable=False),
    instant("offered_at"),
    instant("accept_until"),
    instant("closed_at", nullable=True),
    Column("closed_by", Text),
    PrimaryKeyConstraint("program_id", "transfer_id"),
    CheckConstraint("points > 0", name="points_positive"),
    CheckConstraint("from_member_id <> to_member_id", name="between_two"),
    CheckConstraint(
        "status IN ('offered', 'accepted', 'declined', 'cancelled', 'expired')", name="status"
    ),
    CheckConstraint("(status = 'offered') = (closed_at IS NULL)", name="closed_says_when"),
    Index("transfer_given", "program_id", "from_member_id", "offered_at"),
    Index("transfer_received", "program_id", "to_member_id", "offered_at"),
    Index("transfer_ending", "accept_until", postgresql_where=text("status = 'offered'")),
)
# A household's pool. Its points are on an account with the pool's id, which is nobody's.
pool = Table(
    "pool",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("pool_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    Column("month_points_max", BigInteger),
    instant("recorded_at"),
    instant("closed_at", nullable=True),
    PrimaryKeyConstraint("program_id", "pool_id"),
    CheckConstraint("status IN ('open', 'dissolved')", name="status"),
    CheckConstraint("month_points_max > 0", name="month_points_max_positive"),
)
# Who may spend from a pool, and how much in a month of the mall. A member is in one pool at most.
pool_member = Table(
    "pool_member",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("pool_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    Column("month_points_max", BigInteger),
    instant("since"),
    PrimaryKeyConstraint("program_id", "pool_id", "member_id"),
    CheckConstraint("status IN ('invited', 'joined', 'left')", name="status"),
    CheckConstraint("month_points_max > 0", name="month_points_max_positive"),
    Index(
        "pool_of_member",
        "program_id",
        "member_id",
        unique=True,
        postgresql_where=text("status = 'joined'"),
    ),
)
# Whose points a lot of a pool was: what is left of it goes back to them.
pool_contribution = Table(
    "pool_contribution",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("pool_id", Uuid, nullable=False),
    Column("lot_version", BigInteger, nullable=False),
    Column("member_id", Uuid, nullable=False),
    PrimaryKeyConstraint("program_id", "pool_id", "lot_version"),
    ForeignKeyConstraint(
        ["program_id", "pool_id", "lot_version"],
        ["lot.program_id", "lot.account_id", "lot.version"],
    ),
)
# Two accounts of one person became one. `points` moved; `restored` went back when it was undone.
account_merge = Table(
    "account_merge",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("merge_id", Uuid, nullable=False),
    Column("merged_id", Uuid, nullable=False),
    Column("survivor_id", Uuid, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("reason_code", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    instant("recorded_at"),
    Column("undone_by", Text),
    instant("undone_at", nullable=True),
    Column("restored", BigInteger),
    PrimaryKeyConstraint("program_id", "merge_id"),
    CheckConstraint("merged_id <> survivor_id", name="of_two"),
    CheckConstraint("(undone_at IS NULL) = (restored IS NULL)", name="undone_says_what"),
    Index(
        "merge_in_force",
        "program_id",
        "merged_id",
        unique=True,
        postgresql_where=text("undone_at IS NULL"),
    ),
)
