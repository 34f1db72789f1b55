"""Wallets beside the points, the daily picture of what is owed to members, clearing of malls."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSON

from services.points.tables.metadata import instant, metadata

# Kinds of wallets that staff added. `points` is built in and has no row: its lots end by the
# earning policies.
wallet_type = Table(
    "wallet_type",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("wallet", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("expiry", JSON, nullable=False),
    Column("balance_max", BigInteger),
    Column("gift_points_a_day_max", BigInteger),
    Column("may_transfer", Boolean, nullable=False),
    Column("may_redeem", Boolean, nullable=False),
    instant("recorded_at"),
    Column("recorded_by", Text, nullable=False),
    PrimaryKeyConstraint("program_id", "wallet"),
    CheckConstraint("wallet <> 'points'", name="points_is_built_in"),
    CheckConstraint("balance_max > 0", name="balance_max_positive"),
    CheckConstraint("gift_points_a_day_max > 0", name="gift_points_a_day_max_positive"),
)
# All that was ever stated of a wallet. What ends is by the version in force when it was earned.
wallet_version = Table(
    "wallet_version",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("wallet", Text, nullable=False),
    Column("version", Integer, nullable=False),
    instant("effective_from"),
    Column("name", Text, nullable=False),
    Column("expiry", JSON, nullable=False),
    Column("balance_max", BigInteger),
    Column("gift_points_a_day_max", BigInteger),
    Column("may_transfer", Boolean, nullable=False),
    Column("may_redeem", Boolean, nullable=False),
    Column("recorded_by", Text, nullable=False),
    PrimaryKeyConstraint("program_id", "wallet", "version"),
    ForeignKeyConstraint(
        ["program_id", "wallet"], ["wallet_type.program_id", "wallet_type.wallet"]
    ),
    CheckConstraint("version > 0", name="version_positive"),
)

# A day of the programme whose liability was written down. `starts_at` and `ends_at` are the day's
# bounds in `time_zone` as it was then, so that the day can be built again from the ledger.
liability_day = Table(
    "liability_day",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("day", Date, nullable=False),
    Column("time_zone", Text, nullable=False),
    instant("starts_at"),
    instant("ends_at"),
    instant("built_at"),
    PrimaryKeyConstraint("program_id", "day"),
)
FLOWS = (
    "issued",
    "redeemed",
    "expired",
    "clawed_back",
    "adjusted",
    "transferred",
    "imported",
    "repaid",
)
# Points as they moved: what went out is negative. A row without a vintage is the members' debt,
# which is negative too; what a credit repaid is `repaid` on both sides and sums to zero.
liability_row = Table(
    "liability_row",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("day", Date, nullable=False),
    Column("row_number", Integer, nullable=False),
    Column("wallet", Text, nullable=False),
    Column("mall_id", Uuid),
    Column("vintage", Date),
    Column("opening", BigInteger, nullable=False),
    *(Column(flow, BigInteger, nullable=False) for flow in FLOWS),
    Column("closing", BigInteger, nullable=False),
    PrimaryKeyConstraint("program_id", "day", "row_number"),
    ForeignKeyConstraint(["program_id", "day"], ["liability_day.program_id", "liability_day.day"]),
    CheckConstraint("closing = opening + " + " + ".join(FLOWS), name="closing_adds_up"),
    CheckConstraint(
        "CASE WHEN vintage IS NULL THEN closing <= 0 ELSE closing >= 0 END",
        name="only_debt_below_zero",
    ),
)

# What a unit of a wallet is worth between malls, from an instant on: `amount_minor` for
# `per_points`.
clearing_price = Table(
    "clearing_price",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("wallet", Text, nullable=False, server_default="points"),
    instant("effective_from"),
    Column("amount_minor", BigInteger, nullable=False),
    Column("per_points", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    instant("recorded_at"),
    Column("recorded_by", Text, nullable=False),
    PrimaryKeyConstraint("program_id", "wallet", "effective_from"),
    CheckConstraint("amount_minor >= 0 AND per_points > 0", name="price_not_negative"),
)
# Points of one mall's lot that were burned at another mall: the issuer owes the burner. Negative
# when they were given back. A mall that is NULL is the programme itself. Written with its posting,
# and of the wallet of its account.
# `priced_at`: when they were burned, also where they were given back, so that both cost the same.
clearing_entry = Table(
    "clearing_entry",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("lot_version", BigInteger, nullable=False),
    Column("issuing_mall_id", Uuid),
    Column("burning_mall_id", Uuid),
    Column("points", BigInteger, nullable=False),
    instant("recorded_at"),
    instant("priced_at"),
    Column("statement_id", Uuid),
    PrimaryKeyConstraint("program_id", "account_id", "version", "lot_version"),
    ForeignKeyConstraint(
        ["program_id", "account_id", "version"],
        ["posting.program_id", "posting.account_id", "posting.version"],
    ),
    CheckConstraint("points <> 0", name="points_not_zero"),
    CheckConstraint("issuing_mall_id IS DISTINCT FROM burning_mall_id", name="malls_differ"),
    Index("clearing_entry_by_time", "program_id", "recorded_at"),
)
# A period that was netted: all entries before `ends_at` that no earlier statement had. Not
# `by_wallet`: of before wallets had prices of their own. All were netted together then, each unit
# as a point, and their lines say no wallet.
clearing_statement = Table(
    "clearing_statement",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("statement_id", Uuid, nullable=False),
    instant("ends_at"),
    Column("entries", BigInteger, nullable=False),
    instant("made_at"),
    Column("made_by", Text, nullable=False),
    Column("by_wallet", Boolean, nullable=False, server_default="false"),
    PrimaryKeyConstraint("program_id", "statement_id"),
    UniqueConstraint("program_id", "ends_at"),
)
clearing_line = Table(
    "clearing_line",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("statement_id", Uuid, nullable=False),
    Column("line_number", Integer, nullable=False),
    Column("wallet", Text),
    Column("debtor_mall_id", Uuid),
    Column("creditor_mall_id", Uuid),
    Column("currency", Text, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    PrimaryKeyConstraint("program_id", "statement_id", "line_number"),
    ForeignKeyConstraint(
        ["program_id", "statement_id"],
        ["clearing_statement.program_id", "clearing_statement.statement_id"],
    ),
    CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
)
