"""An account says apart which tiers it knows, and that its sales would earn something else."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Until now one number said both."""
    op.add_column(
        "account", sa.Column("timeline_version", sa.Integer(), server_default="0", nullable=False)
    )
    op.execute("UPDATE account SET timeline_version = tier_version WHERE tier_version > 0")
