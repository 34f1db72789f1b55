"""What is done in the night: one run a programme and night, its work in chunks, reminders."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.points.tables.metadata import instant, metadata

# The night that begins the day `night_on` in `time_zone`, at the instant `due_at`: everything that
# ends or begins by then is done by it. Malls in several zones make several nights a day.
night_run = Table(
    "night_run",
    metadata,
    Column("program_id", Uuid, nullable=False),
    instant("due_at"),
    Column("night_on", Date, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("step", Text, nullable=False),
    instant("started_at"),
    instant("finished_at", nullable=True),
    Column("activated", BigInteger, nullable=False, server_default="0"),
    Column("released", BigInteger, nullable=False, server_default="0"),
    Column("expired_accounts", BigInteger, nullable=False, server_default="0"),
    Column("expired_points", BigInteger, nullable=False, server_default="0"),
    Column("reminded", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("program_id", "due_at"),
    CheckConstraint("step IN ('activate', 'release', 'expire', 'remind', 'done')", name="step"),
    CheckConstraint("(step = 'done') = (finished_at IS NOT NULL)", name="done_says_when"),
    Index(
        "night_run_open",
        "program_id",
        "due_at",
        postgresql_where=text("finished_at IS NULL"),
    ),
)
# Accounts that the night's step must see, some hundred a row; a row is one transaction's work.
night_chunk = Table(
    "night_chunk",
    metadata,
    Column("program_id", Uuid, nullable=False),
    instant("due_at"),
    Column("number", Integer, nullable=False),
    Column("account_ids", ARRAY(Uuid), nullable=False),
    instant("done_at", nullable=True),
    Column("accounts", BigInteger, nullable=False, server_default="0"),
    Column("points", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("program_id", "due_at", "number"),
    Index(
        "night_chunk_open",
        "program_id",
        "due_at",
        "number",
        postgresql_where=text("done_at IS NULL"),
    ),
)
# One digest an account and month (its first day) of points that end in that month.
expiry_reminder = Table(
    "expiry_reminder",
    metadata,
    Column("program_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("month", Date, nullable=False),
    Column("points", BigInteger, nullable=False),
    instant("told_at"),
    PrimaryKeyConstraint("program_id", "account_id", "month"),
    CheckConstraint("points > 0", name="points_positive"),
)
