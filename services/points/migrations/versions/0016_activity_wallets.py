"""Activities earn in any wallet, and for whom a member was merged into."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column(
        "activity", sa.Column("wallet", sa.Text(), server_default="points", nullable=False)
    )
    op.add_column("activity", sa.Column("credited_member_id", sa.Uuid(), nullable=True))
    op.create_index(
        "activity_credited",
        "activity",
        ["program_id", "credited_member_id", "recorded_at"],
        postgresql_where=sa.text("credited_member_id IS NOT NULL"),
    )
