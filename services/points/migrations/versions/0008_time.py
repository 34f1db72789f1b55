"""Time: nights and their work, reminders of points that end, points that slide."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.points.migrations.columns import id_, instant
from shared.migrate import install_functions, reinstall_functions

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and functions of the night."""
    _make_nights()
    op.create_table(
        "expiry_reminder",
        id_("program_id"),
        id_("account_id"),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        instant("told_at"),
        sa.CheckConstraint("points > 0", name=op.f("ck_expiry_reminder_points_positive")),
        sa.PrimaryKeyConstraint(
            "program_id", "account_id", "month", name=op.f("pk_expiry_reminder")
        ),
    )
    op.create_index(
        "lot_sliding",
        "lot",
        ["program_id", "account_id"],
        postgresql_where=sa.text("sliding_months IS NOT NULL AND remaining > 0"),
    )
    reinstall_functions(op.get_bind(), "points", "books", "plain_sales")
    install_functions(op.get_bind(), "points", "sliding", "night")


def _count(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def _make_nights() -> None:
    op.create_table(
        "night_run",
        id_("program_id"),
        instant("due_at"),
        sa.Column("night_on", sa.Date(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        instant("started_at"),
        instant("finished_at", nullable=True),
        _count("activated"),
        _count("released"),
        _count("expired_accounts"),
        _count("expired_points"),
        _count("reminded"),
        sa.CheckConstraint(
            "step IN ('activate', 'release', 'expire', 'remind', 'done')",
            name=op.f("ck_night_run_step"),
        ),
        sa.CheckConstraint(
            "(step = 'done') = (finished_at IS NOT NULL)", name=op.f("ck_night_run_done_says_when")
        ),
        sa.PrimaryKeyConstraint("program_id", "due_at", name=op.f("pk_night_run")),
    )
    op.create_index(
        "night_run_open",
        "night_run",
        ["program_id", "due_at"],
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_table(
        "night_chunk",
        id_("program_id"),
        instant("due_at"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("account_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        instant("done_at", nullable=True),
        _count("accounts"),
        _count("points"),
        sa.PrimaryKeyConstraint("program_id", "due_at", "number", name=op.f("pk_night_chunk")),
    )
    op.create_index(
        "night_chunk_open",
        "night_chunk",
        ["program_id", "due_at", "number"],
        postgresql_where=sa.text("done_at IS NULL"),
    )
