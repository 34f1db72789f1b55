"""The ledger: postings, lots, and what was taken from and given back to them."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSON

from services.points.tables.metadata import instant, metadata

# The ledger: append-only. (account, version) names a posting; a source posts once, for ever.
posting = Table(
    "posting",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("balance_after", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("counter_account", Text, nullable=False),
    Column("source_kind", Text, nullable=False),
    Column("source_id", Uuid, nullable=False),
    instant("purchased_at", nullable=True),
    instant("recorded_at"),
    Column("reason", JSON, nullable=False),
    Column("mall_id", Uuid),
    Column("shop_id", Uuid),
    PrimaryKeyConstraint("program_id", "account_id", "version"),
    UniqueConstraint("program_id", "source_kind", "source_id"),
    # Pages are more or less in the order of time: it costs little and finds a day's postings.
    Index("posting_recorded", "recorded_at", postgresql_using="brin"),
    ForeignKeyConstraint(
        ["program_id", "account_id"], ["account.program_id", "account.account_id"]
    ),
    CheckConstraint("points <> 0", name="points_not_zero"),
    CheckConstraint("version > 0", name="version_positive"),
    CheckConstraint(
        "counter_account IN ('issuance', 'clawback', 'adjustment', 'redemption', 'expiry',"
        " 'transfer', 'opening')",
        name="counter_account",
    ),
)
# A credit's lot has the version of the posting that made it. `pending`: not to be spent before it
# is made active, at `activates_at` or by somebody. `earned_at` is its vintage. `origin_id`: the
# source that first made its points, when they came from another account.
lot = Table(
    "lot",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("remaining", BigInteger, nullable=False),
    instant("expires_at", nullable=True),
    Column("mall_id", Uuid),
    Column("shop_id", Uuid),
    Column("campaign_id", Uuid),
    Column("funding", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="active"),
    instant("activates_at", nullable=True),
    Column("sliding_months", Integer),
    Column("frozen_case", Uuid),
    instant("earned_at", nullable=True),
    Column("origin_id", Uuid),
    PrimaryKeyConstraint("program_id", "account_id", "version"),
    CheckConstraint("remaining >= 0 AND remaining <= points", name="remaining_within"),
    CheckConstraint("state IN ('active', 'pending')", name="state"),
    CheckConstraint("activates_at IS NULL OR state = 'pending'", name="active_waits_for_nothing"),
    Index(
        "lot_expiring",
        "program_id",
        "expires_at",
        postgresql_where=text("remaining > 0 AND expires_at IS NOT NULL"),
    ),
    Index(
        "lot_activating",
        "program_id",
        "activates_at",
        postgresql_where=text("state = 'pending' AND remaining > 0"),
    ),
    Index(
        "lot_sliding",
        "program_id",
        "account_id",
        postgresql_where=text("sliding_months IS NOT NULL AND remaining > 0"),
    ),
    Index(
        "lot_open",
        "program_id",
        "account_id",
        "expires_at",
        "version",
        postgresql_where=text("remaining > 0"),
    ),
)
# What a debit took from which lot. A credit that repays debt takes from its own lot.
lot_take = Table(
    "lot_take",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("lot_version", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    PrimaryKeyConstraint("program_id", "account_id", "version", "lot_version"),
    CheckConstraint("points > 0", name="points_positive"),
    ForeignKeyConstraint(
        ["program_id", "account_id", "lot_version"],
        ["lot.program_id", "lot.account_id", "lot.version"],
    ),
)
# What a reversal gave back to the lots that its debit had taken from.
lot_return = Table(
    "lot_return",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("lot_version", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    PrimaryKeyConstraint("program_id", "account_id", "version", "lot_version"),
    CheckConstraint("points > 0", name="points_positive"),
    ForeignKeyConstraint(
        ["program_id", "account_id", "lot_version"],
        ["lot.program_id", "lot.account_id", "lot.version"],
    ),
)
# What happened to a lot without moving points: activated, expiry changed, frozen. Append-only.
lot_change = Table(
    "lot_change",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("change_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("lot_version", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", JSON, nullable=False),
    instant("recorded_at"),
    PrimaryKeyConstraint("program_id", "change_id"),
    CheckConstraint("kind IN ('activated', 'expiry_set', 'frozen', 'thawed')", name="kind"),
    Index("lot_change_of_lot", "program_id", "account_id", "lot_version", "recorded_at"),
)
