"""Wrong claims are counted, cards of merged members are found, keys of adjustments are their
makers'."""

import sqlalchemy as sa
from alembic import op

from services.points.migrations.columns import id_, instant
from shared.migrate import reinstall_functions

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the index, and say whose keys they are."""
    op.create_table(
        "wrong_claim",
        id_("program_id"),
        id_("member_id"),
        id_("receipt_id"),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("wrong_of_late", sa.Integer(), nullable=False),
        instant("last_at"),
        sa.PrimaryKeyConstraint("program_id", "member_id", "receipt_id"),
    )
    op.create_index(
        "account_merged_into",
        "account",
        ["program_id", "merged_into"],
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.drop_constraint(op.f("uq_adjustment_program_id_idempotency_key"), "adjustment")
    op.create_unique_constraint(
        op.f("uq_adjustment_program_id_made_by_idempotency_key"),
        "adjustment",
        ["program_id", "made_by", "idempotency_key"],
    )
    reinstall_functions(op.get_bind(), "points", "review")
