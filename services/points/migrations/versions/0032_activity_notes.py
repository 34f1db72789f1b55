"""An activity keeps which of its points a full wallet did not take."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: of what was told before, the postings say it where there are any."""
    op.add_column("activity", sa.Column("notes", sa.JSON(), nullable=True))
