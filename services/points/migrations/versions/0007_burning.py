"""Burning: what a repeated request is told, the policies of redemption, and holds in two trips."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.migrate import reinstall_functions

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen holds and redemptions, make the policies, install the functions."""
    op.add_column("hold", sa.Column("request_hash", sa.LargeBinary(), nullable=True))
    op.add_column("hold", sa.Column("available_after", sa.BigInteger(), nullable=True))
    op.add_column("redemption", sa.Column("request_hash", sa.LargeBinary(), nullable=True))
    op.add_column("redemption", sa.Column("hold_left", sa.BigInteger(), nullable=True))
    op.create_index(
        "hold_open_of_account",
        "hold",
        ["program_id", "account_id"],
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "redemption_policy",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spec", postgresql.JSON(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_redemption_policy_version_positive")),
        sa.PrimaryKeyConstraint("program_id", "version", name=op.f("pk_redemption_policy")),
    )
    reinstall_functions(op.get_bind(), "points", "books", "plain_sales", "holds")
